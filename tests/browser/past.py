"""The past: records of the hours before, laid into a site's store, so that pages have something to show of them."""

from __future__ import annotations

import time
from typing import Any, Final

from ctid.model.customer import Customer
from ctid.model.history import Visit
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import Outcome
from ctid.store.database import Database
from ctid.store.records import RecordStore
from sip_test_rig.site import RigSite

GRETA: Final = Customer(id="c-1001", name="Greta Lindqvist", tier="gold", language="en", attributes={})
HANNAH: Final = Customer(id="c-1007", name="Hannah Weiss", tier="silver", language="de", attributes={})
PAUL: Final = Customer(id="c-1003", name="Paul Novak", tier="", language="de", attributes={})
_CALLERS: Final = (
    (GRETA, "+493023125017", "sales", "alice"),
    (HANNAH, "+4917139200047", "support", "bob"),
    (None, "+493023125088", "support", "bob"),
    (PAUL, "+494066969128", "sales", "alice"),
    (None, "+4922147110204", "sales", "bob"),
    (None, "+442079460958", "sales", "alice"),
    (None, "+493023125042", "support", "bob"),
    (PAUL, "+494066969128", "support", "bob"),
)
_RESULTS: Final = (
    ("order", "Two lamps, delivery on Friday."),
    ("solved", "New cable, line holds."),
    ("follow-up", "Wants an offer for ten; call back on Monday."),
    ("order", "The blue one after all, same address."),
    ("solved", "Asked where the order is: with the carrier."),
)
_SITE: Final = "demo"
_HOURS: Final = 8
_EVERY_MS: Final = 4 * 60_000
_SERVICE_LEVEL_MS: Final = 20_000


async def add_past(site: RigSite) -> None:
    """Lay a call every four minutes of the last eight hours into the store; every seventh gave up."""
    now = time.time_ns() // 1_000_000
    first = now - _HOURS * 3_600_000
    moments = range(first, now - 30 * 60_000, _EVERY_MS)
    async with Database(f"sqlite:///{site.folder}/ctid.db") as database:
        await RecordStore(database).save_many([_record(number, at, first) for number, at in enumerate(moments)])


def _record(number: int, utc_ms: int, first_ms: int) -> ContactRecord:
    customer, ani, queue, agent_id = _CALLERS[number % len(_CALLERS)]
    disposition, notes = _RESULTS[number % len(_RESULTS)]
    given_up = number % 7 == 3
    wait_ms = 3_000 + number * 7_919 % 22_000
    talk_ms, wrap_up_ms = (0, 0) if given_up else (90_000 + number * 10_007 % 140_000, 12_000)

    def at(later_ms: int) -> Instant:
        return Instant(utc_ms - first_ms + later_ms, utc_ms + later_ms)

    ended = at(wait_ms + talk_ms)
    visit = Visit(
        queue=queue,
        at=at(0),
        result="abandoned" if given_up else "handled",
        wait_ms=wait_ms,
        within=not given_up and wait_ms <= _SERVICE_LEVEL_MS,
        handling_ms=talk_ms + wrap_up_ms,
    )
    served: dict[str, Any] = {"agent_id": agent_id, "disposition": disposition, "notes": notes}
    nobody: dict[str, Any] = {"agent_id": "", "disposition": "", "notes": ""}
    return ContactRecord(
        contact_id=f"past-{number:04}",
        site=_SITE,
        channel="voice",
        ani=ani,
        dnis="+49305550101",
        entry="sales-direct",
        customer=customer,
        queue=queue,
        outcome=Outcome.ABANDONED if given_up else Outcome.HANDLED,
        attributes={"topic": queue},
        path=[],
        spans=[],
        offers=[],
        visits=[visit],
        created_at=at(0),
        queued_at=at(0),
        connected_at=None if given_up else at(wait_ms),
        ended_at=ended,
        closed_at=at(wait_ms + talk_ms + wrap_up_ms),
        wait_ms=wait_ms,
        talk_ms=talk_ms,
        wrap_up_ms=wrap_up_ms,
        **(nobody if given_up else served),
    )
