"""Offers: to whom, in which order, and what becomes of them."""

from __future__ import annotations

import itertools

import pytest
from pydantic import ValidationError

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ContactState, OfferState, Outcome, SystemReason
from ctid.spec.site import SiteSpec
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit


@pytest.fixture
def site() -> Site:
    return Site()


def test_the_pop_comes_before_the_phone_rings(site: Site) -> None:
    site.ready("alice")
    contact = site.call()
    kinds = [command.type if isinstance(command, cmd.Publish) else type(command).__name__ for command in site.out]
    assert kinds.index("offer.created") < kinds.index("RingAgent")
    ring, offer = site.only(cmd.RingAgent), site.offer()
    assert ring.device == "PJSIP/1001"
    assert ring.peer_unique_id == "c1"
    assert ring.caller_number == "+4930123456"
    assert ring.caller_name == "Sales"
    assert ring.timeout_ms == 17_000
    assert ring.headers == {"X-Ctid-Contact": contact.id, "X-Ctid-Offer": offer.id}
    (created,) = [each for each in site.all(cmd.Publish) if each.type == "offer.created"]
    assert created.agent_ids == ["alice"]
    assert created.data["offer"]["pop"]["ani"] == "+4930123456"
    assert (site.agent().state, site.agent().offer_id) == (AgentState.RESERVED, offer.id)
    assert (contact.state, contact.offer_ids) == (ContactState.OFFERED, [offer.id])


def test_a_caller_with_a_menu_behind_them_shows_it_in_the_pop(site: Site) -> None:
    site.ready("alice")
    site.call(dnis="100")
    site.key("1")
    (created,) = [each for each in site.all(cmd.Publish) if each.type == "offer.created"]
    assert created.data["offer"]["pop"]["menu_path"] == [{"menu": "main"}, {"key": "1"}]


def test_nobody_able_nobody_rung_until_the_requirement_widens(site: Site) -> None:
    site.ready("bob")
    site.call()
    assert site.contact().state is ContactState.QUEUED
    site.wait(19.999)
    assert site.all(cmd.RingAgent) == []
    site.wait(0.001)
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


def test_the_longest_idle_of_the_able_is_taken(site: Site) -> None:
    site.agent("alice").idle_since_ms = 20
    site.agent("bob").idle_since_ms = 10
    site.ready()
    site.call(dnis="103")
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"


def test_priority_first_then_the_longer_wait_and_nobody_blocks_those_behind(site: Site) -> None:
    for unique_id, dnis in (("c1", "103"), ("c2", "103"), ("c3", "101")):
        site.call(unique_id, dnis)
        site.tick(1)
    site.ready("bob")
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"
    site.ask("alice", AgentState.READY)
    assert site.only(cmd.RingAgent).peer_unique_id == "c3", "priority goes before the longer wait"
    assert [contact.state for contact in site.engine.state.contacts.values()] == ["offered", "queued", "offered"]
    assert site.agent("alice").contact_id == site.contact(2).id


def test_no_answer_goes_to_the_next_agent_and_the_place_is_kept(site: Site) -> None:
    site.ready("alice")
    contact = site.call(dnis="103")
    first = site.only(cmd.RingAgent).unique_id
    site.ready("bob")
    site.give(ev.LegAlerting(pbx="main", unique_id=first))
    assert site.published() == ["leg.alerting"]
    site.wait(20)
    assert site.only(cmd.HangUpLeg).unique_id == first
    assert site.only(cmd.RingAgent).device == "PJSIP/1002"
    assert site.agent().state is AgentState.RESERVED, "their leg still lives"
    site.ended(first, cause=16)
    assert (site.agent().state, site.agent().misses) == (AgentState.READY, 1)
    assert contact.queued_at is not None
    assert contact.queued_at.mono_ms == 1_000_001
    assert contact.offers[0].state == OfferState.TIMED_OUT
    assert contact.offers[0].rang_ms == 20_000


def test_an_agent_who_misses_too_often_is_not_ready(site: Site) -> None:
    first = site.offered()
    site.wait(15)
    site.ended(first)
    site.wait(30)
    second = site.only(cmd.RingAgent).unique_id
    site.wait(15)
    site.ended(second)
    assert (site.agent().state, site.agent().reason) == (AgentState.NOT_READY, SystemReason.RING_NO_ANSWER)
    site.ready("alice")
    assert site.agent().misses == 0


def test_an_answer_forgives_misses(site: Site) -> None:
    site.ready("alice")
    site.agent().misses = 1
    site.connected()
    assert site.agent().misses == 0


@pytest.mark.parametrize(
    ("cause", "state", "why", "back_off"),
    [
        (17, OfferState.REJECTED, OfferCause.BUSY, 10),
        (21, OfferState.REJECTED, OfferCause.REJECTED, 2),
        (16, OfferState.REJECTED, OfferCause.REJECTED, 2),
        (19, OfferState.TIMED_OUT, OfferCause.NO_ANSWER, 2),
        (20, OfferState.CANCELED, OfferCause.UNREACHABLE, 5),
        (34, OfferState.CANCELED, OfferCause.FAILED, 5),
    ],
)
def test_a_leg_that_is_never_answered(
    site: Site, cause: int, state: OfferState, why: OfferCause, back_off: int
) -> None:
    leg = site.offered()
    contact = site.contact()
    site.ended(leg, cause)
    assert f"offer.{state}" in site.published()
    assert (contact.state, contact.offers[-1].cause) == (ContactState.QUEUED, why)
    assert site.agent().state is AgentState.READY
    assert site.agent().backoff_until_ms == site.mono_ms + back_off * 1_000
    assert contact.excluded == {"alice": site.mono_ms + 30_000}
    site.call("c2")
    assert site.all(cmd.RingAgent) == []
    site.wait(back_off)
    assert site.only(cmd.RingAgent).peer_unique_id == "c2", "another contact may be offered, the same one not yet"
    assert site.failed(leg, 3) == []


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (0, OfferCause.UNREACHABLE),
        (3, OfferCause.NO_ANSWER),
        (5, OfferCause.BUSY),
        (8, OfferCause.REJECTED),
        (99, OfferCause.FAILED),
    ],
)
def test_an_originate_that_comes_to_nothing(site: Site, reason: int, why: OfferCause) -> None:
    leg = site.offered()
    site.failed(leg, reason)
    assert site.contact().offers[-1].cause == why
    assert site.agent().offer_id == ""
    assert site.ended(leg) == []


def test_a_phone_that_says_no_at_once_is_never_rung_in_a_loop() -> None:
    with pytest.raises(ValidationError):
        SiteSpec.model_validate(changed("policy/reject_backoff_seconds", 0))
    site = Site(changed("policy/reject_backoff_seconds", 0.1))
    leg = site.offered()
    site.ended(leg, 21)
    assert not site.call("c2").offer_ids
    site.wait(0.1)
    assert site.only(cmd.RingAgent).peer_unique_id == "c2"


def test_every_exclusion_ends_at_its_own_time_and_matching_runs(site: Site) -> None:
    site.ready()
    site.call(dnis="103")
    first = site.only(cmd.RingAgent)
    site.ended(first.unique_id, 21)
    second = site.only(cmd.RingAgent)
    assert second.device != first.device
    site.wait(10)
    site.ended(second.unique_id, 21)
    site.wait(19.999)
    assert site.all(cmd.RingAgent) == []
    site.wait(0.001)
    third = site.only(cmd.RingAgent)
    assert third.device == first.device
    site.ended(third.unique_id, 17)
    site.wait(10)
    assert site.only(cmd.RingAgent).device == second.device


def test_the_agent_rejects_at_the_desktop(site: Site) -> None:
    leg = site.offered()
    offer = site.offer()
    site.request(ev.OfferRejected, agent_id="alice", offer_id=offer.id)
    assert site.only(cmd.HangUpLeg) == cmd.HangUpLeg(pbx="main", unique_id=leg, cause=21)
    assert site.only(cmd.Accept).result["offer"]["state"] == OfferState.REJECTED
    site.request(ev.OfferRejected, agent_id="alice", offer_id=offer.id)
    assert site.only(cmd.Refuse).code == "conflict"
    site.ended(leg, 21)
    assert site.agent().misses == 0


def test_the_caller_hangs_up_while_it_rings(site: Site) -> None:
    leg = site.offered()
    site.wait(6)
    site.ended("c1")
    assert site.only(cmd.HangUpLeg).unique_id == leg
    assert "offer.rescinded" in site.published()
    record = site.record()
    assert (record.outcome, record.agent_id) == (Outcome.ABANDONED, "")
    assert record.offers[0].cause == OfferCause.CALLER_LEFT
    assert site.agent().state is AgentState.RESERVED
    site.ended(leg)
    assert (site.agent().state, site.agent().misses) == (AgentState.READY, 0)
    assert site.engine.state.offers == {}


def _answer_and_hang_up(leg: str) -> list[ev.Event]:
    return [
        ev.LegAnswered(pbx="main", unique_id=leg),
        ev.LegEnded(pbx="main", unique_id="c1", cause=16),
        ev.AgiEnded(pbx="main", unique_id="c1"),
        ev.LegEnded(pbx="main", unique_id=leg, cause=16),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_the_agent_answers_in_the_instant_the_caller_hangs_up(order: tuple[int, ...]) -> None:
    site = Site()
    events = _answer_and_hang_up(site.offered())
    for index in order:
        site.give(events[index])
    site.wait(60)
    assert site.contact().state is ContactState.CLOSED
    assert site.contact().outcome is Outcome.SHORT_ABANDON
    assert site.agent().state is AgentState.READY
    assert site.engine.state.offers == {}
    assert site.engine.state.legs == {}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_connected_is_what_the_bridge_says_in_whatever_order(order: tuple[int, ...]) -> None:
    site = Site()
    leg = site.offered()
    events: list[ev.Event] = [
        ev.LegAnswered(pbx="main", unique_id=leg),
        ev.LegBridged(pbx="main", unique_id=leg, bridge_id="br"),
        ev.LegBridged(pbx="main", unique_id="c1", bridge_id="br"),
    ]
    for index in order:
        assert site.agent().state in (AgentState.RESERVED, AgentState.BUSY)
        site.give(events[index])
    assert site.contact().state is ContactState.CONNECTED
    assert site.contact().offers[0].state == OfferState.ACCEPTED
    assert site.agent().state is AgentState.BUSY


def test_two_bridges_are_no_talk(site: Site) -> None:
    leg = site.offered()
    site.answered(leg)
    site.bridged(leg, bridge="a")
    site.bridged("c1", bridge="b")
    assert site.contact().state is ContactState.OFFERED


def test_an_agent_who_answers_and_is_gone_before_the_bridge(site: Site) -> None:
    leg = site.offered()
    site.answered(leg)
    site.ended(leg)
    assert (site.contact().state, site.contact().offers[0].state) == (ContactState.QUEUED, OfferState.CANCELED)
    assert len(site.contact().offers) == 1
    site.back()
    assert site.only(cmd.PlayMusic).unique_id == "c1"


def test_an_answer_after_the_offer_ran_out_is_hung_up(site: Site) -> None:
    leg = site.offered()
    site.wait(15)
    site.give(ev.LegAlerting(pbx="main", unique_id=leg))
    assert site.only(cmd.HangUpLeg).unique_id == leg
    site.answered(leg)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    site.bridged("c1")
    assert site.all(cmd.HangUpLeg) == []
    site.bridged(leg)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    assert site.contact().state is ContactState.QUEUED


def test_a_reservation_ends_even_without_word_of_the_leg(site: Site) -> None:
    leg = site.offered()
    site.wait(15)
    site.wait(9.999)
    assert site.agent().state is AgentState.RESERVED
    site.wait(0.001)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    assert [note.code for note in site.all(cmd.Note)] == ["lease-expired"]
    assert site.agent().state is AgentState.READY
    assert site.ended(leg) == []
    assert site.answered(leg) == []
    assert site.bridged(leg) == []
    assert site.failed(leg, 0) == []


def test_an_answered_leg_that_is_never_bridged_is_given_up_with_its_lease(site: Site) -> None:
    site.answered(site.offered())
    site.wait(25)
    assert site.contact().offers[-1].cause == OfferCause.FAILED
    assert site.contact().state is ContactState.QUEUED


def test_while_the_pbx_is_away_no_offer_is_decided(site: Site) -> None:
    leg = site.offered()
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.wait(40)
    assert site.all(cmd.HangUpLeg) == []
    site.request(ev.OfferRejected, agent_id="alice", offer_id=site.offer().id)
    assert site.only(cmd.Refuse).code == "conflict"
    site.up(
        ev.LegSeen(unique_id="c1", answered=True, bridge_id="br"),
        ev.LegSeen(unique_id=leg, answered=True, bridge_id="br"),
    )
    assert site.contact().state is ContactState.CONNECTED
    assert site.wait(3) == []


def test_draining_makes_no_offers_and_a_new_process_does_again(site: Site) -> None:
    site.ready("alice")
    site.give(ev.DrainStarted())
    assert site.published() == ["site.draining"]
    site.call()
    assert site.contact().state is ContactState.QUEUED
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(ev.LegSeen(unique_id="c1", answered=True))
    assert site.only(cmd.RingAgent).unique_id.startswith("lg-e2-")
