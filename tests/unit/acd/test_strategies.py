"""What every strategy has to keep to, so that the floor can keep its agents in order, and what each of them means."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.acd import recency
from ctid.acd.strategies import STRATEGIES, Wanted
from ctid.model.agent import Agent
from ctid.model.instant import Instant
from ctid.spec.agent import AgentSpec
from ctid.spec.queue import WeightsSpec

pytestmark = pytest.mark.unit


def agent(agent_id: str = "a", **fields: Any) -> Agent:
    return Agent(id=agent_id, since=Instant(0, 0), **{"idle_since_ms": 0, **fields})


def profile(cost: int = 0, **skills: int) -> AgentSpec:
    return AgentSpec(name="x", device="PJSIP/1", pbx="main", skills=skills, cost=cost)


AGENTS = [
    agent(),
    agent(idle_since_ms=900),
    agent(load=7, count=1),
    agent(last_offer=3, handled=9),
    agent(misses=2, handling_ms=5),
]
PROFILES = [profile(), profile(sales=3), profile(5, sales=9, english=2), profile(1, english=10)]
WANTED = [Wanted(), Wanted(("sales",)), Wanted(("english", "sales"), WeightsSpec(level_seconds=1))]


@pytest.mark.parametrize("name", STRATEGIES)
def test_turn_follows_from_the_agent_and_fit_from_the_profile_alone(name: str) -> None:
    rule = STRATEGIES[name]
    places = {
        (a, p, w, preferred): rule.place(AGENTS[a], PROFILES[p], WANTED[w], preferred)
        for a in range(len(AGENTS))
        for p in range(len(PROFILES))
        for w in range(len(WANTED))
        for preferred in (True, False)
    }
    turns = {(a, place.turn) for (a, _, _, _), place in places.items()}
    assert len(turns) == len(AGENTS), "a turn depends on more than the agent"
    fits = {(rest, place.fit) for (_, *rest_), place in places.items() for rest in [tuple(rest_)]}
    assert len(fits) == len(PROFILES) * len(WANTED) * 2, "a fit depends on the agent's doings"
    assert rule.by_fit == (len({fit for _, fit in fits}) > 1)
    weighs = any(places[a, p, w, True].fit != places[a, p, w, False].fit for a, p, w, _ in places)
    assert weighs == rule.weighs_preference


def first(name: str, *candidates: tuple[Agent, AgentSpec], wanted: Wanted, preferred: str = "") -> str:
    rule = STRATEGIES[name]
    ranked = [(sum(rule.place(a, p, wanted, a.id == preferred)), a.id) for a, p in candidates]
    return min(ranked)[1]


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("longest_idle", "idle"),
        ("least_occupied", "rested"),
        ("fewest_contacts", "spared"),
        ("round_robin", "next"),
        ("highest_skill", "expert"),
        ("lowest_skill", "beginner"),
        ("best_match", "cheap"),
    ],
)
def test_whom_each_takes(name: str, taken: str) -> None:
    usual = {"idle_since_ms": 500_000, "load": 50, "count": 50, "last_offer": 50}
    candidates = [
        (agent("idle", **usual | {"idle_since_ms": 400_000}), profile(9, sales=5)),
        (agent("rested", **usual | {"load": 10}), profile(9, sales=5)),
        (agent("spared", **usual | {"count": 10}), profile(9, sales=5)),
        (agent("next", **usual | {"last_offer": 10}), profile(9, sales=5)),
        (agent("expert", **usual), profile(20, sales=9)),
        (agent("beginner", **usual), profile(12, sales=2)),
        (agent("cheap", **usual), profile(1, sales=5)),
    ]
    assert first(name, *candidates, wanted=Wanted(("sales",))) == taken


def test_weights_are_worth_idle_time() -> None:
    wanted = Wanted(("sales",), WeightsSpec(level_seconds=60, cost_seconds=30, prefer_seconds=300))
    expert = (agent("expert", idle_since_ms=200_000), profile(0, sales=9))
    idle = (agent("idle", idle_since_ms=0), profile(0, sales=6))
    assert first("best_match", expert, idle, wanted=wanted) == "idle"  # 200 s of idle time against 180 s of level
    costly = (agent("idle", idle_since_ms=0), profile(1, sales=6))
    assert first("best_match", expert, costly, wanted=wanted) == "expert"  # 170 s against 180 s
    assert first("best_match", expert, idle, wanted=wanted, preferred="expert") == "expert"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("longest_idle", {"idle_ms": 4_000}),
        ("least_occupied", {"worked_ms": 60_000}),
        ("fewest_contacts", {"contacts_thousandths": 3_000}),
        ("round_robin", {"last_offer": 17}),
        ("highest_skill", {"level": 12, "idle_ms": 4_000}),
        ("lowest_skill", {"level": 12, "idle_ms": 4_000}),
        ("best_match", {"worth_ms": (12 * 60 - 5 * 60 + 300) * 1_000, "idle_ms": 4_000}),
    ],
)
def test_a_place_tells_what_it_was_made_of(name: str, told: dict[str, int]) -> None:
    at_ms = 5_000
    who = agent(
        idle_since_ms=1_000,
        load=recency.add(0, 60_000, at_ms),
        count=recency.add(0, 3, at_ms),
        last_offer=17,
    )
    rule = STRATEGIES[name]
    place = rule.place(who, profile(5, sales=8, english=4), Wanted(("english", "sales")), True)
    assert rule.told(place, at_ms) == told


def test_every_strategy_tells_something() -> None:
    assert all(rule.told(rule.place(agent(), profile(), Wanted(), False), 0) for rule in STRATEGIES.values())
