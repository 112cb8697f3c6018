"""The recorder: takes ended recordings in, beside the event loop, and tells the engine what became of each.

Whatever is told is done for good: the file lies in the vault and the database knows it. Until then the spool's files
and the engine's own state are kept, so that a daemon that dies in between begins again where it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

import structlog

from ctid.errors import NotFoundError, RecordingError, StoreError
from ctid.model.commands import RecordingCommand, StoreRecording
from ctid.model.events import Event, RecordingSettled, RecordingSpaceTold
from ctid.model.instant import Instant
from ctid.model.recording import Recording, StoredRecording
from ctid.recordings.intake import take_in
from ctid.recordings.ports import RecordingIndex
from ctid.recordings.spool import Spool
from ctid.recordings.vault import Vault
from ctid.telemetry.metrics import Metrics

REST_SECONDS: Final = 2.5
"""Asterisk writes at least every two seconds (32 kB of 16 bits at 8 kHz): what has not grown for longer is whole.

That is a precaution. The hang-up handler of the dialplan closes both files before the end of the channel is told.
"""

LOOK_SECONDS: Final = 5.0
"""How often free space is looked at."""

SWEEP_SECONDS: Final = 600.0
"""How often files of nobody and recordings that are too old are looked for."""

NOBODYS_SECONDS: Final = 3_600.0
"""A file that nobody knows and nobody has written to for so long belongs to no call any more."""

RETRY_SECONDS: Final = 2.0
RETRY_MAX_SECONDS: Final = 60.0
PURGE_BATCH: Final = 100
MOST_LEFT: Final = 1_000
"""So many that can't be deleted are no single files any more; the others are tried another time."""

THREADS: Final = 2

_FINAL: Final = ("missing", "empty", "unreadable")
"""Why a recording can't be taken in, however often it is tried."""

_P = ParamSpec("_P")
_T = TypeVar("_T")
_log = structlog.get_logger()


class Recorder:
    """The recordings of one site, in and out of the vault.

    Attributes:
        fault: Why nothing can be recorded now; empty if all is well.
    """

    def __init__(
        self,
        vault: Vault,
        spools: Mapping[str, Spool],
        index: RecordingIndex,
        emit: Callable[[Event], None],
        known: Callable[[], Collection[str]],
        metrics: Metrics,
        *,
        site: str,
        retention_days: int,
        rest_seconds: float = REST_SECONDS,
        nobodys_seconds: float = NOBODYS_SECONDS,
    ) -> None:
        """Take where recordings come from and go to.

        Args:
            vault: Where they lie.
            spools: By PBX.
            index: What is known of each.
            emit: Takes events.
            known: Ids of the recordings that the engine knows.
            metrics: Where to count.
            site: Whose they are.
            retention_days: How long they are kept where no policy says.
            rest_seconds: How long a file must not have grown.
            nobodys_seconds: How long nobody must have written to a file that nobody knows.
        """
        self.fault = ""
        self._vault = vault
        self._spools = spools
        self._index = index
        self._emit = emit
        self._known = known
        self._metrics = metrics
        self._site = site
        self._retention_days = retention_days
        self._rest_seconds = rest_seconds
        self._nobodys_seconds = nobodys_seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="recordings")
        self._waiting: list[RecordingCommand] = []
        self._under_way: set[str] = set()
        self._group: asyncio.TaskGroup | None = None
        self._opened = asyncio.Event()

    def put(self, command: RecordingCommand) -> None:
        """Have a recording taken in or deleted; what becomes of it comes as an event."""
        if self._group is None:
            self._waiting.append(command)
        else:
            self._begin(command)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            waiting, self._waiting = self._waiting, []
            for command in waiting:
                self._begin(command)
            group.create_task(self._watch_space(), name="recordings-space")
            group.create_task(self._sweep(), name="recordings-sweep")

    def close(self) -> None:
        """Give up the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def audio(self, recording: StoredRecording, start: int, end: int) -> AsyncIterator[bytes]:
        """Read a recording's WAV file from ``start`` until before ``end``.

        Raises:
            RecordingError: It cannot be read, or is not what was written.
        """
        pieces = self._vault.read(recording.file, start, end)
        try:
            while piece := await self._in_thread(next, pieces, b""):
                yield piece
        finally:
            pieces.close()

    async def remove(self, recording_id: str) -> StoredRecording:
        """Delete a recording: the file first, so that what is not listed any more is not there either.

        Raises:
            NotFoundError: There is none.
            RecordingError: The file cannot be deleted.
            StoreError: The database is away; the file is deleted, and asking again does the rest.
        """
        stored = await self._index.get(recording_id)
        if stored is None:
            raise NotFoundError("there is no such recording")
        await self._in_thread(self._vault.remove, stored.file)
        await self._index.remove(recording_id)
        return stored

    # ---- in ------------------------------------------------------------------------------------------------------

    def _begin(self, command: RecordingCommand) -> None:
        assert self._group is not None
        name = command.recording.id if isinstance(command, StoreRecording) else command.recording_id
        if name not in self._under_way:
            self._under_way.add(name)
            self._group.create_task(self._settle(command, name), name=f"recording-{name}")

    async def _settle(self, command: RecordingCommand, name: str) -> None:
        try:
            if isinstance(command, StoreRecording):
                event = await self._store(command.recording, command.site)
            else:
                event = await self._discard(name, command.pbx)
        except Exception:
            # The root of a task: a bug of ours costs this recording a retry at the next start, and nothing else.
            _log.exception("recording.broken", recording_id=name)
            return
        finally:
            self._under_way.discard(name)
        self._emit(event)

    async def _store(self, recording: Recording, site: str) -> RecordingSettled:
        spool = self._spools.get(recording.pbx)
        pause = RETRY_SECONDS
        while True:
            try:
                stored = await self._taken_in(recording, site, spool)
                await self._index.save(stored)
            except RecordingError as error:
                if error.reason in _FINAL:
                    is_none = recording.kind.is_message and error.reason == "empty"
                    self._metrics.recording("discarded" if is_none else "failed")
                    (_log.info if is_none else _log.error)(
                        "recording.failed", recording_id=recording.id, reason=error.reason, detail=error.detail
                    )
                    if spool is not None:
                        await self._in_thread(spool.remove, recording.id)
                    return RecordingSettled(recording_id=recording.id, failure=error.reason)
                _log.warning("recording.delayed", recording_id=recording.id, detail=error.detail)
            except StoreError as error:
                _log.warning("recording.delayed", recording_id=recording.id, detail=error.detail)
            else:
                if spool is not None:
                    await self._in_thread(spool.remove, recording.id)
                self._metrics.recording("stored")
                _log.info("recording.stored", recording_id=recording.id, bytes=stored.size)
                return RecordingSettled(recording_id=recording.id, stored=stored)
            await asyncio.sleep(pause)
            pause = min(RETRY_MAX_SECONDS, pause * 2)

    async def _taken_in(self, recording: Recording, site: str, spool: Spool | None) -> StoredRecording:
        if spool is not None:
            await self._at_rest(spool, recording.id)
            if not await self._in_thread(spool.folder.is_dir):
                raise RecordingError("the spool can't be reached", "away")
        if spool is None or max(await self._in_thread(spool.sizes, recording.id)) < 0:
            # A daemon before this one may have been killed between the last two steps.
            stored = await self._index.get(recording.id)
            if stored is None:
                # Who hangs up with the beep leaves no file.
                reason = "empty" if recording.kind.is_message else "missing"
                raise RecordingError("the PBX has written no file", reason)
            return stored
        return await self._in_thread(take_in, recording, site, spool, self._vault, self._retention_days)

    async def _discard(self, name: str, pbx: str) -> RecordingSettled:
        spool = self._spools.get(pbx)
        if spool is not None:
            await self._at_rest(spool, name)
            await self._in_thread(spool.remove, name)
        self._metrics.recording("discarded")
        return RecordingSettled(recording_id=name)

    async def _at_rest(self, spool: Spool, name: str) -> None:
        """Wait until nothing is written to the files any more."""
        sizes = await self._in_thread(spool.sizes, name)
        while True:
            await asyncio.sleep(self._rest_seconds)
            now = await self._in_thread(spool.sizes, name)
            if now == sizes:
                return
            sizes = now

    # ---- room, and what is left behind ---------------------------------------------------------------------------

    async def _watch_space(self) -> None:
        while True:
            fault = await self._in_thread(self._vault.room, *(spool.folder for spool in self._spools.values()))
            self._metrics.recording_fault.set(bool(fault))
            if fault != self.fault or not self._opened.is_set():
                (_log.error if fault else _log.info)("recording.space", fault=fault)
                self.fault = fault
                self._emit(RecordingSpaceTold(fault=fault))
                self._opened.set()
            await asyncio.sleep(LOOK_SECONDS)

    async def _sweep(self) -> None:
        while True:
            try:
                await self._find_nobodys()
                await self._purge()
            except (StoreError, RecordingError) as error:
                _log.warning("recording.sweep_failed", detail=error.detail)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _find_nobodys(self) -> None:
        """Take in files of which nobody knows, as those of a site whose journal was lost: nothing is lost silently."""
        for pbx, spool in self._spools.items():
            left = await self._in_thread(spool.left_behind, self._nobodys_seconds)
            for name, written in left.items():
                if name in self._known() or name in self._under_way:
                    continue
                _log.warning("recording.found", recording_id=name, pbx=pbx)
                samples = await self._in_thread(spool.samples, name)
                ended = Instant(0, round(written * 1_000))
                began = Instant(0, ended.utc_ms - samples // 8)
                found = Recording(
                    id=name,
                    contact_id="",
                    leg_id="",
                    pbx=pbx,
                    agent_id="",
                    queue="",
                    asked=True,
                    answered_at=began,
                    ended_at=ended,
                    result="found",
                )
                self.put(StoreRecording(site=self._site, recording=found))

    async def _purge(self) -> None:
        """Delete what is too old; what can't be deleted keeps nothing else from it, and is tried again next time."""
        left: set[str] = set()
        fault = ""
        while True:
            expired = await self._index.expired(round(time.time() * 1_000), PURGE_BATCH + len(left))
            due = [each for each in expired if each.id not in left]
            for each in due:
                try:
                    await self._in_thread(self._vault.remove, each.file)
                except RecordingError as error:
                    left.add(each.id)
                    fault = error.detail
                    continue
                await self._index.remove(each.id)
                self._metrics.recording("expired")
                _log.info("recording.expired", recording_id=each.id)
            if len(due) < PURGE_BATCH or len(left) >= MOST_LEFT:
                break
        if left:
            _log.error("recording.not_deleted", count=len(left), detail=fault)

    async def _in_thread(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
