"""Lookups by SQL, on SQLite and on PostgreSQL: rows as fields, connections that only read, and statements that last."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from ctid.lookups.failure import NoAnswer
from ctid.lookups.lookups import Lookups
from ctid.spec.lookup import LookupSpec
from ctid.telemetry.metrics import Metrics
from sip_test_rig.bank import ORDERS, make_orders
from sip_test_rig.postgres import Postgres

ORDER = "select number, state, delivery, total from orders where number = cast(:number as integer)"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of orders, of either kind."""
    if request.param == "sqlite":
        return make_orders(tmp_path / "orders of 2026 %.db")
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create_database()
    connection = await asyncpg.connect(url)
    await connection.execute(
        "create table orders (number integer primary key, account text, state text, delivery date, total numeric)"
    )
    for number, account, state, delivery, total in ORDERS:
        literal = "null" if delivery is None else f"'{delivery}'"
        await connection.execute(f"insert into orders values ({number}, '{account}', '{state}', {literal}, {total})")
    await connection.close()
    return url


async def ask(url: str, query: str, give: dict[str, str], *paths: str, **changes: Any) -> dict[str, str | None] | str:
    spec = LookupSpec.model_validate({"sql": {"url": url, "query": query}, "retries": 0, **changes})
    async with Lookups({"order": spec}, Metrics("test")) as lookups:
        try:
            return await lookups.ask("order", give, {}, paths)
        except NoAnswer as error:
            return error.failure


async def test_a_row_is_an_answer(url: str) -> None:
    paths = ("number", "state", "delivery", "total")
    shipped = await ask(url, ORDER, {"number": "1001"}, *paths)
    assert isinstance(shipped, dict)
    total = shipped.pop("total")
    assert total is not None
    assert float(total) == 49.9
    assert shipped == {"number": "1001", "state": "shipped", "delivery": "2026-11-30"}
    assert await ask(url, ORDER, {"number": "1002"}, "delivery") == {"delivery": None}


async def test_no_row_is_not_found_and_a_column_that_is_missing_is_invalid(url: str) -> None:
    assert await ask(url, ORDER, {"number": "7"}, "state") == "not_found"
    assert await ask(url, ORDER, {"number": "1001"}, "colour") == "invalid"


async def test_of_many_rows_the_first_counts(url: str) -> None:
    query = "select number from orders where account = :account order by number desc"
    assert await ask(url, query, {"account": "79927398713"}, "number") == {"number": "1002"}


@pytest.mark.parametrize(
    "value", ["1001 or 1=1", "1001; drop table orders", "' or '1'='1", ":number", "\x00", "\ud800"]
)
async def test_a_value_is_a_value(url: str, value: str) -> None:
    query = "select state from orders where account = :account"
    assert await ask(url, query, {"account": value}, "state") == "not_found"
    assert await ask(url, ORDER, {"number": "1001"}, "state") == {"state": "shipped"}


async def test_quoted_colons_are_no_parameters(url: str) -> None:
    query = "select ':number at 12:30' as note, state from orders where number = cast(:number as integer)"
    assert await ask(url, query, {"number": "1001"}, "note") == {"note": ":number at 12:30"}


async def test_a_value_of_another_kind_is_invalid_and_not_told(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.create_database()
    query = "select 1 as found where cast(:number as integer) > 0"
    with capture_logs() as logs:
        assert await ask(url, query, {"number": "4711x"}, "found") == "invalid"
    assert [(told["failure"], told["cause"]) for told in logs] == [("invalid", "sql-22P02")]
    assert "4711x" not in str(logs)


async def test_a_statement_that_cannot_be_is_unavailable_and_not_asked_twice(url: str) -> None:
    with capture_logs() as logs:
        assert await ask(url, "select state from no_orders where 1 = :n", {"n": "4711"}, "state") == "unavailable"
    assert len(logs) == 1
    assert "4711" not in str(logs)
    assert "no_orders" not in str(logs)


async def test_what_would_write_cannot(postgres: Postgres) -> None:
    url = postgres.create_database()
    connection = await asyncpg.connect(url)
    await connection.execute("create sequence numbers")
    # Nothing in the statement tells that it writes; the connection does.
    with capture_logs() as logs:
        assert await ask(url, "select nextval('numbers') as number", {}, "number") == "unavailable"
    assert logs[0]["cause"] == "sql-25006"
    assert await connection.fetchval("select is_called from numbers") is False
    await connection.close()


async def test_sqlite_only_reads_and_makes_no_file(tmp_path: Path) -> None:
    url = make_orders(tmp_path / "orders.db")
    spec = LookupSpec.model_validate({"sql": {"url": url, "query": ORDER}})
    async with Lookups({"order": spec}, Metrics("test")) as lookups:
        assert await lookups.ask("order", {"number": "1001"}, {}, ["state"]) == {"state": "shipped"}
        asker: Any = lookups._lanes["order"]._asker
        async with asker._engine.connect() as connection:
            for statement in ("delete from orders", "create table more (a)", "create temp table more (a)"):
                with pytest.raises(Exception, match="readonly"):
                    await connection.exec_driver_sql(statement)
    assert await ask(f"sqlite:///{tmp_path}/none.db", ORDER, {"number": "1"}, "state") == "unavailable"
    assert os.listdir(tmp_path) == ["orders.db"]


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) as found from n"


async def test_a_statement_that_does_not_end_is_ended_and_others_are_answered(url: str) -> None:
    endless = LookupSpec.model_validate(
        {"sql": {"url": url, "query": ENDLESS}, "timeout_seconds": 0.5, "retries": 0, "max_parallel": 1}
    )
    order = LookupSpec.model_validate({"sql": {"url": url, "query": ORDER}})
    began = time.monotonic()
    async with Lookups({"endless": endless, "order": order}, Metrics("test")) as lookups:
        for _ in range(2):
            with pytest.raises(NoAnswer, match="timeout"):
                await lookups.ask("endless", {}, {}, ["found"])
        assert await lookups.ask("order", {"number": "1001"}, {}, ["state"]) == {"state": "shipped"}
    assert time.monotonic() - began < 30


async def test_of_very_many_rows_only_the_first_are_fetched(url: str) -> None:
    query = "with recursive n(i) as (select 1 union all select i + 1 from n) select i as found from n"
    began = time.monotonic()
    assert await ask(url, query, {}, "found", timeout_seconds=30, total_seconds=30) == {"found": "1"}
    assert time.monotonic() - began < 25


async def test_a_database_that_was_locked_is_asked_again(tmp_path: Path) -> None:
    url = make_orders(tmp_path / "orders.db")
    spec = LookupSpec.model_validate(
        {"sql": {"url": url, "query": ORDER}, "retries": 5, "timeout_seconds": 0.3, "total_seconds": 20}
    )
    async with Lookups({"order": spec}, Metrics("test")) as lookups:
        with contextlib.closing(sqlite3.connect(tmp_path / "orders.db", isolation_level=None)) as other:
            other.execute("begin exclusive")
            with capture_logs() as logs, pytest.raises(NoAnswer, match=r"timeout|unavailable"):
                await lookups.ask("order", {"number": "1001"}, {}, ["state"])
            assert len(logs) == 1
            other.execute("rollback")
        assert await lookups.ask("order", {"number": "1001"}, {}, ["state"]) == {"state": "shipped"}


async def test_a_postgres_that_is_away_comes_back(postgres: Postgres) -> None:
    url = postgres.create_database()
    spec = LookupSpec.model_validate({"sql": {"url": url, "query": "select 1 as found"}, "retries": 1})
    async with Lookups({"order": spec}, Metrics("test")) as lookups:
        assert await lookups.ask("order", {}, {}, ["found"]) == {"found": "1"}
        other = await asyncpg.connect(url)
        await other.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
        await other.close()
        assert await lookups.ask("order", {}, {}, ["found"]) == {"found": "1"}
