"""Receivers that hang, lie and flood, a database that goes away, and processes that end in the middle."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from ctid.errors import StoreError
from ctid.store.database import Database
from ctid.store.outbox import Outbox
from ctid.webhooks import feed as feed_module
from ctid.webhooks.lanes import Lanes
from sip_test_rig.eventually import eventually
from tests.webhooks.receiver import Receiver
from tests.webhooks.running import Stream, running, spec


@contextlib.asynccontextmanager
async def raw_receiver(answer: bytes, *, close: bool = True) -> AsyncIterator[str]:
    """A receiver that answers every request with these bytes, whatever they mean."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if close:
                writer.close()
            else:
                await reader.read()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in writers:
            writer.close()


FAULTS = [
    (b"", True, "connection"),
    (b"", False, "timeout"),
    (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", True, "protocol"),
    (b"HTTP/1.1 999999 ?\r\n\r\n", True, "protocol"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", True, "protocol"),
    (b"HTTP/1.1 200 O", False, "timeout"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n", True, "protocol"),
    (b"HTTP/1.1 503 x\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", True, "status-503"),
    (b"HTTP/1.1 503 x\r\nRetry-After: -5\r\nContent-Length: 99999\r\n\r\n", True, "status-503"),
]


@pytest.mark.parametrize(("answer", "close", "cause"), FAULTS)
async def test_whatever_a_receiver_does_is_a_cause_and_no_exception(
    database: Database, answer: bytes, close: bool, cause: str
) -> None:
    async with (
        raw_receiver(answer, close=close) as url,
        running(database, Stream(), crm=spec(url, timeout_seconds=0.3)) as life,
    ):
        life.publish("ct-1")
        await eventually(lambda: life.webhooks.state("crm").failure == cause, cause)
        await eventually(lambda: life.attempts("failed") >= 2, "again")
        assert life.webhooks.state("crm").waiting == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nflood\r\n" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnogz",
    ],
)
async def test_the_status_decides_whatever_comes_after_it(database: Database, answer: bytes) -> None:
    async with raw_receiver(answer) as url, running(database, Stream(), crm=spec(url)) as life:
        life.publish("ct-1", "ct-2")
        await eventually(lambda: life.attempts("taken") == 2, "both are taken")
        await eventually(lambda: life.webhooks.states()[0].waiting == 0, "and forgotten")


async def test_a_receiver_that_asks_for_ten_years_gets_an_hour(database: Database, receiver: Receiver) -> None:
    receiver.answers.append(web.Response(status=503, headers={"Retry-After": "315360000"}))
    async with running(database, Stream(), crm=spec(receiver)) as life:
        life.publish("ct-1")
        await eventually(lambda: life.webhooks.state("crm").resting_until_ms is not None, "it rests")
        (waiting,) = await life.outbox.waiting("crm")
        assert 3_500_000 < waiting.due_ms - waiting.tried_at_ms <= 3_600_000
        await life.webhooks.enable("crm")
        assert life.webhooks.state("crm").resting_until_ms is None


async def test_one_that_hangs_holds_up_nobody_else(database: Database, receiver: Receiver) -> None:
    hanging = Receiver()
    release = asyncio.Event()

    async def hang(request: web.Request, event: dict[str, Any]) -> web.Response:
        await release.wait()
        return web.Response(status=204)

    hanging.answering = hang
    await hanging.start()
    hooks = {"slow": spec(hanging, timeout_seconds=30), "crm": spec(receiver)}
    try:
        async with running(database, Stream(), **hooks) as life:
            ids = life.publish(*[f"ct-{number}" for number in range(50)])
            await eventually(lambda: len(receiver.ids) == len(ids), "the other gets all")
            await eventually(lambda: life.webhooks.state("slow").waiting == 50, "all wait for the slow one")
            await eventually(lambda: hanging.at_once == 4, "four are under way to it")
            assert hanging.most_at_once == 4
            release.set()
    finally:
        release.set()
        await hanging.stop()


async def test_one_that_hangs_is_waited_for_and_not_asked_a_thousand_times_a_second(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    next_due_ms = Lanes.next_due_ms

    def counted(lanes: Lanes) -> int | None:
        nonlocal looks
        looks += 1
        return next_due_ms(lanes)

    monkeypatch.setattr(Lanes, "next_due_ms", counted)
    async with (
        raw_receiver(b"", close=False) as url,
        running(database, Stream(), crm=spec(url, timeout_seconds=0.5)) as life,
    ):
        life.publish(*(f"ct-{number}" for number in range(6)))
        # From the third on, one at a time is tried.
        await eventually(lambda: life.attempts("failed") >= 6, "six attempts")
    assert looks < 100


async def test_a_full_outbox_gives_up_the_oldest_and_counts_what_is_lost(
    database: Database, receiver: Receiver
) -> None:
    receiver.answers.extend([500] * 1_000)
    hook = spec(receiver, capacity=10, dead_letters=10, backoff_max_seconds=60, max_parallel=1)
    async with running(database, Stream(), crm=hook) as life:
        ids = life.publish(*[f"ct-{number}" for number in range(35)])
        await eventually(lambda: life.lost("dead-letters-full") > 0, "")
        await life.webhooks.flush(30)
        await eventually(lambda: life.webhooks.state("crm").waiting == 10, "ten wait")
        page = await life.webhooks.dead_letters("crm", limit=100, cursor=None)
        waiting = [each.id for each in await life.outbox.waiting("crm")]
        lost = life.lost("dead-letters-full")
        assert life.figure("ctid_webhook_dead_total", webhook="crm", cause="overflow") == 25
    assert {letter.cause for letter in page.letters} == {"overflow"}
    assert len(page.letters) == 10
    assert len(waiting) + len(page.letters) + lost == 35
    # What is left is the newest, but for one that was under way.
    assert set(ids[-9:]) <= set(waiting)


# ---- processes that end ---------------------------------------------------------------------------------------------


async def test_what_waits_survives_a_restart_with_its_attempts(database: Database, receiver: Receiver) -> None:
    receiver.answers.extend([500] * 3)
    stream, hooks = Stream(), {"crm": spec(receiver, max_parallel=1)}
    async with running(database, stream, **hooks) as life:
        ids = life.publish("ct-1", "ct-1")
        await eventually(lambda: len(receiver.seen) == 3, "three attempts")
        await eventually(lambda: life.attempts("failed") == 3, "told")
    receiver.answers.clear()
    async with running(database, stream, **hooks) as life:
        await eventually(lambda: receiver.ids == ids, "both arrive, in order")
        await eventually(lambda: life.webhooks.states()[0].waiting == 0, "nothing waits")
    assert stream.read_again == []


async def test_what_was_under_way_at_the_end_comes_again_with_the_same_id(
    database: Database, receiver: Receiver
) -> None:
    hang = asyncio.Event()

    async def take_and_hang(request: web.Request, event: dict[str, Any]) -> web.Response:
        receiver.events.append(event)
        await hang.wait()
        return web.Response(status=204)

    receiver.answering = take_and_hang
    stream, hooks = Stream(), {"crm": spec(receiver)}
    async with running(database, stream, **hooks) as life:
        (event_id,) = life.publish("ct-1")
        await eventually(lambda: receiver.ids == [event_id], "it was taken, but we don't know")
    receiver.answering = None
    hang.set()
    async with running(database, stream, **hooks):
        await eventually(lambda: receiver.ids == [event_id, event_id], "it comes again")


async def test_what_was_published_and_never_written_is_read_from_the_journal(
    database: Database, receiver: Receiver
) -> None:
    stream, hooks = Stream(), {"crm": spec(receiver)}
    async with running(database, stream, **hooks) as life:
        before = life.publish("ct-1")
        await eventually(lambda: receiver.ids == before, "one arrives")
        await life.settled()
    # Killed right after these were published.
    missed = [f"e1-{stream.event('ct-1').seq}" for _ in range(5)]
    async with running(database, stream, **hooks) as life:
        live = life.publish("ct-1")
        await eventually(lambda: receiver.ids == [*before, *missed, *live], "all arrive, each once, in order")
    assert stream.read_again == [(1, 6)]


async def test_what_the_journal_has_no_more_is_counted_as_lost(database: Database, receiver: Receiver) -> None:
    stream, hooks = Stream(), {"crm": spec(receiver)}
    async with running(database, stream, **hooks) as life:
        (first,) = life.publish("ct-1")
        await eventually(lambda: receiver.ids == [first], "one arrives")
        await life.settled()
    for _ in range(5):
        stream.event("ct-1")
    del stream.kept[1:]
    async with running(database, stream, **hooks) as life:
        live = life.publish("ct-1")
        await eventually(lambda: receiver.ids == [first, *live], "it goes on behind the gap")
        assert life.lost("not-in-journal") == 5


async def test_a_database_that_is_away_loses_nothing_however_much_comes(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More comes than memory holds: the rest is read from the journal."""
    monkeypatch.setattr(feed_module, "BUFFER", 20)
    monkeypatch.setattr("ctid.webhooks.steadfast.RETRY_SECONDS", 0.01)
    database = Database(f"sqlite:///{tmp_path / 'ctid.db'}")
    stream = Stream()
    try:
        # Without its tables the database refuses everything.
        async with running(database, stream, crm=spec(receiver)) as life:
            ids = life.publish(*[f"ct-{number % 3}" for number in range(100)])
            assert life.webhooks.state("crm").waiting is None
            await life.webhooks.flush(0.05)
            assert receiver.seen == []
            await database.upgrade()
            await eventually(lambda: sorted(receiver.ids) == sorted(ids), "all arrive")
        assert stream.read_again == [(0, 80)]
    finally:
        await database.close()


async def test_a_database_that_fails_in_between_only_delays(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctid.webhooks.steadfast.RETRY_SECONDS", 0.01)
    failures = {"take": 2, "body": 2, "delivered": 2, "failed": 2, "bury": 2}

    def failing_twice(name: str) -> Callable[..., Any]:
        real = getattr(Outbox, name)

        def call(*args: Any) -> Any:
            if failures[name]:
                failures[name] -= 1
                raise StoreError("away")
            return real(*args)

        return call

    for name in failures:
        monkeypatch.setattr(Outbox, name, failing_twice(name))
    receiver.answers.extend([500, 400])
    async with running(database, Stream(), crm=spec(receiver)) as life:
        refused, taken = life.publish("ct-1", "ct-1")
        await eventually(lambda: receiver.ids == [taken], "the second arrives")
        await eventually(lambda: life.webhooks.states()[0].waiting == 0, "and nothing waits")
        page = await life.webhooks.dead_letters("crm", limit=10, cursor=None)
    assert [letter.id for letter in page.letters] == [refused]
    assert set(failures.values()) == {0}


# ---- changes of the configuration and the stream --------------------------------------------------------------------


async def test_a_new_webhook_begins_now_and_one_taken_out_is_forgotten(database: Database, receiver: Receiver) -> None:
    receiver.answers.append(400)
    stream, other = Stream(), Receiver()
    await other.start()
    try:
        async with running(database, stream, crm=spec(receiver)) as life:
            life.publish("ct-1")
            await eventually(lambda: life.webhooks.state("crm").dead_letters == 1, "refused")
        async with running(database, stream, crm=spec(receiver), new=spec(other)) as life:
            ids = life.publish("ct-2")
            await eventually(lambda: (receiver.ids, other.ids) == (ids, ids), "both get what comes")
            await life.settled()
            assert life.webhooks.state("crm").dead_letters == 1
        async with running(database, stream, new=spec(other)) as life:
            life.publish("ct-3")
            await eventually(lambda: len(other.ids) == 2, "it goes on")
            await life.settled()
        async with running(database, stream, crm=spec(receiver)) as life:
            (now,) = life.publish("ct-4")
            await eventually(lambda: receiver.ids == [*ids, now], "it begins anew")
            assert life.webhooks.state("crm").dead_letters == 0
    finally:
        await other.stop()


async def test_a_new_stream_begins_at_its_beginning(database: Database, receiver: Receiver) -> None:
    """The journal was taken away; the database knows places of the stream of old."""
    stream = Stream()
    async with running(database, stream, crm=spec(receiver)) as life:
        old = life.publish("ct-1", "ct-1", "ct-1")
        await eventually(lambda: receiver.ids == old, "all arrive")
        await life.settled()
    stream = Stream()
    async with running(database, stream, epoch="e2", crm=spec(receiver)) as life:
        new = life.publish("ct-1", "ct-1")
        assert new == ["e2-1", "e2-2"]
        await eventually(lambda: receiver.ids == [*old, *new], "those of the new stream too")


async def test_sites_that_share_a_database_do_not_share_webhooks(database: Database, receiver: Receiver) -> None:
    receiver.answers.append(400)
    async with running(database, Stream(), crm=spec(receiver)) as life:
        life.publish("ct-1")
        await eventually(lambda: life.webhooks.state("crm").dead_letters == 1, "refused")
        other = Outbox(database, "another-site")
        standings = await other.open(["crm"], "e9", 0)
        assert standings["crm"].dead_letters == 0
        assert (await other.dead_letters("crm", limit=10, cursor=None)).letters == []
        assert len((await life.webhooks.dead_letters("crm", limit=10, cursor=None)).letters) == 1


async def test_logs_name_events_and_tell_nothing_of_callers(database: Database, receiver: Receiver) -> None:
    receiver.answers.extend([500, 400, 410])
    with capture_logs() as logs:
        async with running(database, Stream(), crm=spec(receiver, max_parallel=1)) as life:
            life.publish("ct-1", "ct-1")
            await eventually(lambda: not life.webhooks.state("crm").enabled, "disabled in the end")
            await eventually(lambda: life.webhooks.state("crm").dead_letters == 2, "both are dead")
    said = str(logs)
    assert "webhook.given_up" in said
    assert "webhook.failed" in said
    for secret in ("4917612345678", "whsec_", "demo-only", receiver.url):
        assert secret not in said


async def test_stopping_writes_what_was_published(database: Database, receiver: Receiver) -> None:
    stream, hook = Stream(), spec(receiver, events=["contact.closed"])
    async with running(database, stream, crm=hook) as life:
        life.publish(*["ct-1"] * 30)
        await life.webhooks.flush(30)
        assert (await life.outbox.open(["crm"], "e1", 30))["crm"].taken_seq == 30
    async with running(database, stream, crm=hook) as life:
        (event_id,) = life.publish("ct-1", type_="contact.closed")
        await eventually(lambda: receiver.ids == [event_id], "only that was asked for")
    assert stream.read_again == []
