"""Transfers: who has the contact then, who wraps it up, and what is refused; told in any order."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, Outcome
from tests.unit.site import Site, changed

COLLEAGUE = ev.TransferParty(unique_id="17.4", device="PJSIP/1002")
CALLER = ev.TransferParty(unique_id="c1", device="PJSIP/trunk")
STRANGER = ev.TransferParty(unique_id="17.4", device="PJSIP/trunk")


def talking() -> tuple[Site, str]:
    site = Site()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    return site, site.connected()


def joined(leg: str, other: ev.TransferParty = COLLEAGUE) -> ev.CallTransferred:
    return ev.CallTransferred(pbx="main", transferers=["17.3", leg], parties=[other, CALLER], bridge_id="b2")


def told_in(order: tuple[int, ...], leg: str) -> list[ev.Event]:
    """What the PBX tells of an attended transfer, as it may come."""
    told: list[ev.Event] = [
        ev.LegBridged(pbx="main", unique_id="c1", bridge_id="b2"),
        joined(leg),
        ev.LegEnded(pbx="main", unique_id=leg, cause=16),
    ]
    return [told[index] for index in order]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_attended_in_every_order_each_wraps_up_their_own(order: tuple[int, ...]) -> None:
    site, leg = talking()
    site.give(*told_in(order, leg))
    contact = site.contact()
    assert (contact.state, contact.agent_id) == (ContactState.CONNECTED, "bob")
    assert (site.agent().state, site.agent("bob").state) == (AgentState.WRAP_UP, AgentState.BUSY)
    site.request(ev.WrapUpSet, agent_id="alice", contact_id=contact.id, disposition="order", notes="a", complete=True)
    assert (site.agent().state, contact.state) == (AgentState.READY, ContactState.CONNECTED)
    site.give(joined(leg))
    assert contact.agent_id == "bob", "told twice"
    # As Asterisk has it: the channel ends before its caller has left the bridge.
    site.give(ev.LegEnded(pbx="main", unique_id="17.4", cause=16))
    assert site.agent("bob").state is AgentState.WRAP_UP
    site.back()
    assert (contact.state, contact.outcome) == (ContactState.WRAP_UP, Outcome.HANDLED)
    site.request(ev.WrapUpSet, agent_id="bob", contact_id=contact.id, notes="b", complete=True)
    record = site.record()
    assert (record.agent_id, record.disposition, record.notes) == ("bob", "order", "b")
    assert [(each.agent_id, each.result, each.notes) for each in record.segments] == [
        ("alice", "transferred", "a"),
        ("bob", "ended", "b"),
    ]
    # Bob was on a break, which goes on.
    assert (site.agent("bob").state, site.agent("bob").reason) == (AgentState.NOT_READY, "break")


def test_attended_to_somebody_else_closes_it_as_transferred() -> None:
    site, leg = talking()
    site.give(joined(leg, STRANGER), ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    contact = site.contact()
    assert (contact.state, contact.outcome) == (ContactState.WRAP_UP, Outcome.TRANSFERRED)
    site.wait(20)
    assert contact.state is ContactState.CLOSED
    assert site.engine.state.legs == {}


def test_a_caller_who_stays_in_a_bridge_untold_has_been_transferred() -> None:
    site, leg = talking()
    site.give(
        ev.LegEnded(pbx="main", unique_id=leg, cause=16), ev.LegBridged(pbx="main", unique_id="c1", bridge_id="b2")
    )
    assert site.contact().state is ContactState.CONNECTED
    site.wait(2)
    assert site.contact().outcome is Outcome.TRANSFERRED


def test_the_snapshot_shows_whom_the_caller_talks_to() -> None:
    site, _ = talking()
    site.up(
        ev.LegSeen(unique_id="c1", answered=True, bridge_id="b2", device="PJSIP/trunk"),
        ev.LegSeen(unique_id="17.4", answered=True, bridge_id="b2", device="PJSIP/1002"),
    )
    assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "bob")
    assert site.agent().state is AgentState.WRAP_UP


def test_blind_to_an_agent_waits_for_the_old_leg_and_the_caller_then_for_them_alone() -> None:
    site, leg = talking()
    site.ready("bob")
    site.request(ev.TransferRequested, contact_id=site.contact().id, agent="bob")
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    assert site.agent().state is AgentState.WRAP_UP
    site.ended(leg)
    assert not site.all(cmd.RingAgent)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    rung = site.only(cmd.RingAgent)
    assert rung.device == "PJSIP/1002"
    site.ended(rung.unique_id, 21)
    contact = site.contact()
    assert (contact.meant_for, contact.queue) == ("alice", "sales"), "who gave it on is the next"


@pytest.mark.parametrize("arrives_first", [False, True])
def test_blind_by_the_phone_is_the_same_told_by_ami_and_agi_in_either_order(arrives_first: bool) -> None:
    site, leg = talking()
    site.ready("bob")
    told = [ev.CallSentOn(pbx="main", unique_id="c1", extension="1002", arrived=each) for each in (True, False)]
    site.give(*(told if arrives_first else told[::-1]))
    assert site.contact().meant_for == "bob"
    site.ended(leg)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


def test_blind_to_a_number_leaves_by_the_dialplan() -> None:
    site, leg = talking()
    site.request(ev.TransferRequested, contact_id=site.contact().id, number="112")
    site.ended(leg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    released = site.only(cmd.ReleaseLeg)
    assert (released.next, released.target) == ("given", "112")
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert site.contact().ended_at is None, "it rings, and nobody has answered"
    site.give(ev.LegBridged(pbx="main", unique_id="c1", bridge_id="out"))
    assert site.contact().outcome is Outcome.TRANSFERRED
    site.wait(20)
    assert (site.contact().state, site.engine.state.legs) == (ContactState.CLOSED, {})


def given(number: str = "+49301") -> Site:
    """A caller whose agent has given them on to a number, which rings."""
    site, leg = talking()
    site.request(ev.TransferRequested, contact_id=site.contact().id, number=number)
    site.ended(leg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    return site


@pytest.mark.parametrize("wrapped_up", [False, True])
def test_a_number_that_does_not_answer_brings_the_contact_back_to_who_gave_it_on(wrapped_up: bool) -> None:
    site = given()
    if wrapped_up:
        site.wait(20)
        assert site.agent().state is AgentState.READY
    site.ready("bob")
    site.give(ev.CallUndelivered(pbx="main", unique_id="c1", cause="busy"))
    assert site.only(cmd.RingAgent).device == "PJSIP/1001", "bob is free as well"
    (told,) = [each for each in site.all(cmd.Publish) if each.type == "contact.returned"]
    assert (told.data["by"], told.data["cause"], told.data["to_agent"]) == ("+49301", "busy", "alice")
    (offer,) = [each for each in site.all(cmd.Publish) if each.type == "offer.created"]
    assert offer.data["offer"]["pop"]["returned"] == {"by": "+49301", "cause": "busy"}
    leg = site.only(cmd.RingAgent).unique_id
    site.answered(leg)
    site.bridged(leg, "c1")
    assert (site.contact().agent_id, site.contact().outcome, len(site.contact().segments)) == ("alice", None, 2)


def test_it_goes_to_the_queue_if_who_gave_it_on_has_no_time() -> None:
    site = given()
    site.ask("alice", AgentState.NOT_READY, reason="break")
    site.ready("bob")
    site.give(ev.CallUndelivered(pbx="main", unique_id="c1", cause="no_answer"))
    (told,) = [each for each in site.all(cmd.Publish) if each.type == "contact.returned"]
    assert (told.data["to_agent"], site.contact().meant_for) == (None, "")
    site.wait(20)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


def test_a_caller_who_does_not_wait_for_the_number_has_abandoned() -> None:
    site = given()
    site.ended("c1")
    assert site.contact().outcome is Outcome.ABANDONED


def test_a_number_that_answers_while_nobody_looks_has_the_contact() -> None:
    site = given()
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(ev.LegSeen(unique_id="c1", answered=True, bridge_id="out"))
    assert site.contact().outcome is Outcome.TRANSFERRED


def test_a_session_lost_before_the_number_is_dialled_is_taken_up_again() -> None:
    site = given()
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    assert (site.only(cmd.ReleaseLeg).next, site.only(cmd.ReleaseLeg).target) == ("given", "+49301")


@pytest.mark.parametrize(
    ("cause", "told"), [(21, "rejected"), (17, "busy"), (19, "no_answer"), (20, "unreachable"), (0, "no_time")]
)
def test_a_colleague_who_does_not_take_it_brings_it_back_with_the_reason(cause: int, told: str) -> None:
    site, leg = talking()
    site.ready("bob")
    if not cause:
        site.call("c2", dnis="103")
        rung = site.only(cmd.RingAgent).unique_id
        site.answered(rung)
        site.bridged(rung, "c2", bridge="b2")
    site.request(ev.TransferRequested, contact_id=site.contact().id, agent="bob")
    site.ended(leg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    if cause:
        site.ended(site.only(cmd.RingAgent).unique_id, cause)
    else:
        site.wait(20)
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"
    contact = site.contact()
    assert contact.returned is not None
    assert (contact.returned.by, contact.returned.cause, contact.given_by) == ("bob", told, "")
    # Whoever is not to be had either leaves it to the queue, and it comes back to nobody.
    site.ended(site.only(cmd.RingAgent).unique_id, 21)
    assert (contact.meant_for, contact.steps) == ("", [])


def test_a_site_may_have_it_go_to_the_queue_at_once() -> None:
    site = Site(changed("policy/transfers_return", False))
    leg = site.connected()
    site.ready("bob")
    site.request(ev.TransferRequested, contact_id=site.contact().id, agent="bob")
    site.ended(leg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    site.ended(site.only(cmd.RingAgent).unique_id, 21)
    assert (site.contact().meant_for, site.all(cmd.RingAgent)) == ("", [])
    assert site.agent().state is AgentState.WRAP_UP


def test_a_caller_who_hangs_up_while_they_wait_again_has_abandoned_and_is_wrapped_up() -> None:
    site, leg = talking()
    site.request(ev.TransferRequested, contact_id=site.contact().id, queue="support")
    site.ended(leg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    site.tick(60_000)
    site.ended("c1")
    assert (site.contact().state, site.contact().outcome) == (ContactState.WRAP_UP, Outcome.ABANDONED)
    site.wait(20)
    assert site.contact().state is ContactState.CLOSED


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ({"agent": "alice"}, "talks to the contact already"),
        ({"agent": "bob"}, "agent bob is NOT_READY"),
        ({"agent": "nobody"}, "there is no agent"),
        ({"queue": "none"}, "there is no queue"),
        ({"number": "1;2"}, "no number"),
        ({"number": "1", "queue": "sales"}, "one of queue, agent, number"),
    ],
)
def test_what_cannot_be_is_refused_and_the_talk_goes_on(to: dict[str, Any], why: str) -> None:
    site, _ = talking()
    before = site.engine.snapshot()
    site.request(ev.TransferRequested, contact_id=site.contact().id, **to)
    assert why in site.only(cmd.Refuse).detail
    assert site.engine.snapshot() == before


def test_a_consultation_is_told_to_the_colleague_and_ends_with_the_talk() -> None:
    site, leg = talking()
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob")
    told = next(each for each in site.all(cmd.Publish) if each.type == "consultation.created")
    assert (told.agent_ids, told.data["pop"]["ani"]) == (["alice", "bob"], "+4930123456")
    assert site.only(cmd.Accept).result["consultation"]["number"] == "1002"
    site.ended(leg)
    ended = next(each for each in site.all(cmd.Publish) if each.type == "consultation.ended")
    assert ended.data["result"] == "ended"
    assert site.engine.state.consultations == {}


CAROL = changed("agents/carol", {"name": "Carol", "device": "PJSIP/1003", "pbx": "main", "skills": {"sales": 1}})
SOON_ELSEWHERE = changed("queues/sales/overflow", [{"wait_seconds": 10, "to": {"queue": "support"}}], CAROL)


def waiting_for_bob(spec: dict[str, Any] = CAROL) -> Site:
    """A caller whom alice has given to bob, who is at another call, while carol is free."""
    site = Site(spec)
    leg = site.connected()
    site.ready("bob")
    site.call("c2", dnis="103")
    rung = site.only(cmd.RingAgent).unique_id
    site.answered(rung)
    site.bridged(rung, "c2", bridge="b2")
    site.ready("carol")
    site.request(ev.TransferRequested, contact_id=site.contact().id, agent="bob")
    site.ended(leg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    assert (site.contact().meant_for, site.all(cmd.RingAgent)) == ("bob", [])
    return site


def test_a_caller_whom_the_queue_sends_on_waits_there_for_everybody_and_no_more_for_one() -> None:
    site = waiting_for_bob(SOON_ELSEWHERE)
    site.wait(10)
    assert (site.contact().queue, site.contact().steps) == ("support", [])
    assert site.only(cmd.RingAgent).device == "PJSIP/1003"


def test_a_number_to_which_it_was_sent_by_whom_it_was_meant_for_brings_it_back_to_everybody() -> None:
    site = Site(CAROL)
    leg = site.connected()
    site.ready("bob", "carol")
    site.request(ev.TransferRequested, contact_id=site.contact().id, agent="bob")
    site.ended(leg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    offer = site.engine.state.offers[site.agent("bob").offer_id]
    site.request(ev.OfferDeflected, agent_id="bob", offer_id=offer.id, number="+49301")
    site.ask("bob", AgentState.NOT_READY, reason="break")
    site.ended(site.engine.state.legs[offer.leg_id].unique_id, 26)
    site.give(ev.CallUndelivered(pbx="main", unique_id="c1", cause="busy"))
    assert site.contact().steps == []
    site.wait(20)
    assert site.only(cmd.RingAgent).device == "PJSIP/1003", "not for bob alone, who is on a break"


@pytest.mark.parametrize("kind", [ev.HangUpRequested, ev.HoldRequested, ev.MuteRequested])
def test_what_was_asked_of_one_agents_talk_is_not_done_to_the_next_ones(kind: type[ev.Request]) -> None:
    """An agent's phone has transferred, and they press a button in the same moment."""
    site, leg = talking()
    site.give(*told_in((0, 1, 2), leg))
    more: dict[str, Any] = {"on": True} if kind is ev.MuteRequested else {}
    before = site.engine.snapshot()
    site.request(kind, contact_id=site.contact().id, of_agent="alice", **more)
    assert site.only(cmd.Refuse).detail == "agent bob has the contact by now"
    assert site.engine.snapshot() == before
    site.give(ev.LegBridged(pbx="main", unique_id="17.4", bridge_id="b2"))
    site.request(kind, contact_id=site.contact().id, of_agent="bob", **more)
    assert site.all(cmd.Accept)
