"""Opening a database: URLs, the schema's versions, what is down, and what may be told of it."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import stat
import sys
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.errors import StoreError
from ctid.store.database import MIGRATIONS, Database, normalise_url
from ctid.store.records import RecordStore
from ctid.store.schema import metadata
from sip_test_rig.ports import free_port
from sip_test_rig.postgres import Postgres
from tests.store.sample_records import sample_record

pytestmark = pytest.mark.store

SECRET = "demo-only-hunter2"


NEWEST = max(path.name[1:5] for path in (MIGRATIONS / "versions").glob("v*.py"))


async def take_back_to_first(connection: AsyncConnection) -> None:
    """Make the schema that of the first release: what came later is taken away."""
    for table, column in (
        ("records", "disposition_missing"),
        ("records", "decisions"),
        ("records", "visits"),
        ("records", "segments"),
        ("records", "direction"),
        ("records", "cause"),
        ("customers", "cases"),
    ):
        await connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
    for later in reversed(metadata.sorted_tables):
        if later.name not in ("records", "customers", "customer_numbers"):
            await connection.execute(text(f"DROP TABLE {later.name}"))
    await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))


async def insert_customers(database: Database, times: int) -> None:
    """Insert the same customer, which can be done but once."""
    statement = text("INSERT INTO customers (id, name, tier, language, attributes) VALUES (:name, :name, '', '', '{}')")
    async with database.begin() as connection:
        for _ in range(times):
            await connection.execute(statement, {"name": SECRET})


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("sqlite:////var/lib/x.db", "sqlite+aiosqlite:////var/lib/x.db"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://u:p@h:1/d", "postgresql+asyncpg://u:p@h:1/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u@h/d?sslmode=verify-full", "postgresql+asyncpg://u@h/d?ssl=verify-full"),
        ("postgresql://u@/d?host=/run/postgresql", "postgresql+asyncpg://u@/d?host=%2Frun%2Fpostgresql"),
    ],
)
def test_urls_are_turned_into_those_of_the_drivers(written: str, driver: str) -> None:
    assert normalise_url(written).render_as_string(hide_password=False) == driver


@pytest.mark.parametrize("written", [f"mysql://u:{SECRET}@h/d", SECRET, f"postgresql://u:{SECRET}@h:port/d", ""])
def test_a_url_that_cannot_be_used_is_refused_without_its_secret(written: str) -> None:
    with pytest.raises(StoreError) as caught:
        Database(written)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_postgresql_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(StoreError, match=r"install ctid\[postgres\]"):
        Database("postgresql://u@h/d")
    Database("sqlite:///x.db")


async def test_the_schema_is_made_once_and_is_what_the_code_says(url: str) -> None:
    database = Database(url)
    assert await database.upgrade() == ("", NEWEST)
    assert await database.upgrade() == (NEWEST, NEWEST)
    await database.ping()
    async with database.read() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    await database.close()
    await database.close()
    assert differences == []


async def test_daemons_that_start_at_once_make_the_schema_once(url: str) -> None:
    databases = [Database(url) for _ in range(4)]
    results = await asyncio.gather(*(database.upgrade() for database in databases))
    assert sorted(before for before, _ in results) == ["", NEWEST, NEWEST, NEWEST]
    for database in databases:
        await database.close()


async def test_an_upgrade_that_fails_changes_nothing(url: str) -> None:
    database = Database(url)
    async with database.begin() as connection:
        # The last of the tables: those before it were made already when the upgrade meets it.
        await connection.execute(text("CREATE TABLE customer_numbers (x TEXT)"))
    with pytest.raises(StoreError):
        await database.open()
    async with database.begin() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        await connection.execute(text("DROP TABLE customer_numbers"))
    assert tables == ["customer_numbers"]
    assert await database.upgrade() == ("", NEWEST)
    await database.close()


async def test_records_of_an_older_release_stay_readable(url: str) -> None:
    database = Database(url)
    await database.open()
    record = sample_record(1)
    await RecordStore(database).save(record)
    async with database.begin() as connection:
        await take_back_to_first(connection)
    assert await database.upgrade() == ("0001", NEWEST)
    assert await RecordStore(database).get(record.contact_id) == msgspec.structs.replace(record, decisions=[])
    await database.close()


async def test_the_schema_of_a_newer_release_is_refused(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="was it opened by a newer ctid"):
        await database.upgrade()


async def test_sqlite_keeps_its_file_private_and_its_references_whole(tmp_path: Path) -> None:
    path = tmp_path / "ctid.db"
    async with Database(f"sqlite:///{path}") as database:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with database.read() as connection:
            for pragma, value in (("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 5000)):
                assert (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar_one() == value


async def test_a_sqlite_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    text_file = tmp_path / "text.db"
    text_file.write_text("minutes of the meeting\n" * 100)
    with pytest.raises(StoreError, match=r"text\.db cannot be reached: file is not a database"):
        await Database(f"sqlite:///{text_file}").open()
    with pytest.raises(StoreError, match=r"missing/x\.db cannot be reached: unable to open database file"):
        await Database(f"sqlite:///{tmp_path}/missing/x.db").open()


async def test_a_locked_sqlite_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ctid.db"
    async with Database(f"sqlite:///{path}") as database:
        intruder = sqlite3.connect(path, isolation_level=None)
        intruder.execute("BEGIN IMMEDIATE")
        async with database.read() as connection:
            await connection.exec_driver_sql("PRAGMA busy_timeout=50")
        with pytest.raises(StoreError, match=r"ctid\.db failed: database is locked"):
            await insert_customers(database, 1)
        intruder.close()


async def test_a_postgresql_that_refuses_says_why_without_secrets(postgres: Postgres) -> None:
    closed = free_port()
    for url, reason in (
        (postgres.url(password=SECRET), "InvalidPasswordError 28P01"),
        (postgres.url("nowhere"), "InvalidCatalogNameError 3D000"),
        (f"postgresql://u:{SECRET}@127.0.0.1:{closed}/d", "Connect call failed"),
        (f"postgresql://u:{SECRET}@127.0.0.1:{postgres.port}/d?pasword={SECRET}", "an option that is not known"),
    ):
        with pytest.raises(StoreError, match=reason) as caught:
            await Database(url).open()
        assert SECRET not in str(caught.value)
        assert "cannot be reached" in str(caught.value)
        assert SECRET not in Database(url).name


async def test_an_error_holds_nothing_of_the_statement(database: Database) -> None:
    with pytest.raises(StoreError, match="failed: ") as caught:
        await insert_customers(database, 2)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_server_that_silently_listens_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctid.store.database.CONNECT_TIMEOUT_S", 0.2)
    # The kernel takes the connection; nobody ever answers.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://u:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/d"
        with pytest.raises(StoreError, match="cannot be reached: TimeoutError"):
            await Database(url).open()
        monkeypatch.setattr("ctid.store.database.PING_TIMEOUT_S", 0.1)
        with pytest.raises(StoreError, match="did not answer within"):
            await Database(url).ping()


async def test_a_postgresql_that_went_and_came_back_is_used_again() -> None:
    with Postgres() as server:
        async with Database(server.create_database()) as database:
            await database.ping()
            server.halt()
            with pytest.raises(StoreError, match="cannot be reached"):
                await database.ping()
            server.start()
            await database.ping()


async def test_records_of_an_older_release_are_kept_and_lack_no_disposition(url: str) -> None:
    database = Database(url)
    await database.upgrade()
    await RecordStore(database).save(sample_record(0))
    async with database.begin() as connection:
        await take_back_to_first(connection)
    assert (await database.upgrade())[0] == "0001"
    record = await RecordStore(database).get(sample_record(0).contact_id)
    await database.close()
    assert record == sample_record(0, decisions=[])
