"""Commands that arrive twice are carried out once: answers by principal and ``Idempotency-Key``."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.problems import KeyReusedError
from ctid.errors import OverloadedError, RequestError

_KEEP_SECONDS: Final = 3_600.0
_CAPACITY: Final = 20_000


@dataclass(slots=True)
class _Entry:
    fingerprint: bytes
    outcome: asyncio.Future[Answer | RequestError]
    until: float


class IdempotencyCache:
    """Answers already given, for an hour, at most so many; the oldest go first."""

    def __init__(self, capacity: int = _CAPACITY, keep_seconds: float = _KEEP_SECONDS) -> None:
        """Take the bounds.

        Args:
            capacity: Answers kept.
            keep_seconds: How long each is kept.
        """
        self._capacity = capacity
        self._keep = keep_seconds
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    async def run(
        self, principal: str, key: str, fingerprint: bytes, execute: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Carry out a command, or answer as the first time.

        A second one with the same key waits for the first. Only what the engine decided is kept: a command that was
        not taken in (overload, a fault of ours) may be tried again with the same key.

        Args:
            principal: Whose key it is.
            key: The ``Idempotency-Key``.
            fingerprint: Of all that makes two requests the same.
            execute: Carries the command out.

        Raises:
            KeyReusedError: The key was used for another request.
            OverloadedError: As many commands as can be kept are under way.
            RequestError: The command was refused, now or the first time.
        """
        self._expire()
        where = (principal, key)
        entry = self._entries.get(where)
        if entry is not None:
            if entry.fingerprint != fingerprint:
                raise KeyReusedError("this Idempotency-Key was used for another request")
            outcome = await asyncio.shield(entry.outcome)
            if isinstance(outcome, RequestError):
                raise outcome
            return outcome.replayed()
        if len(self._entries) >= self._capacity:
            self._make_room()
        entry = _Entry(fingerprint, asyncio.get_running_loop().create_future(), time.monotonic() + self._keep)
        self._entries[where] = entry
        try:
            answer = await execute()
        except RequestError as error:
            entry.outcome.set_result(error)
            if isinstance(error, OverloadedError):
                self._entries.pop(where, None)
            raise
        except BaseException:
            self._entries.pop(where, None)
            entry.outcome.set_result(OverloadedError("the first request with this key failed; try again"))
            raise
        entry.outcome.set_result(answer)
        return answer

    def _expire(self) -> None:
        now = time.monotonic()
        while self._entries:
            oldest = next(iter(self._entries.values()))
            if oldest.until > now:
                return
            self._entries.popitem(last=False)

    def _make_room(self) -> None:
        for where, entry in self._entries.items():
            if entry.outcome.done():
                del self._entries[where]
                return
        raise OverloadedError("too many commands are under way")
