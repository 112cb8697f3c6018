"""Deflect: where an offered contact goes instead, what it keeps, what becomes of the phones, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.engine.shown.allowed_actions import offer_actions
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.offer import Offer
from ctid.model.states import AgentState, ContactState, OfferState, Outcome
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit

CAROL = changed("agents/carol", {"name": "Carol", "device": "PJSIP/1003", "pbx": "main"})
RINGS_TWO = changed("queues/support/ring", 2, CAROL)
AT_DESKTOP = changed("agents/alice/answer", "desktop")
CALLS_BACK = changed("queues/sales/callback", {"dial": "PJSIP/{number}@trunk", "first": "agent"})


def deflect(site: Site, agent_id: str = "alice", **to: str) -> list[cmd.Command]:
    return site.request(ev.OfferDeflected, agent_id=agent_id, offer_id=offer(site, agent_id).id, **to)


def offer(site: Site, agent_id: str = "alice") -> Offer:
    return site.engine.state.offers[site.agent(agent_id).offer_id]


def refused(site: Site, agent_id: str = "alice", **to: str) -> str:
    """Ask for what is refused, and changes nothing; gives the reason."""
    before = site.engine.snapshot()
    deflect(site, agent_id, **to)
    assert site.engine.snapshot() == before
    return site.only(cmd.Refuse).detail


def ringing(spec: dict[str, Any] = SPEC) -> tuple[Site, str]:
    """A call that has waited for five seconds before alice's phone rings; gives her leg. Bob wraps nothing up."""
    site = Site(spec)
    site.call("c1")
    site.wait(5)
    site.ready("alice")
    (rung,) = [each for each in site.out if isinstance(each, cmd.RingAgent)]
    site.ready("bob")
    return site, rung.unique_id


# ---- where it goes ---------------------------------------------------------------------------------------------------


def test_to_a_colleague_it_is_offered_first_of_all() -> None:
    site, leg = ringing()
    before = site.contact()
    kept = (before.id, before.place_ms, before.queued_at)
    deflect(site, agent="bob")
    assert (site.only(cmd.HangUpLeg).unique_id, site.only(cmd.HangUpLeg).cause) == (leg, 26)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    contact = site.contact()
    assert (contact.id, contact.place_ms, contact.queued_at, contact.meant_for) == (*kept, "bob")
    assert contact.state is ContactState.OFFERED
    assert site.published()[:3] == ["offer.rescinded", "contact.queued", "contact.deflected"]
    (told,) = [each for each in site.all(cmd.Publish) if each.type == "contact.deflected"]
    assert told.data["from_agent"] == "alice"
    assert {name: value for name, value in told.data["to"].items() if value} == {"agent": "bob"}
    assert told.data["pop"]["wait_ms"] == 5_002
    assert [(each.agent_id, each.state, each.cause) for each in contact.offers] == [("alice", "rescinded", "deflected")]
    assert [(each.kind, each.name) for each in contact.path][-1] == ("transfer", "bob")


def test_the_agent_has_missed_nothing_and_is_free_at_once() -> None:
    site, leg = ringing()
    deflect(site, agent="bob")
    assert site.agent().state is AgentState.RESERVED
    site.ended(leg, 26)
    agent = site.agent()
    assert (agent.state, agent.misses, agent.backoff_until_ms) == (AgentState.READY, 0, 0)
    site.call("c2")
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


def test_a_colleague_who_does_not_take_it_leaves_it_to_the_others_but_not_to_who_sent_it_on() -> None:
    site, leg = ringing(CAROL)
    site.ready("carol")
    deflect(site, agent="bob")
    theirs = site.only(cmd.RingAgent).unique_id
    site.ended(leg, 26)
    site.ended(theirs, 17)
    assert (site.contact().meant_for, site.contact().state) == ("", ContactState.QUEUED)
    site.wait(31)
    assert site.only(cmd.RingAgent).device == "PJSIP/1001", "after a while, to them again"


def test_a_colleague_who_has_no_time_leaves_it_to_the_others() -> None:
    site, leg = ringing()
    site.call("c2", dnis="103")
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    theirs = site.only(cmd.RingAgent).unique_id
    site.answered(theirs)
    site.bridged(theirs, "c2", bridge="b2")
    deflect(site, agent="bob")
    site.ended(leg, 26)
    assert (site.contact().state, site.contact().meant_for) == (ContactState.QUEUED, "bob")
    site.wait(20)
    assert site.contact().meant_for == ""


def test_to_another_queue_it_keeps_its_place() -> None:
    site, leg = ringing()
    place = site.contact().place_ms
    deflect(site, queue="support")
    contact = site.contact()
    assert (contact.queue, contact.place_ms, contact.state) == ("support", place, ContactState.OFFERED)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002", "not to alice, who may serve it too"
    assert site.only(cmd.PlayMusic).music_class == "jazz"
    assert [(each.kind, each.name, each.result) for each in contact.path][-1] == ("queue", "support", "moved")
    assert [(each.queue, each.result) for each in contact.visits] == [("sales", "overflowed"), ("support", "")]
    site.ended(leg, 26)
    assert site.agent().state is AgentState.READY


def test_to_its_own_queue_it_is_for_the_others_there() -> None:
    site, leg = ringing(CAROL)
    deflect(site, queue="sales")
    site.ended(leg, 26)
    contact = site.contact()
    assert (contact.state, contact.queue, list(contact.excluded)) == (ContactState.QUEUED, "sales", ["alice"])
    assert len(contact.visits) == 1
    site.wait(20)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002", "whose skill will do by now"


def test_to_a_number_it_leaves() -> None:
    site, leg = ringing()
    deflect(site, number="+49305550199")
    released = site.only(cmd.ReleaseLeg)
    assert (released.next, released.target) == ("given", "+49305550199")
    assert site.contact().outcome is Outcome.TRANSFERRED
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.bridged("c1", bridge="out")
    record = site.record()
    assert (record.outcome, record.agent_id, record.path[-1].kind) == (Outcome.TRANSFERRED, "", "number")
    site.ended(leg, 26)
    assert site.agent().state is AgentState.READY
    assert not site.engine.state.legs


def test_a_number_that_does_not_answer_gives_them_back() -> None:
    site, leg = ringing()
    place = site.contact().place_ms
    deflect(site, number="+49305550199")
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.ended(leg, 26)
    site.give(ev.CallUndelivered(pbx="main", unique_id="c1", cause="busy"))
    contact = site.contact()
    assert (contact.outcome, contact.place_ms, contact.meant_for) == (None, place, "alice")
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"
    offered = next(each for each in site.all(cmd.Publish) if each.type == "offer.created")
    assert offered.data["offer"]["pop"]["returned"] == {"by": "+49305550199", "cause": "busy"}


def test_a_caller_may_leave_a_message_for_who_has_no_time() -> None:
    site, leg = ringing(changed("voicemail", {"prompts": ["leave"]}))
    deflect(site, voicemail_agent="alice")
    assert site.only(cmd.RecordMessage).prompts == ["leave"]
    (told,) = [each for each in site.all(cmd.Publish) if each.type == "contact.deflected"]
    assert told.data["to"]["voicemail"] == {"agent": "alice", "queue": None}
    site.ended(leg, 26)
    assert (site.agent().state, site.agent().misses) == (AgentState.READY, 0)
    other, _ = ringing()
    assert "no voicemail" in refused(other, voicemail_queue="sales")


def test_a_caller_who_is_between_two_sessions_leaves_when_they_are_back() -> None:
    site, _ = ringing()
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    deflect(site, number="112")
    assert not site.all(cmd.ReleaseLeg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    assert site.only(cmd.ReleaseLeg).target == "112"


def test_what_was_meant_for_the_agent_is_sent_on_as_well() -> None:
    site = Site(CAROL)
    leg = site.connected()
    site.ready("bob", "carol")
    site.request(ev.TransferRequested, contact_id=site.contact().id, agent="bob")
    site.ended(leg)
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    deflect(site, "bob", agent="carol")
    assert (site.contact().meant_for, site.only(cmd.RingAgent).device) == ("carol", "PJSIP/1003")
    deflect(site, "carol", queue="support")
    assert (site.contact().meant_for, site.contact().steps) == ("", [])


# ---- offers of other kinds -------------------------------------------------------------------------------------------


def test_all_of_several_phones_stop() -> None:
    site = Site(RINGS_TWO)
    site.ready("alice", "bob")
    site.call("c1", dnis="103")
    legs = {each.unique_id: each.device for each in site.all(cmd.RingAgent)}
    assert sorted(legs.values()) == ["PJSIP/1001", "PJSIP/1002"]
    assert "too" in refused(site, agent="bob")
    site.ready("carol")
    deflect(site, agent="carol")
    assert {each.unique_id: each.cause for each in site.all(cmd.HangUpLeg)} == dict.fromkeys(legs, 26)
    told = {each.agent_id: (each.state, each.cause) for each in site.contact().offers}
    assert told == {"alice": ("rescinded", "deflected"), "bob": ("rescinded", "sent_elsewhere")}
    for leg in legs:
        site.ended(leg, 26)
    assert (site.agent("bob").misses, site.agent("bob").state) == (0, AgentState.READY)
    assert site.contact().offer_ids == [site.agent("carol").offer_id]


def test_what_another_has_answered_is_not_to_be_sent_on() -> None:
    site = Site(RINGS_TWO)
    site.ready("alice", "bob")
    site.call("c1", dnis="103")
    site.answered(next(each.unique_id for each in site.all(cmd.RingAgent) if each.device == "PJSIP/1002"))
    assert "just answered" in refused(site, queue="sales")


def test_an_offer_at_the_desktop() -> None:
    site = Site(AT_DESKTOP)
    site.ready("alice")
    site.call("c1")
    assert offer_actions(offer(site)) == ["accept_offer", "reject_offer", "deflect_offer"]
    deflect(site, queue="support")
    assert not site.all(cmd.HangUpLeg)
    assert (site.agent().state, site.agent().offer_id) == (AgentState.READY, "")


def test_a_chat_goes_to_a_colleague_or_a_queue_and_to_no_number() -> None:
    spec = changed("agents/alice/capacity", {"voice": 1, "chat": 1})
    spec = changed("agents/bob/capacity", {"voice": 1, "chat": 1}, spec)
    site = Site(spec)
    site.ready("alice", "bob")
    site.request(ev.ContactSubmitted, channel="chat", queue="sales")
    assert "no caller" in refused(site, number="112")
    deflect(site, agent="bob")
    assert offer(site, "bob").contact_id == site.contact().id
    deflect(site, "bob", queue="support")
    assert site.contact().queue == "support"


def test_a_callback_goes_to_a_colleague_only() -> None:
    site = Site(CALLS_BACK)
    site.ready("alice", "bob")
    site.request(ev.CallbackRequested, number="+4930123456", queue="sales")
    for to in ({"queue": "support"}, {"number": "112"}):
        assert "callback was asked for" in refused(site, **to)
    deflect(site, agent="bob")
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


# ---- races -----------------------------------------------------------------------------------------------------------


def test_a_phone_that_is_answered_in_that_instant_is_hung_up_and_the_caller_is_offered_on() -> None:
    site, leg = ringing()
    deflect(site, agent="bob")
    theirs = site.only(cmd.RingAgent).unique_id
    site.answered(leg)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    site.bridged(leg, "c1")
    assert (site.contact().state, site.agent().state) == (ContactState.OFFERED, AgentState.RESERVED)
    site.ended(leg)
    site.back()
    site.answered(theirs)
    site.bridged(theirs, "c1", bridge="b2")
    assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "bob")


def test_a_caller_who_hangs_up_then_has_abandoned() -> None:
    site, leg = ringing()
    deflect(site, agent="bob")
    site.ended("c1")
    assert site.contact().outcome in (Outcome.ABANDONED, Outcome.SHORT_ABANDON)
    for each in list(site.engine.state.legs.values()):
        site.ended(each.unique_id, 26)
    assert {site.agent().state, site.agent("bob").state} == {AgentState.READY}
    assert leg not in site.engine.state.legs


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(OfferState))
def test_only_an_offer_that_is_out_is_sent_on(state: OfferState) -> None:
    """Every state of an offer: what its allowed actions say is what is accepted."""
    site, leg = ringing()
    it = offer(site)
    match state:
        case OfferState.ACCEPTED:
            site.answered(leg)
        case OfferState.REJECTED:
            site.request(ev.OfferRejected, agent_id="alice", offer_id=it.id)
        case OfferState.TIMED_OUT:
            site.wait(15)
        case OfferState.RESCINDED:
            site.ended("c1")
        case OfferState.CANCELED:
            site.give(ev.PbxLost(pbx="main", reason="closed"))
            site.wait(61)
    assert it.state is state
    assert ("deflect_offer" in offer_actions(it)) is (state is OfferState.PENDING)
    before = site.engine.snapshot()
    site.request(ev.OfferDeflected, agent_id="alice", offer_id=it.id, queue="support")
    if state is OfferState.PENDING:
        assert site.all(cmd.Accept)
    else:
        assert site.only(cmd.Refuse).code in ("conflict", "not-found")
        assert site.engine.snapshot() == before


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ({}, "one of queue, agent, number, voicemail"),
        ({"queue": "support", "number": "112"}, "one of queue, agent, number, voicemail"),
        ({"queue": "nowhere"}, "there is no queue"),
        ({"agent": "nobody"}, "there is no agent"),
        ({"agent": "alice"}, "somebody else"),
        ({"number": "sip:x"}, "no number"),
    ],
    ids=str,
)
def test_where_nothing_can_be_sent(to: dict[str, str], says: str) -> None:
    site, _ = ringing()
    assert says in refused(site, **to)


@pytest.mark.parametrize(
    ("path", "value", "to", "says"),
    [
        ("queues/support/calendar", "never", {"queue": "support"}, "closed"),
        ("agents/bob/queues", {"support": {}}, {"agent": "bob"}, "does not serve queue sales"),
        ("agents/bob/pbx", "other", {"agent": "bob"}, "at this PBX"),
    ],
    ids=str,
)
def test_who_takes_nothing_by_configuration(path: str, value: Any, to: dict[str, str], says: str) -> None:
    spec = changed("calendars/never", {"timezone": "Europe/Berlin", "hours": {}})
    spec = changed("queues/support/closed", {"hangup": True}, spec) if "calendar" in path else spec
    site, _ = ringing(changed(path, value, spec))
    assert says in refused(site, **to)


def test_who_takes_nothing_now() -> None:
    site, _ = ringing()
    for state in (AgentState.NOT_READY, AgentState.LOGGED_OUT):
        site.ask("bob", state)
        assert f"is {state}" in refused(site, agent="bob")
    site.ready("bob")
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1002", reachable=False))
    assert "can't be reached" in refused(site, agent="bob")
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    assert "may have been answered" in refused(site, queue="support")
