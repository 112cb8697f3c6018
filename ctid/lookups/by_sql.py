"""Asks by SQL, over connections that can only read. What a server says of a failed statement is not passed on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import String, bindparam, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ctid.errors import StoreError
from ctid.lookups.failure import NoAnswer
from ctid.spec.lookup import SqlLookupSpec
from ctid.store.database import normalise_url
from ctid.store.rows import storable

T = TypeVar("T")

_DATA: Final = "22"
"""Class of SQLSTATE: a value is none of what the statement takes it for."""

_FOR_GOOD: Final = ("25", "42")
"""Classes of SQLSTATE: the statement writes, or cannot be carried out, however often."""

_CANCELLED: Final = "57014"
"""SQLSTATE: the server's own time for a statement is over."""


class SqlAsker:
    """Asks one database.

    Raises:
        StoreError: Its URL cannot be used, or there is no driver.
    """

    def __init__(self, spec: SqlLookupSpec, max_parallel: int, connect_seconds: float) -> None:
        # As text, whatever PostgreSQL would take them for: drivers refuse text in place of a number.
        given = [bindparam(name, type_=String()) for name in sorted(spec.parameters)]
        self._statement = text(spec.select.text).bindparams(*given)
        self._engine = _engine(spec.url.get_secret_value(), max_parallel, connect_seconds)
        self._errors: tuple[type[Exception], ...] = (
            SQLAlchemyError,
            OSError,
            *_driver_errors(self._engine.dialect.name),
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._engine.dispose()

    async def ask(self, values: Mapping[str, str]) -> Mapping[str, Any]:
        """Ask once.

        Args:
            values: The parameters.

        Raises:
            NoAnswer: There is none.
        """
        try:
            async with self._engine.connect() as connection:
                doing = self._first_row(connection, values)
                row = await (_interruptible(connection, doing) if self._engine.dialect.name == "sqlite" else doing)
        except self._errors as error:
            raise _judged(error) from None
        if row is None:
            raise NoAnswer("not_found")
        return row

    async def _first_row(self, connection: AsyncConnection, values: Mapping[str, str]) -> Mapping[str, Any] | None:
        # A statement may find more than one would like to hold: rows are fetched as they are read.
        async with connection.stream(self._statement, storable(dict(values))) as rows:
            found = await rows.mappings().first()
        return None if found is None else dict(found)


async def _interruptible(connection: AsyncConnection, doing: Coroutine[Any, Any, T]) -> T:
    """Do something with a connection to SQLite; if we are cancelled, so is its statement.

    The thread that a statement runs in would go on with it, and neither cursor nor connection be closed until its end.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    task = asyncio.create_task(doing, name="lookup-sqlite")
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        # Again and again, as the statement may be about to begin only.
        while not task.done():
            await driver.interrupt()
            await asyncio.wait([task], timeout=0.02)
        _ = task.exception()
        raise


def _engine(url: str, max_parallel: int, connect_seconds: float) -> AsyncEngine:
    parsed = normalise_url(url)
    common: dict[str, Any] = {"hide_parameters": True, "pool_size": max_parallel, "max_overflow": 0}
    if parsed.drivername.startswith("sqlite"):
        # Neither makes the file if it is not there.
        parsed = parsed.set(database=f"file:{quote(parsed.database or '')}", query={"mode": "ro", "uri": "true"})
        engine = create_async_engine(parsed, connect_args={"timeout": connect_seconds}, **common)
        event.listen(engine.sync_engine, "connect", _only_query)
        return engine
    connect_args = {"timeout": connect_seconds, "server_settings": {"application_name": "ctid"}}
    try:
        engine = create_async_engine(parsed, connect_args=connect_args, pool_pre_ping=True, **common)
    except ModuleNotFoundError:
        raise StoreError("PostgreSQL needs the extra of that name: install ctid[postgres]") from None
    return engine.execution_options(postgresql_readonly=True)


def _only_query(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _driver_errors(dialect: str) -> tuple[type[Exception], ...]:
    """What a driver raises while rows are fetched, past SQLAlchemy."""
    if dialect == "sqlite":
        return (sqlite3.Error,)
    import asyncpg  # type: ignore[import-untyped]

    return asyncpg.PostgresError, asyncpg.InterfaceError


def _judged(error: Exception) -> NoAnswer:
    """What an error means, by its SQLSTATE or its kind alone."""
    cause: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig.__cause__ or error.orig
    state = str(getattr(cause, "sqlstate", None) or "")
    if state.startswith(_DATA):
        return NoAnswer("invalid", f"sql-{state}")
    if state == _CANCELLED:
        return NoAnswer("timeout", f"sql-{state}", again=True)
    return NoAnswer("unavailable", f"sql-{state or type(cause).__name__}", again=state[:2] not in _FOR_GOOD)
