"""Callers of the hours before who were in a flow: through it, out of it to somebody, or hung up somewhere in it."""

from __future__ import annotations

import time
from typing import Final

from ctid.model.history import PathStep
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import Outcome
from ctid.store.database import Database
from ctid.store.records import RecordStore
from sip_test_rig.site import RigSite

FLOW: Final = "bank"
_BEGIN: Final = ("hours", "welcome", "language", "main")
_BALANCE: Final = (*_BEGIN, "balance", "tell", "more")
_WAYS: Final = (
    ((*_BALANCE, "bye", "over"), "end"),
    ((*_BEGIN, "person", "english"), "queue"),
    ((*_BEGIN, "person", "anybody"), "queue"),
    (_BEGIN[:3], ""),
    ((*_BALANCE, "bye", "over"), "end"),
    (_BEGIN, ""),
    ((*_BEGIN, "balance", "sorry", "person", "english"), "queue"),
    (_BALANCE, ""),
)
_CALLERS: Final = 240
_EVERY_MS: Final = 60_000
_NODE_MS: Final = 4_000


async def add_past_of_the_bank(site: RigSite) -> None:
    """Lay a caller a minute of the last four hours into the store."""
    first = time.time_ns() // 1_000_000 - (_CALLERS + 30) * _EVERY_MS
    records = [_record(site.config["site"], number, first) for number in range(_CALLERS)]
    async with Database(f"sqlite:///{site.folder}/ctid.db") as database:
        await RecordStore(database).save_many(records)


def _record(site: str, number: int, first_ms: int) -> ContactRecord:
    nodes, end = _WAYS[number % len(_WAYS)]
    began = number * _EVERY_MS

    def at(step: int) -> Instant:
        later = began + step * _NODE_MS
        return Instant(later, first_ms + later)

    path = [PathStep(at=at(0), kind="flow", name=FLOW, result="1")]
    path += [PathStep(at=at(step), kind="node", name=f"{FLOW}/{node}") for step, node in enumerate(nodes)]
    over = at(len(nodes))
    if end == "end":
        path.append(PathStep(at=over, kind="end", name=FLOW, result="done"))
    elif end == "queue":
        path.append(PathStep(at=over, kind="left", name=f"{FLOW}/{nodes[-1]}", result="left"))
        path.append(PathStep(at=over, kind="queue", name="support"))
    return ContactRecord(
        contact_id=f"past-flow-{number:04}",
        site=site,
        channel="voice",
        ani="",
        dnis="+49305550199",
        entry="bank",
        customer=None,
        queue="",
        agent_id="",
        outcome=Outcome.HANDLED if end else Outcome.ABANDONED,
        disposition="",
        notes="",
        attributes={},
        path=path,
        spans=[],
        offers=[],
        visits=[],
        created_at=at(0),
        queued_at=None,
        connected_at=None,
        ended_at=over,
        closed_at=over,
        wait_ms=0,
        talk_ms=0,
        wrap_up_ms=0,
    )
