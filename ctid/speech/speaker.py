"""The speaker: gives each text as a file that a PBX plays, and renders it first where nobody has before.

Whoever asks for the same text at the same time shares one rendering. What fails is not tried again for a while, so
that a voice that hangs costs one caller a wait and not everybody. Nothing here waits for a file on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import structlog

from ctid.errors import SpeechError
from ctid.model.speech import Speech
from ctid.spec.speech import SpeechSpec
from ctid.speech import engine, manifest
from ctid.speech.disk import Disk, StalledError
from ctid.speech.engine import EngineDownError
from ctid.speech.shelf import Shelf
from ctid.speech.sources import Source, Sources, without_recording
from ctid.speech.turns import Turns
from ctid.speech.wav import MAX_BYTES, to_telephone
from ctid.telemetry.metrics import Metrics

REST_SECONDS: Final = 30.0
"""How long what failed is left alone: a text, or a whole voice that is missing or hangs."""

PREPARE_AGAIN_SECONDS: Final = 60.0
"""How long after its failure what is known beforehand is tried again."""

PREPARE_AGAIN_MAX_SECONDS: Final = 1_800.0

MAX_TEXT: Final = 4_000
"""Characters; about what is said in five minutes."""

STOCK_SECONDS: Final = 300.0
"""How long it may take to look through all that is kept."""

_MAX_REMEMBERED: Final = 10_000
_T = TypeVar("_T")
_log = structlog.get_logger()


class Speaker:
    """The texts of one site as sound."""

    def __init__(
        self,
        spec: SpeechSpec,
        folders: Mapping[str, str],
        metrics: Metrics,
        *,
        rest_seconds: float = REST_SECONDS,
        again_seconds: float = PREPARE_AGAIN_SECONDS,
    ) -> None:
        """Take voices and folders.

        Args:
            spec: As configured.
            folders: PBX to ``spec.folder`` as it sees it.
            metrics: Where to count.
            rest_seconds: How long what failed is left alone.
            again_seconds: How long after its failure what is known beforehand is tried again.
        """
        self._spec = spec
        self._folders = folders
        self._metrics = metrics
        self._rest_seconds = rest_seconds
        self._again_seconds = again_seconds
        self._sources = Sources(spec)
        self._shelf = Shelf(spec.folder, spec.max_mb * 1_000_000)
        # Half of the time is for the engine itself.
        self._turns = Turns(spec.parallel, spec.seconds / 2)
        self._under_way: dict[str, asyncio.Task[str]] = {}
        self._resting: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._known: dict[Speech, None] = {}
        self._asked = asyncio.Event()
        self._disk = Disk(spec.folder, spec.seconds)
        # If only this one stalls, there is half of the time left for the voice.
        self._recordings = Disk(spec.recorded or spec.folder, spec.seconds / 2)
        self._threads = ThreadPoolExecutor(spec.parallel + 1, thread_name_prefix="speech")

    async def file(self, pbx: str, speech: Speech) -> str:
        """Give the file with a text's sound as a PBX sees it, without extension.

        Raises:
            SpeechError: The PBX sees no such folder, or the text can't be rendered now.
        """
        folder = self._folders.get(pbx)
        if folder is None:
            raise SpeechError("this PBX has no folder for speech; pbxes.<name>.speech gives one")
        try:
            async with asyncio.timeout(self._spec.seconds):
                return f"{folder}/{await self._rendered(speech, urgent=True)}"
        except TimeoutError:
            # It is rendered nevertheless, for the next who asks.
            raise SpeechError(f"the sound was not there within {self._spec.seconds:g} s") from None

    def prepare(self, speeches: Iterable[Speech]) -> None:
        """Have what is known beforehand rendered in the background, and kept; replaces what was known before."""
        self._known = dict.fromkeys(speeches)
        self._asked.set()

    async def run(self) -> None:
        """Prepare what is asked for, until cancelled; what fails is tried again later."""
        try:
            self._shelf.take_stock(await self._disk.do(self._shelf.found, STOCK_SECONDS))
        except (OSError, SpeechError) as error:
            _log.error("speech.folder_unusable", folder=str(self._spec.folder), detail=_why(error))
        wait_s: float | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._asked.wait()
                    wait_s = None
            self._asked.clear()
            if await self._prepare(list(self._known)):
                wait_s = None
            else:
                wait_s = self._again_seconds if wait_s is None else min(2 * wait_s, PREPARE_AGAIN_MAX_SECONDS)

    def close(self) -> None:
        """Give up what is under way."""
        for task in self._under_way.values():
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    # ---- private -------------------------------------------------------------------------------------------

    async def _prepare(self, speeches: list[Speech]) -> bool:
        """Render what is not there yet, one after another; whether all of it could be."""
        began, failed, why = time.monotonic(), 0, ""
        names: set[str] = set()
        await self._list(speeches)
        for speech in speeches:
            if self._asked.is_set():
                # Other texts are known by now: begin again with those.
                return True
            try:
                names.add(await self._rendered(speech, urgent=False))
            except SpeechError as error:
                failed, why = failed + 1, error.detail
        self._shelf.stay(names)
        if failed:
            _log.warning("speech.unprepared", texts=len(speeches), failed=failed, detail=why)
        elif speeches:
            _log.info("speech.prepared", texts=len(speeches), seconds=round(time.monotonic() - began, 1))
        return not failed

    async def _list(self, speeches: list[Speech]) -> None:
        folder = self._spec.recorded
        if folder is not None:
            try:
                await self._recordings.do(lambda: manifest.write(folder, speeches, self._sources.voice))
            except (OSError, SpeechError) as error:
                _log.warning("speech.list_not_written", folder=str(folder), detail=_why(error))

    async def _rendered(self, speech: Speech, *, urgent: bool) -> str:
        """The name of a text's file, which is there then."""
        source = await self._recorded(self._sources.of(speech))
        if source.recorded is not None and self._rests(source.name):
            source = without_recording(source)
        if await self._is_there(source.name):
            if urgent:
                self._metrics.spoken(source.language, "kept")
            return source.name
        self._refuse_resting(source, speech)
        task = self._under_way.get(source.name)
        if task is None:
            task = asyncio.create_task(self._make(source, urgent=urgent), name="speech")
            self._under_way[source.name] = task
            task.add_done_callback(lambda done: self._made(source, done, urgent=urgent))
        # Whoever hangs up must not take it from the others who wait, nor from those who come later.
        return await asyncio.shield(task)

    async def _recorded(self, source: Source) -> Source:
        """The recording of a text if there is one and its disk answers, else the engine."""
        if self._spec.recorded is None:
            return source
        try:
            return await self._recordings.do(lambda: self._sources.recording(source))
        except StalledError:
            return source

    async def _is_there(self, name: str) -> bool:
        self._shelf.use(name)
        return self._shelf.seen(name, await self._disk.do(lambda: self._shelf.look(name)))

    def _made(self, source: Source, task: asyncio.Task[str], *, urgent: bool) -> None:
        del self._under_way[source.name]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        self._metrics.spoken(source.language, "failed")
        if isinstance(error, SpeechError):
            if not isinstance(error, EngineDownError | StalledError):
                self._rest(source.name, error.detail)
            # Of what is only prepared, the sum is told.
            log = _log.warning if urgent else _log.debug
            log("speech.failed", language=source.language, name=source.name, detail=error.detail)
        else:
            _log.error("speech.broken", language=source.language, exc_info=error)

    def _refuse_resting(self, source: Source, speech: Speech) -> None:
        if len(speech.text) > MAX_TEXT:
            raise SpeechError(f"a text that is spoken has {MAX_TEXT} characters at most")
        if not speech.text.strip():
            raise SpeechError("there is nothing to say")
        if why := self._rests(source.name) or (source.recorded is None and self._rests(source.language)):
            raise SpeechError(why)

    def _rests(self, what: str) -> str:
        """Why a text or a voice is left alone now; empty if it is not."""
        until, why = self._resting.get(what, (0.0, ""))
        return why if until > time.monotonic() else ""

    def _rest(self, what: str, why: str) -> None:
        self._resting[what] = (time.monotonic() + self._rest_seconds, why)
        self._resting.move_to_end(what)
        while len(self._resting) > _MAX_REMEMBERED:
            self._resting.popitem(last=False)

    async def _make(self, source: Source, *, urgent: bool) -> str:
        try:
            if source.recorded is not None:
                try:
                    return await self._taken_in(source, source.recorded)
                except SpeechError as error:
                    self._rest(source.name, error.detail)
                    _log.warning("speech.recording_unusable", file=str(source.recorded), detail=error.detail)
                source = without_recording(source)
                if await self._is_there(source.name):
                    return source.name
            if not urgent:
                return await self._by_engine(source)
            async with self._turns:
                # Who had to wait for a turn may have learned meanwhile that the voice hangs.
                if why := self._rests(source.language):
                    raise SpeechError(why)
                return await self._by_engine(source)
        except OSError as error:
            raise SpeechError(f"the file can't be written: {error.strerror}") from error

    async def _taken_in(self, source: Source, recording: Path) -> str:
        recorded = await self._recordings.do(lambda: _content(recording))
        data = await self._in_thread(lambda: to_telephone(recorded))
        await self._put(source.name, data)
        self._metrics.spoken(source.language, "recorded")
        return source.name

    async def _by_engine(self, source: Source) -> str:
        began = time.monotonic()
        draft = await self._disk.do(lambda: self._shelf.draft(source.name))
        try:
            await engine.run(source.command, source.text, draft, self._spec.seconds)
            written = await self._disk.do(lambda: _taken(draft))
        except SpeechError as error:
            if isinstance(error, EngineDownError):
                # Before the turn is passed on: whoever is next must know.
                self._rest(source.language, error.detail)
            with contextlib.suppress(OSError, SpeechError):
                await self._disk.do(lambda: draft.unlink(missing_ok=True))
            raise
        except asyncio.CancelledError:
            self._disk.soon(lambda: draft.unlink(missing_ok=True))
            raise
        data = await self._in_thread(lambda: to_telephone(written))
        await self._put(source.name, data)
        self._metrics.spoken(source.language, "rendered")
        self._metrics.speech_render.labels(language=source.language).observe(time.monotonic() - began)
        return source.name

    async def _put(self, name: str, data: bytes) -> None:
        await self._disk.do(lambda: self._shelf.put(name, data))
        if leaving := self._shelf.keep(name, len(data)):
            self._disk.soon(lambda: self._shelf.clear(leaving))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _why(error: OSError | SpeechError) -> str:
    return error.detail if isinstance(error, SpeechError) else str(error.strerror)


def _taken(draft: Path) -> bytes:
    """What is in a draft, which is gone then: there may be no room for both."""
    try:
        return _content(draft)
    finally:
        draft.unlink(missing_ok=True)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SpeechError(f"the sound can't be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise SpeechError(f"the sound has more than {MAX_BYTES} bytes")
    if not data:
        raise SpeechError("nothing was written")
    return data
