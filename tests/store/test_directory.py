"""The customer directory: by table, and by HTTP from servers that behave and that don't."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from ctid.errors import CtidError
from ctid.model.customer import Customer
from ctid.spec.daemon import DirectorySpec, HttpDirectorySpec
from ctid.store import http_directory
from ctid.store.database import Database
from ctid.store.directory import LookupFailed, TableDirectory
from ctid.store.http_client import MAX_ANSWER_BYTES
from ctid.store.http_directory import HttpDirectory, open_directory
from ctid.store.schema import customer_numbers, customers

pytestmark = pytest.mark.store

ADA = Customer(id="7", name="Ada", tier="gold", language="en", attributes={"case": "12"})
ADA_JSON = {"id": "7", "name": "Ada", "tier": "gold", "language": "en", "attributes": {"case": "12"}}
NUMBER = "+4930901820"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Crm:
    """A real HTTP server whose behaviour a test sets; it counts what is asked, and how much at once."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.active = 0
        self.most_active = 0
        self.behave: Handler = self.found
        self.server: TestServer

    async def found(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(ADA_JSON)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        try:
            return await self.behave(request)
        finally:
            self.active -= 1

    def spec(self, **changes: Any) -> HttpDirectorySpec:
        fields: dict[str, Any] = {"url": str(self.server.make_url("/customers")) + "?n={ani}&x=%20"}
        return HttpDirectorySpec(**(fields | {"timeout_seconds": 5} | changes))


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    crm = Crm()
    app = web.Application()
    app.router.add_get("/{path:.*}", crm.handle)
    async with TestServer(app, shutdown_timeout=0.1) as server:
        crm.server = server
        yield crm


async def fails(directory: HttpDirectory | TableDirectory, number: str = NUMBER) -> str:
    with pytest.raises(LookupFailed) as caught:
        await directory.find(number)
    assert isinstance(caught.value, CtidError)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert number not in str(caught.value)
    assert caught.value.reason in str(caught.value)
    return caught.value.reason


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


# ---- the table -------------------------------------------------------------------------------------------------


async def test_the_table_finds_a_customer_by_each_number(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(customers.insert(), ADA_JSON)
        pairs = [{"number": number, "customer_id": "7"} for number in (NUMBER, "+8613800138000")]
        await connection.execute(customer_numbers.insert(), pairs)
    async with open_directory(DirectorySpec(), database) as directory:
        assert await directory.find(NUMBER) == ADA
        assert await directory.find("+8613800138000") == ADA
        for nobody in ("+4930901821", "", "4930901820", "\x00", "\udcff", "' OR 1=1 --"):
            assert await directory.find(nobody) is None


async def test_a_table_that_cannot_be_read_is_a_failed_lookup(database: Database) -> None:
    async with database.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE customer_numbers")
    with pytest.raises(LookupFailed) as caught:
        await TableDirectory(database).find(NUMBER)
    assert caught.value.reason == "unavailable"
    assert NUMBER not in repr(caught.value.__cause__)


# ---- HTTP: what is asked and answered -----------------------------------------------------------------------------


async def test_http_asks_as_configured_and_returns_the_customer(crm: Crm, database: Database) -> None:
    http = crm.spec(headers={"Authorization": SecretStr("Bearer demo-only-token")})
    async with open_directory(DirectorySpec(http=http), database) as directory:
        assert await directory.find(NUMBER) == ADA
        assert await directory.find("") is None
    (request,) = crm.requests
    assert request.raw_path == "/customers?n=%2B4930901820&x=%20"
    assert request.headers["Authorization"] == "Bearer demo-only-token"


async def test_a_number_cannot_change_the_url(crm: Crm) -> None:
    async with HttpDirectory(crm.spec()) as directory:
        await directory.find("1&admin=1#/../%41")
    assert crm.requests[0].raw_path == "/customers?n=1%26admin%3D1%23%2F..%2F%2541&x=%20"


async def test_only_id_and_name_have_to_be_there(crm: Crm) -> None:
    async def brief(_: web.Request) -> web.StreamResponse:
        return web.json_response({"id": "8", "name": "", "unknown": [1, {"deep": None}]})

    crm.behave = brief
    async with HttpDirectory(crm.spec()) as directory:
        assert await directory.find(NUMBER) == Customer(id="8", name="")


async def test_cases_are_kept_to_what_a_pop_can_carry_and_a_browser_may_open(crm: Crm) -> None:
    cases = [
        {"id": "1", "title": "x" * 500, "state": "y" * 500, "url": "https://crm.example/1"},
        {"id": "2", "title": "Refund", "url": "javascript:alert(1)"},
        {"id": "3", "title": "Refund", "url": "https://crm.example/" + "x" * 2_000},
        {"id": "4", "title": "Refund", "url": None},
        *({"id": str(number), "title": ""} for number in range(5, 30)),
    ]

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"id": "8", "name": "", "cases": cases})

    crm.behave = answer
    async with HttpDirectory(crm.spec()) as directory:
        found = await directory.find(NUMBER)
    assert found is not None
    assert [case.id for case in found.cases] == [str(number) for number in range(1, 21)]
    assert [case.url for case in found.cases[:4]] == ["https://crm.example/1", None, None, None]
    assert (len(found.cases[0].title), len(found.cases[0].state)) == (200, 200)


async def test_not_found_is_nobody(crm: Crm) -> None:
    async def nobody(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text="<html>no such page")

    crm.behave = nobody
    async with HttpDirectory(crm.spec()) as directory:
        assert await directory.find(NUMBER) is None


# ---- HTTP: the cache, and many at once -----------------------------------------------------------------------------


async def test_answers_are_cached_until_they_expire(crm: Crm) -> None:
    async with HttpDirectory(crm.spec(cache_seconds=1.5)) as directory:
        assert await directory.find(NUMBER) is await directory.find(NUMBER)
        assert len(crm.requests) == 1
        async with asyncio.timeout(30):
            while len(crm.requests) == 1:
                assert await directory.find(NUMBER) == ADA
                await asyncio.sleep(0.01)


async def test_no_cache_if_none_is_wanted(crm: Crm) -> None:
    async with HttpDirectory(crm.spec(cache_seconds=0)) as directory:
        for _ in range(3):
            await directory.find(NUMBER)
    assert len(crm.requests) == 3


async def test_that_nobody_has_a_number_is_cached_for_less_long(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    monkeypatch.setattr(http_directory, "NEGATIVE_CACHE_SECONDS", 1.5)
    async with HttpDirectory(crm.spec(cache_seconds=3_600)) as directory:
        crm.behave = nobody
        assert await directory.find(NUMBER) is None
        assert await directory.find(NUMBER) is None
        assert len(crm.requests) == 1
        crm.behave = crm.found
        async with asyncio.timeout(30):
            while await directory.find(NUMBER) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        monkeypatch.setattr(http_directory, "NEGATIVE_CACHE_SECONDS", 0)
        await directory.find(NUMBER)
        assert len(crm.requests) == 2


async def test_failures_are_not_cached(crm: Crm) -> None:
    async def broken(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    async with HttpDirectory(crm.spec()) as directory:
        crm.behave = broken
        assert await fails(directory) == "unavailable"
        crm.behave = crm.found
        assert await directory.find(NUMBER) == ADA


async def test_the_cache_is_bounded_and_forgets_what_was_not_asked_for_longest(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_directory, "CACHE_ENTRIES", 3)
    async with HttpDirectory(crm.spec()) as directory:
        for number in ("1", "2", "3", "1", "4"):
            await directory.find(number)
        assert len(crm.requests) == 4
        for number in ("1", "3", "4"):
            await directory.find(number)
        assert len(crm.requests) == 4
        await directory.find("2")
        assert len(crm.requests) == 5
        assert len(directory._cache) == 3


async def test_the_same_number_is_asked_for_once(crm: Crm) -> None:
    go = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await go.wait()
        return await crm.found(request)

    crm.behave = slow
    async with HttpDirectory(crm.spec(cache_seconds=0)) as directory:
        lookups = [asyncio.create_task(directory.find(NUMBER)) for _ in range(20)]
        await until(lambda: bool(crm.requests))
        # Whoever gives up, even the one who began, takes nothing from the others.
        lookups[0].cancel()
        go.set()
        results = await asyncio.gather(*lookups, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [ADA] * 19
    assert len(crm.requests) == 1


async def test_a_failure_reaches_all_who_wait_for_it(crm: Crm) -> None:
    async def broken(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    crm.behave = broken
    async with HttpDirectory(crm.spec()) as directory:
        assert await asyncio.gather(*(fails(directory) for _ in range(5))) == ["unavailable"] * 5
    assert len(crm.requests) == 1


async def test_no_more_at_once_than_configured(crm: Crm) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        return await crm.found(request)

    crm.behave = slow
    async with HttpDirectory(crm.spec(max_parallel=3)) as directory:
        found = await asyncio.gather(*(directory.find(str(number)) for number in range(30)))
    assert found == [ADA] * 30
    assert crm.most_active == 3


async def test_what_waits_is_bounded_in_time_and_number(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    crm.behave = hang
    monkeypatch.setattr(http_directory, "MAX_WAITING", 2)
    async with HttpDirectory(crm.spec(max_parallel=1, timeout_seconds=1)) as directory:
        reasons = await asyncio.gather(*(fails(directory, f"+{number}") for number in range(5)))
        assert sorted(reasons) == ["timeout"] * 3 + ["unavailable"] * 2
        await until(lambda: crm.active == 0)
        crm.behave = crm.found
        assert await directory.find(NUMBER) == ADA


# ---- HTTP: servers that don't behave -------------------------------------------------------------------------------


async def test_a_server_that_hangs_is_a_timeout(crm: Crm) -> None:
    async def before_the_head(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    async def within_the_body(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"id":')
        await asyncio.sleep(60)
        raise AssertionError

    async def drop_by_drop(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    async with HttpDirectory(crm.spec(timeout_seconds=0.2)) as directory:
        for crm.behave in (before_the_head, within_the_body, drop_by_drop):
            began = asyncio.get_running_loop().time()
            assert await fails(directory) == "timeout"
            assert asyncio.get_running_loop().time() - began < 20
            await until(lambda: crm.active == 0)


@pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 401, 403, 410, 429, 500, 502, 503])
async def test_other_answers_are_no_answers(crm: Crm, status: int) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        body = None if status == 204 else json.dumps(ADA_JSON)
        return web.Response(status=status, text=body, headers={"Location": "/elsewhere"})

    crm.behave = answer
    async with HttpDirectory(crm.spec()) as directory:
        assert await fails(directory) == "unavailable"
    assert len(crm.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>It works!",
        b"null",
        b"[]",
        b"{}",
        b'{"id": "7"}',
        b'{"id": "", "name": "Ada"}',
        b'{"id": 7, "name": "Ada"}',
        b'{"id": "7", "name": "Ada", "attributes": {"case": 12}}',
        b'{"id": "7", "name": "Ada", "tier": null}',
        b'{"id": "7", "name": "Ada", "cases": {"id": "1"}}',
        b'{"id": "7", "name": "Ada"',
        b'{"id": "7", "name": "\xff"}',
        b"[" * 50_000,
        b'{"id": "7", "name": "Ada", "x": ' + b"[" * 50_000,
        gzip.compress(json.dumps(ADA_JSON).encode(), mtime=0),
    ],
)
async def test_what_is_no_customer_is_invalid(crm: Crm, body: bytes) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    crm.behave = answer
    async with HttpDirectory(crm.spec()) as directory:
        assert await fails(directory) == "invalid"


async def test_a_huge_answer_is_cut_off(crm: Crm) -> None:
    sent = 0
    cut_off = asyncio.Event()

    async def huge(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while sent < 100_000_000:
                await response.write(b" " * 100_000)
                sent += 100_000
        finally:
            cut_off.set()
        return response

    crm.behave = huge
    async with HttpDirectory(crm.spec()) as directory:
        assert await fails(directory) == "invalid"
        await asyncio.wait_for(cut_off.wait(), 30)
    # What the sockets hold between them comes on top.
    assert MAX_ANSWER_BYTES < sent < 20_000_000


async def test_a_packed_answer_is_not_unpacked(crm: Crm) -> None:
    bomb = gzip.compress(b" " * 50_000_000)

    async def packed(_: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    crm.behave = packed
    async with HttpDirectory(crm.spec()) as directory:
        assert await fails(directory) == "invalid"
    assert "Accept-Encoding" not in crm.requests[0].headers


@pytest.mark.parametrize(
    "reply", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"\x00" * 9999]
)
async def test_what_is_no_http_is_unavailable(reply: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{{ani}}"
    async with server, HttpDirectory(HttpDirectorySpec(url=url, timeout_seconds=5)) as directory:
        assert await fails(directory) == "unavailable"


async def test_nobody_there_is_unavailable(unused_tcp_port: int) -> None:
    for url in (f"http://127.0.0.1:{unused_tcp_port}/{{ani}}", "http://127.0.0.1:1{ani}/", "http://[::bad/{ani}"):
        async with HttpDirectory(HttpDirectorySpec(url=url, timeout_seconds=5)) as directory:
            assert await fails(directory) == "unavailable"


async def test_closing_ends_what_is_under_way(crm: Crm) -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    crm.behave = hang
    before = asyncio.all_tasks()
    async with HttpDirectory(crm.spec()) as directory:
        lookup = asyncio.create_task(directory.find(NUMBER))
        await until(lambda: bool(crm.requests))
    with pytest.raises(asyncio.CancelledError):
        await lookup
    assert not {task for task in asyncio.all_tasks() - before if task.get_name() == "customer-lookup"}


async def test_numbers_are_never_logged(crm: Crm, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def broken(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    async with HttpDirectory(crm.spec()) as directory:
        await directory.find(NUMBER)
        crm.behave = broken
        await fails(directory, "+4930901821")
    ours = [record for record in caplog.records if record.name != "aiohttp.access"]
    assert not [record for record in ours if "4930" in record.getMessage()]
