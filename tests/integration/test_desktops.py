"""Three hundred desktops while calls run, one of which reads nothing: the others get every event, and it is cut off."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
import time
from collections.abc import AsyncIterator, Iterable
from urllib.request import urlopen

import pytest

from ctid.desktop.identity.auth import Role
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.sipp import Sipp
from sip_test_rig.site import RigSite
from tests.integration.floor import (
    DIRECT,
    PATIENCE_S,
    Seat,
    all_records,
    floor_config,
    metrics,
    resident_bytes,
    staff,
    until_quiet,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

AGENTS = 250
AT_WORK = 4
CALLS = 80
TOO_SLOW = 4008
CONFIG = floor_config(AGENTS, ring_seconds=30)
CONFIG["api"] = {"client_buffer": 30}


@contextlib.asynccontextmanager
async def desktops(site: RigSite, agent_ids: Iterable[str], supervisors: int) -> AsyncIterator[list[Desktop]]:
    """So many desktops signed in at once."""
    all_of_them = [site.desktop(agent_id) for agent_id in agent_ids] + [site.supervisor() for _ in range(supervisors)]
    try:
        await asyncio.gather(*(desktop.start() for desktop in all_of_them))
        yield all_of_them
    finally:
        await asyncio.gather(*(desktop.stop() for desktop in all_of_them))


class Unreading:
    """A desktop that says hello and then reads nothing, with as little room in its socket as the kernel gives.

    It has a thread of its own: once it is cut off it must read at once, or the closing frame is given up.
    """

    def __init__(self, site: RigSite) -> None:
        self._metrics = f"{site.ctid.url}/metrics"
        self._socket = socket.socket()
        self._socket.settimeout(PATIENCE_S)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.connect(("127.0.0.1", site.api_port))
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /v1/events HTTP/1.1\r\nHost: ctid\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: ctid.v1\r\n"
            f"Authorization: Bearer {site.token('supervisor', Role.SUPERVISOR)}\r\n\r\n"
        )
        self._socket.sendall(request.encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self._socket.recv(1)
        assert answer.startswith(b"HTTP/1.1 101 ")
        hello, mask = json.dumps({"type": "hello"}).encode(), os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(hello))
        self._socket.sendall(struct.pack("!BB", 0x81, 0x80 | len(hello)) + mask + masked)

    def until_cut_off(self) -> tuple[int, int | None]:
        """Wait until the daemon counts a desktop that was too slow, then read what is left.

        Returns:
            How many frames there were, and the code of the closing one.
        """
        deadline = time.monotonic() + 2 * PATIENCE_S
        while b'ctid_desktop_dropped_total{reason="too_slow"} 1.0' not in urlopen(self._metrics).read():
            assert time.monotonic() < deadline, "the desktop that reads nothing is not cut off"
            time.sleep(0.05)
        data = bytearray()
        with contextlib.suppress(ConnectionResetError), self._socket:
            while more := self._socket.recv(1 << 16):
                data += more
        return _frames(bytes(data))


def _frames(data: bytes) -> tuple[int, int | None]:
    frames, at = 0, 0
    while at + 2 <= len(data):
        opcode, size, at = data[at] & 0x0F, data[at + 1] & 0x7F, at + 2
        if size == 126:
            size, at = struct.unpack_from("!H", data, at)[0], at + 2
        elif size == 127:
            size, at = struct.unpack_from("!Q", data, at)[0], at + 8
        if opcode == 8:
            return frames, struct.unpack_from("!H", data, at)[0]
        at += size
        frames += 1
    return frames, None


def stream(desktop: Desktop) -> list[JsonObject]:
    """The events of the stream proper, in order of arrival."""
    return [event for event in desktop.events if event.get("specversion") and event["type"] != "queue.stats"]


def concerns(event: JsonObject, agent_id: str) -> bool:
    """Whether an event is an agent's to see, as far as a supervisor can tell from it."""
    match event["type"].partition(".")[0]:
        case "agent":
            return bool(event["data"]["agent"]["id"] == agent_id)
        case "offer":
            return bool(event["data"]["offer"]["agent_id"] == agent_id)
        case "contact":
            return bool(event["data"]["contact"]["agent_id"] == agent_id)
        case _:
            return False


async def test_three_hundred_desktops_get_every_event_though_one_reads_nothing(site: RigSite, boss: Desktop) -> None:
    names = list(site.config["agents"])
    to = (site.pbx.host, site.pbx.sip_port)
    async with (
        staff(site, *names[:AT_WORK]) as seats,
        desktops(site, names[AT_WORK:], 300 - AGENTS - 2) as others,
    ):
        slow = await asyncio.to_thread(Unreading, site)

        async def all_connected() -> bool:
            return (await metrics(site))["ctid_desktop_clients"] == 300

        await eventually(all_connected, "three hundred desktops are connected", timeout=PATIENCE_S)
        memory = resident_bytes(site.ctid.pid)
        cut_off = asyncio.create_task(asyncio.to_thread(slow.until_cut_off))

        async def serve(seat: Seat) -> None:
            while True:
                call = await seat.phone.next_call(PATIENCE_S * 4)
                await seat.desktop.wait("contact.connected", timeout=PATIENCE_S)
                call.hang_up()

        servers = [asyncio.create_task(serve(seat)) for seat in seats]
        callers = Sipp("uac-silent-waits-for-bye", to=to, number=DIRECT, calls=CALLS, rate=20, time_limit_s=200)
        calls = asyncio.create_task(callers.run())
        frames, code = await cut_off
        assert code == TOO_SLOW
        assert frames > 0
        result = await calls
        assert result.ok, result.errors
        for server in servers:
            server.cancel()
        await asyncio.gather(*servers, return_exceptions=True)
        await until_quiet(site, boss)

        async def one_has_gone() -> bool:
            return (await metrics(site))["ctid_desktop_clients"] == 299

        await eventually(one_has_gone, "only the one that reads nothing is cut off", timeout=PATIENCE_S)

        async def all_recorded() -> bool:
            return len(await all_records(boss)) == CALLS

        await eventually(all_recorded, "every call has its record", timeout=PATIENCE_S, every=0.2)

        state = await boss.request("GET", "/v1/site")
        supervisors = [boss, *others[AGENTS - AT_WORK :]]

        async def all_there() -> bool:
            return all(stream(each)[-1]["seq"] >= state["seq"] for each in supervisors)

        await eventually(all_there, "every supervisor's desktop is up to date", timeout=PATIENCE_S)
        whole = stream(boss)
        for desktop in supervisors:
            seqs = [event["seq"] for event in stream(desktop)]
            first = desktop.snapshot["seq"]
            assert seqs[: state["seq"] - first] == list(range(first + 1, state["seq"] + 1)), "no event is missing"
        for seat in seats:
            first = seat.desktop.snapshot["seq"]
            due = [e["seq"] for e in whole if first < e["seq"] <= state["seq"] and concerns(e, seat.agent_id)]
            got = [event["seq"] for event in stream(seat.desktop)]
            assert got == sorted(set(got))
            assert set(due) <= set(got)
            assert len(due) > CALLS
            strange = [e for e in stream(seat.desktop) if "data" in e and "offer" in e["data"]]
            assert {event["data"]["offer"]["agent_id"] for event in strange} == {seat.agent_id}
        for desktop in others[: AGENTS - AT_WORK]:
            assert [event for event in stream(desktop) if event.get("contact_id")] == [], "idle agents see no caller"
            assert desktop.closed_with is None
        assert resident_bytes(site.ctid.pid) < memory + 64 * 1024 * 1024
