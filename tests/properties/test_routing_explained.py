"""Random walks, explained at every step: the explanation tells what the floor knows, and leaves nobody free unused."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ctid.acd.eligibility import Hindrance, hindrance, unfit
from ctid.desktop.schemas.routing_schemas import RoutingView
from ctid.engine.agent.assignment import candidate_of
from ctid.engine.explained.routing_view import recorded_routing_view, routing_view
from ctid.engine.turn import Turn
from ctid.engine.waiting.requirement import line_key, pbx_of
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.model.states import AgentState, ContactState
from sip_test_rig.simulated_pbx import UTC_MS, SimulatedPbx
from tests.properties.sites import SPEC
from tests.properties.walks import everybody_works, step

pytestmark = pytest.mark.properties

CODES = {
    AgentState.BUSY: "busy",
    AgentState.WRAP_UP: "wrap_up",
    AgentState.NOT_READY: "not_ready",
    AgentState.RESERVED: "reserved",
}


def check_waiting(turn: Turn, contact: Contact, waiting: dict[str, Any]) -> str | None:
    """Compare with looking at every agent; gives what holds the contact, if anything does."""
    key = line_key(turn, contact, pbx_of(turn, contact))
    candidates = [candidate_of(turn, turn.state.agents[agent_id]) for agent_id in turn.floor.roster.ids]
    able = [each for each in candidates if unfit(each, key) is None]
    there = [each for each in able if each.agent.state is not AgentState.LOGGED_OUT]
    codes = {}
    for each in there:
        why = hindrance(each, contact, key)
        in_state = why in (Hindrance.STATE, Hindrance.RESERVED)
        codes[each.agent.id] = "free" if why is None else CODES.get(each.agent.state, "reserved") if in_state else why
    told = waiting["able"]
    assert (told["total"], told["logged_in"]) == (len(able), len(there))
    assert {code: count for code, count in told["by_hindrance"].items() if count} == Counter(codes.values())
    assert {each["agent_id"]: each["hindrance"] for each in told["agents"]} == codes
    if waiting["held"] is None:
        assert told["by_hindrance"]["free"] == 0, "free and able, and yet it waits"
        standing = turn.floor.lines[key]
        assert sum(1 << turn.floor.roster.ids.index(each.agent.id) for each in able) == standing.able
    for miss in waiting["near_misses"]["agents"]:
        assert miss["agent_id"] not in codes
        assert miss["lacks"]
    return waiting["held"]


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_every_explanation_is_true(first: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(first, first + 10):
        world = SimulatedPbx(seed, SPEC)
        world.run(4_000)
        for agent in SPEC["agents"]:
            world.desktop_back(agent, f"s-{agent}")
        everybody_works(world)
        for _ in range(50):
            step(world, faults=True)
            world.run(world.random.choice([1, 50, 500, 3_000, 6_000]))
            engine = world.engine
            before = engine.snapshot()
            turn = Turn(engine.state, engine.site, Instant(world.now_ms, UTC_MS + world.now_ms), engine.floor)
            for contact in engine.state.contacts.values():
                view = routing_view(turn, contact, "en")
                RoutingView.model_validate(view)
                assert view["text"]
                assert routing_view(turn, contact, "zh")["text"]
                seen[contact.state] += 1
                if contact.state is ContactState.QUEUED:
                    seen[f"held {check_waiting(turn, contact, view['waiting'])}"] += 1
            assert engine.snapshot() == before
        world.settle()
        for saved in world.watch.records.values():
            record = saved.record
            view = recorded_routing_view(record, "en")
            RoutingView.model_validate(view)
            assert len(view["decisions"]) == len(record.decisions)
            seen["decisions"] += len(view["decisions"])
    assert seen["held None"] > 200
    assert seen["held pbx"] + seen["held unseen"] + seen["held draining"] > 5
    assert seen["offered"] > 20
    assert seen["connected"] > 20
    assert seen["decisions"] > 100
