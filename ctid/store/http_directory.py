"""The customer directory behind HTTP: every answer is bounded in time and size, and no number is asked for twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Final, Self
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from ctid.model.customer import Customer
from ctid.spec.daemon import DirectorySpec, HttpDirectorySpec
from ctid.store.cases import presentable
from ctid.store.database import Database
from ctid.store.directory import CustomerDirectory, LookupFailed, TableDirectory
from ctid.store.http_client import open_session, read_answer

CACHE_ENTRIES: Final = 10_000
NEGATIVE_CACHE_SECONDS: Final = 30.0
"""At most for so long a number is taken to be nobody's: a new customer shall be known at the next call."""

MAX_WAITING: Final = 1_000
"""Lookups that wait for their turn; one more fails at once."""

_decoder: Final = msgspec.json.Decoder(Customer)


class HttpDirectory:
    """Asks a server for customers; use it as an async context manager.

    Answers are cached, failures are not. Lookups of a number that is being looked up wait for that answer. A redirect
    is a failure: it would take the headers, and with them the secrets, elsewhere.
    """

    def __init__(self, spec: HttpDirectorySpec) -> None:
        self._spec = spec
        self._session: aiohttp.ClientSession | None = None
        self._turns = asyncio.Semaphore(spec.max_parallel)
        self._pending: dict[str, asyncio.Task[Customer | None]] = {}
        self._cache: OrderedDict[str, tuple[float, Customer | None]] = OrderedDict()

    async def __aenter__(self) -> Self:
        self._session = open_session(self._spec.headers, self._spec.max_parallel)
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def find(self, ani: str) -> Customer | None:
        """See ``CustomerDirectory.find``."""
        if not ani:
            return None
        now = asyncio.get_running_loop().time()
        cached = self._cache.get(ani)
        if cached is not None and now < cached[0]:
            self._cache.move_to_end(ani)
            return cached[1]
        task = self._pending.get(ani)
        if task is None:
            if len(self._pending) >= self._spec.max_parallel + MAX_WAITING:
                raise LookupFailed("unavailable")
            task = asyncio.create_task(self._look_up(ani), name="customer-lookup")
            self._pending[ani] = task
            task.add_done_callback(lambda done: self._finished(ani, done))
        # Shielded, because others may wait for the same answer when this one is cancelled.
        return await asyncio.shield(task)

    def _finished(self, ani: str, task: asyncio.Task[Customer | None]) -> None:
        del self._pending[ani]
        if task.cancelled() or task.exception() is not None:
            return
        customer = task.result()
        seconds = self._spec.cache_seconds
        if customer is None:
            seconds = min(seconds, NEGATIVE_CACHE_SECONDS)
        self._cache[ani] = (asyncio.get_running_loop().time() + seconds, customer)
        self._cache.move_to_end(ani)
        while len(self._cache) > CACHE_ENTRIES:
            self._cache.popitem(last=False)

    async def _look_up(self, ani: str) -> Customer | None:
        # None of the errors is kept as a cause: aiohttp's name the URL, and with it the number.
        try:
            async with asyncio.timeout(self._spec.timeout_seconds), self._turns:
                answer = await self._request(ani)
        except TimeoutError:
            raise LookupFailed("timeout") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise LookupFailed("unavailable") from None
        return None if answer is None else _customer(answer)

    async def _request(self, ani: str) -> bytes | None:
        assert self._session is not None, "used outside its context"
        url = URL(self._spec.url.replace("{ani}", quote(ani, safe="")), encoded=True)
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status == 404:
                return None
            if response.status != 200:
                raise LookupFailed("unavailable")
            answer = await read_answer(response)
            if answer is None:
                raise LookupFailed("invalid")
            return answer


@contextlib.asynccontextmanager
async def open_directory(spec: DirectorySpec, database: Database) -> AsyncIterator[CustomerDirectory]:
    """Lend the directory that the configuration names: HTTP where it is given, else the table in the database."""
    if spec.http is None:
        yield TableDirectory(database)
        return
    async with HttpDirectory(spec.http) as directory:
        yield directory


def _customer(answer: bytes) -> Customer:
    try:
        customer = _decoder.decode(answer)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise LookupFailed("invalid") from None
    if not customer.id:
        raise LookupFailed("invalid")
    return presentable(customer)
