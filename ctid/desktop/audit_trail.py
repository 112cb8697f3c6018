"""Writes the audit trail beside the requests: none waits for the database, and none is forgotten in silence."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections import deque
from typing import Final

import msgspec
import structlog

from ctid.desktop.identity.access_ports import Audit
from ctid.desktop.uninterrupted import uninterrupted
from ctid.errors import StoreError
from ctid.model.access import AuditEntry
from ctid.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

MOST_WAITING: Final = 20_000
_BATCH: Final = 500
_RETRY_SECONDS: Final = 1.0
_RETRY_MAX_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 5.0


class AuditTrail:
    """Entries on their way to the database.

    While the database is away they wait here, 20,000 at most. What finds no room, and what still waits when the daemon
    stops, goes to the log in full (``audit.unwritten``) and is counted.
    """

    def __init__(self, store: Audit, metrics: Metrics, most_waiting: int = MOST_WAITING) -> None:
        """Take where entries go."""
        self._store = store
        self._metrics = metrics
        self._most_waiting = most_waiting
        self._waiting: deque[AuditEntry] = deque()
        self._made = itertools.count()
        self._filled = asyncio.Event()
        self._fault = ""

    def record(
        self,
        *,
        subject: str,
        role: str,
        operation: str,
        target: str,
        status: int,
        code: str = "",
        command_id: str = "",
        session_id: str = "",
        address: str = "",
    ) -> None:
        """Have an entry written; never waits. See ``AuditEntry``."""
        at = time.time_ns() // 1_000_000
        entry = AuditEntry(
            # In order of what happened, also within a millisecond; by chance at the end, as there may be two daemons.
            id=f"{at:012x}{next(self._made) & 0xFFFF_FFFF:08x}{secrets.token_hex(6)}",
            at=at,
            subject=subject,
            role=role,
            operation=operation,
            target=target,
            status=status,
            code=code,
            command_id=command_id,
            session_id=session_id,
            address=address,
        )
        if len(self._waiting) >= self._most_waiting:
            self._to_log(entry)
            return
        self._waiting.append(entry)
        self._filled.set()

    async def run(self) -> None:
        """Write until cancelled."""
        pause = _RETRY_SECONDS
        while True:
            await self._filled.wait()
            try:
                # One that is cut off would be written once more by ``finish``.
                await uninterrupted(self._write())
            except StoreError as error:
                if not self._fault:
                    log.error("audit.write_failed", detail=error.detail, waiting=len(self._waiting))
                self._fault = error.detail
                await asyncio.sleep(pause)
                pause = min(_RETRY_MAX_SECONDS, pause * 2)
                continue
            self._fault, pause = "", _RETRY_SECONDS

    async def finish(self) -> None:
        """Write what waits, within 5 s; the rest goes to the log. To be called once ``run`` has ended."""
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                while self._waiting:
                    await self._write()
        while self._waiting:
            self._to_log(self._waiting.popleft())

    async def _write(self) -> None:
        batch = [self._waiting[index] for index in range(min(_BATCH, len(self._waiting)))]
        await self._store.save_many(batch)
        for _ in batch:
            self._waiting.popleft()
        self._metrics.audited("database", len(batch))
        if not self._waiting:
            self._filled.clear()

    def _to_log(self, entry: AuditEntry) -> None:
        self._metrics.audited("log", 1)
        log.error("audit.unwritten", **msgspec.to_builtins(entry))
