"""The day's numbers of queues and agents: what counts, for which day, and that it survives a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ctid.engine.engine import Engine
from ctid.engine.shown.desk_view import agent_day_view
from ctid.engine.shown.views import queue_view
from ctid.model import events as ev
from ctid.model.history import Visit
from ctid.model.instant import Instant
from ctid.model.states import AgentState
from tests.unit.site import SPEC, Site, changed

pytestmark = pytest.mark.unit

NUMBERS = ("offered", "handled", "abandoned", "short_abandoned", "overflowed", "failed", "callbacks")


def numbers(site: Site, name: str = "sales") -> dict[str, Any]:
    view: dict[str, Any] = queue_view(site.engine.state, site.engine.site, name, site.now, site.engine.floor)["today"]
    return view


def counts(site: Site, name: str = "sales") -> dict[str, int]:
    """What is not zero."""
    view = numbers(site, name)
    return {each: view[each] for each in NUMBERS if view[each]}


def day(site: Site, agent_id: str = "alice") -> dict[str, Any]:
    return agent_day_view(site.engine.state, site.agent(agent_id), site.now)


def at(site: Site, text: str) -> None:
    """Set the wall clock, and let nothing happen."""
    site.utc_ms = int(datetime.fromisoformat(text).timestamp() * 1000)


# ---- queues ---------------------------------------------------------------------------------------------------


def test_a_contact_that_is_served_counts_as_handled_with_its_wait_and_its_handling() -> None:
    site = Site()
    site.call("c1")
    assert counts(site) == {"offered": 1}
    assert numbers(site)["service_level"] is None
    site.tick(8_000)
    site.ready("bob", "alice")
    leg = site.offer().leg_id
    site.answered(leg)
    site.tick(2_000)
    site.bridged(leg, "c1")
    view = numbers(site)
    assert (view["handled"], view["mean_wait_ms"], view["service_level"]) == (1, 10_002, 1.0)
    assert view["mean_handling_ms"] is None
    site.tick(60_000)
    site.ended(leg)
    site.back()
    site.ended("c1")
    site.wait(20)
    assert numbers(site)["mean_handling_ms"] == 80_000
    assert site.record().visits == [
        Visit(
            queue="sales",
            at=site.record().visits[0].at,
            result="handled",
            wait_ms=10_002,
            within=True,
            handling_ms=80_000,
            finished=True,
        )
    ]


@pytest.mark.parametrize(("waited_ms", "level"), [(20_000, 1.0), (20_001, 0.0)])
def test_service_level_is_met_to_the_millisecond(waited_ms: int, level: float) -> None:
    site = Site(changed("queues/sales/service_level_seconds", 20))
    leg = site.offered()
    site.tick(waited_ms)
    site.answered(leg)
    site.bridged(leg, "c1")
    assert numbers(site)["service_level"] == level


def test_short_abandons_are_no_part_of_the_service_level_and_late_ones_are() -> None:
    site = Site()
    site.call("c1")
    site.tick(4_999)
    site.ended("c1")
    assert counts(site) == {"offered": 1, "short_abandoned": 1}
    assert numbers(site)["service_level"] is None
    site.call("c2", ani="+4930555012")
    site.tick(5_000)
    site.ended("c2")
    assert counts(site) == {"offered": 2, "short_abandoned": 1, "abandoned": 1}
    assert numbers(site)["service_level"] == 0.0


def test_a_contact_that_is_sent_on_or_moved_is_offered_to_both_queues() -> None:
    spec = changed("queues/sales/overflow", [{"wait_seconds": 30, "to": {"queue": "support"}}])
    site = Site(spec)
    contact = site.call("c1")
    site.wait(30)
    assert contact.queue == "support"
    assert (counts(site), counts(site, "support")) == ({"offered": 1, "overflowed": 1}, {"offered": 1})
    site.request(ev.RoutingSet, contact_id=contact.id, queue="sales")
    assert counts(site, "support") == {"offered": 1, "overflowed": 1}
    assert counts(site) == {"offered": 2, "overflowed": 1}


def test_a_contact_that_is_sent_on_finishes_its_first_service_once() -> None:
    site = Site()
    leg = site.connected()
    site.tick(30_000)
    site.request(ev.TransferRequested, contact_id=site.contact().id, number="+4930555000")
    site.tick(10_000)
    site.unbridged("c1")
    site.give(ev.CallSentOn(pbx="main", unique_id="c1", extension="", arrived=True))
    site.give(ev.AgiEnded(pbx="main", unique_id="c1"), ev.LegBridged(pbx="main", unique_id="c1", bridge_id="out"))
    site.ended(leg)
    site.wait(20)
    assert not [each for each in site.engine.state.contacts.values() if each.state != "closed"]
    view = numbers(site)
    assert (view["handled"], view["mean_handling_ms"]) == (1, 30_000)


def test_a_lost_pbx_has_its_waiting_contacts_fail() -> None:
    site = Site()
    site.call("c1")
    site.give(ev.PbxLost(pbx="main", reason="closed"))
    site.wait(60)
    assert counts(site) == {"offered": 1, "failed": 1}
    assert numbers(site)["service_level"] == 0.0


def test_who_is_called_back_waits_for_nothing() -> None:
    spec = changed("queues/sales/callback", {"dial": "PJSIP/{number}@carrier", "expire_seconds": 600})
    spec = changed("queues/sales/overflow", [{"wait_seconds": 30, "to": {"callback": "sales"}}], spec)
    site = Site(spec)
    contact = site.call("c1")
    site.wait(30)
    assert contact.callback is not None
    # The rule led out of the queue and into it again at once: it never left.
    assert counts(site) == {"offered": 1, "callbacks": 1}
    site.ended("c1")
    site.wait(700)
    assert counts(site) == {"offered": 1, "callbacks": 1}
    view = numbers(site)
    assert (view["service_level"], view["mean_wait_ms"]) == (None, None)


def test_a_task_that_is_given_back_is_offered_again() -> None:
    spec = changed("agents/alice/capacity", {"voice": 1, "chat": 2})
    site = Site(spec)
    site.ready("alice")
    site.request(ev.ContactSubmitted, channel="chat", queue="sales")
    site.request(ev.OfferAccepted, agent_id="alice", offer_id=site.offer().id)
    assert (counts(site), day(site)["contacts"]) == ({"offered": 1, "handled": 1}, 1)
    site.ask("alice", AgentState.LOGGED_OUT)
    assert counts(site) == {"offered": 2, "handled": 1}


# ---- midnight -------------------------------------------------------------------------------------------------


def test_at_local_midnight_all_begins_anew_and_what_entered_before_counts_no_more() -> None:
    site = Site(changed("timezone", "Europe/Berlin"))
    at(site, "2026-11-18T23:59:50+01:00")
    site.call("c1")
    site.tick(9_999)
    assert counts(site) == {"offered": 1}
    site.tick(1)
    # Nothing has come in since: the view knows all the same.
    assert counts(site) == {}
    site.ended("c1")
    assert counts(site) == {}
    site.call("c2", ani="+4930555012")
    assert counts(site) == {"offered": 1}


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23),
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25),
        ("2026-11-18T00:00:00+01:00", "2026-11-19T00:00:00+01:00", 24),
    ],
)
def test_a_day_is_as_long_as_its_zone_has_it(begins: str, ends: str, hours: int) -> None:
    site = Site(changed("timezone", "Europe/Berlin"))
    at(site, begins)
    site.call("c1")
    today = site.engine.state.today
    assert today.until_utc_ms - today.since_utc_ms == hours * 3_600_000
    site.utc_ms = int(datetime.fromisoformat(ends).timestamp() * 1000) - 1
    assert counts(site) == {"offered": 1}
    site.utc_ms += 1
    assert counts(site) == {}


@pytest.mark.parametrize(
    ("zone", "moment", "since"),
    [
        # There is no midnight: clocks go from 24:00 to 01:00.
        ("Asia/Beirut", "2026-03-29T12:00:00+03:00", "2026-03-28T22:00:00+00:00"),
        # Midnight comes twice: clocks go back from 01:00 to 00:00.
        ("America/Havana", "2026-11-01T12:00:00-05:00", "2026-11-01T04:00:00+00:00"),
    ],
)
def test_a_midnight_that_is_left_out_or_comes_twice_begins_one_day(zone: str, moment: str, since: str) -> None:
    site = Site(changed("timezone", zone))
    at(site, moment)
    site.give(ev.DrainStarted())
    began = datetime.fromtimestamp(site.engine.state.today.since_utc_ms / 1000, UTC)
    assert began.isoformat() == since


def test_a_clock_that_steps_back_over_midnight_begins_no_day_anew() -> None:
    site = Site()
    at(site, "2026-11-19T00:00:01+00:00")
    site.call("c1")
    site.utc_ms -= 5_000
    site.call("c2", ani="+4930555012")
    assert counts(site) == {"offered": 2}


def test_a_clock_that_was_far_ahead_and_is_set_right_has_its_day() -> None:
    site = Site()
    at(site, "2027-06-01T12:00:00+00:00")
    site.call("c1")
    at(site, "2026-11-18T12:00:00+00:00")
    site.call("c2", ani="+4930555012")
    assert counts(site) == {"offered": 1}
    assert day(site)["since"] == "2026-11-18T00:00:00.000Z"


def test_another_zone_keeps_what_was_counted() -> None:
    site = Site()
    site.call("c1")
    site.give(ev.ConfigLoaded(spec=changed("timezone", "Asia/Shanghai")))
    today = site.engine.state.today
    assert counts(site) == {"offered": 1}
    assert datetime.fromtimestamp(today.until_utc_ms / 1000, UTC).isoformat() == "2026-11-18T16:00:00+00:00"


# ---- agents ---------------------------------------------------------------------------------------------------


def test_an_agents_day_adds_up() -> None:
    site = Site()
    site.ask("alice", AgentState.NOT_READY)
    site.tick(5_000)
    site.ask("alice", AgentState.NOT_READY, reason="break")
    site.tick(60_000)
    site.ask("alice", AgentState.READY)
    site.tick(30_000)
    site.call("c1")
    leg = site.offer().leg_id
    site.tick(4_000)
    site.answered(leg)
    site.bridged(leg, "c1")
    site.tick(20_000)
    site.give(ev.LegHeld(pbx="main", unique_id=leg))
    site.tick(7_000)
    assert (day(site)["talk_ms"], day(site)["hold_ms"]) == (20_000, 7_000)
    site.give(ev.LegRetrieved(pbx="main", unique_id=leg))
    site.tick(3_000)
    site.ended(leg)
    site.back()
    site.tick(2_000)
    assert day(site) == {
        "since": "2026-11-18T00:00:00.000Z",
        "contacts": 1,
        "own_calls": 0,
        "missed": 0,
        "talk_ms": 23_000,
        "own_call_ms": 0,
        "hold_ms": 7_000,
        "wrap_up_ms": 2_000,
        "ready_ms": 30_000,
        "reserved_ms": 4_000,
        "not_ready_ms": 65_000,
        "by_reason": {"logged-in": 5_000, "break": 60_000},
    }


def test_a_caller_who_leaves_while_on_hold_ends_the_hold_with_the_talk() -> None:
    site = Site()
    leg = site.connected()
    site.give(ev.LegHeld(pbx="main", unique_id=leg))
    site.tick(9_000)
    site.ended("c1")
    site.tick(1_000)
    site.ended(leg)
    assert (day(site)["hold_ms"], day(site)["talk_ms"], day(site)["wrap_up_ms"]) == (9_000, 0, 1_000)


def test_a_missed_offer_is_counted_and_a_rejected_one_is_not() -> None:
    site = Site()
    site.offered()
    site.wait(15)
    assert day(site)["missed"] == 1
    site = Site()
    site.offered()
    site.request(ev.OfferRejected, agent_id="alice", offer_id=site.offer().id)
    assert day(site)["missed"] == 0


def test_a_state_that_began_yesterday_counts_from_midnight() -> None:
    site = Site()
    at(site, "2026-11-18T23:00:00+00:00")
    site.ask("alice", AgentState.NOT_READY, reason="break")
    at(site, "2026-11-19T00:30:00+00:00")
    site.mono_ms += 5_400_000
    assert day(site)["by_reason"] == {"break": 1_800_000}
    site.ask("alice", AgentState.READY)
    site.tick(1_000)
    assert (day(site)["by_reason"], day(site)["ready_ms"]) == ({"break": 1_800_000}, 1_000)


def test_who_is_logged_out_has_no_time() -> None:
    site = Site()
    site.tick(60_000)
    assert {name: value for name, value in day(site).items() if value} == {"since": "2026-11-18T00:00:00.000Z"}


def test_the_day_survives_a_restart_and_a_reload() -> None:
    site = Site()
    site.connected()
    site.tick(5_000)
    before = (numbers(site), day(site))
    site.engine = Engine.restore(site.engine.snapshot())
    assert (numbers(site), day(site)) == before
    site.give(ev.SiteStarted(site="demo", epoch="e2", release="0"))
    site.give(ev.ConfigLoaded(spec=SPEC))
    assert (numbers(site), day(site)) == before


def test_a_view_changes_nothing() -> None:
    site = Site()
    site.ready("alice")
    before = site.engine.snapshot()
    late = Instant(site.mono_ms + 10**9, site.utc_ms + 10**9)
    agent_day_view(site.engine.state, site.agent(), late)
    queue_view(site.engine.state, site.engine.site, "sales", late, site.engine.floor)
    assert site.engine.snapshot() == before
