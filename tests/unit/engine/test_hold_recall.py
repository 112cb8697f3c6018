"""Callers who are forgotten on hold: when their agent is reminded, how, and when nobody is disturbed."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit


def held(spec: dict[str, Any] = SPEC) -> tuple[Site, str]:
    """A caller on hold by ctid; gives the agent's leg."""
    site = Site(spec)
    site.ask("bob", AgentState.NOT_READY, reason="break")
    leg = site.connected()
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    site.give(*(ev.LegUnbridged(pbx="main", unique_id=each, bridge_id="br") for each in (leg, "c1")))
    site.give(ev.CallArrived(pbx="main", unique_id="c1", ani="", dnis=""))
    return site, leg


def reminders(out: list[cmd.Command]) -> list[int]:
    """For how long the caller has been on hold, each time that the agent is told."""
    told = [each for each in out if isinstance(each, cmd.Publish) and each.type == "contact.hold_recalled"]
    assert all(each.agent_ids == ["alice"] for each in told)
    return [each.data["held_ms"] for each in told]


def beeps(out: list[cmd.Command]) -> list[str]:
    return [each.unique_id for each in out if isinstance(each, cmd.RemindAgent)]


def test_the_agent_is_told_again_and_again_with_a_beep() -> None:
    site, leg = held()
    assert reminders(site.wait(59)) == []
    out = site.wait(1)
    assert (reminders(out), beeps(out)) == ([60_000], [leg])
    out = site.wait(120)
    assert (reminders(out), beeps(out)) == ([120_000, 180_000], [leg, leg])


def test_a_caller_who_is_talked_to_again_is_not_forgotten() -> None:
    site, leg = held()
    site.wait(50)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    site.bridged(leg, "c1", bridge="b2")
    assert reminders(site.wait(200)) == []
    site.request(ev.HoldRequested, contact_id=site.contact().id)
    assert reminders(site.wait(60)) == [60_000], "the next hold is one of its own"


def test_a_hold_by_the_phone_itself_is_told_without_a_beep() -> None:
    site = Site()
    leg = site.connected()
    site.give(ev.LegHeld(pbx="main", unique_id=leg))
    out = site.wait(60)
    assert (reminders(out), beeps(out)) == ([60_000], [])
    site.give(ev.LegRetrieved(pbx="main", unique_id=leg))
    assert reminders(site.wait(200)) == []


def test_who_asks_somebody_meanwhile_is_told_and_not_disturbed() -> None:
    site, leg = held()
    site.wait(50)
    site.request(ev.ConsultationRequested, contact_id=site.contact().id, agent="bob", dial=True)
    (consultation,) = site.engine.state.consultations.values()
    out = site.wait(10)
    assert (reminders(out), beeps(out)) == ([60_000], []), "while it rings"
    site.answered(consultation.leg_id)
    site.bridged(leg, consultation.leg_id, bridge="co")
    out = site.wait(60)
    assert (reminders(out), beeps(out)) == ([120_000], []), "while they talk"
    site.ended(consultation.leg_id)
    out = site.wait(60)
    assert (reminders(out), beeps(out)) == ([180_000], [leg]), "and afterwards"


def test_a_channel_that_is_about_to_enter_a_bridge_is_left_alone() -> None:
    site, _ = held()
    site.wait(59)
    site.request(ev.RetrieveRequested, contact_id=site.contact().id)
    out = site.wait(1)
    assert (reminders(out), beeps(out)) == ([60_000], [])


@pytest.mark.parametrize("how", ["caller", "agent", "transfer", "park"])
def test_nobody_is_reminded_of_who_is_gone(how: str) -> None:
    site, leg = held()
    match how:
        case "caller" | "agent":
            site.ended("c1" if how == "caller" else leg)
        case "transfer":
            site.request(ev.TransferRequested, contact_id=site.contact().id, queue="support")
        case _:
            site.request(ev.ParkRequested, contact_id=site.contact().id)
    assert reminders(site.wait(200)) == []
    assert not [each for each in site.engine.state.timers if each.startswith("recall:")]


def test_a_restart_forgets_nothing() -> None:
    site, leg = held()
    site.wait(30)
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.up(*(ev.LegSeen(unique_id=each, answered=True, bridge_id="") for each in (leg, "c1")))
    out = site.wait(30)
    assert (reminders(out), beeps(out)) == ([60_000], [leg])


@pytest.mark.parametrize("seconds", [0, 5])
def test_a_site_says_how_often(seconds: int) -> None:
    site, _ = held(changed("policy/hold_recall_seconds", seconds))
    assert reminders(site.wait(11)) == ([5_000, 10_000] if seconds else [])


def test_a_site_that_wants_it_no_more_is_heard() -> None:
    site, _ = held()
    site.wait(60)
    site.give(ev.ConfigLoaded(spec=changed("policy/hold_recall_seconds", 0)))
    assert reminders(site.wait(60)) == [120_000], "the one that was due"
    assert reminders(site.wait(600)) == []
