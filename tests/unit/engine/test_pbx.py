"""The PBX is lost, comes back, starts anew; ctid dies and comes back; what a snapshot of the PBX means."""

from __future__ import annotations

import pytest

from ctid.engine.engine import Engine
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ConsultationState, ContactState, OfferState, Outcome
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit

LOST = ev.PbxLost(pbx="main", reason="closed")


def seen(unique_id: str, bridge: str = "") -> ev.LegSeen:
    return ev.LegSeen(unique_id=unique_id, answered=True, bridge_id=bridge)


@pytest.fixture
def site() -> Site:
    return Site()


def crash(site: Site) -> None:
    """Kill -9 and a new process, from a snapshot."""
    site.engine = Engine.restore(site.engine.snapshot())
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))


def test_a_short_loss_changes_nothing(site: Site) -> None:
    leg = site.connected()
    site.give(LOST)
    assert site.published() == ["pbx.down"]
    site.wait(59)
    site.up(seen("c1", "br"), seen(leg, "br"))
    assert site.published() == ["pbx.up"]
    assert site.contact().state is ContactState.CONNECTED
    assert site.wait(120) == []


def test_nothing_is_offered_while_the_pbx_is_away(site: Site) -> None:
    site.give(LOST)
    site.ready("alice")
    site.call()
    assert site.all(cmd.RingAgent) == []
    site.up(seen("c1"))
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"


def test_after_the_grace_time_calls_failed_and_agents_are_free(site: Site) -> None:
    site.connected()
    site.ready("bob")
    site.call("c2", "103")
    site.call("c3", "103")
    site.give(ev.AgiEnded(pbx="main", unique_id="c3"))
    site.give(LOST, LOST)
    site.wait(60)
    assert [save.record.outcome for save in site.all(cmd.SaveRecord)] == [Outcome.FAILED] * 3
    assert [release.unique_id for release in site.all(cmd.ReleaseLeg)] == ["c2"], "who hears us gets the fallback"
    assert site.agent("alice").state is site.agent("bob").state is AgentState.READY
    assert site.engine.state.legs == site.engine.state.offers == {}
    site.give(*[ev.LegEnded(pbx="main", unique_id=each, cause=16) for each in ("c1", "c2", "c3")])
    assert site.out == []


def test_a_call_over_a_pbx_that_stays_away_gets_its_fallback_in_the_end() -> None:
    site = Site()
    site.give(LOST)
    site.wait(3_600)
    site.call()
    site.wait(60)
    assert site.only(cmd.ReleaseLeg).next == "fallback"
    assert site.record().outcome is Outcome.FAILED


def test_a_stale_grace_timer_ends_nothing(site: Site) -> None:
    site.call()
    site.engine.state.timers["pbx:main"] = site.mono_ms
    site.give(ev.TimerFired(timer_id="pbx:main"))
    assert site.contact().state is ContactState.QUEUED


def test_a_pbx_that_started_anew_has_none_of_our_calls(site: Site) -> None:
    site.connected()
    site.ready("bob")
    site.call("c2", "103")
    assert site.agent("bob").state is AgentState.RESERVED
    for unique_id in ("c1", "c2"):
        site.give(ev.AgiEnded(pbx="main", unique_id=unique_id))
    site.give(LOST)
    site.up(boot="b2")
    assert [save.record.outcome for save in site.all(cmd.SaveRecord)] == [Outcome.FAILED, Outcome.FAILED]
    assert site.agent("alice").state is site.agent("bob").state is AgentState.READY
    assert {each.data["reconciled"] for each in site.all(cmd.Publish)} == {True}
    site.call("c9", "103")
    assert site.only(cmd.RingAgent).peer_unique_id == "c9"


def test_a_call_of_the_new_run_that_came_before_the_snapshot_lives_on(site: Site) -> None:
    site.call("old")
    site.give(ev.AgiEnded(pbx="main", unique_id="old"), LOST)
    new = site.call("new", "103")
    site.up(seen("new"), boot="b2")
    assert [save.record.outcome for save in site.all(cmd.SaveRecord)] == [Outcome.FAILED]
    assert new.state is ContactState.QUEUED


def test_legs_that_are_gone_ended_while_nobody_looked(site: Site) -> None:
    leg = site.connected()
    site.give(LOST)
    site.up()
    assert site.agent().state is AgentState.WRAP_UP
    assert site.contact().outcome is Outcome.HANDLED
    assert leg not in site.engine.state.legs


def test_an_offer_whose_leg_is_gone_is_canceled(site: Site) -> None:
    site.offered()
    site.give(LOST)
    site.up(seen("c1"))
    assert site.contact().offers[0].state == OfferState.CANCELED
    assert site.contact().offers[0].cause == "pbx_lost"
    assert site.contact().state is ContactState.QUEUED


def test_a_talk_that_began_or_moved_unseen_is_connected(site: Site) -> None:
    leg = site.offered()
    site.give(LOST)
    site.up(seen("c1", "br"), seen(leg, "br"))
    assert site.contact().state is ContactState.CONNECTED
    site.up(seen("c1", "br2"), seen(leg, "br2"))
    assert {each.bridge_id for each in site.engine.state.legs.values()} == {"br2"}
    site.up(seen("c1"), seen(leg))
    assert {each.bridge_id for each in site.engine.state.legs.values()} == {""}


def test_a_caller_whom_the_snapshot_missed_is_not_lost(site: Site) -> None:
    site.ready("alice")
    site.give(LOST)
    contact = site.call()
    site.up()
    assert contact.state is ContactState.QUEUED
    assert site.all(cmd.RingAgent) == [], "not before it shows that they live"
    site.wait(2)
    assert site.only(cmd.RingAgent).peer_unique_id == "c1"


def test_a_caller_whom_the_snapshot_missed_because_they_left_is_closed_with_their_session(site: Site) -> None:
    contact = site.call()
    site.give(LOST)
    site.up()
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert contact.outcome is Outcome.SHORT_ABANDON
    assert site.engine.state.timers == {}


def test_a_session_of_nobody_ends_without_harm(site: Site) -> None:
    assert site.give(ev.AgiEnded(pbx="main", unique_id="nobody")) == []


def test_a_phone_that_rings_for_a_life_before_ours_is_hung_up_but_a_talk_is_not(site: Site) -> None:
    rings = ev.LegSeen(unique_id="lg-e0-7", answered=False, device="PJSIP/trunk")
    waits = ev.LegSeen(unique_id="lg-e0-9", answered=True, device="PJSIP/1002")
    site.up(rings, waits, seen("lg-e0-8", "br"), seen("1700.1"))
    assert [command.unique_id for command in site.all(cmd.HangUpLeg)] == ["lg-e0-7", "lg-e0-9"]


def test_devices_are_what_the_snapshot_says(site: Site) -> None:
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=False))
    site.ready("alice")
    site.call()
    assert site.all(cmd.RingAgent) == []
    site.give(ev.DeviceChanged(pbx="main", device="PJSIP/1001", reachable=True))
    assert site.only(cmd.RingAgent).device == "PJSIP/1001"
    site.up(seen("c1"), devices={"PJSIP/1002": False})
    assert site.engine.state.devices == {"main|PJSIP/1002": False}


def test_kill_9_while_one_talks_one_waits_and_one_rings(site: Site) -> None:
    talk = site.connected()
    site.call("c2", "103")
    site.tick(10_000)
    site.ready("bob")
    ring = site.only(cmd.RingAgent).unique_id
    site.call("c3", "101")
    waiting = site.contact(2)
    site.tick(5_000)
    crash(site)
    assert "site.started" in site.published()
    assert {timer.timer_id for timer in site.all(cmd.StartTimer)} == set(site.engine.state.timers)
    site.tick(2_000)
    site.up(seen("c1", "br"), seen(talk, "br"), seen("c2"), ev.LegSeen(unique_id=ring, answered=False), seen("c3"))
    assert site.all(cmd.RingAgent) == []
    contact = site.call("c3")
    assert site.engine.state.arrivals == 3
    assert site.only(cmd.PlayMusic).unique_id == "c3"
    contact = site.contact(2)
    assert (contact.id, contact.queued_at) == (waiting.id, waiting.queued_at)
    site.tick(1_000)
    site.ended(talk)
    site.back("c1")
    site.wait(0)
    site.request(ev.WrapUpSet, agent_id="alice", contact_id=site.contact().id, complete=True)
    assert site.only(cmd.RingAgent).peer_unique_id == "c3"
    assert site.record().outcome is Outcome.HANDLED


def test_records_that_were_not_saved_are_sent_again(site: Site) -> None:
    site.call()
    site.ended()
    record = site.record()
    crash(site)
    assert site.record() == record


def test_after_a_crash_desktops_have_their_grace_time_and_the_pbx_has_its_own(site: Site) -> None:
    site.give(ev.DesktopConnected(agent_id="alice", session_id="s"))
    site.connected()
    crash(site)
    site.give(LOST)
    site.wait(60)
    assert site.agent().desktops == []
    assert site.contact().state is ContactState.CLOSED
    assert site.agent().state is AgentState.NOT_READY


def test_two_pbxes_are_told_apart() -> None:
    site = Site(changed("agents/bob/pbx", "other"))
    site.ready("bob")
    site.call()
    site.wait(30)
    assert site.contact().state is ContactState.QUEUED
    site.give(LOST)
    assert site.engine.state.pbxes["other"].up is False
    site.up(seen("c1"))
    assert site.contact().state is ContactState.QUEUED


def test_a_talk_that_began_and_ended_while_nobody_looked_is_a_talk_and_no_second_agent_is_rung(site: Site) -> None:
    leg = site.offered()
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.back()  # FastAGI is quicker than the snapshot
    site.up(ev.LegSeen(unique_id="c1", answered=True, returned=True))
    assert site.contact().state is ContactState.WRAP_UP
    assert site.agent().state is AgentState.WRAP_UP
    assert not site.all(cmd.RingAgent)
    assert site.only(cmd.ReleaseLeg).next == "hangup"
    assert leg not in site.engine.state.legs


def test_a_caller_whose_last_offer_ran_out_in_the_moment_of_the_answer_is_not_taken_for_served(site: Site) -> None:
    leg = site.offered()
    site.wait(15)
    site.ended(leg)
    site.back()  # the bridge had just been made when the hang-up came
    assert site.contact().state is ContactState.QUEUED
    site.wait(30)
    site.ready("alice")
    assert site.contact().state is ContactState.OFFERED
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(ev.LegSeen(unique_id="c1", answered=True, returned=True))
    assert site.contact().connected_at is None


def test_a_caller_whose_end_is_told_before_their_arrival_has_abandoned() -> None:
    site = Site()
    site.ready("alice")
    site.ended("c1")
    site.call()
    assert site.record().outcome is Outcome.ABANDONED
    assert site.all(cmd.RingAgent) == []
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert (site.engine.state.legs, site.engine.state.early_ends) == ({}, {})


def test_ends_of_calls_that_are_none_of_ours_are_forgotten() -> None:
    site = Site()
    for number in range(2_000):
        site.ended(f"other.{number}")
    assert len(site.engine.state.early_ends) == 1_000
    site.tick(10_001)
    site.ended("last")
    assert list(site.engine.state.early_ends) == ["main|last"]
    site.call("other.1999")
    assert site.contact().state is ContactState.OFFERED or site.contact().state is ContactState.QUEUED


# ---- called into a talk while nobody looked ------------------------------------------------------------------------


def answered_unseen(*, agent: bool = True, caller: bool = True) -> tuple[Site, str, str]:
    """A colleague who was called in has answered while AMI was away; gives the agent's leg and theirs."""
    site = Site()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    leg = site.connected()
    site.request(ev.PartyRequested, contact_id=site.contact().id, agent="bob")
    theirs = site.only(cmd.DialConsulted).unique_id
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    bridge = "br" if agent else "conf"
    legs = [ev.LegSeen(unique_id=theirs, answered=True, bridge_id="conf", device="PJSIP/1002")]
    legs += [ev.LegSeen(unique_id=leg, answered=True, bridge_id=bridge, device="PJSIP/1001")] * agent
    legs += [ev.LegSeen(unique_id="c1", answered=True, bridge_id=bridge)] * caller
    site.up(*legs)
    return site, leg, theirs


def test_who_was_called_in_unseen_joins_the_talk_that_goes_on() -> None:
    site, leg, theirs = answered_unseen()
    assert site.only(cmd.Confer).agent_unique_id == leg
    assert not site.all(cmd.HangUpLeg)
    site.bridged(leg, "c1", bridge="conf")
    (consultation,) = site.engine.state.consultations.values()
    assert (consultation.state, consultation.leg_id) == (ConsultationState.CONFERENCED, theirs)


def test_who_was_called_in_unseen_has_the_caller_whose_agent_has_left_meanwhile() -> None:
    site, _, theirs = answered_unseen(agent=False)
    assert not site.all(cmd.HangUpLeg)
    assert (site.contact().state, site.contact().agent_id) == (ContactState.CONNECTED, "bob")
    assert (site.agent("bob").state, site.agent().state) == (AgentState.BUSY, AgentState.WRAP_UP)
    assert not site.engine.state.consultations
    site.ended(theirs)
    site.back()
    assert site.agent("bob").state is AgentState.WRAP_UP


def test_who_was_called_in_unseen_is_let_go_where_nobody_is_any_more() -> None:
    site, _, theirs = answered_unseen(agent=False, caller=False)
    assert theirs in [each.unique_id for each in site.all(cmd.HangUpLeg)]
