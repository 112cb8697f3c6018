"""What stock panoramisk 1.4 does, row by row, and that ctid does not. A release that mends one makes its test fail."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import panoramisk
import pytest
from panoramisk.fast_agi import Request
from panoramisk.message import Message as PanoramiskMessage

from ctid.errors import PbxActionError
from ctid.model.events import AgiEnded, CallArrived, LegEnded, PbxLost
from ctid.pbx_adapters.agi.parser import AgiParser, Eof, Hangup, Reply
from ctid.pbx_adapters.ami import framing
from ctid.pbx_adapters.ami.framing import AmiParser
from ctid.pbx_adapters.ami.protocol import AmiProtocol
from ctid.pbx_adapters.ami.supervisor import WANTED
from sip_test_rig.fake_agi import FakeAgiCall
from sip_test_rig.fake_ami import BANNER, FakeAmi
from tests.adapters import agi_running, ami_running
from tests.adapters.seen import Seen

pytestmark = [pytest.mark.adapters, pytest.mark.timeout(120)]

RECORDING = Path(__file__).parent / "data/inbound-call.ami"
FROZEN_AFTER_S = 2.0

_NAIVE_FASTAGI = """
import asyncio
from panoramisk.fast_agi import Application

async def main():
    app = Application(loop=asyncio.get_running_loop())
    server = await asyncio.start_server(app.handler, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.close()
    print("connected", flush=True)
    await asyncio.sleep(0.5)
    print("alive", flush=True)

asyncio.run(main())
"""


def stock_protocol(callback: Any) -> Any:
    """Make panoramisk's own protocol as its manager would, with a callback for every event."""
    manager = panoramisk.Manager(loop=asyncio.get_running_loop())
    manager.register_event("*", callback)
    protocol = manager.config["protocol_factory"]()
    protocol.connection_made(Mock())
    protocol.factory = manager
    protocol.encoding = "utf8"
    return protocol


def test_peer_that_connects_and_closes_freezes_the_stock_fastagi() -> None:
    """Its handler reads the end of file over and over without ever giving way; hence in a process of its own."""
    with subprocess.Popen([sys.executable, "-c", _NAIVE_FASTAGI], stdout=subprocess.PIPE) as naive:
        assert naive.stdout is not None
        assert naive.stdout.readline() == b"connected\n"
        with pytest.raises(subprocess.TimeoutExpired):
            naive.wait(FROZEN_AFTER_S)
        naive.kill()
        assert naive.stdout.read() == b""


async def test_peer_that_connects_and_closes_is_nothing_to_ours() -> None:
    seen = Seen()
    async with agi_running.running(seen) as (server, metrics):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.close()
        refused = metrics.agi_refused.labels(reason="closed")
        await ami_running.until(lambda: refused._value.get() == 1)
        async with FakeAgiCall(server.port):
            await seen.first(CallArrived)


async def test_hangup_puts_every_later_reply_of_stock_off_by_one() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(b"HANGUP\n200 result=1\n200 result=2\n")
    request = Request(app=None, headers={}, reader=reader, writer=Mock(drain=_nothing))
    first = await request.send_command("ANSWER")
    second = await request.send_command("WAIT FOR DIGIT 1000")
    assert first["error"] == "AGIResultHangup"
    assert second["result"] == ("1", "")


async def test_end_of_file_raises_value_error_in_stock() -> None:
    reader = asyncio.StreamReader()
    reader.feed_eof()
    request = Request(app=None, headers={}, reader=reader, writer=Mock(drain=_nothing))
    with pytest.raises(ValueError, match="invalid literal"):
        await request.send_command("ANSWER")


def test_hangup_and_end_of_file_are_events_of_ours() -> None:
    parser = AgiParser()
    parser.feed(b"agi_network: yes\n\n")
    assert parser.feed(b"HANGUP\n200 result=1\n") == [Hangup(), Reply(code=200, result=1)]
    assert parser.eof() == [Eof(midway=False)]


async def test_hangup_before_the_reply_ends_our_session_once() -> None:
    seen = Seen()
    async with agi_running.running(seen) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        call.send(b"HANGUP\n200 result=1\n200 result=2\n")
        await seen.first(AgiEnded)
    assert len(seen.all(AgiEnded)) == 1


async def test_split_character_is_lost_by_stock_and_kept_by_ours() -> None:
    raw = "Event: Hangup\r\nCallerIDName: Zoë\r\n\r\n".encode()
    cut = raw.index(b"\xab")
    stock: list[Any] = []
    protocol = stock_protocol(lambda _manager, event: stock.append(event))
    protocol.data_received(raw[:cut])
    protocol.data_received(raw[cut:])
    assert [event.calleridname for event in stock] == ["Zo"]

    ours: list[framing.Message] = []
    wire = AmiProtocol(["Hangup"], ours.append)
    wire.data_received(BANNER + raw[:cut])
    wire.data_received(raw[cut:])
    assert [event["CallerIDName"] for event in ours] == ["Zoë"]


async def test_line_break_injects_an_action_through_stock_and_is_refused_by_ours() -> None:
    poison = {"Action": "Ping", "X": "y\r\n\r\nAction: Command\r\nCommand: core stop now"}
    async with FakeAmi() as ami:
        manager = panoramisk.Manager(host="127.0.0.1", port=ami.port, loop=asyncio.get_running_loop())
        await manager.connect()
        await asyncio.sleep(0)
        manager.send_action(dict(poison))
        assert (await ami.requested("Command"))[0]["Command"] == "core stop now"
        _leave(manager)

    wire = AmiProtocol((), Mock())
    wire.connection_made(transport := Mock(spec=asyncio.Transport))
    with pytest.raises(PbxActionError, match="'X'"):
        wire.send(poison)
    transport.write.assert_not_called()


async def test_callback_that_raises_costs_stock_the_rest_and_ours_has_none() -> None:
    two = b"Event: Hangup\r\nUniqueid: 1\r\n\r\nEvent: Hangup\r\nUniqueid: 2\r\n\r\n"
    stock: list[str] = []

    def callback(_manager: Any, event: Any) -> None:
        stock.append(event.uniqueid)
        raise RuntimeError("a bug in one handler")

    protocol = stock_protocol(callback)
    with pytest.raises(RuntimeError):
        protocol.data_received(two)
    protocol.data_received(b"")
    assert stock == ["1"]

    async with FakeAmi() as ami, ami_running.running(ami_running.spec(ami.port)) as run:
        await run.until_ready()
        ami.send(two)
        await run.seen.several(LegEnded, 2)


async def test_coroutine_callbacks_of_stock_end_in_another_order_and_ours_emits_in_order() -> None:
    stock: list[str] = []
    done = asyncio.Event()

    async def callback(_manager: Any, event: Any) -> None:
        if event.uniqueid == "1":
            await done.wait()
        stock.append(event.uniqueid)
        done.set()

    protocol = stock_protocol(callback)
    protocol.data_received(b"Event: Hangup\r\nUniqueid: 1\r\n\r\nEvent: Hangup\r\nUniqueid: 2\r\n\r\n")
    await ami_running.until(lambda: len(stock) == 2)
    assert stock == ["2", "1"]

    ours: list[str] = []
    wire = AmiProtocol(["Hangup"], lambda message: ours.append(message["Uniqueid"]))
    wire.data_received(BANNER + b"".join(b"Event: Hangup\r\nUniqueid: %d\r\n\r\n" % i for i in range(100)))
    assert ours == [str(i) for i in range(100)]


async def test_failed_login_raises_nothing_in_stock_and_is_told_by_ours() -> None:
    async with FakeAmi() as ami:
        ami.login_error = "Authentication failed"
        manager = panoramisk.Manager(
            host="127.0.0.1", port=ami.port, username="x", secret="y", loop=asyncio.get_running_loop()
        )
        await manager.connect()
        await ami.requested("Login")
        await ami_running.until(lambda: manager.authenticated_future is None)
        # No exception, no callback, still connected: only who asks knows.
        assert not manager.authenticated
        assert not manager.protocol.closed
        _leave(manager)

        async with ami_running.running(ami_running.spec(ami.port)) as run:
            await run.seen.first(PbxLost, reason="refused-login")
            assert run.link.state == "lost: refused-login: Authentication failed"


async def test_close_while_it_waits_does_not_stop_stock_from_connecting_and_stops_ours() -> None:
    async with FakeAmi() as ami:
        manager = panoramisk.Manager(
            host="127.0.0.1", port=ami.port, loop=asyncio.get_running_loop(), reconnect_timeout=1
        )
        await manager.connect()
        await ami_running.until(lambda: ami.connections == 1)
        ami.cut()
        await ami_running.until(lambda: manager.protocol.closed)
        manager.close()
        await ami_running.until(lambda: ami.connections == 1)
        _leave(manager)

    async with FakeAmi() as ami:
        async with ami_running.running(ami_running.spec(ami.port)) as run:
            await run.until_ready()
            run.waits.go.clear()
            ami.cut()
            await run.seen.first(PbxLost)
            await ami_running.until(lambda: not ami.connections)
            logins = len(await ami.requested("Login"))
        assert len(await ami.requested("Login")) == logins
        assert ami.connections == 0


async def test_wait_of_stock_is_fixed_and_ours_grows() -> None:
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    clock = Mock(wraps=loop)
    clock.call_later = lambda delay, *_args: waits.append(delay)
    manager = panoramisk.Manager(loop=clock)
    for _ in range(4):
        failed = loop.create_future()
        failed.set_exception(ConnectionRefusedError())
        manager.connection_made(failed)
    assert waits == [2, 2, 2, 2]

    ami = FakeAmi()
    await ami.open()
    await ami.close()
    async with ami_running.running(ami_running.spec(ami.port)) as run:
        await run.waits.count(4)
        assert run.waits.asked[:4] == [0.5, 1.0, 2.0, 4.0]


async def test_stock_decodes_every_event_and_ours_only_those_it_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = RECORDING.read_bytes()
    decoded: Counter[str] = Counter()
    stock_decode = PanoramiskMessage.from_line.__func__
    our_decode = framing.parse_message

    def count_stock(cls: Any, line: str) -> Any:
        decoded["stock"] += 1
        return stock_decode(cls, line)

    def count_ours(raw: bytes) -> framing.Message:
        decoded["ours"] += 1
        return our_decode(raw)

    monkeypatch.setattr(PanoramiskMessage, "from_line", classmethod(count_stock))
    monkeypatch.setattr(framing, "parse_message", count_ours)
    stock_protocol(lambda *_: None).data_received(stream)
    AmiParser(WANTED).feed(stream)
    # More than half of a call's events are VarSet and Newexten, which nobody here reads.
    assert decoded["stock"] > 100
    assert decoded["ours"] < decoded["stock"] / 4


def _leave(manager: panoramisk.Manager) -> None:
    """Keep a stock manager from connecting again behind the test's back."""
    manager.connect = manager.connection_lost = lambda *_: None
    manager.close()


async def _nothing() -> None:
    """Stand for a drain that has nothing to wait for."""
