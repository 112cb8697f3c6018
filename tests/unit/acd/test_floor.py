"""The floor makes the very pairs that looking at everybody makes, whatever happens on it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from ctid.acd.eligibility import Candidate
from ctid.acd.floor import Floor
from ctid.acd.line import LineKey, Waiting
from ctid.acd.needs import Need
from ctid.acd.scan import Asking, Free, first_match
from ctid.acd.strategies import STRATEGIES
from ctid.model.agent import Agent
from ctid.model.instant import Instant
from ctid.spec.agent import AgentSpec, MembershipSpec
from ctid.spec.site import SiteSpec

pytestmark = pytest.mark.unit

SKILLS = ["sales", "support", "english", "billing"]
GROUPS = ["red", "blue"]
QUEUES = ["q1", "q2", "q3", "q4"]
DELAYS = [0, 5_000, 20_000]


class Walk:
    """A floor and the same by plain lists, under random changes."""

    def __init__(self, seed: int, *, agents: int, site: dict[str, Any] | None = None) -> None:
        self.chance = random.Random(seed)
        strategies = [self.chance.choice([*STRATEGIES]) for _ in QUEUES]
        self.site = SiteSpec.model_validate(
            {
                "site": "demo",
                "country": "DE",
                "entries": {},
                "skills": SKILLS,
                "groups": GROUPS,
                "queues": {
                    name: {"steps": [{}], "strategy": strategy}
                    for name, strategy in zip(QUEUES, strategies, strict=True)
                },
                **(site or {}),
            }
        )
        self.profiles = {f"a{number}": self.profile() for number in range(agents)}
        self.agents = {
            agent_id: Agent(id=agent_id, since=Instant(0, 0), idle_since_ms=self.chance.randrange(4))
            for agent_id in self.profiles
        }
        self.free: dict[str, Free] = {}
        self.waiting: dict[str, Asking] = {}
        self.floor = Floor(self.site, self.agents, self.profiles)
        self.arrivals = 0

    def profile(self) -> AgentSpec:
        some = self.chance
        return AgentSpec(
            name="x",
            device="PJSIP/1",
            pbx=some.choice(["main", "main", "other"]),
            skills={skill: some.randint(1, 4) for skill in SKILLS if some.random() < 0.5},
            groups=[group for group in GROUPS if some.random() < 0.4],
            cost=some.randrange(3),
            queues={
                queue: MembershipSpec(priority=some.randrange(3), delay_seconds=some.choice(DELAYS) / 1000)
                for queue in QUEUES
                if some.random() < 0.6
            }
            if some.random() < 0.5
            else {},
        )

    def need(self, depth: int = 0) -> Need:
        some = self.chance
        inner = lambda: tuple(self.need(depth + 1) for _ in range(some.randrange(3)) if depth < 2)  # noqa: E731
        return Need(
            skills=tuple((skill, some.randint(1, 4)) for skill in SKILLS if some.random() < 0.25),
            groups=tuple(group for group in GROUPS if some.random() < 0.1),
            agents=(some.choice([*self.profiles]),) if some.random() < 0.05 else (),
            vacant=some.random() < 0.02,
            all=inner() if some.random() < 0.2 else (),
            any=inner() if some.random() < 0.2 else (),
            none=inner() if some.random() < 0.2 else (),
        )

    def asking(self, contact_id: str, seq: int) -> Asking:
        some = self.chance
        channel = some.choice(["voice", "voice", "chat"])
        key = LineKey(
            channel=channel,
            pbx=some.choice(["main", "main", "other"]) if channel == "voice" else "",
            queue=some.choice(QUEUES),
            delay_ms=some.choice(DELAYS),
            needs=tuple(self.need() for _ in range(some.randint(1, 2))),
            prefer=self.need() if some.random() < 0.3 else None,
        )
        kept = frozenset(agent_id for agent_id in self.profiles if some.random() < 0.1)
        return Asking(key, Waiting(some.randrange(5) * 60_000, seq, contact_id), kept)

    def change(self) -> tuple[list[str], list[str]]:
        """One to three random changes; the contacts and agents they touch."""
        contacts: list[str] = []
        agents: list[str] = []
        for _ in range(self.chance.randint(1, 3)):
            match self.chance.randrange(6):
                case 0 | 1:
                    self.arrivals += 1
                    contacts.append(self.wait(f"c{self.arrivals}", self.arrivals))
                case 2 if self.waiting:
                    contact_id = self.chance.choice([*self.waiting])
                    contacts.append(self.wait(contact_id, self.waiting[contact_id].waiting.seq))
                case 3 if self.waiting:
                    contact_id = self.chance.choice([*self.waiting])
                    del self.waiting[contact_id]
                    self.floor.leave(contact_id)
                case 4:
                    agent_id = self.chance.choice([*self.profiles])
                    agents.append(agent_id)
                    self.profiles[agent_id] = profile = self.profile()
                    self.floor.change_profile(agent_id, profile)
                    if agent_id in self.free:
                        self.free[agent_id] = self.free[agent_id]._replace(
                            candidate=Candidate(self.agents[agent_id], profile, True)
                        )
                case _:
                    agents.append(self.set_free(self.chance.choice([*self.profiles])))
        return contacts, agents

    def wait(self, contact_id: str, seq: int) -> str:
        asking = self.waiting[contact_id] = self.asking(contact_id, seq)
        self.floor.wait(asking.key, asking.waiting, asking.kept_from)
        return contact_id

    def set_free(self, agent_id: str) -> str:
        agent, some = self.agents[agent_id], self.chance
        channels = frozenset(channel for channel in ("voice", "chat") if some.random() < 0.5)
        for name in ("idle_since_ms", "load", "count", "last_offer"):
            setattr(agent, name, some.randrange(6))
        if channels:
            self.free[agent_id] = Free(Candidate(agent, self.profiles[agent_id], True), channels)
        else:
            self.free.pop(agent_id, None)
        self.floor.set_free(agent_id, channels)
        return agent_id

    def scanned(self) -> Iterator[tuple[str, str]]:
        while found := first_match(self.site, self.waiting, self.free):
            del self.waiting[found.contact_id], self.free[found.agent.agent_id]
            yield found.contact_id, found.agent.agent_id


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize("seed", range(20))
def test_the_floor_and_the_straight_scan_make_the_same_pairs(seed: int, order: int) -> None:
    walk = Walk(seed * 3 + order, agents=[3, 12, 40][order])
    pairs = 0
    for _ in range(150):
        contacts, agents = walk.change()
        found = [(match.contact_id, match.agents[0].agent_id) for match in walk.floor.matches(contacts, agents)]
        assert found == list(walk.scanned())
        pairs += len(found)
    assert pairs > 5


def test_many_free_agents_are_taken_in_the_order_of_every_strategy() -> None:
    # So many that the floor goes by its orders and groups instead of comparing all.
    for strategy in STRATEGIES:
        queues = {name: {"steps": [{}], "strategy": strategy} for name in QUEUES}
        walk = Walk(7, agents=150, site={"queues": queues})
        for agent_id in walk.profiles:
            walk.set_free(agent_id)
        for number in range(120):
            contact_id = walk.wait(f"c{number}", number)
            found = [(match.contact_id, match.agents[0].agent_id) for match in walk.floor.matches([contact_id], [])]
            assert found == list(walk.scanned()), strategy


@pytest.mark.parametrize(
    ("one", "two", "strategy", "by"),
    [
        ({}, None, "longest_idle", "alone"),
        ({"queues": {"q1": {"priority": 1}}}, {"queues": {}}, "longest_idle", "priority"),
        ({"queues": {"q1": {"priority": 1}}}, {"queues": {"q1": {}}}, "longest_idle", "priority"),
        ({"groups": ["red"]}, {}, "longest_idle", "preferred"),
        ({"groups": ["red"]}, {}, "best_match", "fit"),
        ({"skills": {"sales": 4}}, {"skills": {"sales": 2}}, "highest_skill", "fit"),
        ({"skills": {"sales": 4}}, {"skills": {"sales": 4}}, "highest_skill", "turn"),
        ({"idle": 1}, {"idle": 2}, "longest_idle", "turn"),
        ({"idle": 2}, {"idle": 2}, "longest_idle", "id"),
    ],
)
def test_a_match_tells_by_what_the_chosen_agent_goes_before_the_runner_up(
    one: dict[str, Any], two: dict[str, Any] | None, strategy: str, by: str
) -> None:
    given = {"one": {"idle": 1, "skills": {"sales": 4}} | one}
    if two is not None:
        given["two"] = {"idle": 2, "skills": {"sales": 4}} | two
    idle = {agent_id: fields.pop("idle") for agent_id, fields in given.items()}
    profiles = {
        agent_id: AgentSpec.model_validate({"name": "x", "device": "PJSIP/1", "pbx": "main", **fields})
        for agent_id, fields in given.items()
    }
    agents = {each: Agent(id=each, since=Instant(0, 0), idle_since_ms=idle[each]) for each in profiles}
    queues = {"q1": {"steps": [{}], "strategy": strategy}}
    site = SiteSpec.model_validate({"site": "demo", "country": "DE", "entries": {}, "queues": queues})
    floor = Floor(site, agents, profiles)
    for agent_id in profiles:
        floor.set_free(agent_id, frozenset({"voice"}))
    key = LineKey("voice", "main", "q1", 0, (Need(skills=(("sales", 1),)),), Need(groups=("red",)))
    floor.wait(key, Waiting(0, 1, "c1"))
    (match,) = floor.matches(["c1"], [])
    assert [each.agent_id for each in match.agents] == ["one"]
    assert (match.runner_up.agent_id if match.runner_up else "") == ("two" if two is not None else "")
    assert match.by == [by]
