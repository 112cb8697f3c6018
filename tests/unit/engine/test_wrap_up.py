"""After-call work: timed, until ended, extended, with a disposition that must be given."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.engine.shown.allowed_actions import contact_actions
from ctid.engine.shown.views import agent_view
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState, ContactState
from tests.unit.site import Site, changed

pytestmark = pytest.mark.unit


def site_with(**rules: Any) -> Site:
    """A site whose queue ``sales`` has these rules for the wrap-up."""
    spec = changed("queues/sales/wrap_up_seconds", 20)
    spec["queues"]["sales"] |= rules
    return Site(spec)


def wrap_up(site: Site, **fields: Any) -> list[cmd.Command]:
    contact = next(each for each in site.engine.state.contacts.values() if each.agent_id == "alice")
    return site.request(ev.WrapUpSet, agent_id="alice", contact_id=contact.id, **fields)


def told(site: Site, type_: str) -> dict[str, Any]:
    return next(each.data for each in site.all(cmd.Publish) if each.type == type_)


def test_it_ends_by_the_clock() -> None:
    site = site_with()
    site.wrapping()
    site.wait(19.999)
    assert site.agent().state is AgentState.WRAP_UP
    site.wait(0.001)
    assert site.agent().state is AgentState.READY
    record = site.record()
    assert (record.wrap_up_ms, record.disposition_missing) == (20_000, False)


def test_wrap_up_race_it_begins_before_the_reservation_is_released() -> None:
    """Whatever comes in with the end of the talk, the agent is in wrap-up and nobody else's call rings."""
    site = site_with()
    leg = site.connected()
    site.call("c2")
    site.ended(leg)
    moves = [each.data["agent"] for each in site.all(cmd.Publish) if each.type == "agent.state_changed"]
    assert [each["state"] for each in moves] == ["WRAP_UP", "WRAP_UP"]
    assert [bool(each["offer_id"]) for each in moves] == [True, False]
    assert site.all(cmd.RingAgent) == []
    site.back()
    site.ended("c1")
    assert (site.agent().state, site.all(cmd.RingAgent)) == (AgentState.WRAP_UP, [])
    site.wait(20)
    assert site.only(cmd.RingAgent).peer_unique_id == "c2"


def test_until_ended_it_lasts_until_the_agent_ends_it() -> None:
    site = site_with(wrap_up_until_ended=True, wrap_up_max_seconds=600)
    site.wrapping()
    site.wait(300)
    assert site.agent().state is AgentState.WRAP_UP
    assert "extend_wrap_up" not in told_actions(site)
    wrap_up(site, complete=True)
    assert site.agent().state is AgentState.READY
    assert site.record().wrap_up_ms == 300_000


def told_actions(site: Site) -> list[str]:
    return list(agent_view(site.engine.state, site.engine.site, site.agent(), site.now)["allowed_actions"])


def test_until_ended_it_ends_all_the_same_at_its_longest() -> None:
    site = site_with(wrap_up_until_ended=True, wrap_up_max_seconds=600)
    site.wrapping()
    site.wait(600)
    assert site.agent().state is AgentState.READY


def test_it_is_extended_by_request_to_its_longest_counted_from_the_begin() -> None:
    site = site_with(wrap_up_max_seconds=60)
    site.wrapping()
    site.wait(15)
    wrap_up(site, extend_seconds=30)
    assert told(site, "agent.updated")["agent"]["wrap_up_until"] is not None
    assert site.agent().wrap_up_until_ms == site.mono_ms + 35_000
    site.wait(34)
    assert site.agent().state is AgentState.WRAP_UP
    wrap_up(site, extend_seconds=3_600)
    assert site.agent().wrap_up_until_ms == site.mono_ms + 11_000
    before = site.engine.snapshot()
    refusal = wrap_up(site, extend_seconds=1, disposition="order")[0]
    assert isinstance(refusal, cmd.Refuse)
    assert (refusal.code, "extend_wrap_up" in refusal.allowed_actions) == ("conflict", False)
    assert site.engine.snapshot() == before
    site.wait(11)
    assert site.agent().state is AgentState.READY


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"extend_seconds": 5, "complete": True}, "request-invalid"), ({"extend_seconds": 5}, "conflict")],
    ids=str,
)
def test_an_extension_that_does_not_fit_is_refused(fields: dict[str, Any], code: str) -> None:
    site = site_with()
    site.connected()
    before = site.engine.snapshot()
    (refusal,) = wrap_up(site, **fields)
    assert isinstance(refusal, cmd.Refuse)
    assert refusal.code == code
    assert site.engine.snapshot() == before


def test_completing_without_a_required_disposition_is_refused_with_the_reason() -> None:
    site = site_with(disposition_required=True)
    site.wrapping()
    assert "ready" not in told_actions(site)
    before = site.engine.snapshot()
    for ask in (
        lambda: wrap_up(site, complete=True),
        lambda: wrap_up(site, complete=True, disposition=""),
        lambda: site.ask("alice", AgentState.READY),
        lambda: site.ask("alice", AgentState.LOGGED_OUT),
    ):
        (refusal,) = ask()
        assert isinstance(refusal, cmd.Refuse)
        assert refusal.code == "conflict"
        assert "disposition" in refusal.detail
        assert "wrap_up" in refusal.allowed_actions
    assert site.engine.snapshot() == before
    wrap_up(site, complete=True, disposition="order")
    assert site.agent().state is AgentState.READY
    assert site.record().disposition == "order"


def test_the_timed_end_waits_for_the_disposition_and_comes_with_it() -> None:
    site = site_with(disposition_required=True)
    site.wrapping()
    site.wait(25)
    assert site.agent().state is AgentState.WRAP_UP
    wrap_up(site, notes="a moment")
    assert site.agent().state is AgentState.WRAP_UP
    wrap_up(site, disposition="order")
    assert site.agent().state is AgentState.READY
    record = site.record()
    assert (record.disposition, record.disposition_missing, record.wrap_up_ms) == ("order", False, 25_000)


def test_a_disposition_given_in_time_does_not_cut_the_wrap_up_short() -> None:
    site = site_with(disposition_required=True)
    site.wrapping()
    wrap_up(site, disposition="order")
    assert site.agent().state is AgentState.WRAP_UP
    assert "ready" in told_actions(site)
    site.wait(20)
    assert site.agent().state is AgentState.READY


def test_one_given_during_the_talk_counts() -> None:
    site = site_with(disposition_required=True)
    leg = site.connected()
    wrap_up(site, disposition="order")
    site.ended(leg)
    site.wait(20)
    assert site.agent().state is AgentState.READY


def test_at_its_longest_it_ends_without_one_and_the_record_tells() -> None:
    site = site_with(disposition_required=True, wrap_up_max_seconds=60)
    site.wrapping()
    out = site.wait(60)
    assert site.agent().state is AgentState.READY
    (note,) = [each for each in out if isinstance(each, cmd.Note)]
    assert note.code == "disposition-missing"
    assert site.record().disposition_missing


def test_a_supervisor_can_always_end_it() -> None:
    site = site_with(disposition_required=True, wrap_up_until_ended=True)
    site.wrapping()
    wrap_up(site, complete=True, forced=True)
    assert site.agent().state is AgentState.READY
    assert site.record().disposition_missing
    site = site_with(disposition_required=True, wrap_up_until_ended=True)
    site.wrapping()
    site.ask("alice", AgentState.NOT_READY, forced=True)
    assert site.agent().state is AgentState.NOT_READY


def test_the_rules_count_as_they_were_at_its_beginning() -> None:
    site = site_with(disposition_required=True)
    site.wrapping()
    site.give(ev.ConfigLoaded(spec=changed("queues/sales/wrap_up_seconds", 1)))
    site.wait(20)
    assert (site.agent().state, site.contact().state) == (AgentState.WRAP_UP, ContactState.WRAP_UP)


def test_it_lasts_over_a_restart() -> None:
    site = site_with(disposition_required=True, wrap_up_max_seconds=60)
    site.wrapping()
    site.wait(30)
    site.engine = type(site.engine).restore(site.engine.snapshot())
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.wait(29.999)
    assert site.agent().state is AgentState.WRAP_UP
    site.wait(0.001)
    assert site.agent().state is AgentState.READY


def test_wrap_up_expiry_storm_every_agent_is_free_at_their_own_moment() -> None:
    """Two hundred wrap-ups that end within the same few milliseconds all end, none early, none late."""
    spec = changed("queues/sales/wrap_up_seconds", 20)
    spec["agents"] = {
        f"a{number:03}": {"name": "A", "device": f"PJSIP/{2000 + number}", "pbx": "main", "skills": {"sales": 8}}
        for number in range(200)
    }
    site = Site(spec)
    ends: dict[str, int] = {}
    for number in range(200):
        leg = site.connected(f"c{number}", f"a{number:03}")
        site.ended(leg)
        site.back(f"c{number}")
        site.ended(f"c{number}")
        ends[f"a{number:03}"] = site.mono_ms + 20_000
    freed: dict[str, int] = {}
    for command in site.wait(30):
        if isinstance(command, cmd.Publish) and command.type == "agent.state_changed":
            freed[command.data["agent"]["id"]] = command.at.mono_ms
    assert freed == ends
    assert {agent.state for agent in site.engine.state.agents.values()} == {AgentState.READY}
    assert not [timer for timer in site.engine.state.timers if timer.startswith("wrap:")]


@pytest.mark.parametrize("first_is_over", [True, False])
def test_what_one_agent_has_left_undone_keeps_no_other_from_their_end(first_is_over: bool) -> None:
    site = site_with(disposition_required=True, wrap_up_max_seconds=60)
    leg = site.connected()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    joined = [ev.TransferParty(unique_id=each, device=device) for each, device in (("17.4", "PJSIP/1002"), ("c1", ""))]
    site.give(ev.CallTransferred(pbx="main", transferers=["17.3", leg], parties=joined, bridge_id="b2"))
    site.give(ev.LegEnded(pbx="main", unique_id=leg, cause=16))
    site.wait(60 if first_is_over else 1)
    site.ended("17.4")
    site.back()
    site.ended("c1")
    contact = site.contact()
    assert (site.agent().state is AgentState.READY, site.agent("bob").state) == (first_is_over, AgentState.WRAP_UP)
    assert "complete_wrap_up" not in contact_actions(site.engine.state, contact)
    site.request(ev.WrapUpSet, agent_id="bob", contact_id=contact.id, disposition="order")
    assert "complete_wrap_up" in contact_actions(site.engine.state, contact)
    site.request(ev.WrapUpSet, agent_id="bob", contact_id=contact.id, complete=True)
    assert site.all(cmd.Accept)
    assert (contact.state is ContactState.CLOSED) is first_is_over
