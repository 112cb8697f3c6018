"""Ways out of a queue: closed, full, nobody able, overflow; to menu, queue, number, voicemail and hang-up."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from ctid.engine.contact.contacts import MAX_STEPS
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.contact import Contact
from ctid.model.states import AgentState, ContactState, Outcome
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit

VOICEMAIL = {"voicemail": "1001@default"}
NUMBER = {"number": "+49305550199"}
DESTINATIONS: dict[str, dict[str, Any]] = {
    "menu": {"menu": "main"},
    "queue": {"queue": "support"},
    "number": NUMBER,
    "voicemail": VOICEMAIL,
    "hangup": {"play": ["sorry"], "hangup": True},
}


def with_queue(**fields: Any) -> dict[str, Any]:
    """The site whose queue `sales` (dialled 101) has these fields more."""
    spec = copy.deepcopy(SPEC)
    spec["queues"]["sales"] |= fields
    return spec


def closed_queue(to: dict[str, Any]) -> dict[str, Any]:
    return with_queue(calendar="office", closed=to)


def last(contact: Contact) -> tuple[str, str, str]:
    return contact.path[-1].kind, contact.path[-1].name, contact.path[-1].result


def at(site: Site, moment: str) -> Site:
    site.utc_ms = round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)
    return site


@pytest.mark.parametrize("kind", DESTINATIONS)
def test_a_closed_queue_leads_to_each_kind_of_destination(kind: str) -> None:
    site = Site(closed_queue(DESTINATIONS[kind]))
    site.utc_ms += 12 * 3_600_000
    contact = site.call()
    assert ("queue", "sales", "closed") in [(step.kind, step.name, step.result) for step in contact.path]
    assert contact.queued_at is None or kind == "queue"
    match kind:
        case "menu":
            assert contact.ivr is not None
            assert site.only(cmd.PlayAndCollect).prompts == ["welcome", "choose"]
        case "queue":
            assert (contact.state, contact.queue) == (ContactState.QUEUED, "support")
        case "number":
            released = site.only(cmd.ReleaseLeg)
            assert (released.next, released.target) == ("number", "+49305550199")
        case "voicemail":
            released = site.only(cmd.ReleaseLeg)
            assert (released.next, released.target) == ("voicemail", "1001@default")
        case _:
            site.played()
            assert site.only(cmd.ReleaseLeg).next == "hangup"
            assert contact.outcome is Outcome.OVERFLOW


def test_an_open_queue_takes_the_contact() -> None:
    site = Site(closed_queue(VOICEMAIL))
    assert site.call().state is ContactState.QUEUED


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        # Clocks go forward at 01:00 UTC on 2026-03-29, and back at 01:00 UTC on 2026-10-25, both Sundays.
        ("2026-03-29T00:59:59", False),
        ("2026-03-29T01:00:00", True),
        ("2026-03-29T06:29:59", True),
        ("2026-03-29T06:30:00", False),
        ("2026-10-25T00:29:59", False),
        ("2026-10-25T00:30:00", True),
        ("2026-10-25T00:59:59", True),
        ("2026-10-25T01:29:59", False),
        ("2026-10-25T01:30:00", True),
        ("2026-10-25T07:29:59", True),
        ("2026-10-25T07:30:00", False),
    ],
)
def test_clock_change(moment: str, is_open: bool) -> None:
    """Calendars have a zone for each queue, and keep their local hours on both nights when clocks change."""
    spec = closed_queue(VOICEMAIL)
    spec["calendars"]["office"] = {"timezone": "Europe/Berlin", "hours": {"sun": ["02:30-08:30"]}}
    contact = at(Site(spec), moment).call()
    assert (contact.state is ContactState.QUEUED) == is_open


def test_a_full_queue_takes_nobody_more() -> None:
    site = Site(with_queue(max_waiting=2, full=VOICEMAIL))
    site.call("c1")
    site.call("c2")
    contact = site.call("c3")
    assert ("queue", "sales", "full") in [(step.kind, step.name, step.result) for step in contact.path]
    assert site.only(cmd.ReleaseLeg).next == "voicemail"
    site.ended("c2")
    assert site.call("c4").state is ContactState.QUEUED


def test_who_is_being_offered_still_fills_the_queue_and_who_talks_does_not() -> None:
    site = Site(with_queue(max_waiting=1, full=VOICEMAIL))
    leg = site.offered("c1")
    assert site.call("c2").queue == ""
    site.answered(leg)
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    site.bridged(leg, "c1")
    assert site.call("c3").state is ContactState.QUEUED


def test_nobody_logged_in_is_able() -> None:
    site = Site(with_queue(nobody=NUMBER))
    assert last(site.call("c1")) == ("number", "+49305550199", "")
    site.ask("bob", AgentState.NOT_READY)  # able at the second step
    assert site.call("c2").state is ContactState.QUEUED


def test_nobody_is_able_at_any_step_when_those_logged_in_lack_the_skill() -> None:
    site = Site(with_queue(nobody=NUMBER, steps=[{"skills": {"sales": 5}}]))
    site.ready("bob")
    assert site.call("c1").queue == ""
    site.ready("alice")
    assert site.call("c2").state is not ContactState.CREATED


def test_when_the_last_able_agent_logs_out_who_waits_takes_the_way_for_nobody() -> None:
    site = Site(with_queue(nobody=NUMBER))
    site.ask("alice", AgentState.NOT_READY)
    site.ask("bob", AgentState.NOT_READY)
    contact = site.call()
    site.ask("alice", AgentState.LOGGED_OUT)
    site.wait(1)
    assert contact.state is ContactState.QUEUED
    site.ask("bob", AgentState.LOGGED_OUT)
    assert site.wait(0) != []
    assert "contact.overflowed" in site.published()
    assert site.only(cmd.ReleaseLeg).next == "number"


def test_a_reload_that_takes_the_last_able_agent_away() -> None:
    spec = with_queue(nobody=NUMBER)
    site = Site(spec)
    site.ask("alice", AgentState.NOT_READY)
    contact = site.call()
    site.give(ev.ConfigLoaded(spec=changed("agents/alice/skills", {}, spec)))
    site.wait(0)
    assert contact.path[-1].kind == "number"


@pytest.mark.parametrize("kind", ["number", "voicemail"])
def test_a_contact_that_leaves_ctid_is_closed_when_the_dialplan_has_it(kind: str) -> None:
    site = Site(with_queue(nobody=DESTINATIONS[kind]))
    contact = site.call()
    assert contact.state is ContactState.CREATED
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"))
    assert site.record().outcome is Outcome.OVERFLOW
    assert site.engine.state.legs == {}
    assert site.ended() == []
    site.give(ev.RecordSaved(contact_id=contact.id))
    assert site.engine.state.contacts == {}
    assert site.engine.state.timers == {}


def test_a_contact_on_its_way_out_of_ctid_is_sent_there_again_after_a_crash() -> None:
    site = Site(with_queue(nobody=VOICEMAIL))
    site.call()
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.call()
    assert (site.only(cmd.ReleaseLeg).next, site.only(cmd.ReleaseLeg).target) == ("voicemail", "1001@default")


def test_a_caller_who_hangs_up_on_the_way_out_of_ctid() -> None:
    site = Site(with_queue(nobody=VOICEMAIL))
    site.call()
    site.ended()
    assert site.record().outcome is Outcome.OVERFLOW
    assert site.give(ev.AgiEnded(pbx="main", unique_id="c1")) == []


def test_overflow_by_length_on_entering() -> None:
    site = Site(with_queue(overflow=[{"waiting": 2, "to": VOICEMAIL}, {"waiting": 1, "to": {"queue": "support"}}]))
    assert site.call("c1").queue == "sales"
    assert site.call("c2").queue == "support"
    site.call("c3", dnis="103")
    assert site.contact(2).queue == "support"
    site.ended("c1")
    assert site.call("c4").queue == "sales"


def test_two_crowded_queues_that_point_at_each_other_keep_the_contact_in_the_end() -> None:
    spec = with_queue(overflow=[{"waiting": 1, "to": {"queue": "support"}}])
    spec["queues"]["support"]["overflow"] = [{"waiting": 1, "to": {"queue": "sales"}}]
    site = Site(spec)
    site.call("c1")
    site.call("c2", dnis="103")
    contact = site.call("c3")
    assert (contact.state, contact.queue) == (ContactState.QUEUED, "sales")
    assert [step.name for step in contact.path if step.kind == "queue"] == ["sales", "support", "sales"]


def test_closed_queues_that_point_at_each_other_lead_to_the_fallback() -> None:
    spec = closed_queue({"queue": "support"})
    spec["queues"]["support"] |= {"calendar": "office", "closed": {"queue": "sales"}}
    site = Site(spec)
    site.utc_ms += 12 * 3_600_000
    site.call()
    assert [note.code for note in site.all(cmd.Note)] == ["endless-journey"]
    assert site.only(cmd.ReleaseLeg).next == "fallback"
    assert site.record().outcome is Outcome.FAILED


def test_announcements_of_closed_queues_that_point_at_each_other_end() -> None:
    spec = closed_queue({"play": ["closed"], "queue": "support"})
    spec["queues"]["support"] |= {"calendar": "office", "closed": {"play": ["closed"], "queue": "sales"}}
    site = Site(spec)
    site.utc_ms += 12 * 3_600_000
    contact = site.call()
    for _ in range(MAX_STEPS):
        if contact.state is ContactState.CLOSED:
            break
        site.tick(5_000)
        site.played()
    assert site.only(cmd.ReleaseLeg).next == "fallback"


def test_waits_that_send_a_contact_round_for_ever_end_where_it_is() -> None:
    spec = with_queue(overflow=[{"wait_seconds": 1, "to": {"queue": "support"}}])
    spec["queues"]["support"]["overflow"] = [{"wait_seconds": 1, "to": {"queue": "sales"}}]
    site = Site(spec)
    contact = site.call()
    site.wait(1_000)
    assert contact.state is ContactState.QUEUED
    assert len(contact.path) == MAX_STEPS
    assert site.engine.state.timers.get(f"wait:{contact.id}") is None


def test_expansion_while_an_offer_is_out() -> None:
    """Timers fire between offers; a contact that is being offered is never sent on."""
    site = Site(with_queue(overflow=[{"wait_seconds": 10, "to": VOICEMAIL}], nobody=NUMBER))
    leg = site.offered()
    site.ask("bob", AgentState.NOT_READY)
    contact = site.contact()
    site.wait(12)
    assert contact.state is ContactState.OFFERED
    site.ended(leg, cause=21)
    assert contact.state is ContactState.QUEUED
    site.wait(0)
    assert site.only(cmd.ReleaseLeg).next == "voicemail"


def test_the_last_agent_is_logged_out_while_they_are_rung() -> None:
    site = Site(with_queue(nobody=NUMBER))
    leg = site.offered()
    site.ask("alice", AgentState.LOGGED_OUT)
    site.wait(1)
    assert site.contact().state is ContactState.OFFERED
    site.ended(leg, cause=21)
    site.wait(0)
    assert site.contact().path[-1].kind == "number"


def test_head_of_line_blocking() -> None:
    """Who may be served by nobody who is free does not hide those behind them."""
    site = Site(with_queue(steps=[{"skills": {"sales": 9}}]))
    site.call("c1", dnis="101")
    site.tick(1_000)
    site.call("c2", dnis="103")
    site.ready("bob")
    assert site.only(cmd.RingAgent).peer_unique_id == "c2"
