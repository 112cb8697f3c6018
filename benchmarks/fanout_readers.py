"""Readers: thousands of desktops in one process, which do little but note when they read which event.

A process of its own, run by ``desktop_fanout``; takes its orders as JSON lines on standard input and answers on
standard output:

- ``{"connect": {...}}`` (the fields of ``Feed``) opens all sockets, in waves, and waits until each is live;
- ``{"storm": "resume" | "snapshot"}`` cuts all of them at once, has all come back at once, and tells the seconds until
  the last is live again, or how many are not after ``STORM_SECONDS``;
- ``{"awake": true}`` has the slow ones read as the others do, and waits until each is live;
- ``{"collect": path}`` writes what was read, as lines of [seqs, times, cuts, resyncs] for each desktop.

A desktop that is cut off comes back by itself, as does one whose connection is not live in ``_TRY_SECONDS``.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
import sys
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import uvloop

_ORDER_BYTES: Final = 16 * 1024 * 1024
STORM_SECONDS: Final = 45.0
_CONNECT_SECONDS: Final = 120.0
_TRY_SECONDS: Final = 20.0
_AT_ONCE: Final = 100
_SLOW_BUFFER: Final = 16 * 1024
_EVENT: Final = re.compile(
    rb'\{"specversion":"1\.0","id":"[^"]*","source":"[^"]*","type":"[^"]*","time":"[^"]*",'
    rb'"datacontenttype":"application/json","seq":(\d+)'
)
_AWAKE_SECONDS: Final = 0.2
_ASLEEP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where desktops connect.

    Attributes:
        port: Of the WebSocket server on 127.0.0.1.
        tokens: One for each desktop.
        slow: Numbers of those that mostly do not read.
    """

    port: int
    tokens: Sequence[str]
    slow: Sequence[int]


class Reader(asyncio.Protocol):
    """One desktop; comes back by itself when it is cut off."""

    def __init__(self, feed: Feed, number: int) -> None:
        self.seqs = array("q")
        self.times = array("d")
        self.cuts = 0
        self.resyncs = 0
        self.live = asyncio.Event()
        self.slow = number in feed.slow
        self._feed = feed
        self._number = number
        self._buffer = bytearray()
        self._upgraded = False
        self._epoch = ""
        self._seq = 0
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()
        self._meant = False
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Be connected from now on; returns when the desktop is live."""
        self._task = asyncio.create_task(self._stay())
        await self.live.wait()

    async def _stay(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._lost.clear()
            try:
                async with asyncio.timeout(_TRY_SECONDS):
                    await loop.create_connection(lambda: self, "127.0.0.1", self._feed.port)
                    await self._either()
            except (TimeoutError, OSError):
                # Nobody accepts, or answers: begin anew, as a real desktop would.
                if self._transport is not None:
                    self._transport.abort()
                await asyncio.sleep(0.1)
                continue
            await self._lost.wait()

    async def _either(self) -> None:
        waits = [asyncio.create_task(each.wait()) for each in (self.live, self._lost)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._buffer, self._upgraded = bytearray(), False
        if self.slow:
            # Or the kernel would read for it, megabytes.
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SLOW_BUFFER)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Authorization: Bearer {self._feed.tokens[self._number]}\r\n\r\n".encode()
        )
        hello: dict[str, Any] = {"type": "hello", "client_id": f"desktop-{self._number:05}"}
        if self._epoch:
            hello["resume_from"] = {"epoch": self._epoch, "seq": self._seq}
        self._send(0x1, json.dumps(hello).encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if not self._upgraded:
            head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise RuntimeError(head.decode())
            self._upgraded, self._buffer = True, bytearray(rest)
        start = 0
        while (frame := self._frame(start)) is not None:
            opcode, begin, start = frame
            if opcode == 0x9:
                self._send(0xA, bytes(self._buffer[begin:start]))
            elif opcode == 0x1:
                found = _EVENT.match(self._buffer, begin, start)
                if found is not None:
                    self._seq = int(found[1])
                    self.seqs.append(self._seq)
                    self.times.append(now)
                elif self._buffer.startswith(b'{"type":', begin):
                    self._told(json.loads(self._buffer[begin:start]))
        del self._buffer[:start]

    def connection_lost(self, error: Exception | None) -> None:
        self.live.clear()
        if not self._meant:
            self.cuts += 1
        self._meant = False
        self._lost.set()

    def storm(self, how: str) -> None:
        """Lose the connection; what was read so far counts no more."""
        self.seqs, self.times = array("q"), array("d")
        if how == "snapshot":
            self._epoch = "another"
        self.live.clear()
        assert self._transport is not None
        self._meant = not self._transport.is_closing()
        self._transport.abort()

    async def doze(self) -> None:
        """Read for a moment, then nothing for a long one, and again."""
        while True:
            await asyncio.sleep(_AWAKE_SECONDS)
            await self.live.wait()
            assert self._transport is not None
            transport = self._transport
            transport.pause_reading()
            try:
                await asyncio.sleep(_ASLEEP_SECONDS)
            finally:
                transport.resume_reading()

    def _told(self, message: dict[str, Any]) -> None:
        if message["type"] == "resync_required":
            self.resyncs += 1
        elif message["type"] == "live":
            self._epoch, self._seq = message["epoch"], message["seq"]
            self.live.set()

    def _frame(self, at: int) -> tuple[int, int, int] | None:
        """Opcode, begin and end of the frame that begins here, if it is whole (RFC 6455, 5.2)."""
        buffer = self._buffer
        if len(buffer) < at + 2:
            return None
        size, begin = buffer[at + 1], at + 2
        if size >= 126:
            begin = at + (4 if size == 126 else 10)
            size = int.from_bytes(buffer[at + 2 : begin], "big")
        if len(buffer) < begin + size:
            return None
        return buffer[at] & 0x0F, begin, begin + size

    def _send(self, opcode: int, payload: bytes) -> None:
        # Masked with zeros, which is the payload itself: a client has to mask, and nobody here looks into frames.
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        assert self._transport is not None
        self._transport.write(bytes([0x80 | opcode]) + size + bytes(4) + payload)


def _write(readers: Sequence[Reader], path: Path) -> None:
    with path.open("w") as file:
        for reader in readers:
            print(json.dumps([list(reader.seqs), list(reader.times), reader.cuts, reader.resyncs]), file=file)


async def _live(readers: Sequence[Reader]) -> int:
    """Wait until all are live, for ``STORM_SECONDS`` at most; tells how many are not."""
    waits = [asyncio.create_task(reader.live.wait()) for reader in readers]
    _, late = await asyncio.wait(waits, timeout=STORM_SECONDS)
    for wait in late:
        wait.cancel()
    return len(late)


async def serve() -> None:
    """Carry out orders until standard input ends."""
    orders = asyncio.StreamReader(limit=_ORDER_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    readers: list[Reader] = []
    dozing: list[asyncio.Task[None]] = []
    while line := await orders.readline():
        order = json.loads(line)
        answer: dict[str, Any] = {}
        if "connect" in order:
            feed = Feed(**order["connect"])
            readers = [Reader(feed, number) for number in range(len(feed.tokens))]
            async with asyncio.timeout(_CONNECT_SECONDS):
                for first in range(0, len(readers), _AT_ONCE):
                    await asyncio.gather(*(reader.connect() for reader in readers[first : first + _AT_ONCE]))
            dozing = [asyncio.create_task(reader.doze()) for reader in readers if reader.slow]
        elif "storm" in order:
            began = time.monotonic()
            for reader in readers:
                reader.storm(order["storm"])
            late = await _live(readers)
            answer = {"seconds": time.monotonic() - began, "late": late}
        elif "awake" in order:
            for task in dozing:
                task.cancel()
            answer = {"late": await _live(readers)}
        else:
            _write(readers, Path(order["collect"]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    uvloop.run(serve())
