"""Answering from the desktop: a phone that can be told is told, and rung again with the order if that does not help."""

from __future__ import annotations

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, OfferState
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit


@pytest.fixture
def site() -> Site:
    return Site(changed("agents/alice/notify_talk", True))


def told(site: Site) -> str:
    """Alice's phone rings and was told to answer; its channel."""
    leg = site.offered()
    site.give(ev.LegAlerting(pbx="main", unique_id=leg))
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=site.offer().id)
    assert site.only(cmd.TellToAnswer) == cmd.TellToAnswer(pbx="main", unique_id=leg)
    assert site.all(cmd.HangUpLeg) == [], "the call that rings is the one to be answered"
    assert site.only(cmd.Accept).result["offer"]["state"] == OfferState.ACCEPTED
    return leg


def rung_again(site: Site, leg: str) -> None:
    """The phone stops ringing, is rung with the order to answer, and does."""
    assert (site.only(cmd.HangUpLeg).unique_id, site.only(cmd.HangUpLeg).cause) == (leg, 26)
    site.ended(leg, 26)
    answered_by_itself(site)


def answered_by_itself(site: Site) -> None:
    again = site.only(cmd.RingAgent)
    assert "answer-after=0" in again.headers["Call-Info"]
    assert again.headers["X-Ctid-Offer"] == site.agent().offer_id
    site.answered(again.unique_id)
    site.bridged(again.unique_id, "c1")
    assert (site.contact().state, site.agent().state) == (ContactState.CONNECTED, AgentState.BUSY)


def refuse(site: Site, leg: str) -> None:
    site.give(ev.AnswerRefused(pbx="main", unique_id=leg))


def test_the_very_call_that_rings_is_answered(site: Site) -> None:
    leg = told(site)
    site.answered(leg)
    site.bridged(leg, "c1")
    assert (site.contact().state, site.agent().state) == (ContactState.CONNECTED, AgentState.BUSY)
    assert site.agent().misses == 0
    for _ in range(20):
        site.wait(1)
        assert not site.all(cmd.HangUpLeg) + site.all(cmd.RingAgent) + site.all(cmd.Note)
    assert site.contact().state is ContactState.CONNECTED


def test_it_is_told_once(site: Site) -> None:
    told(site)
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=site.agent().offer_id)
    assert "already" in site.only(cmd.Refuse).detail
    assert site.all(cmd.TellToAnswer) == []


def test_one_that_rings_on_is_rung_again(site: Site) -> None:
    leg = told(site)
    site.wait(1.9)
    assert site.all(cmd.HangUpLeg) == []
    site.wait(0.1)
    assert site.only(cmd.Note).code == "not-answered-when-told"
    rung_again(site, leg)


def test_one_that_the_pbx_does_not_tell_is_rung_again_at_once(site: Site) -> None:
    leg = told(site)
    refuse(site, leg)
    rung_again(site, leg)
    site.wait(5)
    assert not site.all(cmd.HangUpLeg) + site.all(cmd.Note)


def test_one_that_rings_no_more_is_rung_again(site: Site) -> None:
    """The PBX's own time to ring was over, or the phone dropped the call in which it was told."""
    leg = told(site)
    site.ended(leg, 19)
    answered_by_itself(site)


def test_one_at_which_the_agent_refuses_after_all_is_left_alone(site: Site) -> None:
    leg = told(site)
    site.ended(leg, 21)
    assert site.all(cmd.RingAgent) == []
    assert (site.contact().state, site.agent().offer_id) == (ContactState.QUEUED, "")


def test_a_refusal_that_the_phones_answer_overtook_is_no_news(site: Site) -> None:
    leg = told(site)
    site.answered(leg)
    refuse(site, leg)
    assert site.all(cmd.HangUpLeg) == []
    site.bridged(leg, "c1")
    refuse(site, leg)
    assert site.all(cmd.HangUpLeg) == []
    assert site.contact().state is ContactState.CONNECTED
    site.ended(leg, 19)
    refuse(site, leg)
    assert site.all(cmd.RingAgent) == []


def test_a_phone_that_was_answered_and_hung_up_at_once_is_not_rung_again(site: Site) -> None:
    leg = told(site)
    site.answered(leg)
    site.ended(leg, 16)
    assert site.all(cmd.RingAgent) == []


def test_a_refusal_of_a_channel_that_nobody_knows_is_no_news(site: Site) -> None:
    refuse(site, "lg-999")
    assert site.all(cmd.HangUpLeg) == []


def test_a_caller_who_leaves_meanwhile_is_nobody_to_ring_for(site: Site) -> None:
    leg = told(site)
    site.ended("c1")
    site.wait(2)
    refuse(site, leg)
    site.ended(leg, 26)
    assert site.all(cmd.RingAgent) == []
    assert site.agent().state is AgentState.READY


def test_whether_it_was_answered_is_seen_when_a_pbx_that_was_lost_is_back(site: Site) -> None:
    leg = told(site)
    site.give(ev.PbxLost(pbx="main", reason="lost"))
    site.wait(3)
    assert not site.all(cmd.HangUpLeg) + site.all(cmd.RingAgent)
    site.up(*[ev.LegSeen(unique_id=each, answered=True, bridge_id="br") for each in ("c1", leg)])
    assert site.contact().state is ContactState.CONNECTED
    site.wait(3)
    assert site.all(cmd.HangUpLeg) == []


def test_one_that_rings_still_when_a_pbx_that_was_lost_is_back_is_rung_again(site: Site) -> None:
    leg = told(site)
    site.give(ev.PbxLost(pbx="main", reason="lost"))
    site.wait(3)
    site.up(ev.LegSeen(unique_id="c1", answered=True), ev.LegSeen(unique_id=leg, answered=False))
    site.wait(1)
    rung_again(site, leg)


def test_nobody_stays_reserved_of_whose_phone_nothing_more_is_heard(site: Site) -> None:
    told(site)
    site.wait(20)
    assert (site.contact().state, site.agent().offer_id) == (ContactState.QUEUED, "")


def test_others_who_are_rung_stop_ringing_when_one_is_told() -> None:
    both = changed("agents/bob/skills/sales", 8, changed("agents/alice/notify_talk", True))
    site = Site(changed("queues/sales/ring", 2, both))
    site.ready("alice", "bob")
    site.call()
    rung = {each.agent_id: each.unique_id for each in site.all(cmd.RingAgent)}
    assert set(rung) == {"alice", "bob"}
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=site.agent().offer_id)
    assert site.only(cmd.TellToAnswer).unique_id == rung["alice"]
    assert site.only(cmd.HangUpLeg).unique_id == rung["bob"]


def test_a_phone_that_takes_no_order_while_it_rings_is_not_told() -> None:
    site = Site()
    leg = site.offered()
    site.request(ev.AnswerRequested, agent_id="alice", offer_id=site.offer().id)
    assert site.all(cmd.TellToAnswer) == []
    rung_again(site, leg)
