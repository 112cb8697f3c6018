"""Hold, consultations and conferences that ctid carries out: what is ordered, when it counts, and what is refused."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from ctid.engine.engine import Engine
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ConsultationState, ContactState, LegState, OfferState, Outcome
from tests.unit.engine.talks import (
    alternated,
    arrives,
    asked,
    called_in,
    conferenced,
    consultation,
    dialled,
    held,
    one_more,
    refused,
    unbridged,
)
from tests.unit.site import Site


@pytest.fixture
def site() -> Site:
    site = Site()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    return site


# ---- hold ------------------------------------------------------------------------------------------------------------


def test_a_hold_takes_both_out_of_the_bridge_in_one_order(site: Site) -> None:
    leg = site.connected()
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    assert site.only(cmd.HoldCall) == cmd.HoldCall(pbx="main", unique_id="c1", agent_unique_id=leg)
    assert site.published() == ["leg.held", "contact.updated"]
    assert site.engine.state.legs[leg].state is LegState.HELD
    unbridged(site, leg, "c1")
    assert site.contact().state is ContactState.CONNECTED
    arrives(site)
    assert site.only(cmd.PlayMusic).unique_id == "c1"


@pytest.mark.parametrize(("queue", "music"), [("sales", "default"), ("support", "jazz"), ("gone", "default")])
def test_a_caller_on_hold_hears_their_queues_music(site: Site, queue: str, music: str) -> None:
    site.connected()
    site.contact().queue = queue
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    assert site.only(cmd.HoldCall).music_class == music


def test_a_caller_who_asked_for_us_before_they_were_retrieved_talks_though_that_is_told_late(site: Site) -> None:
    leg = site.connected()
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    unbridged(site, leg, "c1")
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    site.bridged(leg, "c1", bridge="b2")
    arrives(site)
    assert site.out == []
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert site.out == []
    assert site.contact().state is ContactState.CONNECTED
    assert site.engine.state.legs[leg].state is LegState.CONNECTED
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    assert site.only(cmd.HoldCall)


def test_they_talk_again_only_when_the_bridge_says_so(site: Site) -> None:
    leg = held(site)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=leg, peer_unique_id="c1")
    assert site.contact().on_hold
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert "just being connected" in refused(site), "pressed twice"
    site.bridged(leg, bridge="b2")
    assert site.contact().on_hold
    site.bridged("c1", bridge="b2")
    assert site.published() == ["leg.retrieved", "contact.updated"]
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert (site.contact().on_hold, site.contact().state) == (False, ContactState.CONNECTED)
    site.ended(leg)
    site.back()
    assert site.agent().state is AgentState.WRAP_UP


def test_a_retrieval_that_came_to_nothing_may_be_asked_for_again(site: Site) -> None:
    held(site)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    site.wait(3)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert site.all(cmd.JoinLegs)


def test_what_a_phone_holds_itself_it_takes_back_itself(site: Site) -> None:
    leg = site.connected()
    site.give(ev.LegHeld(pbx="main", unique_id=leg))
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    assert "itself" in refused(site)
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    assert "takes them back" in refused(site)


def test_a_phone_that_holds_and_retrieves_while_we_hold_changes_nothing(site: Site) -> None:
    leg = held(site)
    for event in (ev.LegHeld, ev.LegRetrieved):
        assert site.give(event(pbx="main", unique_id=leg)) == []
    assert site.engine.state.legs[leg].state is LegState.HELD


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_whoever_ends_it_on_hold_the_other_is_let_go(site: Site, who: str) -> None:
    leg = held(site)
    site.ended("c1" if who == "caller" else leg)
    if who == "caller":
        assert site.only(cmd.HangUpLeg).unique_id == leg
        site.ended(leg)
    else:
        assert site.only(cmd.ReleaseLeg).next == "hangup"
        site.ended("c1")
    assert site.agent().state is AgentState.WRAP_UP
    assert site.contact().outcome is Outcome.HANDLED
    site.wait(20)
    assert (site.engine.state.legs, site.contact().state) == ({}, ContactState.CLOSED)


def test_a_hold_that_the_pbx_never_carried_out_is_none(site: Site) -> None:
    leg = site.connected()
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.up(*(ev.LegSeen(unique_id=each, answered=True, bridge_id="br") for each in (leg, "c1")))
    assert not site.contact().on_hold
    assert site.engine.state.legs[leg].state is LegState.CONNECTED


def test_a_hold_outlives_a_restart(site: Site) -> None:
    leg = held(site)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*(ev.LegSeen(unique_id=each, answered=True, bridge_id="") for each in (leg, "c1")))
    arrives(site)
    assert site.only(cmd.PlayMusic).unique_id == "c1"
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert site.all(cmd.JoinLegs)


def test_a_caller_on_hold_is_given_on_without_being_fetched(site: Site) -> None:
    leg = held(site)
    site.request(ev.TransferRequested, contact_id=site.contact().id, queue="support")
    assert not site.all(cmd.FetchLeg)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    assert (site.contact().state, site.contact().on_hold) == (ContactState.QUEUED, False)


# ---- mute, digits ----------------------------------------------------------------------------------------------------


def test_a_mute_is_told_once_and_holds_in_the_next_bridge(site: Site) -> None:
    leg = site.connected()
    site.request(ev.MuteRequested, contact_id=site.contact().id, on=True)
    assert site.only(cmd.MuteLeg) == cmd.MuteLeg(pbx="main", unique_id=leg, on=True)
    assert site.published() == ["leg.muted", "contact.updated"]
    site.request(ev.MuteRequested, contact_id=site.contact().id, on=True)
    assert (site.all(cmd.MuteLeg), site.published()) == ([], [])
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    unbridged(site, leg, "c1")
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    site.bridged("c1", leg, bridge="b2")
    assert site.only(cmd.MuteLeg).on
    site.request(ev.MuteRequested, contact_id=site.contact().id, on=False)
    assert (site.only(cmd.MuteLeg).on, site.published()[0]) == (False, "leg.unmuted")


def test_digits_go_to_who_is_on_the_other_end(site: Site) -> None:
    leg = site.connected()
    site.request(ev.DigitsRequested, contact_id=site.contact().id, digits="1#")
    assert site.only(cmd.SendDigits) == cmd.SendDigits(pbx="main", unique_id="c1", digits="1#")
    for wrong in ("", "x", "1 2", "1" * 33):
        site.request(ev.DigitsRequested, contact_id=site.contact().id, digits=wrong)
        assert "digits" in refused(site)
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    unbridged(site, "c1", leg)
    site.request(ev.DigitsRequested, contact_id=site.contact().id, digits="1")
    assert "nobody" in refused(site)
    theirs = consultation(site).leg_id
    site.bridged(leg, theirs, bridge="co")
    site.request(ev.DigitsRequested, contact_id=site.contact().id, digits="1")
    assert site.only(cmd.SendDigits).unique_id == theirs


def test_who_was_muted_as_the_link_broke_is_not_heard_when_it_is_back(site: Site) -> None:
    """The order may have been lost on its way; nothing in the PBX's snapshot would tell."""
    leg = site.connected()
    site.request(ev.MuteRequested, contact_id=site.contact().id, on=True)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    both = [ev.LegSeen(unique_id=each, answered=True, bridge_id="br") for each in (leg, "c1")]
    site.up(*both)
    assert site.all(cmd.MuteLeg) == [cmd.MuteLeg(pbx="main", unique_id=leg, on=True)]
    site.request(ev.MuteRequested, contact_id=site.contact().id, on=False)
    site.up(*both)
    assert site.all(cmd.MuteLeg) == []


# ---- answering -------------------------------------------------------------------------------------------------------


def test_a_ringing_phone_is_rung_again_and_told_to_answer(site: Site) -> None:
    leg = site.offered()
    offer_id = site.offer().id
    site.give(ev.LegAlerting(pbx="main", unique_id=leg))
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=offer_id)
    assert (site.only(cmd.HangUpLeg).unique_id, site.only(cmd.HangUpLeg).cause) == (leg, 26)
    site.ended(leg, 26)
    again = site.only(cmd.RingAgent)
    assert "answer-after=0" in again.headers["Call-Info"]
    assert again.headers["X-Ctid-Offer"] == offer_id
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=offer_id)
    assert "already" in refused(site)
    site.answered(again.unique_id)
    site.bridged(again.unique_id, "c1")
    assert (site.agent().state, site.agent().misses) == (AgentState.BUSY, 0)


def test_a_phone_that_answers_in_that_instant_is_rung_again_all_the_same(site: Site) -> None:
    leg = site.offered()
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=site.offer().id)
    site.answered(leg)
    site.bridged(leg, "c1")
    assert site.contact().state is ContactState.OFFERED, "it is being hung up"
    site.ended(leg)
    again = site.only(cmd.RingAgent)
    site.back()
    assert site.only(cmd.PlayMusic)
    site.answered(again.unique_id)
    site.bridged(again.unique_id, "c1", bridge="b2")
    assert site.contact().state is ContactState.CONNECTED


def test_a_phone_that_is_not_rung_again_in_time_leaves_its_agent_free(site: Site) -> None:
    leg = site.offered()
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=site.offer().id)
    site.wait(10)
    assert (site.contact().state, site.agent().offer_id) == (ContactState.QUEUED, "")
    assert leg not in site.engine.state.legs


def test_a_caller_who_leaves_meanwhile_is_nobody_to_ring_for(site: Site) -> None:
    leg = site.offered()
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=site.offer().id)
    site.ended("c1")
    site.ended(leg)
    assert not site.all(cmd.RingAgent)
    assert site.agent().state is AgentState.READY


# ---- consultations ---------------------------------------------------------------------------------------------------


def test_who_is_asked_is_called_once_the_agents_channel_is_free(site: Site) -> None:
    leg = site.connected()
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    assert site.only(cmd.HoldCall).agent_unique_id == leg
    assert not site.all(cmd.DialConsulted)
    unbridged(site, "c1")
    assert not site.all(cmd.DialConsulted)
    unbridged(site, leg)
    wait, dial = site.only(cmd.LetWait), site.only(cmd.DialConsulted)
    assert (wait.unique_id, wait.ringing) == (leg, True)
    assert (dial.device, dial.peer_unique_id, dial.caller_number, dial.caller_name) == (
        "PJSIP/1002",
        leg,
        "1001",
        "Alice",
    )
    assert unbridged(site, leg) == [], "told twice"


def test_from_a_hold_it_is_called_at_once(site: Site) -> None:
    held(site)
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, number="112", dial=True)
    dial = site.only(cmd.DialConsulted)
    assert (dial.device, dial.number) == ("", "112")
    assert not site.all(cmd.HoldCall)


def test_a_colleague_is_nobody_elses_meanwhile(site: Site) -> None:
    leg, theirs = asked(site)
    site.ready("bob")
    site.call("c2", dnis="103")
    assert not site.all(cmd.RingAgent)
    assert site.contact(-1).state is ContactState.QUEUED
    site.ended(theirs)
    assert site.published()[-2:] != []
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    assert (site.contact().on_hold, site.engine.state.consultations) == (True, {})
    assert leg in site.engine.state.legs


@pytest.mark.parametrize("state", ["BUSY", "RESERVED", "LOGGED_OUT", "own call", "asked"])
def test_a_colleague_who_has_a_call_is_not_called(site: Site, state: str) -> None:
    site.connected()
    match state:
        case "BUSY" | "RESERVED":
            site.ready("bob")
            site.call("c2", dnis="103")
            rung = site.only(cmd.RingAgent).unique_id
            if state == "BUSY":
                site.answered(rung)
                site.bridged(rung, "c2", bridge="b2")
        case "LOGGED_OUT":
            site.ask("bob", AgentState.LOGGED_OUT)
        case "own call":
            site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1002", reachable=True, in_use=True))
        case "asked":
            site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    assert refused(site)


@pytest.mark.parametrize(("cause", "told"), [(17, "busy"), (21, "rejected"), (19, "no_answer"), (34, "failed")])
def test_who_cannot_be_reached_leaves_the_caller_on_hold(site: Site, cause: int, told: str) -> None:
    leg, theirs = dialled(site)
    out = site.ended(theirs, cause)
    (ended,) = [each for each in site.all(cmd.Publish) if each.type == "consultation.ended"]
    assert ended.data["result"] == told
    assert [(each.unique_id, each.ringing) for each in out if isinstance(each, cmd.LetWait)] == [(leg, False)]
    assert (site.contact().state, site.contact().on_hold) == (ContactState.CONNECTED, True)


def test_an_originate_that_makes_no_channel_is_told_as_well(site: Site) -> None:
    _, theirs = dialled(site)
    site.failed(theirs, 0)
    (ended,) = [each for each in site.all(cmd.Publish) if each.type == "consultation.ended"]
    assert ended.data["result"] == "unreachable"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_the_caller_is_handed_over_when_the_bridge_says_so(site: Site, order: tuple[int, ...]) -> None:
    leg, theirs = asked(site)
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=theirs, peer_unique_id="c1")
    assert site.contact().agent_id == "alice"
    told: list[ev.Event] = [
        ev.LegUnbridged(pbx="main", unique_id=leg, bridge_id="co"),
        ev.LegBridged(pbx="main", unique_id=theirs, bridge_id="b2"),
        ev.LegBridged(pbx="main", unique_id="c1", bridge_id="b2"),
    ]
    out = [command for index in order for command in site.give(told[index])]
    assert [each.unique_id for each in out if isinstance(each, cmd.HangUpLeg)] == [leg]
    contact = site.contact()
    assert (contact.state, contact.agent_id, contact.on_hold) == (ContactState.CONNECTED, "bob", False)
    assert (site.agent().state, site.agent("bob").state) == (AgentState.WRAP_UP, AgentState.BUSY)
    site.ended(leg)
    site.ended(theirs)
    site.back()
    assert site.agent("bob").state is AgentState.WRAP_UP
    assert [(each.agent_id, each.result) for each in contact.segments] == [("alice", "transferred"), ("bob", "ended")]


@pytest.mark.parametrize("asked_is", ["agent", "number"])
def test_who_hands_over_and_hangs_up_at_once_has_handed_over(site: Site, asked_is: str) -> None:
    """The end of the agent's channel may be told before the bridge of the two whom they have connected."""
    leg, theirs = asked(site) if asked_is == "agent" else asked(site, number="112")
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    out = site.ended(leg)
    assert not [each for each in out if isinstance(each, cmd.HangUpLeg | cmd.ReleaseLeg)]
    assert site.agent().state is AgentState.WRAP_UP
    site.bridged(theirs, "c1", bridge="b2")
    contact = site.contact()
    if asked_is == "agent":
        assert (contact.state, contact.agent_id, contact.on_hold) == (ContactState.CONNECTED, "bob", False)
        assert site.agent("bob").state is AgentState.BUSY
    else:
        assert contact.outcome is Outcome.TRANSFERRED
    assert contact.segments[0].result == "transferred"
    site.wait(5)
    assert not site.all(cmd.HangUpLeg)


def test_who_hands_over_hangs_up_and_nobody_is_there_to_have_the_caller_lets_them_go(site: Site) -> None:
    leg, theirs = asked(site)
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    site.ended(leg)
    site.ended(theirs)
    site.wait(2)
    assert site.only(cmd.ReleaseLeg).unique_id == "c1"
    assert site.engine.state.consultations == {}
    site.ended("c1")
    site.wait(20)
    assert (site.contact().state, site.engine.state.legs) == (ContactState.CLOSED, {})


def test_somebody_outside_takes_the_caller_out_of_ctid(site: Site) -> None:
    _, theirs = asked(site, number="112")
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    site.bridged(theirs, "c1", bridge="b2")
    assert site.contact().outcome is Outcome.TRANSFERRED


@pytest.mark.parametrize("answered", [False, True])
def test_an_emergency_service_that_is_asked_outlasts_the_caller_and_then_the_agent_is_let_go(
    site: Site, answered: bool
) -> None:
    leg, theirs = (asked if answered else dialled)(site, number="112")
    out = site.ended("c1")
    assert not [each for each in out if isinstance(each, cmd.HangUpLeg | cmd.LetWait)]
    site.wait(30)
    assert site.contact().state is ContactState.CLOSED
    site.ended(theirs, 16)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    site.ended(leg)
    assert (site.engine.state.legs, site.engine.state.offers) == ({}, {})


def test_who_hangs_up_just_then_leaves_the_caller_on_hold(site: Site) -> None:
    leg, theirs = asked(site)
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    site.ended(theirs)
    assert (site.contact().on_hold, site.contact().agent_id) == (True, "alice")
    site.wait(3)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert site.only(cmd.JoinLegs).unique_id == leg


def test_a_leg_that_is_called_off_before_the_pbx_has_made_it_is_ended_when_it_shows(site: Site) -> None:
    _, theirs = dialled(site)
    site.request(ev.ConsultationWithdrawn, consultation_id=consultation(site).id)
    assert site.only(cmd.HangUpLeg).unique_id == theirs
    assert site.give(ev.LegAlerting(pbx="main", unique_id=theirs))[-1] == cmd.HangUpLeg(pbx="main", unique_id=theirs)
    site.answered(theirs)
    assert site.only(cmd.HangUpLeg).unique_id == theirs
    site.ended(theirs)
    assert theirs not in site.engine.state.legs


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_the_talk_ends_and_with_it_what_is_asked_about_it(site: Site, who: str) -> None:
    leg, theirs = asked(site)
    out = site.ended("c1" if who == "caller" else leg)
    rung_off = {each.unique_id for each in out if isinstance(each, cmd.HangUpLeg)}
    assert rung_off == ({leg, theirs} if who == "caller" else {theirs})
    assert site.engine.state.consultations == {}


# ---- one and the other -----------------------------------------------------------------------------------------------


def test_the_agent_talks_to_the_caller_in_between(site: Site) -> None:
    leg, theirs = alternated(site)
    legs = site.engine.state.legs
    assert (site.contact().on_hold, legs[leg].state, legs[theirs].state) == (False, LegState.CONNECTED, LegState.HELD)
    site.request(ev.AlternateRequested, consultation_id=consultation(site).id)
    assert site.only(cmd.HoldCall).agent_unique_id == leg
    assert not site.all(cmd.RejoinConsulted)
    site.request(ev.AlternateRequested, consultation_id=consultation(site).id)
    assert "just being connected" in refused(site), "pressed twice"
    unbridged(site, "c1", bridge="b2")
    unbridged(site, leg, bridge="b2")
    assert not site.all(cmd.RejoinConsulted), "the caller is on the way yet"
    arrives(site)
    assert site.only(cmd.RejoinConsulted) == cmd.RejoinConsulted(pbx="main", unique_id=theirs, peer_unique_id=leg)
    site.bridged(theirs, leg, bridge="c2")
    assert consultation(site).state is ConsultationState.CONNECTED
    assert (site.contact().on_hold, legs[theirs].state) == (True, LegState.CONNECTED)


def test_two_on_hold_and_then_either(site: Site) -> None:
    leg, theirs = alternated(site)
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    unbridged(site, leg, "c1", bridge="b2")
    arrives(site)
    assert consultation(site).state is ConsultationState.HELD
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert (site.only(cmd.JoinLegs).unique_id, site.all(cmd.HangUpLeg)) == (leg, [])
    site.bridged(leg, "c1", bridge="b3")
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    unbridged(site, leg, "c1", bridge="b3")
    arrives(site)
    site.request(ev.AlternateRequested, consultation_id=consultation(site).id)
    assert site.only(cmd.RejoinConsulted).unique_id == theirs


@pytest.mark.parametrize("then", ["complete", "confer"])
def test_from_the_caller_the_rest_goes_by_a_hold(site: Site, then: str) -> None:
    leg, theirs = alternated(site)
    kind = ev.ConsultationCompleted if then == "complete" else ev.ConferenceRequested
    site.request(kind, consultation_id=consultation(site).id)
    assert site.only(cmd.HoldCall).agent_unique_id == leg
    unbridged(site, "c1", leg, bridge="b2")
    arrives(site)
    if then == "complete":
        assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=theirs, peer_unique_id="c1")
        site.bridged(theirs, "c1", bridge="b3")
        assert (site.contact().agent_id, site.contact().on_hold) == ("bob", False)
    else:
        assert site.only(cmd.Confer).consulted_unique_id == theirs
        site.bridged(leg, theirs, "c1", bridge="b3")
        assert consultation(site).state is ConsultationState.CONFERENCED
        assert not site.contact().on_hold


@pytest.mark.parametrize("who", ["caller", "agent", "asked"])
def test_somebody_hangs_up_in_between(site: Site, who: str) -> None:
    leg, theirs = alternated(site)
    out = site.ended({"caller": "c1", "agent": leg, "asked": theirs}[who])
    if who == "agent":
        out += site.back()
    gone = {each.unique_id for each in out if isinstance(each, cmd.HangUpLeg)}
    assert site.engine.state.consultations == {}
    assert gone == {"caller": {leg, theirs}, "agent": {theirs}, "asked": set()}[who]
    if who == "asked":
        assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "alice")


@pytest.mark.parametrize("moved", [True, False], ids=["the order came first", "the hang-up came first"])
def test_who_hands_over_while_they_talk_to_the_caller_may_hang_up_at_once(site: Site, moved: bool) -> None:
    leg, theirs = alternated(site)
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    out = site.ended(leg)
    assert not [each for each in out if isinstance(each, cmd.HangUpLeg)]
    if moved:
        arrives(site)
    else:
        site.back()
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=theirs, peer_unique_id="c1")
    site.bridged(theirs, "c1", bridge="b3")
    assert (site.contact().agent_id, site.contact().on_hold) == ("bob", False)
    assert [each.result for each in site.contact().segments] == ["transferred", ""]


def test_a_change_that_the_pbx_never_made_is_none(site: Site) -> None:
    leg, theirs = alternated(site)
    site.request(ev.AlternateRequested, consultation_id=consultation(site).id)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    seen = [ev.LegSeen(unique_id=each, answered=True, bridge_id="b2") for each in (leg, "c1")]
    site.up(*seen, ev.LegSeen(unique_id=theirs, answered=True, bridge_id=""))
    assert (site.contact().on_hold, consultation(site).state) == (False, ConsultationState.HELD)
    site.wait(3)
    unbridged(site, leg, "c1", bridge="b2")
    arrives(site)
    assert not site.all(cmd.RejoinConsulted)


# ---- conferences -----------------------------------------------------------------------------------------------------


def test_a_conference_is_one_when_all_three_are_in_it(site: Site) -> None:
    leg, _ = conferenced(site)
    assert (site.contact().on_hold, site.engine.state.legs[leg].state) == (False, LegState.CONNECTED)
    for kind in (ev.HoldRequested, ev.ConsultationRequested):
        more = {"agent": "bob", "dial": True} if kind is ev.ConsultationRequested else {}
        site.request(kind, contact_id=site.contact().id, **more)
        assert "conference" in refused(site)
    site.request(ev.ConferenceRequested, consultation_id=consultation(site).id)
    assert "is not to confer" in refused(site)


def test_the_agent_who_leaves_it_hands_the_caller_over(site: Site) -> None:
    leg, theirs = conferenced(site)
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    site.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    assert (site.contact().agent_id, site.agent("bob").state) == ("bob", AgentState.BUSY)
    assert site.agent().state is AgentState.WRAP_UP
    site.give(ev.LegEnded(pbx="main", unique_id=theirs, cause=16))
    site.back()
    assert site.contact().outcome is Outcome.HANDLED


def test_who_was_asked_leaves_it_and_the_talk_goes_on(site: Site) -> None:
    leg, theirs = conferenced(site)
    site.give(ev.LegEnded(pbx="main", unique_id=theirs, cause=16))
    assert (site.contact().state, site.engine.state.consultations) == (ContactState.CONNECTED, {})
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    assert site.only(cmd.HoldCall).agent_unique_id == leg


def test_the_caller_leaves_it_and_the_others_are_let_go(site: Site) -> None:
    leg, theirs = conferenced(site)
    out = site.give(ev.LegEnded(pbx="main", unique_id="c1", cause=16))
    assert {each.unique_id for each in out if isinstance(each, cmd.HangUpLeg)} == {leg, theirs}


def test_a_caller_in_a_conference_is_given_on(site: Site) -> None:
    leg, theirs = conferenced(site)
    out = site.request(ev.TransferRequested, contact_id=site.contact().id, queue="support")
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    assert {each.unique_id for each in out if isinstance(each, cmd.HangUpLeg)} == {leg, theirs}


def test_a_caller_is_given_on_out_of_what_was_a_conference(site: Site) -> None:
    leg, theirs = conferenced(site)
    site.give(ev.LegEnded(pbx="main", unique_id=theirs, cause=16))
    site.request(ev.TransferRequested, contact_id=site.contact().id, queue="support")
    assert site.only(cmd.FetchLeg).unique_id == "c1"
    assert site.only(cmd.HangUpLeg).unique_id == leg, "the bridge does not end with who leaves it"


def test_the_agent_is_let_go_when_the_caller_leaves_what_was_a_conference(site: Site) -> None:
    leg, theirs = conferenced(site)
    site.give(ev.LegEnded(pbx="main", unique_id=theirs, cause=16))
    site.give(ev.LegEnded(pbx="main", unique_id="c1", cause=16))
    assert site.only(cmd.HangUpLeg).unique_id == leg


def test_somebody_is_called_into_the_talk(site: Site) -> None:
    called_in(site)
    third = one_more(site)
    assert [each.state for each in site.engine.state.consultations.values()] == [ConsultationState.CONFERENCED] * 2
    (consultation_id,) = [each.id for each in site.engine.state.consultations.values() if each.leg_id == third]
    site.request(ev.ConsultationWithdrawn, consultation_id=consultation_id)
    assert site.only(cmd.HangUpLeg).unique_id == third
    assert site.contact().state is ContactState.CONNECTED


def test_no_more_than_so_many(site: Site) -> None:
    called_in(site)
    for _ in range(7):
        one_more(site)
    site.request(ev.PartyRequested, contact_id=site.contact().id, number="112")
    assert "8 others" in refused(site)


def test_who_does_not_come_changes_nothing(site: Site) -> None:
    site.connected()
    site.request(ev.PartyRequested, contact_id=site.contact().id, agent="bob")
    theirs = site.only(cmd.DialConsulted).unique_id
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    assert "conference" in refused(site), "they would be alone"
    out = site.ended(theirs, 17)
    assert not [each for each in out if isinstance(each, cmd.LetWait | cmd.Confer)]
    (ended,) = [each for each in site.all(cmd.Publish) if each.type == "consultation.ended"]
    assert ended.data["result"] == "busy"
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    assert site.all(cmd.HoldCall)


def test_of_several_a_colleague_has_the_caller_when_the_agent_leaves(site: Site) -> None:
    leg, theirs = called_in(site, number="+49301")
    site.request(ev.PartyRequested, contact_id=site.contact().id, agent="bob")
    bobs = site.only(cmd.DialConsulted).unique_id
    site.answered(bobs)
    site.bridged(bobs, bridge="conf")
    site.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    contact = site.contact()
    assert (contact.agent_id, contact.state, site.agent("bob").state) == (
        "bob",
        ContactState.CONNECTED,
        AgentState.BUSY,
    )
    assert (consultation(site).from_agent, consultation(site).leg_id) == ("bob", theirs)
    assert not site.all(cmd.HangUpLeg)
    site.give(ev.LegEnded(pbx="main", unique_id="c1", cause=16))
    assert {each.unique_id for each in site.all(cmd.HangUpLeg)} == {bobs, theirs}


def test_of_strangers_none_is_hung_up_on_when_the_agent_leaves(site: Site) -> None:
    leg, theirs = called_in(site, number="112")
    third = one_more(site, "110")
    site.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    assert site.contact().outcome is Outcome.TRANSFERRED
    assert not site.all(cmd.HangUpLeg)
    assert not {theirs, third, "c1"} & {each.unique_id for each in site.engine.state.legs.values()}


def test_one_of_them_is_muted_and_heard_again_once_they_have_the_caller(site: Site) -> None:
    leg, theirs = called_in(site)
    site.request(ev.MuteRequested, contact_id=site.contact().id, leg_id=theirs, on=True)
    assert site.only(cmd.MuteLeg) == cmd.MuteLeg(pbx="main", unique_id=theirs, on=True)
    site.request(ev.MuteRequested, contact_id=site.contact().id, leg_id="lg-none", on=True)
    assert site.only(cmd.Refuse).code == "not-found"
    site.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    assert not site.only(cmd.MuteLeg).on


def test_a_muted_caller_is_heard_by_whoever_has_them_next(site: Site) -> None:
    site.connected()
    caller = site.contact().caller_leg
    site.request(ev.MuteRequested, contact_id=site.contact().id, leg_id=caller, on=True)
    assert site.only(cmd.MuteLeg).unique_id == "c1"
    site.request(ev.TransferRequested, contact_id=site.contact().id, queue="support")
    assert not site.only(cmd.MuteLeg).on


@pytest.mark.parametrize("who", ["caller", "agent", "asked"])
def test_one_partys_part_is_ended(site: Site, who: str) -> None:
    leg, theirs = called_in(site)
    legs = {"caller": site.contact().caller_leg, "agent": leg, "asked": theirs}
    site.request(ev.LegClearRequested, contact_id=site.contact().id, leg_id=legs[who])
    assert site.only(cmd.HangUpLeg).unique_id == {"caller": "c1", "agent": leg, "asked": theirs}[who]


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_of_a_contact_that_nobody_talks_to(site: Site) -> None:
    site.offered()
    for kind, more in (
        (ev.HoldRequested, {}),
        (ev.RetrieveRequested, {}),
        (ev.MuteRequested, {"on": True}),
        (ev.DigitsRequested, {"digits": "1"}),
        (ev.ConsultationRequested, {"agent": "bob", "dial": True}),
    ):
        before = site.engine.snapshot()
        site.request(kind, contact_id=site.contact().id, **more)
        assert site.only(cmd.Refuse).code == "conflict"
        assert site.engine.snapshot() == before
    assert site.offer().state is OfferState.PENDING


@pytest.mark.parametrize(
    ("whom", "says"),
    [
        ({}, "one of agent, number"),
        ({"agent": "bob", "number": "112"}, "one of agent, number"),
        ({"number": "112"}, "only a colleague"),
        ({"number": "sip:x", "dial": True}, "no number"),
        ({"agent": "nobody", "dial": True}, "there is no agent"),
        ({"agent": "alice", "dial": True}, "already"),
    ],
    ids=str,
)
def test_whom_nobody_can_ask(site: Site, whom: dict[str, Any], says: str) -> None:
    site.connected()
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, **whom)
    assert says in refused(site)


def test_an_agents_extension_is_that_agent(site: Site) -> None:
    held(site)
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, number="1002", dial=True)
    assert site.only(cmd.DialConsulted).device == "PJSIP/1002"
    assert consultation(site).to_agent == "bob"


def test_while_the_pbx_is_away_nothing_can_be_done(site: Site) -> None:
    held(site)
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    assert "can't be reached" in refused(site)


def test_an_emergency_service_that_was_asked_is_hung_up_on_by_the_agent_alone(site: Site) -> None:
    leg, theirs = asked(site, number="112")
    hung_up: list[cmd.HangUpLeg] = []
    site.ended("c1")
    hung_up += site.all(cmd.HangUpLeg)
    assert site.agent().state is AgentState.WRAP_UP
    site.wait(600)
    hung_up += site.all(cmd.HangUpLeg)
    site.bridged(theirs, leg, bridge="co")
    hung_up += site.all(cmd.HangUpLeg)
    assert hung_up == []
    site.ready("alice")
    site.call("c9")
    assert not site.all(cmd.RingAgent), "nothing is offered to who talks to them"
    site.ended(leg)
    site.ended(theirs)
    assert site.engine.state.consulted == {}
    assert site.all(cmd.RingAgent) or [each.agent_id for each in site.engine.state.offers.values()] == ["alice"]


def test_an_emergency_service_that_rings_still_goes_on_when_the_caller_leaves(site: Site) -> None:
    _, theirs = dialled(site, number="112")
    site.ended("c1")
    assert not site.all(cmd.HangUpLeg)
    site.give(ev.LegAlerting(pbx="main", unique_id=theirs))
    assert not site.all(cmd.HangUpLeg)


def test_a_snapshot_of_before_consultations_were_told_by_their_contact_goes_on(site: Site) -> None:
    leg, theirs = asked(site)
    before = json.loads(site.engine.snapshot())
    for contact in before["contacts"].values():
        del contact["consultation_ids"]
    site.engine = Engine.restore(json.dumps(before).encode())
    site.request(ev.ConsultationCompleted, consultation_id=consultation(site).id)
    assert site.only(cmd.JoinLegs) == cmd.JoinLegs(pbx="main", unique_id=theirs, peer_unique_id="c1")
    site.bridged(theirs, "c1", bridge="b2")
    assert (site.contact().agent_id, site.contact().consultation_ids) == ("bob", [])
    assert site.only(cmd.HangUpLeg).unique_id == leg
