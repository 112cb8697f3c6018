"""Failed sign-ins, counted by name whether there is such a user or not; too many lock the name for a growing time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.store.database import Database
from ctid.store.schema import sign_in_failures

_FORGET_MS: Final = 24 * 3_600_000
_TRIES: Final = 5


class Attempts:
    """Whether a name may be tried now. Every method raises ``StoreError`` if it fails.

    Args:
        database: Where failures are kept, so that a restart is no way out.
        free: So many failures lock nothing.
        lock_seconds: The first lock; each further failure doubles it.
        lock_max_seconds: The longest.
    """

    def __init__(self, database: Database, free: int = 5, lock_seconds: int = 30, lock_max_seconds: int = 900) -> None:
        self._database = database
        insert = postgresql.insert if database.dialect == "postgresql" else sqlite.insert
        self._first = insert(sign_in_failures).on_conflict_do_nothing(index_elements=[sign_in_failures.c.name_hash])
        self._free = free
        self._first_ms = lock_seconds * 1_000
        self._longest_ms = lock_max_seconds * 1_000

    async def begin(self, name: str) -> int | None:
        """Count an attempt as failed until ``succeeded`` takes it back, so that none can be made in parallel unseen.

        Returns:
            ``None`` if it may be made; else when the name may be tried again, in milliseconds since 1970 UTC.
        """
        table, key = sign_in_failures, _key(name)
        now = _now()
        for _ in range(_TRIES):
            async with self._database.begin() as connection:
                await connection.execute(delete(table).where(table.c.last_at < now - _FORGET_MS))
                query = select(table.c.failures, table.c.last_at).where(table.c.name_hash == key)
                row = (await connection.execute(query)).one_or_none()
                if row is None:
                    begun = {"name_hash": key, "failures": 1, "last_at": now}
                    if (await connection.execute(self._first.values(begun))).rowcount == 1:
                        return None
                    continue
                until = row.last_at + self._lock_ms(row.failures)
                if until > now:
                    return int(until)
                mine = (table.c.name_hash == key) & (table.c.failures == row.failures)
                counted = await connection.execute(
                    update(table).where(mine).values(failures=row.failures + 1, last_at=now)
                )
                if counted.rowcount == 1:
                    return None
        return now + 1_000

    async def succeeded(self, name: str) -> None:
        """The password was right: forget what failed."""
        async with self._database.begin() as connection:
            await forget_failures(connection, name)

    async def locked(self, names: Iterable[str]) -> dict[str, int]:
        """Those of the names that are locked now, each with the moment when it may be tried again."""
        table, now = sign_in_failures, _now()
        by_key = {_key(name): name for name in names}
        query = select(table.c.name_hash, table.c.failures, table.c.last_at).where(table.c.failures >= self._free)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        until = {row.name_hash: int(row.last_at + self._lock_ms(row.failures)) for row in rows}
        return {by_key[key]: moment for key, moment in until.items() if moment > now and key in by_key}

    def _lock_ms(self, failures: int) -> int:
        if failures < self._free:
            return 0
        return min(self._longest_ms, self._first_ms << min(failures - self._free, 20))


async def forget_failures(connection: AsyncConnection, name: str) -> None:
    """Begin to count anew for a name."""
    await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.name_hash == _key(name)))


def _key(name: str) -> str:
    return hashlib.sha256(name.lower().encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> int:
    return time.time_ns() // 1_000_000
