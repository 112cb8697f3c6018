"""Records are written in their order, however often the database refuses, and each is acknowledged once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ctid.errors import StoreError
from ctid.model.events import Event, RecordSaved
from ctid.model.record import ContactRecord
from ctid.runtime import record_writer
from ctid.runtime.record_writer import RecordWriter
from sip_test_rig.eventually import eventually
from tests.store.sample_records import sample_record


class Database:
    """A database that refuses some times before it writes."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.written: list[str] = []

    async def save_many(self, records: Sequence[ContactRecord]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreError("the database is away")
        self.written.extend(each.contact_id for each in records)


async def test_a_database_that_is_away_delays_records_and_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_writer, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(record_writer, "BATCH", 2)
    database = Database(refusals=3)
    events: list[Event] = []
    writer = RecordWriter(database, events.append)
    running = asyncio.create_task(writer.run())
    records = [sample_record(number) for number in range(5)]
    ids = [each.contact_id for each in records]
    for each in records:
        writer.put(each)
    await eventually(lambda: bool(writer.fault), "the fault is told", every=0.001)
    await eventually(lambda: len(events) == len(ids), "all records are acknowledged")
    assert not writer.fault
    assert len(writer) == 0
    assert database.written == ids
    assert events == [RecordSaved(contact_id=contact_id) for contact_id in ids]
    running.cancel()
