"""Asks by SQL, over connections that can only read. What a server says of a failed statement is not passed on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ctid.errors import StoreError
from ctid.lookups.failure import NoAnswer
from ctid.spec.lookup import SqlLookupSpec
from ctid.store.database import normalise_url
from ctid.store.rows import storable

_DATA: str = "22"
"""Class of SQLSTATE: a value is none of what the statement takes it for."""

_STATEMENT: str = "42"
"""The statement cannot be carried out, however often."""


class SqlAsker:
    """Asks one database.

    Raises:
        StoreError: Its URL cannot be used, or there is no driver.
    """

    def __init__(self, spec: SqlLookupSpec, max_parallel: int, connect_seconds: float) -> None:
        self._statement = text(spec.select.text)
        self._engine = _engine(spec.url.get_secret_value(), max_parallel, connect_seconds)

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
                row = await self._first_row(connection, values)
        except DBAPIError as error:
            raise _judged(error) from None
        except (SQLAlchemyError, OSError):
            raise NoAnswer("unavailable", "connection", again=True) from None
        if row is None:
            raise NoAnswer("not_found")
        return row

    async def _first_row(self, connection: AsyncConnection, values: Mapping[str, str]) -> Mapping[str, Any] | None:
        try:
            # A statement may find more than one would like to hold: rows are fetched as they are read.
            async with connection.stream(self._statement, storable(dict(values))) as rows:
                found = await rows.mappings().first()
        except asyncio.CancelledError:
            if self._engine.dialect.name == "sqlite":
                # Its thread would go on, and nothing could be closed until it is done.
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                await driver.interrupt()
            raise
        return None if found is None else dict(found)


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


def _judged(error: DBAPIError) -> NoAnswer:
    """What a driver's error means, by its SQLSTATE or its kind alone."""
    cause = error.orig.__cause__ or error.orig if error.orig is not None else None
    state = str(getattr(cause, "sqlstate", None) or "")
    if state.startswith(_DATA) or type(cause).__name__ == "DataError":
        return NoAnswer("invalid", f"sql-{state}" if state else "parameter")
    if state == "57014":
        return NoAnswer("timeout", "sql-57014", again=True)
    return NoAnswer("unavailable", f"sql-{state or type(cause).__name__}", again=not state.startswith(_STATEMENT))
