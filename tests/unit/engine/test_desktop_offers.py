"""Calls that are accepted at the desktop: nothing rings before, and then the phone answers by itself."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.engine.shown.views import agent_view, offer_view
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ContactState, OfferState
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit

DESKTOP = changed("agents/alice/answer", "desktop")
ANSWER_AFTER = "answer-after=0"


@pytest.fixture
def site() -> Site:
    return Site(DESKTOP)


def offered(site: Site) -> str:
    site.ready("alice")
    site.call()
    assert site.all(cmd.RingAgent) == []
    return site.offer().id


def accept(site: Site, offer_id: str, agent_id: str = "alice") -> list[cmd.Command]:
    return site.request(ev.OfferAccepted, agent_id=agent_id, offer_id=offer_id)


def actions(site: Site) -> list[str]:
    return list(offer_view(site.engine.state, site.offer(), site.now, site.engine.floor)["allowed_actions"])


def test_the_phone_rings_only_once_the_offer_is_accepted_and_answers_by_itself(site: Site) -> None:
    offer_id = offered(site)
    assert actions(site) == ["accept_offer", "reject_offer", "deflect_offer"]
    assert (
        agent_view(site.engine.state, site.engine.site, site.agent(), site.now)["allowed_actions"][0] == "accept_offer"
    )
    accept(site, offer_id)
    ring = site.only(cmd.RingAgent)
    assert (ring.device, ring.agent_id) == ("PJSIP/1001", "alice")
    assert ANSWER_AFTER in ring.headers["Call-Info"]
    assert site.only(cmd.Accept).result["offer"]["state"] == OfferState.ACCEPTED
    assert actions(site) == []
    assert site.contact().state is ContactState.OFFERED
    site.answered(ring.unique_id)
    site.bridged(ring.unique_id, "c1")
    assert (site.contact().state, site.agent().state) == (ContactState.CONNECTED, AgentState.BUSY)


def test_an_agent_whose_phone_answers_by_itself_is_rung_at_once_with_the_order_to() -> None:
    site = Site(changed("agents/alice/answer", "auto"))
    site.offered()
    (ring,) = site.all(cmd.RingAgent) or [None]
    assert ring is not None
    assert ANSWER_AFTER in ring.headers["Call-Info"]


def test_a_phone_that_rings_already_is_answered_there() -> None:
    site = Site()
    site.offered()
    before = site.engine.snapshot()
    accept(site, site.offer().id)
    refusal = site.only(cmd.Refuse)
    assert (refusal.code, refusal.allowed_actions) == ("conflict", ["answer_offer", "reject_offer", "deflect_offer"])
    assert "answered there" in refusal.detail
    assert site.engine.snapshot() == before


def test_it_is_accepted_once(site: Site) -> None:
    offer_id = offered(site)
    accept(site, offer_id)
    accept(site, offer_id)
    assert (site.only(cmd.Refuse).code, site.all(cmd.RingAgent)) == ("conflict", [])
    accept(site, "none")
    assert site.only(cmd.Refuse).code == "not-found"
    accept(site, offer_id, "bob")
    assert site.only(cmd.Refuse).code == "not-found"


def test_not_accepted_in_time_it_goes_to_the_next_and_is_missed(site: Site) -> None:
    offered(site)
    site.wait(15)
    assert site.all(cmd.HangUpLeg) == []
    assert (site.contact().offers[0].state, site.contact().offers[0].cause) == ("timed_out", "no_answer")
    assert (site.agent().state, site.agent().misses) == (AgentState.READY, 1)
    assert site.contact().state is ContactState.QUEUED


def test_rejected_it_frees_the_agent_at_once(site: Site) -> None:
    site.request(ev.OfferRejected, agent_id="alice", offer_id=offered(site))
    assert site.only(cmd.Accept).result["offer"]["state"] == OfferState.REJECTED
    assert (site.agent().state, site.engine.state.offers) == (AgentState.READY, {})


def test_the_caller_leaves_before_it_is_accepted(site: Site) -> None:
    offered(site)
    site.ended("c1")
    assert site.record().offers[0].cause == OfferCause.CALLER_LEFT
    assert (site.agent().state, site.engine.state.offers) == (AgentState.READY, {})


@pytest.mark.parametrize(
    ("reason", "cause", "misses"),
    [(3, OfferCause.NO_ANSWER, 1), (5, OfferCause.BUSY, 0), (0, OfferCause.UNREACHABLE, 0), (8, OfferCause.FAILED, 0)],
)
def test_a_phone_that_does_not_take_what_its_agent_accepted(
    site: Site, reason: int, cause: OfferCause, misses: int
) -> None:
    accept(site, offered(site))
    leg = site.only(cmd.RingAgent).unique_id
    site.failed(leg, reason)
    assert (site.contact().state, site.contact().offers[0].cause) == (ContactState.QUEUED, cause)
    assert (site.agent().state, site.agent().misses) == (AgentState.READY, misses)
    assert site.agent().backoff_until_ms > site.mono_ms


def test_a_phone_that_was_accepted_for_and_is_never_heard_of_is_given_up_with_the_lease(site: Site) -> None:
    accept(site, offered(site))
    site.wait(24.999)
    assert site.agent().state is AgentState.RESERVED
    site.wait(0.001)
    assert (site.agent().state, site.contact().state) == (AgentState.READY, ContactState.QUEUED)


@pytest.mark.parametrize("hindrance", ["pbx", "own call", "removed"])
def test_what_stands_against_accepting_is_told_and_changes_nothing(site: Site, hindrance: str) -> None:
    offer_id = offered(site)
    events: dict[str, ev.Event] = {
        "pbx": ev.PbxLost(pbx="main", reason="closed"),
        "own call": ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=True, in_use=True),
        "removed": ev.ConfigLoaded(spec=changed("agents/alice", None, DESKTOP)),
    }
    site.give(events[hindrance])
    before = site.engine.snapshot()
    accept(site, offer_id)
    assert site.only(cmd.Refuse).code == "conflict"
    assert site.engine.snapshot() == before


def test_agent_changes_state_during_offer_it_is_kept_for_afterwards(site: Site) -> None:
    """A state that is asked for while an offer is out is pending, and applied when the offer has ended."""
    offered(site)
    site.ask("alice", AgentState.NOT_READY, reason="break")
    assert (site.agent().state, site.agent().pending_state) == (AgentState.RESERVED, AgentState.NOT_READY)
    site.wait(15)
    assert (site.agent().state, site.agent().reason) == (AgentState.NOT_READY, "break")
    rung = Site()
    leg = rung.offered()
    rung.ask("alice", AgentState.LOGGED_OUT)
    assert rung.agent().state is AgentState.RESERVED
    rung.ended(leg, 21)
    assert rung.agent().state is AgentState.LOGGED_OUT


def test_a_reload_that_changes_how_calls_are_answered_leaves_an_offer_as_it_is(site: Site) -> None:
    offer_id = offered(site)
    fields: dict[str, Any] = changed("agents/alice/answer", "phone")
    site.give(ev.ConfigLoaded(spec=fields))
    accept(site, offer_id)
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"


def test_after_a_restart_the_lease_may_be_told_before_the_end_of_the_time_to_accept(site: Site) -> None:
    offer_id = offered(site)
    site.tick(60_000)
    site.give(ev.TimerFired(timer_id=f"lease:{offer_id}"))
    assert (site.contact().state, site.contact().offers[0].state) == (ContactState.QUEUED, OfferState.TIMED_OUT)
    assert (site.agent().state, site.engine.state.offers) == (AgentState.READY, {})
    assert site.give(ev.TimerFired(timer_id=f"offer:{offer_id}")) == []
