"""The talk's end, by whomever, and the wrap-up."""

from __future__ import annotations

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState, LegState, Outcome
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.parametrize("first", ["agent", "caller", "caller-back"])
def test_whoever_ends_the_talk_the_wrap_up_begins_at_once(site: Site, first: str) -> None:
    leg = site.connected()
    site.tick(30_000)
    {"agent": lambda: site.ended(leg), "caller": lambda: site.ended("c1"), "caller-back": site.back}[first]()
    assert (site.agent().state, site.contact().state) == (AgentState.WRAP_UP, ContactState.WRAP_UP)
    assert site.contact().outcome is Outcome.HANDLED
    assert site.published()[-3:].count("agent.state_changed") >= 1
    assert len(site.all(cmd.ReleaseLeg)) == (first == "caller-back")
    site.ended(leg)
    site.ended("c1")
    site.wait(20)
    record = site.record()
    assert (record.talk_ms, record.wrap_up_ms, record.wait_ms) == (30_000, 20_000, 0)
    assert site.agent().state is AgentState.READY
    assert site.agent().idle_since_ms == site.mono_ms
    assert site.engine.state.legs == site.engine.state.offers == site.engine.state.timers == {}


def test_the_caller_who_is_back_after_the_agent_is_let_go(site: Site) -> None:
    leg = site.connected()
    site.ended(leg)
    site.back()
    assert site.only(cmd.ReleaseLeg).next == "hangup"


def test_a_caller_who_was_back_before_ctid_knew_of_the_talk_is_let_go_too(site: Site) -> None:
    leg = site.offered()
    site.answered(leg)
    site.back()
    assert site.only(cmd.PlayMusic).unique_id == "c1"
    site.bridged(leg, "c1")
    site.ended(leg)
    assert site.only(cmd.ReleaseLeg) == cmd.ReleaseLeg(pbx="main", unique_id="c1", next="hangup")


def test_a_session_that_begins_again_in_a_talk_means_the_talk_is_over(site: Site) -> None:
    site.connected()
    site.unbridged("c1")
    site.call()
    assert site.contact().state is ContactState.WRAP_UP
    assert site.only(cmd.ReleaseLeg).next == "hangup"


def test_no_wrap_up_where_the_queue_has_none() -> None:
    site = Site(changed("queues/sales/wrap_up_seconds", 0))
    leg = site.connected()
    site.back()
    assert site.record().outcome is Outcome.HANDLED
    assert site.agent().state is AgentState.READY
    site.call("c2")
    assert site.all(cmd.RingAgent) == [], "their leg still lives"
    site.ended(leg)
    assert site.only(cmd.RingAgent).peer_unique_id == "c2"


def test_nothing_is_offered_in_the_wrap_up_and_the_next_one_right_after_it(site: Site) -> None:
    site.wrapping()
    site.call("c2")
    assert site.all(cmd.RingAgent) == []
    site.wait(20)
    assert site.only(cmd.RingAgent).peer_unique_id == "c2"


def test_disposition_and_notes_are_set_while_talking_and_the_wrap_up_completed(site: Site) -> None:
    leg = site.connected()
    contact = site.contact()
    site.request(ev.WrapUpSet, agent_id="alice", contact_id=contact.id, disposition="order", notes="two of them")
    assert site.only(cmd.Accept).result["contact"]["disposition"] == "order"
    assert {each.caused_by for each in site.all(cmd.Publish)} == {"q2"}
    site.ended(leg)
    site.tick(3_000)
    site.request(ev.WrapUpSet, agent_id="alice", contact_id=contact.id, complete=True)
    assert site.only(cmd.Accept).result["contact"]["state"] == ContactState.CLOSED
    record = site.record()
    assert (record.disposition, record.notes, record.wrap_up_ms) == ("order", "two of them", 3_000)
    assert site.agent().state is AgentState.READY


@pytest.mark.parametrize(
    ("state", "reason"), [(AgentState.READY, ""), (AgentState.NOT_READY, "break"), (AgentState.LOGGED_OUT, "")]
)
def test_asking_for_a_state_ends_the_wrap_up(site: Site, state: AgentState, reason: str) -> None:
    site.wrapping()
    site.ask("alice", state, reason=reason)
    assert (site.agent().state, site.agent().reason) == (state, reason)
    assert site.record().outcome is Outcome.HANDLED


@pytest.mark.parametrize("state", [AgentState.NOT_READY, AgentState.LOGGED_OUT])
def test_a_state_asked_for_in_a_talk_waits_for_the_wrap_ups_end(site: Site, state: AgentState) -> None:
    leg = site.connected()
    site.ask("alice", state)
    assert (site.agent().state, site.agent().pending_state) == (AgentState.BUSY, state)
    site.ended(leg)
    assert site.agent().state is AgentState.WRAP_UP
    site.wait(20)
    assert (site.agent().state, site.agent().pending_state) == (state, None)


def test_ready_takes_a_pending_state_back(site: Site) -> None:
    leg = site.connected()
    site.ask("alice", AgentState.NOT_READY)
    site.ask("alice", AgentState.READY)
    assert site.agent().pending_state is None
    site.ended(leg)
    site.wait(20)
    assert site.agent().state is AgentState.READY


def test_hold_and_retrieve_once_each_however_often_told(site: Site) -> None:
    leg = site.connected()
    held, retrieved = ev.LegHeld(pbx="main", unique_id=leg), ev.LegRetrieved(pbx="main", unique_id=leg)
    assert site.give(retrieved) == []
    site.give(held)
    assert site.published() == ["leg.held"]
    assert site.give(held) == []
    assert site.answered(leg) == []
    assert site.engine.state.legs[leg].state is LegState.HELD
    site.give(retrieved)
    assert site.published() == ["leg.retrieved"]
    for event in (held, retrieved):
        assert site.give(ev.LegHeld(pbx="main", unique_id="nobody")) == []
        assert site.give(type(event)(pbx="main", unique_id="nobody")) == []


def swapped(replaced: str, device: str) -> ev.LegReplaced:
    return ev.LegReplaced(pbx="main", unique_id="anew", replaced=replaced, device=device, bridge_id="br")


def test_a_page_that_was_loaded_anew_takes_its_call_up_again(site: Site) -> None:
    leg = site.connected()
    site.give(ev.LegUnbridged(pbx="main", unique_id=leg, bridge_id="br"))
    assert site.give(swapped(leg, "PJSIP/1001")) == []
    site.ended(leg)
    assert (site.contact().state, site.agent().state) == (ContactState.CONNECTED, AgentState.BUSY)
    site.give(ev.LegHeld(pbx="main", unique_id="anew"))
    assert site.published() == ["leg.held"]
    site.tick(1_000)
    site.ended("anew")
    assert site.agent().state is AgentState.WRAP_UP


def test_whom_the_page_held_before_it_was_loaded_anew_is_talked_to(site: Site) -> None:
    leg = site.connected()
    site.give(ev.LegHeld(pbx="main", unique_id=leg))
    site.give(swapped(leg, "PJSIP/1001"))
    assert site.published() == ["leg.retrieved"]
    assert site.engine.state.legs[leg].state is LegState.CONNECTED


def test_another_phone_in_the_place_of_an_agents_is_not_the_agents_leg(site: Site) -> None:
    leg = site.connected()
    for strange in (swapped(leg, "PJSIP/1002"), swapped("nobody", "PJSIP/1001"), swapped("c1", "PJSIP/carrier")):
        assert site.give(strange) == []
    site.ended("anew")
    assert site.contact().state is ContactState.CONNECTED
    site.ended(leg)
    assert site.agent().state is AgentState.WRAP_UP


def test_a_leg_that_leaves_its_bridge_alone_ends_nothing(site: Site) -> None:
    leg = site.connected()
    site.give(ev.LegUnbridged(pbx="main", unique_id=leg, bridge_id="another"))
    assert site.engine.state.legs[leg].bridge_id == "br"
    site.give(ev.LegUnbridged(pbx="main", unique_id=leg, bridge_id="br"))
    assert site.engine.state.legs[leg].bridge_id == ""
    assert site.contact().state is ContactState.CONNECTED


def test_an_agents_leg_that_hangs_after_the_talk_is_ended_with_its_lease(site: Site) -> None:
    leg = site.connected()
    site.ended("c1")
    site.wait(10)
    assert site.only(cmd.HangUpLeg).unique_id == leg
    assert site.agent().offer_id == ""


def test_a_clock_that_steps_back_an_hour_changes_no_duration(site: Site) -> None:
    site.call()
    site.tick(4_000)
    site.utc_ms -= 3_600_000
    site.ready("alice")
    leg = site.only(cmd.RingAgent).unique_id
    site.tick(2_000)
    site.answered(leg)
    site.bridged(leg, "c1")
    site.utc_ms -= 3_600_000
    site.tick(30_000)
    site.ended(leg)
    site.wait(20)
    record = site.record()
    assert (record.wait_ms, record.talk_ms, record.wrap_up_ms) == (6_001, 30_000, 20_000)
    assert [span.duration_ms for span in record.spans] == [0, 4_000, 2_001, 30_000, 20_000]
    assert record.closed_at.utc_ms < record.created_at.utc_ms
