"""The event socket against a running server and the real engine."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest
import uvloop

from ctid.desktop.schemas import agent_schemas, contact_schemas, queue_schemas
from ctid.desktop.stream.client import CLOSE_GRACE
from ctid.desktop.stream.close_codes import CloseCode
from ctid.errors import OverloadedError
from ctid.model import events as ev
from tests.desktop.site import EPOCH, Desk, open_desk, until

Socket = aiohttp.ClientWebSocketResponse
HELLO = {"type": "hello"}


async def take(ws: Socket, seconds: float = 30) -> dict[str, Any]:
    """The next message."""
    message = await ws.receive(seconds)
    assert message.type is aiohttp.WSMsgType.TEXT, (message, ws.close_code)
    content: dict[str, Any] = orjson.loads(message.data)
    return content


async def take_until(ws: Socket, kind: str) -> list[dict[str, Any]]:
    """Messages up to the first of a kind, that one included."""
    taken = [await take(ws)]
    while taken[-1]["type"] != kind:
        taken.append(await take(ws))
    return taken


async def close_code(ws: Socket, seconds: float = 30) -> int | None:
    """Wait for the server to close, and tell its code."""
    async with asyncio.timeout(seconds):
        while (await ws.receive()).type not in (
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.ERROR,
        ):
            pass
    return ws.close_code


@asynccontextmanager
async def opened(
    desk: Desk, http: aiohttp.ClientSession, who: str, resume: dict[str, Any] | None = None
) -> AsyncIterator[tuple[Socket, list[dict[str, Any]]]]:
    """A socket that is live, and what came before."""
    async with http.ws_connect("/v1/events", headers=desk.bearer(who)) as ws:
        await ws.send_json({**HELLO, **({} if resume is None else {"resume_from": resume})})
        yield ws, await take_until(ws, "live")


async def test_snapshot_then_live_without_gap_or_double(desk: Desk, http: aiohttp.ClientSession) -> None:
    before = desk.site.call()
    async with opened(desk, http, "sue") as (ws, (snapshot, live)):
        assert (snapshot["type"], snapshot["epoch"], snapshot["seq"]) == ("snapshot", EPOCH, live["seq"])
        data = snapshot["data"]
        assert [contact["id"] for contact in data["contacts"]] == [before]
        for name, model in (
            ("agents", agent_schemas.AgentView),
            ("contacts", contact_schemas.ContactView),
            ("queues", queue_schemas.QueueView),
        ):
            for view in data[name]:
                model.model_validate(view)
        assert data["pbxes"] == {"main": True}
        after = desk.site.call()
        event = await take(ws)
        assert event["seq"] == snapshot["seq"] + 1
        assert (event["type"], event["contact_id"], event["subject"]) == (
            "contact.created",
            after,
            f"contacts/{after}",
        )
        assert (event["specversion"], event["source"], event["id"]) == (
            "1.0",
            "/sites/demo",
            f"{EPOCH}-{event['seq']}",
        )
        assert event["data"]["contact"]["id"] == after
        seqs = [event["seq"]]
        while seqs[-1] < desk.site.state.stream_seq:
            seqs.append((await take(ws))["seq"])
        assert seqs == list(range(snapshot["seq"] + 1, desk.site.state.stream_seq + 1))


async def test_an_agent_gets_the_pop_and_nothing_of_others(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with opened(desk, http, "alice") as (ws, (snapshot, _)):
        assert [agent["id"] for agent in snapshot["data"]["agents"]] == ["alice"]
        await until(lambda: desk.site.state.agents["alice"].desktops)
        for state in ("NOT_READY", "READY"):
            async with http.put(
                "/v1/agents/alice/state", json={"state": state}, headers=desk.bearer("alice")
            ) as answer:
                command_id = (await answer.json())["command_id"]
            event = await take(ws)
            assert (event["type"], event["caused_by"]) == ("agent.state_changed", command_id)
        desk.site.call(key="2", ani="+4930000001")
        desk.site.call(key="1", ani="+4930000002")
        offer = (await take_until(ws, "offer.created"))[-1]
        assert offer["data"]["offer"]["pop"]["ani"] == "+4930000002"
        desk.site.handle(ev.PbxLost(pbx="main", reason="gone"))
        everything = await take_until(ws, "pbx.down")
        assert "+4930000001" not in json.dumps(everything)
        assert all(event["type"] == "pbx.down" or "alice" in json.dumps(event) for event in everything)


async def test_replay_of_what_was_missed(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with opened(desk, http, "sue") as (_, (snapshot, _)):
        pass
    missed = [desk.site.call(), desk.site.call()]
    async with opened(desk, http, "sue", {"epoch": EPOCH, "seq": snapshot["seq"]}) as (ws, messages):
        head, *events, live = messages
        assert (head["type"], head["from_seq"], head["events"]) == ("replay", snapshot["seq"], len(events))
        assert [event["seq"] for event in events] == list(range(snapshot["seq"] + 1, live["seq"] + 1))
        assert {event["contact_id"] for event in events} == set(missed)
        third = desk.site.call()
        assert (await take(ws))["contact_id"] == third
    async with opened(desk, http, "alice", {"epoch": EPOCH, "seq": snapshot["seq"]}) as (_, messages):
        assert [message["type"] for message in messages] == ["replay", "live"]


@pytest.mark.parametrize("resume", [{"epoch": "another", "seq": 1}, {"epoch": EPOCH, "seq": 10_000}])
async def test_resync_when_the_position_means_nothing(
    desk: Desk, http: aiohttp.ClientSession, resume: dict[str, Any]
) -> None:
    async with opened(desk, http, "sue", resume) as (_, messages):
        assert [message["type"] for message in messages] == ["resync_required", "snapshot", "live"]


async def test_resync_when_the_buffer_was_passed() -> None:
    desk = open_desk(replay_events=10)
    await desk.server.start()
    async with aiohttp.ClientSession(desk.url) as http:
        seq = desk.site.state.stream_seq
        desk.site.call()
        resume = {"epoch": EPOCH, "seq": seq}
        async with opened(desk, http, "sue", resume) as (_, messages):
            assert messages[0]["type"] == "replay"
        for _ in range(10):
            desk.site.call()
        async with opened(desk, http, "sue", resume) as (_, messages):
            assert [message["type"] for message in messages] == ["resync_required", "snapshot", "live"]
    await desk.server.stop()


async def test_desktop_connected_and_lost_once_each(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with opened(desk, http, "alice"), opened(desk, http, "sue"), opened(desk, http, "sue"):
        await until(lambda: desk.site.state.agents["alice"].desktops)
    await until(lambda: not desk.site.state.agents["alice"].desktops)
    (connected,), (lost,) = desk.of_type(ev.DesktopConnected), desk.of_type(ev.DesktopLost)
    assert connected.session_id == lost.session_id
    await until(lambda: not desk.hub.clients)


async def test_a_broken_connection_is_a_lost_desktop(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with opened(desk, http, "alice") as (ws, _):
        connection = ws.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        ws._response.connection.transport.abort()
        await until(lambda: desk.of_type(ev.DesktopLost))
    assert len(desk.of_type(ev.DesktopLost)) == 1


async def test_ways_to_bring_the_token(desk: Desk, http: aiohttp.ClientSession) -> None:
    token = desk.token("alice")
    async with http.ws_connect("/v1/events", protocols=("ctid.v1", f"bearer.{token}")) as ws:
        assert ws.protocol == "ctid.v1"
        await ws.send_json(HELLO)
        assert (await take(ws))["type"] == "snapshot"
    async with http.ws_connect("/v1/events") as ws:
        await ws.send_json({**HELLO, "token": token})
        assert (await take(ws))["type"] == "snapshot"


async def test_tokens_that_do_not_count(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect("/v1/events") as ws:
        await ws.send_json(HELLO)
        assert await close_code(ws) == CloseCode.TOKEN_MISSING
    async with http.ws_connect("/v1/events") as ws:
        await ws.send_json({**HELLO, "token": "nonsense"})
        assert await close_code(ws) == CloseCode.TOKEN_INVALID
    async with http.ws_connect("/v1/events") as ws:
        await ws.send_json({**HELLO, "token": desk.token("alice", -1)})
        assert await close_code(ws) == CloseCode.TOKEN_EXPIRED
    async with http.ws_connect("/v1/events", headers=desk.bearer("nobody")) as ws:
        await ws.send_json(HELLO)
        assert await close_code(ws) == CloseCode.UNKNOWN_AGENT
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect("/v1/events", headers={"Authorization": "Bearer nonsense"})
    assert refused.value.status == 401
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect("/v1/events", protocols=("bearer.x",))
    assert refused.value.status == 400
    assert not desk.of_type(ev.DesktopConnected)


async def test_an_expiring_token_closes_the_socket() -> None:
    desk = open_desk(heartbeat_seconds=1)
    await desk.server.start()
    async with aiohttp.ClientSession(desk.url) as http:
        headers = {"Authorization": f"Bearer {desk.token('alice', 3)}"}
        async with http.ws_connect("/v1/events", headers=headers) as ws:
            await ws.send_json(HELLO)
            await take_until(ws, "live")
            assert await close_code(ws) == CloseCode.TOKEN_EXPIRED
    await until(lambda: len(desk.of_type(ev.DesktopLost)) == 1)
    await desk.server.stop()


async def test_a_silent_desktop_is_lost() -> None:
    desk = open_desk(heartbeat_seconds=1)
    await desk.server.start()
    async with (
        aiohttp.ClientSession(desk.url) as http,
        opened(desk, http, "bob") as (alive, _),
        http.ws_connect("/v1/events", headers=desk.bearer("alice"), autoping=False) as ws,
    ):
        await ws.send_json(HELLO)
        await take_until(ws, "live")
        staying = asyncio.create_task(alive.receive())
        assert await close_code(ws) == CloseCode.SILENT
        await until(lambda: [event.agent_id for event in desk.of_type(ev.DesktopLost)] == ["alice"])
        assert not staying.done()
        staying.cancel()
        await asyncio.wait([staying])
    await desk.server.stop()


async def test_a_desktop_that_the_engine_cannot_hear_of_comes_back_later(
    desk: Desk, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: ev.Event) -> None:
        raise OverloadedError("the inbox is full")

    monkeypatch.setattr(desk.site, "notify", full)
    async with opened(desk, http, "alice") as (ws, _):
        assert await close_code(ws) == CloseCode.OVERLOADED
    await until(lambda: not desk.hub.clients)


async def test_pings_and_garbage(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with opened(desk, http, "alice") as (ws, _):
        await ws.send_json({"type": "ping", "id": 7})
        pong = await take(ws)
        assert (pong["type"], pong["id"]) == ("pong", 7)
        await ws.send_str("{")
        assert (await take(ws))["code"] == "message-invalid"
        await ws.send_json(HELLO)
        assert (await take(ws))["detail"] == "hello was said already"
        for _ in range(8):
            await ws.send_bytes(b"\0\xff")
        assert await close_code(ws) == CloseCode.PROTOCOL
    async with http.ws_connect("/v1/events", headers=desk.bearer("alice")) as ws:
        await ws.send_str("hello?")
        assert await close_code(ws) == CloseCode.PROTOCOL
    async with opened(desk, http, "alice") as (ws, _):
        await ws.send_str("x" * 20_000)
        assert await close_code(ws) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await until(lambda: not desk.hub.clients)


async def test_queue_stats_come_on_change_and_at_most_once_a_second(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with opened(desk, http, "alice") as (ws, _):
        for _ in range(5):
            desk.site.call(key="2")
        stats = (await take_until(ws, "queue.stats"))[-1]
        queue_schemas.QueueView.model_validate(stats["data"])
        assert (stats["subject"], stats["data"]["waiting"]) == ("queues/support", 5)
        assert "seq" not in stats
        with pytest.raises(TimeoutError):
            await take(ws, 1.5)


async def test_stopping_closes_with_1012() -> None:
    desk = open_desk()
    await desk.server.start()
    async with aiohttp.ClientSession(desk.url) as http:
        sockets = [await http.ws_connect("/v1/events", headers=desk.bearer(who)) for who in ("alice", "bob", "bob")]
        for ws in sockets[:2]:
            await ws.send_json(HELLO)
            await take_until(ws, "live")
        codes = [asyncio.create_task(close_code(ws)) for ws in sockets]
        async with asyncio.timeout(30):
            await desk.server.stop()
        assert [await code for code in codes] == [CloseCode.RESTARTING] * 3
    assert len(desk.of_type(ev.DesktopLost)) == 2


async def test_the_ring_waits_for_the_pop_but_not_for_ever(desk: Desk, http: aiohttp.ClientSession) -> None:
    loop = asyncio.get_running_loop()
    assert await desk.hub.flush_offer(["nobody"])
    async with opened(desk, http, "alice") as (ws, _):
        await until(lambda: desk.site.state.agents["alice"].desktops)
        assert await desk.hub.flush_offer(["alice"])
        ws._response.connection.transport.pause_reading()
        (client,) = desk.hub.clients
        stuff(desk)
        assert not client.flushed
        began = loop.time()
        assert not await desk.hub.flush_offer(["alice"], 0.05)
        assert 0.04 < loop.time() - began < 15
        ws._response.connection.transport.resume_reading()
        async with asyncio.timeout(30):
            while not await desk.hub.flush_offer(["alice"], 0.1):
                await ws.receive()


def stuff(desk: Desk) -> None:
    """Publish for alice, in one go, more than the kernel's buffers hold."""
    for _ in range(400):
        desk.site.handle(
            ev.AgentStateRequested(
                command_id="c", principal="p", agent_id="alice", state="NOT_READY", reason="lunch", forced=True
            )
        )
        desk.site.handle(
            ev.AgentStateRequested(command_id="c", principal="p", agent_id="alice", state="READY", forced=True)
        )


async def deaf(desk: Desk) -> asyncio.StreamWriter:
    """A supervisor's desktop that says hello and then reads nothing."""
    before = len(desk.hub.clients)
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.server.port, limit=1_024)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    writer.write(
        b"GET /v1/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
        b"Authorization: Bearer " + desk.token("sue").encode() + b"\r\n\r\n"
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    hello = b'{"type": "hello"}'
    writer.write(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
    await until(lambda: len(desk.hub.clients) == before + 1)
    writer.transport.pause_reading()
    return writer


@pytest.mark.parametrize("events", [300, 3_000])
async def test_stopping_does_not_wait_for_desktops_that_do_not_read(events: int) -> None:
    """Some are still waited for, or were cut off just now: neither holds up the end."""
    loop = asyncio.get_running_loop()
    desk = open_desk(client_buffer=1_000)
    await desk.server.start()
    writers = [await deaf(desk) for _ in range(20)]
    contact_id = desk.site.call()
    clients = desk.hub.clients
    for _ in range(events):
        desk.site.handle(
            ev.AttributesSet(command_id="c", principal="p", contact_id=contact_id, attributes={"a": "x" * 2_000})
        )
    assert not any(client.flushed for client in clients)
    assert len(desk.hub.clients) == (20 if events == 300 else 0)
    await until(lambda: len(desk.hub.clients) in (0, 20))
    began = loop.time()
    await desk.server.stop()
    assert loop.time() - began < 15
    for writer in writers:
        writer.transport.abort()


async def cut_off_by_a_server_that_is_late() -> None:
    desk = open_desk(client_buffer=50)
    await desk.server.start()
    writer = await deaf(desk)
    (slow,) = desk.hub.clients
    contact_id = desk.site.call()
    digits = itertools.cycle("0123456789")
    while slow.close_code is None:
        attributes = {"a": next(digits) * 2_000}
        desk.site.handle(ev.AttributesSet(command_id="c", principal="p", contact_id=contact_id, attributes=attributes))
        await asyncio.sleep(0)
    assert slow.close_code is CloseCode.TOO_SLOW
    await asyncio.sleep(0)
    sock = writer.get_extra_info("socket").dup()
    writer.transport.abort()
    sock.setblocking(True)
    sock.settimeout(20)

    def read_all() -> bytes:
        data = bytearray()
        while more := sock.recv(1 << 16):
            data += more
        return bytes(data)

    read = asyncio.create_task(asyncio.to_thread(read_all))
    await asyncio.sleep(0)
    time.sleep(2 * CLOSE_GRACE + 0.5)  # noqa: ASYNC251 - the case: longer than a desktop is waited for
    assert (await read).endswith(CloseCode.TOO_SLOW.to_bytes(2, "big") + CloseCode.TOO_SLOW.reason)
    sock.close()
    await desk.server.stop()


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_desktop_that_reads_hears_why_it_is_cut_off_though_the_server_is_late(new_loop: Any) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(cut_off_by_a_server_that_is_late())


async def slow_reader_and_300_others() -> None:
    desk = open_desk(client_buffer=50)
    await desk.server.start()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(desk.url, connector=connector) as http:
        writer = await deaf(desk)
        (slow,) = desk.hub.clients

        sockets = []
        for _ in range(300):
            ws = await http.ws_connect("/v1/events", headers=desk.bearer("sue"))
            await ws.send_json(HELLO)
            sockets.append(ws)
        starts = [(await take_until(ws, "live"))[-1]["seq"] for ws in sockets]
        reached = dict(zip(sockets, starts, strict=True))
        end = asyncio.Event()

        async def read_all(ws: Socket, start: int) -> int:
            seqs = [start]
            while not (end.is_set() and seqs[-1] == desk.site.state.stream_seq):
                event = await take(ws, 30)
                if "seq" in event:
                    seqs.append(event["seq"])
                    reached[ws] = event["seq"]
            assert seqs == list(range(start, seqs[-1] + 1))
            return len(seqs)

        readers = [asyncio.create_task(read_all(ws, start)) for ws, start in zip(sockets, starts, strict=True)]
        contact_id = desk.site.call()
        for number in range(500):
            attributes = {f"a{n}": str(number % 10) * 2_000 for n in range(4)}
            desk.site.handle(
                ev.AttributesSet(command_id="c", principal="p", contact_id=contact_id, attributes=attributes)
            )
            # The others share this loop with the server; they have to get their turn to be as fast as they are.
            await until(lambda: min(reached.values()) == desk.site.state.stream_seq)
            if slow.close_code is not None:
                break
        assert slow.close_code is CloseCode.TOO_SLOW
        assert desk.metrics.registry.get_sample_value("ctid_desktop_dropped_total", {"reason": "too_slow"}) == 1
        last = desk.site.call()
        end.set()
        counts = await asyncio.gather(*readers)
        assert min(counts) > 50
        assert last in desk.site.state.contacts
        assert len(desk.hub.clients) == 300
        for ws in sockets:
            await ws.close()
        writer.transport.abort()
    await desk.server.stop()


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_slow_reader_is_cut_and_300_others_get_every_event(new_loop: Any) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(slow_reader_and_300_others())
