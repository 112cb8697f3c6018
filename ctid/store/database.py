"""The database: SQLite (embedded) or PostgreSQL, opened at the schema this release needs. Its errors hold no secrets.

Neither do they hold caller data: of what the server says of a failed statement, only the kind of error is passed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Self

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ctid.errors import StoreError

CONNECT_TIMEOUT_S: Final = 5.0
STATEMENT_TIMEOUT_S: Final = 30.0
BUSY_TIMEOUT_S: Final = 5.0
PING_TIMEOUT_S: Final = 2.0
POOL_SIZE: Final = 5
MIGRATIONS: Final = Path(__file__).with_name("migrations")

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
# Held while the schema is upgraded, so that of several daemons that start at once only one does it. "ctid" in ASCII.
_UPGRADE_LOCK: Final = 0x63746964


def normalise_url(url: str) -> URL:
    """Turn what an operator writes into the URL of the asynchronous driver.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://user:password@host/name``, with
            libpq's ``sslmode`` if wanted.

    Raises:
        StoreError: It is no URL, or one of another kind of database.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the database URL cannot be read") from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StoreError(f"the database URL begins with {parsed.drivername}://, not sqlite:// or postgresql://")
    parsed = parsed.set(drivername=driver)
    if driver.startswith("postgresql") and "sslmode" in parsed.query:
        ssl_mode = parsed.query["sslmode"]
        parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": ssl_mode})
    return parsed


class Database:
    """A pool of connections to one database.

    Args:
        url: See ``normalise_url``. The secret in it shows up nowhere.

    Raises:
        StoreError: The URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._url = normalise_url(url)
        self._driver_errors: tuple[type[Exception], ...] = (SQLAlchemyError, OSError, TimeoutError)
        self._engine = self._create_engine()

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @property
    def name(self) -> str:
        """The URL as it may be shown: without password and options."""
        return self._url.set(drivername=self.dialect, query={}).render_as_string(hide_password=True)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect, and upgrade the schema to what this release needs.

        Raises:
            StoreError: The database cannot be reached, refuses, or has the schema of a newer ctid.
        """
        try:
            await self.upgrade()
        except BaseException:
            await self.close()
            raise

    async def upgrade(self) -> tuple[str, str]:
        """Bring the schema to head, in one transaction; do nothing if it is there.

        Returns:
            The revisions before (empty for a new database) and after.

        Raises:
            StoreError: As ``open``.
        """
        if self._url.database and self.dialect == "sqlite":
            await asyncio.to_thread(_create_file, Path(self._url.database))
        async with self._connect() as connection:
            if self.dialect == "sqlite":
                # The driver begins a transaction at the first INSERT only; DDL has to be inside too.
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            try:
                revisions = await connection.run_sync(_upgrade)
            except CommandError:
                raise StoreError(
                    f"the schema of {self.name} is not one of this release; was it opened by a newer ctid?"
                ) from None
            await connection.commit()
        return revisions

    async def close(self) -> None:
        """Close all connections; may be called again."""
        await self._engine.dispose()

    async def ping(self) -> None:
        """Ask the database whether it is there.

        Raises:
            StoreError: It did not answer within 2 s, or cannot be reached.
        """
        try:
            async with asyncio.timeout(PING_TIMEOUT_S), self.read() as connection:
                await connection.execute(text("SELECT 1"))
        except TimeoutError:
            raise StoreError(f"{self.name} did not answer within {PING_TIMEOUT_S:.0f} s") from None

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for one transaction, committed at the end unless something was raised.

        Raises:
            StoreError: The database cannot be reached, or refused.
        """
        async with self._connect() as connection:
            yield connection
            await connection.commit()

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for reading.

        Raises:
            StoreError: The database cannot be reached, or refused.
        """
        async with self._connect() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def _connect(self) -> AsyncIterator[AsyncConnection]:
        connected = False
        try:
            async with self._engine.connect() as connection:
                connected = True
                yield connection
        except self._driver_errors as error:
            doing = "failed" if connected else "cannot be reached"
            # Without its cause: a driver's error may hold the values of the statement.
            raise StoreError(f"{self.name} {doing}: {_kind(error)}") from None
        except (TypeError, ValueError):
            if connected:
                raise
            raise StoreError(f"{self.name} cannot be reached: its URL has an option that is not known") from None

    def _create_engine(self) -> AsyncEngine:
        common: dict[str, Any] = {
            "hide_parameters": True,
            "json_serializer": lambda value: msgspec.json.encode(value).decode(),
            "json_deserializer": msgspec.json.decode,
            "pool_size": POOL_SIZE,
            "max_overflow": 0,
            "pool_timeout": CONNECT_TIMEOUT_S,
        }
        if self._url.drivername == "sqlite+aiosqlite":
            engine = create_async_engine(self._url, connect_args={"timeout": BUSY_TIMEOUT_S}, **common)
            event.listen(engine.sync_engine, "connect", _set_pragmas)
            return engine
        try:
            import asyncpg  # type: ignore[import-untyped]
        except ModuleNotFoundError:
            raise StoreError("PostgreSQL needs the extra of that name: install ctid[postgres]") from None
        self._driver_errors += (asyncpg.PostgresError, asyncpg.InterfaceError)
        connect_args = {"timeout": CONNECT_TIMEOUT_S, "command_timeout": STATEMENT_TIMEOUT_S}
        return create_async_engine(self._url, connect_args=connect_args, pool_pre_ping=True, **common)


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # WAL, so that reports and a page of records keep no call's record from being written.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # SQLite's own knows the case of ASCII only; PostgreSQL's knows that of every script.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _create_file(path: Path) -> None:
    """Create a SQLite file that is there at once with its mode for caller data and in WAL mode.

    Going over to WAL fails if somebody else opens the file meanwhile, and no time-out helps. What goes wrong here is
    left for the driver to meet and to tell.
    """
    if str(path) == ":memory:" or path.exists():
        return
    with contextlib.suppress(OSError, sqlite3.Error), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        new = Path(folder) / path.name
        new.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(new)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        os.link(new, path)


def _upgrade(connection: Connection) -> tuple[str, str]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    before = MigrationContext.configure(connection).get_current_revision() or ""
    head = ScriptDirectory.from_config(config).get_current_head() or ""
    if before != head:
        command.upgrade(config, "head")
    return before, head


def _kind(error: Exception) -> str:
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig.__cause__ or error.orig
        if type(cause).__module__.startswith(("sqlite3", "aiosqlite")):
            return str(cause)
        return " ".join(filter(None, (type(cause).__name__, str(getattr(cause, "sqlstate", "") or ""))))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
