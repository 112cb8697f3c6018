"""Writes call-tracking records; a database that is away delays them, and loses none."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from ctid.errors import StoreError
from ctid.model.events import Event, RecordSaved
from ctid.model.record import ContactRecord

BATCH = 200
RETRY_SECONDS = 1.0
RETRY_MAX_SECONDS = 30.0

_log = structlog.get_logger()


class RecordSink(Protocol):
    """Where records go."""

    async def save_many(self, records: Sequence[ContactRecord]) -> None:
        """Write records; one that is there already is replaced.

        Raises:
            StoreError: The database refuses or is away.
        """


class RecordWriter:
    """Saves closed contacts and says so to the engine, which keeps each until then, also over a restart.

    Attributes:
        fault: Why the last write failed; empty while all is well.
    """

    def __init__(self, sink: RecordSink, emit: Callable[[Event], None]) -> None:
        self._sink = sink
        self._emit = emit
        self._waiting: deque[ContactRecord] = deque()
        self._filled = asyncio.Event()
        self.fault = ""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, record: ContactRecord) -> None:
        """Have a record written. What waits here is bounded by the contacts the engine keeps."""
        self._waiting.append(record)
        self._filled.set()

    async def run(self) -> None:
        """Write until cancelled."""
        pause = RETRY_SECONDS
        while True:
            await self._filled.wait()
            batch = [self._waiting[index] for index in range(min(BATCH, len(self._waiting)))]
            try:
                await self._sink.save_many(batch)
            except StoreError as error:
                if not self.fault:
                    _log.error("record.save_failed", detail=error.detail, waiting=len(self._waiting))
                self.fault = error.detail
                await asyncio.sleep(pause)
                pause = min(RETRY_MAX_SECONDS, pause * 2)
                continue
            self.fault, pause = "", RETRY_SECONDS
            for record in batch:
                self._waiting.popleft()
                self._emit(RecordSaved(contact_id=record.contact_id))
            if not self._waiting:
                self._filled.clear()
