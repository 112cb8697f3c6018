"""One contact rings at several agents: the first to be bridged has it, in whatever order all of it is told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ContactState, OfferState, Outcome
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit

AGENTS = ("alice", "bob", "carol")
ELSEWHERE = 26


def ringing(**rules: Any) -> tuple[Site, dict[str, str]]:
    """A call that rings at three agents; gives each one's leg."""
    spec = changed("queues/support/ring", 3)
    spec["queues"]["support"] |= {"overflow": [], **rules}
    spec["agents"]["carol"] = {"name": "Carol", "device": "PJSIP/1003", "pbx": "main"}
    site = Site(spec)
    site.ready(*AGENTS)
    site.call(dnis="103")
    legs = {ring.agent_id: ring.unique_id for ring in site.all(cmd.RingAgent)}
    assert set(legs) == set(AGENTS)
    return site, legs


def states(site: Site) -> dict[str, AgentState]:
    return {agent_id: site.agent(agent_id).state for agent_id in AGENTS}


def told(site: Site) -> dict[str, tuple[str, str]]:
    return {each.agent_id: (each.state, each.cause) for each in site.contact().offers}


def test_all_are_popped_before_any_phone_rings_and_each_has_an_offer() -> None:
    site, legs = ringing()
    kinds = [each.type if isinstance(each, cmd.Publish) else type(each).__name__ for each in site.out]
    assert max(i for i, kind in enumerate(kinds) if kind == "offer.created") < kinds.index("RingAgent")
    assert len(site.contact().offer_ids) == len(site.engine.state.offers) == len(legs)
    assert set(states(site).values()) == {AgentState.RESERVED}


def test_the_others_ring_on_until_the_bridge_says_who_has_it() -> None:
    site, legs = ringing()
    site.answered(legs["alice"])
    assert site.all(cmd.HangUpLeg) == []
    assert site.contact().state is ContactState.OFFERED
    site.bridged(legs["alice"], "c1")
    stopped = {each.unique_id: each.cause for each in site.all(cmd.HangUpLeg)}
    assert stopped == {legs["bob"]: ELSEWHERE, legs["carol"]: ELSEWHERE}
    assert told(site)["bob"] == (OfferState.RESCINDED, OfferCause.ANSWERED_ELSEWHERE)
    assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "alice")
    site.ended(legs["bob"], ELSEWHERE)
    site.ended(legs["carol"], ELSEWHERE)
    assert states(site) == {"alice": AgentState.BUSY, "bob": AgentState.READY, "carol": AgentState.READY}
    assert [site.agent(each).misses for each in AGENTS] == [0, 0, 0]
    assert [site.agent(each).backoff_until_ms for each in AGENTS] == [0, 0, 0]
    assert site.contact().excluded == {}


def _race(legs: dict[str, str]) -> list[list[ev.Event]]:
    """What is told of two who answer at once: of each in order, but in any order of each other."""
    return [
        [
            ev.LegAnswered(pbx="main", unique_id=legs["alice"]),
            ev.LegBridged(pbx="main", unique_id=legs["alice"], bridge_id="br"),
        ],
        [
            ev.LegAnswered(pbx="main", unique_id=legs["bob"]),
            ev.LegEnded(pbx="main", unique_id=legs["bob"], cause=ELSEWHERE),
        ],
        [
            ev.AgiEnded(pbx="main", unique_id="c1"),
            ev.LegBridged(pbx="main", unique_id="c1", bridge_id="br"),
        ],
    ]


ORDERS = sorted(set(itertools.permutations([0, 0, 1, 1, 2, 2])))


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
def test_ringall_winners_two_answer_at_once_and_one_has_the_caller(order: tuple[int, ...]) -> None:
    site, legs = ringing()
    streams = [iter(stream) for stream in _race(legs)]
    for index in order:
        site.give(next(streams[index]))
    hung_up = [each.unique_id for each in site.all(cmd.HangUpLeg)]
    assert legs["alice"] not in hung_up
    assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "alice")
    assert site.contact().offer_ids == [site.agent("alice").offer_id]
    site.ended(legs["carol"], ELSEWHERE)
    assert states(site) == {"alice": AgentState.BUSY, "bob": AgentState.READY, "carol": AgentState.READY}
    assert told(site) == {
        "alice": (OfferState.ACCEPTED, ""),
        "bob": (OfferState.RESCINDED, OfferCause.ANSWERED_ELSEWHERE),
        "carol": (OfferState.RESCINDED, OfferCause.ANSWERED_ELSEWHERE),
    }
    assert [site.agent(each).misses for each in AGENTS] == [0, 0, 0]
    site.ended(legs["alice"])
    assert (site.record().outcome, site.record().agent_id) == (Outcome.HANDLED, "alice")
    site.back()
    site.ended("c1")
    assert (site.engine.state.offers, site.engine.state.legs, site.engine.state.timers) == ({}, {}, {})


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_the_winner_is_gone_before_the_bridge_and_the_contact_waits_on(order: tuple[int, ...]) -> None:
    """One won and hung up at once, one lost, one did not answer: whoever is told last sends the contact back."""
    site, legs = ringing()
    site.answered(legs["alice"])
    site.answered(legs["bob"])
    ends: list[ev.Event] = [
        ev.LegEnded(pbx="main", unique_id=legs["alice"], cause=16),
        ev.LegEnded(pbx="main", unique_id=legs["bob"], cause=ELSEWHERE),
        ev.LegEnded(pbx="main", unique_id=legs["carol"], cause=19),
        ev.AgiEnded(pbx="main", unique_id="c1"),
    ]
    last = [index for index in order if index != 3][-1]
    for index in order:
        site.give(ends[index])
        offered_again = site.all(cmd.RingAgent)
        if index == last:
            # Bob took nothing amiss and is free; the others are kept from the contact for a while.
            assert [each.agent_id for each in offered_again] == ["bob"]
        else:
            assert offered_again == []
    assert site.contact().state is ContactState.OFFERED
    assert set(site.contact().excluded) == {"alice", "carol"}


def test_one_who_rejects_leaves_the_others_ringing() -> None:
    site, legs = ringing()
    offer = next(each for each in site.engine.state.offers.values() if each.agent_id == "bob")
    site.request(ev.OfferRejected, agent_id="bob", offer_id=offer.id)
    assert [each.unique_id for each in site.all(cmd.HangUpLeg)] == [legs["bob"]]
    assert site.contact().state is ContactState.OFFERED
    assert len(site.contact().offer_ids) == 2
    site.ended(legs["bob"], 21)
    site.answered(legs["carol"])
    site.bridged(legs["carol"], "c1")
    assert site.contact().agent_id == "carol"


def test_nobody_answers_and_all_of_them_are_hung_up_on() -> None:
    site, legs = ringing()
    site.wait(20)
    assert {each.unique_id for each in site.all(cmd.HangUpLeg)} == set(legs.values())
    assert set(told(site).values()) == {(OfferState.TIMED_OUT, OfferCause.NO_ANSWER)}
    assert site.contact().state is ContactState.QUEUED


def test_the_caller_leaves_and_no_phone_rings_on() -> None:
    site, legs = ringing()
    site.answered(legs["alice"])
    site.ended("c1")
    assert {each.unique_id for each in site.all(cmd.HangUpLeg)} == set(legs.values())
    assert set(told(site).values()) == {(OfferState.RESCINDED, OfferCause.CALLER_LEFT)}
    for leg in legs.values():
        site.ended(leg)
    assert set(states(site).values()) == {AgentState.READY}


def test_who_accepts_at_the_desktop_has_it_at_once() -> None:
    spec = changed("queues/support/ring", 2)
    for agent_id in ("alice", "bob"):
        spec["agents"][agent_id]["answer"] = "desktop"
    site = Site(spec)
    site.ready("alice", "bob")
    site.call(dnis="103")
    offers = {each.agent_id: each.id for each in site.engine.state.offers.values()}
    site.request(ev.OfferAccepted, agent_id="bob", offer_id=offers["bob"])
    assert site.only(cmd.RingAgent).agent_id == "bob"
    assert (site.agent("alice").state, site.agent("bob").state) == (AgentState.READY, AgentState.RESERVED)
    site.request(ev.OfferAccepted, agent_id="alice", offer_id=offers["alice"])
    assert site.only(cmd.Refuse).code == "not-found"


def test_a_winner_whose_phone_ends_the_talk_with_that_cause_has_talked() -> None:
    site, legs = ringing()
    site.answered(legs["alice"])
    site.bridged(legs["alice"], "c1")
    site.ended(legs["alice"], ELSEWHERE)
    assert (site.record().outcome, site.record().agent_id) == (Outcome.HANDLED, "alice")


def test_a_loser_whose_answer_is_told_late_is_hung_up_on_with_the_same_cause_again() -> None:
    site, legs = ringing()
    site.answered(legs["alice"])
    site.bridged(legs["alice"], "c1")
    site.answered(legs["bob"])
    assert [(each.unique_id, each.cause) for each in site.all(cmd.HangUpLeg)] == [(legs["bob"], ELSEWHERE)]


def test_a_phone_whose_end_is_told_late_takes_no_agent_out_of_a_conference() -> None:
    site, legs = ringing()
    site.answered(legs["alice"])
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.bridged(legs["alice"], "c1")
    site.ended(legs["carol"], ELSEWHERE)
    site.request(ev.PartyRequested, contact_id=site.contact().id, number="112233")
    party = site.only(cmd.DialConsulted).unique_id
    site.answered(party)
    site.bridged(party, bridge="conf")
    site.bridged(legs["alice"], "c1", bridge="conf")
    site.give(ev.LegEnded(pbx="main", unique_id=legs["bob"], cause=ELSEWHERE))
    assert site.all(cmd.HangUpLeg) == []
    assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "alice")
