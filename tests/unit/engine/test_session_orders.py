"""FastAGI and AMI tell of the same end of a talk, in any order: what comes of it is the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState
from tests.unit.engine.talks import alternated, called_in, conferenced
from tests.unit.site import SPEC, Site, changed


def talk(site: Site) -> str:
    return site.connected()


def called_back(site: Site) -> str:
    """A talk with a customer whom ctid has called back."""
    site.request(ev.CallbackRequested, number="+4930123456", queue="sales")
    site.ready("alice")
    leg = site.only(cmd.RingAgent).unique_id
    site.answered(leg)
    customer = site.only(cmd.DialCustomer).unique_id
    site.answered(customer)
    site.bridged(customer, leg)
    return leg


STATES: dict[str, Callable[[Site], Any]] = {
    "in talk": talk,
    "with who was asked on hold": lambda site: alternated(site)[0],
    "in a conference": lambda site: conferenced(site)[0],
    "with somebody called in": lambda site: called_in(site)[0],
    "called back": called_back,
}
SESSIONS: dict[str, Callable[[str], ev.Event]] = {
    "in": lambda caller: ev.CallArrived(pbx="main", unique_id=caller, ani="", dnis=""),
    "after": lambda caller: ev.CallerReturned(pbx="main", unique_id=caller),
    "transfer": lambda caller: ev.CallSentOn(pbx="main", unique_id=caller, extension="777", arrived=True),
    "undelivered": lambda caller: ev.CallUndelivered(pbx="main", unique_id=caller, cause="busy"),
}
LAST = -1
CALLBACK = {"dial": "PJSIP/{number}@trunk", "ring_seconds": 25, "attempts": 2, "retry_seconds": 300}


def outcome(state: str, session: str, at: int) -> dict[str, Any]:
    """What is so in the end, if the session begins before the event of that number, or after the last, of the end."""
    site = Site(changed("queues/sales/callback", {**CALLBACK, "expire_seconds": 3_600}, SPEC))
    site.ask("bob", AgentState.NOT_READY, reason="break")
    leg = STATES[state](site)
    contact = site.contact()
    caller = site.engine.state.legs[contact.caller_leg]
    told: list[ev.Event] = [
        ev.LegUnbridged(pbx="main", unique_id=caller.unique_id, bridge_id=caller.bridge_id),
        ev.LegUnbridged(pbx="main", unique_id=leg, bridge_id=caller.bridge_id),
        ev.LegEnded(pbx="main", unique_id=leg, cause=16),
    ]
    if session == "transfer":
        # What the phone has done, AMI tells before the end of its channel.
        told[0:0] = [ev.CallSentOn(pbx="main", unique_id=caller.unique_id, extension="777")]
    told.insert(len(told) if at == LAST else at, SESSIONS[session](caller.unique_id))
    out = [command for event in told for command in site.give(event)]
    out += site.wait(3)
    return {
        "contact": (contact.state, contact.outcome, contact.queue, contact.agent_id, contact.on_hold),
        "segments": [(each.agent_id, each.result) for each in contact.segments],
        "agents": {each.id: each.state for each in site.engine.state.agents.values()},
        "legs": {each.unique_id: (each.bridge_id, each.has_agi) for each in site.engine.state.legs.values()},
        "consultations": [each.state for each in site.engine.state.consultations.values()],
        "released": {each.next for each in out if isinstance(each, cmd.ReleaseLeg)},
        "hung up": {each.unique_id for each in out if isinstance(each, cmd.HangUpLeg)} - {leg},
        "early": caller.early,
    }


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("state", STATES)
def test_what_comes_of_it_is_the_same_in_every_order(state: str, session: str, at: int) -> None:
    assert outcome(state, session, at) == outcome(state, session, LAST)


@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("state", STATES)
def test_a_session_of_before_the_bridge_that_is_told_after_it_changes_nothing(state: str, session: str) -> None:
    site = Site(changed("queues/sales/callback", {**CALLBACK, "expire_seconds": 3_600}, SPEC))
    site.ask("bob", AgentState.NOT_READY, reason="break")
    STATES[state](site)
    caller = site.engine.state.legs[site.contact().caller_leg]
    before = site.engine.snapshot()
    out = site.give(SESSIONS[session](caller.unique_id), ev.AgiEnded(pbx="main", unique_id=caller.unique_id))
    assert (out, site.engine.snapshot()) == ([], before)
