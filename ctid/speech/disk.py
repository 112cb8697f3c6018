"""Disk: work on files in threads of its own, waited for so long and no longer: a file system over a net may stall."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from ctid.errors import SpeechError

THREADS: Final = 8
"""So many pieces of work at once; those that stall keep their threads, and when none is left nothing more is begun."""

REST_SECONDS: Final = 30.0
"""How long after one stalled all others are refused at once; then one may try."""

_T = TypeVar("_T")
_log = structlog.get_logger()


class StalledError(SpeechError):
    """The disk does not answer: it says nothing of what was to be done there."""


@dataclass(eq=False, slots=True)
class _Work:
    """A piece of work.

    Attributes:
        do: It; blocks.
        done: What came of it.
        timer: Goes off when it is late.
        began: Whether it has a thread.
        late: Whether it was late, and is not over.
    """

    do: Callable[[], Any]
    done: asyncio.Future[Any]
    timer: asyncio.TimerHandle | None = None
    began: bool = False
    late: bool = False


class Disk:
    """What blocks on the files of one folder. Belongs to one event loop.

    No thread is waited for at the end of the process: who sends ctid home need not wait for a server that is away.
    """

    def __init__(self, folder: Path, seconds: float, *, threads: int = THREADS, rest_seconds: float = REST_SECONDS):
        """Take a folder.

        Args:
            folder: For the log.
            seconds: How long a piece of work is waited for.
            threads: So many pieces at once.
            rest_seconds: How long after one stalled all others are refused.
        """
        self._folder = folder
        self._seconds = seconds
        self._threads = threads
        self._rest_seconds = rest_seconds
        self._waiting: deque[_Work] = deque()
        self._busy = 0
        self._late = 0
        self._rests_until = 0.0
        self._is_away = False

    async def do(self, work: Callable[[], _T], seconds: float | None = None) -> _T:
        """Do a piece of work, and give what it returns or raises.

        Args:
            work: It; blocks. Who no longer waits for it does not end it.
            seconds: How long to wait if it may take long.

        Raises:
            StalledError: It did not end in time, or others have not.
        """
        now = asyncio.get_running_loop().time()
        if self._late >= self._threads or now < self._rests_until:
            raise StalledError(f"{self._folder} does not answer")
        if self._rests_until:
            # This one tries; the others hear what came of it.
            self._rests_until = now + self._rest_seconds
        result: _T = await self._begun(work, self._seconds if seconds is None else seconds)
        return result

    def soon(self, work: Callable[[], object]) -> None:
        """Have something done that nobody waits for, and that need not succeed."""
        self._begun(work, self._seconds).add_done_callback(lambda done: done.cancelled() or done.exception())

    # ---- private -------------------------------------------------------------------------------------------

    def _begun(self, work: Callable[[], Any], seconds: float) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        piece = _Work(work, loop.create_future())
        piece.timer = loop.call_later(seconds, self._overdue, piece)
        self._waiting.append(piece)
        self._next()
        return piece.done

    def _next(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._busy < self._threads:
            piece = self._waiting.popleft()
            if piece.done.done():
                continue
            piece.began = True
            self._busy += 1
            threading.Thread(target=self._run, args=(piece, loop), name="speech-disk", daemon=True).start()

    def _run(self, piece: _Work, loop: asyncio.AbstractEventLoop) -> None:
        result, error = None, None
        try:
            result = piece.do()
        except Exception as raised:
            error = raised
        with contextlib.suppress(RuntimeError):
            # The loop may be over by now.
            loop.call_soon_threadsafe(self._ended, piece, result, error)

    def _ended(self, piece: _Work, result: Any, error: Exception | None) -> None:
        if piece.timer is not None:
            piece.timer.cancel()
        self._busy -= 1
        self._late -= piece.late
        self._rests_until = 0.0
        if self._is_away and not self._late:
            self._is_away = False
            _log.info("speech.disk_back", folder=str(self._folder))
        if not piece.done.done():
            if error is None:
                piece.done.set_result(result)
            else:
                piece.done.set_exception(error)
        self._next()

    def _overdue(self, piece: _Work) -> None:
        if piece.began:
            piece.late = True
            self._late += 1
            self._rests_until = asyncio.get_running_loop().time() + self._rest_seconds
            if not self._is_away:
                self._is_away = True
                _log.error(
                    "speech.disk_stalled", folder=str(self._folder), detail="texts are left out until it answers"
                )
        if not piece.done.done():
            piece.done.set_exception(StalledError(f"{self._folder} does not answer"))
