"""Turns: so many at once; who can still be served in time goes before those whom nobody waits for any more."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Final

from ctid.errors import SpeechError

MAX_LATE: Final = 1_000
"""Of those whose time is over, so many are kept for when there is less to do."""


class Turns:
    """A semaphore that does not let a crowd make everybody late who comes after it; an async context manager."""

    def __init__(self, count: int, seconds: float) -> None:
        """Make one with all turns free.

        Args:
            count: So many at once.
            seconds: How long who waits for a turn goes before others.
        """
        self._free = count
        self._seconds = seconds
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._late: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        """Wait for a turn.

        Raises:
            SpeechError: Too many others wait who came later.
        """
        if self._free:
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((loop.time() + self._seconds, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._waiting and self._waiting[0][0] < now:
            late = self._waiting.popleft()[1]
            if not late.done():
                self._late.append(late)
        while len(self._late) > MAX_LATE:
            oldest = self._late.popleft()
            if not oldest.done():
                oldest.set_exception(SpeechError("too many other texts were to be rendered"))
        while self._waiting or self._late:
            turn = self._waiting.popleft()[1] if self._waiting else self._late.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
