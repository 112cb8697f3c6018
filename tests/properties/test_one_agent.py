"""Two callers and one agent, a thousand times, to the millisecond at the same time: never two offers."""

from __future__ import annotations

import copy

import pytest

from ctid.model import events as ev
from ctid.model.commands import RingAgent
from ctid.model.states import AgentState, Outcome
from sip_test_rig.simulated_pbx import SimulatedPbx
from sip_test_rig.simulated_world import Odds
from tests.properties.sites import SPEC

pytestmark = pytest.mark.properties

ONE_AGENT = copy.deepcopy(SPEC)
ONE_AGENT["agents"] = {"alice": SPEC["agents"]["alice"]}
ONE_AGENT["queues"]["sales"]["overflow"] = []


def test_two_callers_one_agent_a_thousand_times_never_two_offers() -> None:
    world = SimulatedPbx(2, ONE_AGENT, odds=Odds(answer=0.8, photo_finish=0.3, transfer=0.0))
    world.run(4_000)
    ringing: set[str] = set()
    rings = 0

    def ring(command: RingAgent) -> None:
        nonlocal rings
        rings += 1
        ringing.intersection_update(world.channels)
        assert not ringing, "a second offer while the first one's leg lives"
        ringing.add(command.unique_id)
        world.ring(command)

    world.on_ring = ring
    for _ in range(1_000):
        world.request(ev.AgentStateRequested, agent_id="alice", state=AgentState.READY)
        world.call("101", 8_000)
        world.call("101", 8_000)
        world.run(world.random.randint(9_000, 12_000))
    world.settle()
    world.watch.nothing_left()
    assert len(world.watch.records) == 2_000
    assert rings > 1_000
    assert world.watch.outcomes[Outcome.HANDLED] > 300
