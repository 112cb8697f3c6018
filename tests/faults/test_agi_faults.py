"""FastAGI faults: peers that send nothing, half, garbage, or without end. Nothing freezes, nothing leaks."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from ctid.model.commands import AnswerLeg
from ctid.model.events import AgiEnded, CallArrived
from ctid.pbx_adapters.agi import server as agi_server
from ctid.pbx_adapters.agi.dialogue import Dialogue
from sip_test_rig.fake_agi import FakeAgiCall
from tests.adapters.agi_running import running
from tests.adapters.seen import Seen

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

LEG = {"pbx": "a", "unique_id": "1700000000.1"}


async def refused(port: int, raw: bytes, *, close: bool = False) -> None:
    """Send bytes and wait until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    if close:
        writer.write_eof()
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()


@pytest.mark.parametrize(
    ("raw", "close", "reason"),
    [
        (b"", True, "closed"),
        (b"agi_network: yes\nagi_unique", True, "closed"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", False, "garbage"),
        (b"\xff\xfe" * 4_000 + b"\n", False, "garbage"),
        (b"agi_network_script: in\n\n", False, "garbage"),
        (b"agi_uniqueid: a b\nagi_network_script: in\n\n", False, "garbage"),
        (b"agi_x: y\n" * 20_000, False, "garbage"),
        (b"agi_x: " + b"y" * 200_000, False, "garbage"),
    ],
)
async def test_bad_peer_is_cut_off_and_others_are_served(raw: bytes, close: bool, reason: str) -> None:
    seen = Seen()
    async with running(seen) as (server, metrics):
        for _ in range(20):
            await refused(server.port, raw, close=close)
        async with FakeAgiCall(server.port) as call:
            await seen.first(CallArrived)
            assert server.execute(AnswerLeg(**LEG))
            await call.commanded("ANSWER")
        assert metrics.registry.get_sample_value("ctid_agi_refused_total", {"reason": reason}) == 20


async def test_peer_that_says_nothing_is_cut_off_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agi_server, "ENVIRONMENT_SECONDS", 0.1)
    seen = Seen()
    async with running(seen) as (server, metrics):
        await refused(server.port, b"agi_network: yes\n")
        assert metrics.registry.get_sample_value("ctid_agi_refused_total", {"reason": "slow"}) == 1


async def test_reply_that_never_comes_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dialogue.ask, "__defaults__", (0.1,))
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {"ANSWER": None}
        await seen.first(CallArrived)
        server.execute(AnswerLeg(**LEG))
        await seen.first(AgiEnded)
        await call.closed.wait()


@pytest.mark.parametrize("raw", [b"hello\n", b"200 result=0\n", b"x" * 100_000, FakeAgiCall(0).environment])
async def test_session_that_turns_to_garbage_ends(raw: bytes) -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        call.send(raw)
        await seen.first(AgiEnded)
        await call.closed.wait()
    assert len(seen.all(AgiEnded)) == 1


async def test_hang_up_on_the_heels_of_the_environment() -> None:
    seen = Seen()
    async with running(seen) as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(FakeAgiCall(0).environment + b"HANGUP\n")
        await seen.first(AgiEnded)
        assert await reader.read() == b""
        writer.close()
    assert [type(event) for event in seen.events] == [CallArrived, AgiEnded]


async def test_flood_of_connections_leaves_no_task_behind() -> None:
    seen = Seen()
    before = len(asyncio.all_tasks())
    async with running(seen, max_sessions=50) as (server, _):
        await asyncio.gather(*(refused(server.port, b"", close=True) for _ in range(300)))
        async with FakeAgiCall(server.port):
            await seen.first(CallArrived)
    await seen.first(CallArrived)
    assert len(asyncio.all_tasks()) == before
