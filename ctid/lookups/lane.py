"""One lookup: questions take turns, are tried again, and their answers kept for a while."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from ctid.ivr.fields import fields
from ctid.lookups.by_http import HttpAsker
from ctid.lookups.by_sql import SqlAsker
from ctid.lookups.failure import NoAnswer
from ctid.spec.lookup import LookupSpec

CACHE_ENTRIES: Final = 10_000
PAUSE_SECONDS: Final = 0.1
"""Before the second try; each further one waits twice as long. With jitter, so that not all come back at once."""

Fields = dict[str, str | None]


class Asker(Protocol):
    """A way to ask."""

    async def ask(self, values: Mapping[str, str]) -> Mapping[str, Any]:
        """Ask once; raises ``NoAnswer``."""

    async def close(self) -> None:
        """Close its connections."""


class Lane:
    """The questions to one lookup; those to others do not wait for it.

    Attributes:
        spec: As it is configured.
    """

    def __init__(self, spec: LookupSpec) -> None:
        """Make a lane that has asked nothing yet.

        Raises:
            StoreError: The URL of its database cannot be used.
        """
        self.spec = spec
        self._asker: Asker
        if spec.http is not None:
            self._asker = HttpAsker(spec.http, spec.max_parallel)
        else:
            assert spec.sql is not None
            self._asker = SqlAsker(spec.sql, spec.max_parallel, spec.timeout_seconds)
        self._turns = asyncio.Semaphore(spec.max_parallel)
        self._asking = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._cache: OrderedDict[tuple[object, ...], tuple[float, Fields]] = OrderedDict()

    async def ask(self, give: Mapping[str, str], secret: Mapping[str, str], paths: Sequence[str]) -> Fields:
        """Ask, and take fields out of the answer.

        Args:
            give: Parameters.
            secret: Parameters that are sensitive; with some, no answer is kept, nor one that was kept taken.
            paths: See ``fields``.

        Raises:
            NoAnswer: There is none.
        """
        values = {**give, **secret}
        if not self.spec.way.parameters <= values.keys():
            raise NoAnswer("invalid", "parameter-missing")
        key = (frozenset(give.items()), *paths) if self.spec.cache_seconds and not secret else None
        now = asyncio.get_running_loop().time()
        if key is not None and (kept := self._cache.get(key)) is not None and now < kept[0]:
            return kept[1]
        if self._asking >= self.spec.max_parallel + self.spec.max_waiting:
            raise NoAnswer("overloaded")
        self._asking += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(self.spec.total_seconds), self._turns:
                answer = await self._try(values)
        except TimeoutError:
            raise NoAnswer("timeout", "total") from None
        finally:
            self._asking -= 1
            if not self._asking:
                self._idle.set()
        try:
            found = fields(answer, paths)
        except ValueError as error:
            raise NoAnswer("invalid", str(error)) from None
        if key is not None:
            self._keep(key, found)
        return found

    async def close(self) -> None:
        """Wait until it has answered all it was asked, which takes its total time at most; then close connections."""
        await self._idle.wait()
        await self._asker.close()

    async def _try(self, values: Mapping[str, str]) -> Mapping[str, Any]:
        pause = PAUSE_SECONDS
        for left in range(self.spec.retries, -1, -1):
            try:
                async with asyncio.timeout(self.spec.timeout_seconds):
                    return await self._asker.ask(values)
            except TimeoutError:
                failed = NoAnswer("timeout", again=self.spec.way.repeatable)
            except NoAnswer as error:
                failed = error
            if not failed.again or not left:
                raise failed
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause *= 2
        raise AssertionError("the last try raises")

    def _keep(self, key: tuple[object, ...], found: Fields) -> None:
        self._cache[key] = (asyncio.get_running_loop().time() + self.spec.cache_seconds, found)
        self._cache.move_to_end(key)
        while len(self._cache) > CACHE_ENTRIES:
            self._cache.popitem(last=False)
