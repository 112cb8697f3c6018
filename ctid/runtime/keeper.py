"""The journal's keeper: writes inputs at once, what takes longer in a thread, and brings the engine back after a stop.

An append hands some hundred bytes to the kernel, in less time than it takes to wake a thread, which in a busy daemon
would also wait for the interpreter. What may wait for the disk, checkpoints and snapshots, is left to threads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from ctid import __version__
from ctid.engine.engine import Engine
from ctid.errors import JournalError
from ctid.model.commands import Command
from ctid.model.instant import Instant
from ctid.runtime.inbox import Input
from ctid.runtime.step import step
from ctid.spec.daemon import JournalSpec
from ctid.store.codec import decode_event
from ctid.store.journal import Entry, Journal
from ctid.telemetry.metrics import Metrics

RETRY_SECONDS = 1.0

CHECKPOINT_INPUTS = 2_000
"""A checkpoint is begun after so many inputs: some ten megabytes of the write-ahead log."""

TRIM_AT_ONCE = 1_000
"""Inputs deleted between two batches; more than come in with one, and some milliseconds' work."""

_log = structlog.get_logger()


class Keeper:
    """Writes inputs before they count, and takes snapshots.

    While the disk refuses, inputs wait: nothing has an effect that is not written. ``/readyz`` tells, and callers
    go on hearing what they hear.

    Attributes:
        fault: Why the last write failed; empty while all is well.
        seq: The last input written.
    """

    def __init__(self, journal: Journal, spec: JournalSpec, metrics: Metrics) -> None:
        self._journal = journal
        self._spec = spec
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._since_snapshot = 0
        self._since_checkpoint = 0
        self._checkpoint: asyncio.Future[None] | None = None
        self._trimming = False
        self._outcomes: list[tuple[int, bytes]] = []
        self.fault = ""
        self.seq = journal.last_seq

    @classmethod
    def open(cls, spec: JournalSpec, site: str, metrics: Metrics) -> Keeper:
        """Own the site's journal.

        Raises:
            JournalError: It cannot be had.
        """
        try:
            spec.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{spec.path.parent}: {error.strerror}") from error
        return cls(Journal.open(spec.path, site=site, release=__version__, full_sync=spec.full_sync), spec, metrics)

    def recover(self, on_commands: Callable[[list[Command]], None]) -> tuple[Engine, Instant | None]:
        """Bring back the engine: the newest snapshot, and every input since.

        Args:
            on_commands: Is given what the inputs since the snapshot led to; it was done, or will be made good by
                reconciliation, and is given for the published stream's sake.

        Returns:
            The engine, and the last moment it knows of.
        """
        snapshot = self._journal.latest_snapshot()
        engine = Engine() if snapshot is None else Engine.restore(snapshot.state)
        last = None if snapshot is None else snapshot.at
        for entry in self._journal.entries(after_seq=0 if snapshot is None else snapshot.seq):
            on_commands(step(engine, entry.seq, decode_event(entry.event), entry.at))
            last = entry.at
            self._since_snapshot += 1
        return engine, last

    async def write(self, inputs: Sequence[Input], at: Instant) -> int:
        """Write inputs, however long the disk refuses.

        Returns:
            The place of the first of them.
        """
        first = self.seq + 1
        entries = [Entry(first + index, at, each.written) for index, each in enumerate(inputs)]
        outcomes, self._outcomes = self._outcomes, []
        loop = asyncio.get_running_loop()
        while True:
            began = time.perf_counter()
            try:
                if self._spec.full_sync:
                    # Waiting for the disk is what was asked for; the loop need not stand still for it.
                    await loop.run_in_executor(self._thread, self._journal.append, entries, outcomes)
                else:
                    self._journal.append(entries, outcomes)
                break
            except JournalError as error:
                if not self.fault:
                    _log.error("journal.refused", detail=error.detail)
                self.fault = error.detail
                await asyncio.sleep(RETRY_SECONDS)
        if self.fault:
            _log.info("journal.recovered")
            self.fault = ""
        self._metrics.journal_append.observe(time.perf_counter() - began)
        self.seq = entries[-1].seq
        self._since_snapshot += len(entries)
        self._since_checkpoint += len(entries)
        if self._since_checkpoint >= CHECKPOINT_INPUTS and (self._checkpoint is None or self._checkpoint.done()):
            self._since_checkpoint = 0
            # Not in the thread of the snapshots, which would wait for it, and inputs for them.
            self._checkpoint = loop.run_in_executor(None, self._check_point)
        return first

    def note_outcome(self, seq: int, digest: bytes) -> None:
        """Keep what an input led to, to be written with the next inputs."""
        self._outcomes.append((seq, digest))

    async def tidy(self, engine: Engine, at: Instant) -> None:
        """Take a snapshot when enough inputs came since the last, so that recovery stays short; then trim by and by."""
        if self._since_snapshot >= self._spec.snapshot_events:
            await self.snapshot(engine, at)
        elif self._trimming:
            await self._trim()

    async def snapshot(self, engine: Engine, at: Instant) -> None:
        """Take a snapshot now; when the disk refuses, the journal serves as before."""
        self._since_snapshot = 0
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._journal.write_snapshot, self.seq, at, engine.snapshot())
            self._trimming = True
        except JournalError as error:
            _log.error("journal.snapshot_refused", detail=error.detail)

    async def _trim(self) -> None:
        """Delete some inputs that nobody needs; a few at a time, as each batch waits for it."""
        loop = asyncio.get_running_loop()
        trim = partial(self._journal.trim, self._spec.keep_events, at_most=TRIM_AT_ONCE)
        try:
            self._trimming = await loop.run_in_executor(self._thread, trim) > 0
        except JournalError as error:
            self._trimming = False
            _log.error("journal.trim_refused", detail=error.detail)

    def _check_point(self) -> None:
        try:
            self._journal.checkpoint()
        except JournalError as error:
            _log.error("journal.checkpoint_refused", detail=error.detail)

    async def close(self) -> None:
        """Write what is left and give the journal up."""
        loop = asyncio.get_running_loop()
        if self._checkpoint is not None:
            await self._checkpoint
        try:
            await loop.run_in_executor(self._thread, self._journal.append, [], self._outcomes)
        except JournalError as error:
            _log.error("journal.refused", detail=error.detail)
        await loop.run_in_executor(self._thread, self._journal.close)
        self._thread.shutdown()
