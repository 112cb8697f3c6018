"""One decision of the ACD: a contact arrives, or an agent is set free, and somebody is found for somebody or nobody is.

A site of 5,000 agents with ten of 500 skills each and 20 queues, in three situations: 10,000 contacts wait and an agent
is set free; 10,000 wait and one more arrives; all agents are free and a contact arrives. Needs ask for one skill or
for combinations of several. What is timed is all that the floor does for it, bookkeeping included. Beside it the same
decisions by a straight scan of all contacts or agents (`ctid.acd.scan`), which have to come out the same. The curve is
the median from 50 to 50,000 agents, with twice as many waiting contacts. Memory is of a whole engine with its state.
"""

from __future__ import annotations

import gc
import json
import math
import random
import re
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import plotext

from benchmarks.spread import spread
from ctid.acd.eligibility import Candidate
from ctid.acd.floor import Floor
from ctid.acd.line import LineKey, Waiting
from ctid.acd.needs import Need
from ctid.acd.scan import Asking, Free, first_match
from ctid.engine.engine import Engine
from ctid.model import events as ev
from ctid.model.agent import Agent
from ctid.model.instant import Instant
from ctid.spec.agent import VOICE, AgentSpec
from ctid.spec.site import SiteSpec

AGENTS: Final = 5_000
SKILLS: Final = 500
QUEUES: Final = 20
DECISIONS: Final = 5_000
SCANNED: Final = 40
SIZES: Final = (50, 158, 500, 1_580, 5_000, 15_800, 50_000)
VOICE_ONLY: Final = frozenset({VOICE})


class Hall:
    """A floor full of agents and waiting contacts."""

    def __init__(self, agents: int) -> None:
        self.chance = random.Random(20)
        self.site = SiteSpec.model_validate(_site())
        self.profiles = {f"a{number}": self._profile() for number in range(agents)}
        self.agents = {
            agent_id: Agent(id=agent_id, since=Instant(0, 0), idle_since_ms=self.chance.randrange(10**6))
            for agent_id in self.profiles
        }
        self.names = list(self.profiles)
        self.floor = Floor(self.site, self.agents, self.profiles)
        self.asking: dict[str, Asking] = {}
        self.free: dict[str, Free] = {}
        self._seq = 0

    def _profile(self) -> AgentSpec:
        skills = {f"s{self.chance.randrange(SKILLS)}": self.chance.randint(1, 10) for _ in range(10)}
        return AgentSpec(name="x", device="PJSIP/1", pbx="main", skills=skills)

    def _need(self) -> Need:
        some = self.chance
        skill = lambda: (f"s{some.randrange(SKILLS)}", some.randint(1, 5))  # noqa: E731
        if some.random() < 0.7:
            return Need(skills=(skill(),))
        return Need(skills=(skill(),), any=(Need(skills=(skill(),)), Need(skills=(skill(),))))

    def arrival(self) -> Asking:
        """A contact that is about to wait."""
        self._seq += 1
        need = self._need()
        queue = f"q{int(need.skills[0][0][1:]) % QUEUES}"
        key = LineKey(VOICE, "main", queue, 0, (need,))
        return Asking(key, Waiting(10**6 + self._seq, self._seq, f"c{self._seq}"))

    def wait(self, asking: Asking) -> None:
        self.floor.wait(asking.key, asking.waiting)
        self.asking[asking.waiting.contact_id] = asking

    def set_free(self, agent_id: str) -> None:
        self.agents[agent_id].idle_since_ms = 2 * 10**6 + self._seq
        self.floor.set_free(agent_id, VOICE_ONLY)
        self.free[agent_id] = Free(Candidate(self.agents[agent_id], self.profiles[agent_id], True), VOICE_ONLY)

    def matched(self, contacts: Sequence[str], agents: Sequence[str]) -> tuple[str, str] | None:
        for match in self.floor.matches(contacts, agents):
            found = (match.contact_id, match.agents[0].agent_id)
            del self.asking[found[0]], self.free[found[1]]
            return found
        return None


def freed(hall: Hall, count: int, scanned: list[float] | None = None) -> Iterator[float]:
    """An agent is set free among waiting contacts; one who finds nobody goes to lunch."""
    for number in range(count):
        agent_id = hall.chance.choice(hall.names)
        hall.set_free(agent_id)
        told = None
        if scanned is not None and number < SCANNED:
            told = _scan(hall, hall.asking, {agent_id: hall.free[agent_id]}, scanned)
        hall.floor.set_free(agent_id, frozenset())
        began = time.thread_time()
        hall.floor.set_free(agent_id, VOICE_ONLY)
        found = hall.matched((), (agent_id,))
        yield time.thread_time() - began
        assert told is None or told == found, "the scan decides otherwise"
        if found is None:
            hall.floor.set_free(agent_id, frozenset())
            del hall.free[agent_id]
        else:
            hall.wait(hall.arrival())


def arriving(hall: Hall, count: int, scanned: list[float] | None = None) -> Iterator[float]:
    """A contact arrives; whom it finds is free again afterwards, and whoever waited longest gives up."""
    for number in range(count):
        asking = hall.arrival()
        contact_id = asking.waiting.contact_id
        told = None
        if scanned is not None and number < SCANNED:
            everybody = {
                name: hall.free.get(name) or Free(Candidate(hall.agents[name], hall.profiles[name], True), frozenset())
                for name in hall.names
            }
            told = _scan(hall, {contact_id: asking}, everybody, scanned)
        hall.asking[contact_id] = asking
        began = time.thread_time()
        hall.floor.wait(asking.key, asking.waiting)
        found = hall.matched((contact_id,), ())
        yield time.thread_time() - began
        assert told is None or told == found, "the scan decides otherwise"
        if found is not None:
            hall.set_free(found[1])
        else:
            oldest = next(iter(hall.asking))
            hall.floor.leave(oldest)
            del hall.asking[oldest]


def changing(hall: Hall, count: int) -> Iterator[float]:
    """A supervisor gives an agent another skill."""
    for _ in range(count):
        agent_id = hall.chance.choice(hall.names)
        profile = hall.profiles[agent_id]
        skills = {**profile.skills, f"s{hall.chance.randrange(SKILLS)}": 5}
        changed = hall.profiles[agent_id] = profile.model_copy(update={"skills": skills})
        began = time.thread_time()
        hall.floor.change_profile(agent_id, changed)
        yield time.thread_time() - began


def busy(agents: int) -> Hall:
    """Everybody is at work and twice as many contacts wait."""
    hall = Hall(agents)
    for _ in range(2 * agents):
        hall.wait(hall.arrival())
    return hall


def idle(agents: int) -> Hall:
    """Everybody is free and nobody waits."""
    hall = Hall(agents)
    for agent_id in hall.names:
        hall.set_free(agent_id)
    return hall


def _scan(
    hall: Hall, contacts: dict[str, Asking], agents: dict[str, Free], took: list[float]
) -> tuple[str, str] | None:
    began = time.thread_time()
    found = first_match(hall.site, contacts, agents)
    took.append(time.thread_time() - began)
    return None if found is None else (found.contact_id, found.agent.agent_id)


def memory() -> dict[str, int]:
    """Bytes that a whole engine takes for each agent, and for each waiting contact."""
    agents = {
        f"a{number}": {"name": f"Agent {number}", "device": f"PJSIP/{number}", "pbx": "main", "skills": {"s0": 5}}
        for number in range(AGENTS)
    }
    engine = Engine(quiet=True)
    now = Instant(1_000_000, 1_795_000_000_000)
    engine.handle(ev.SiteStarted(site="demo", epoch="e", release="0"), now)
    empty = _resident()
    engine.handle(ev.ConfigLoaded(spec=_site(agents=agents)), now)
    engine.handle(ev.PbxReconciled(pbx="main", legs=[], devices={}), now)
    staffed = _resident()
    for number in range(2 * AGENTS):
        engine.handle(
            ev.CallArrived(pbx="main", unique_id=f"u{number}", ani=f"+4930{number:07}", dnis="100", attributes={}), now
        )
    full = _resident()
    return {"per_agent": (staffed - empty) // AGENTS, "per_contact": (full - staffed) // (2 * AGENTS)}


def _resident() -> int:
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def _site(agents: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "site": "demo",
        "country": "DE",
        "skills": [f"s{number}" for number in range(SKILLS)],
        "entries": {"all": {"dnis": "100", "open": {"queue": "q0"}}},
        "queues": {f"q{number}": {"steps": [{"skills": {"s0": 5}}]} for number in range(QUEUES)},
        "agents": agents or {},
    }


def micro(seconds: list[float]) -> dict[str, Any]:
    """Condense durations, in microseconds."""
    return spread(seconds, "µs")


def _curve(of: Callable[[int], Hall], decide: Callable[[Hall, int], Iterator[float]]) -> list[float]:
    return [micro(list(decide(of(agents), 1_000)))["p50"] for agents in SIZES]


def _plot(sets_free: list[float], arrives: list[float]) -> str:
    figure = plotext.figure
    figure.clear()
    figure.theme("simple")
    figure.plot_size(76, 18)
    at = [math.log10(size) for size in SIZES]
    figure.draw(figure.signal(at, sets_free, marker="o"))
    figure.draw(figure.signal(at, arrives, marker="x"))
    figure.ruler("x").ticks(at, labels=[f"{size:,}" for size in SIZES])
    figure.title("µs a decision (median) by agents; o: freed, x: arrival, all free")
    return re.sub(r"\x1b\[[0-9;]*m", "", str(figure.build()))


def main() -> None:
    """Measure, and print one JSON line."""
    memory_of = memory()
    gc.disable()
    figures, ratios = {}, []
    for name, hall, decide in (
        ("freed, 10,000 waiting", busy(AGENTS), freed),
        ("arrival, 10,000 waiting", busy(AGENTS), arriving),
        ("arrival, all free", idle(AGENTS), arriving),
    ):
        list(decide(hall, 500))
        scanned: list[float] = []
        took = list(decide(hall, DECISIONS, scanned))
        figures[name] = micro(took)
        figures[f"{name}: straight scan"] = micro(scanned)
        ratios.append(figures[f"{name}: straight scan"]["p50"] / figures[name]["p50"])
    figures["live change of a skill"] = micro(list(changing(busy(AGENTS), 500)))
    sets_free, arrives = _curve(busy, freed), _curve(idle, arriving)
    decisions = [name for name in figures if "scan" not in name and "skill" not in name]
    result = {
        "name": "acd_decision",
        "unit": "µs",
        "figures_unit": "µs",
        "ours": max(figures[name]["p50"] for name in decisions),
        "ours_p99": max(figures[name]["p99"] for name in decisions),
        "peer": "a straight scan",
        "ratio": round(min(ratios), 1),
        "skill_change": figures["live change of a skill"]["p50"],
        "bytes_per_agent": memory_of["per_agent"],
        "bytes_per_waiting_contact": memory_of["per_contact"],
        "agents": dict(
            zip(
                map(str, SIZES),
                [[round(each, 1) for each in pair] for pair in zip(sets_free, arrives, strict=True)],
                strict=True,
            )
        ),
        "figures": figures,
        "plot": _plot(sets_free, arrives),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
