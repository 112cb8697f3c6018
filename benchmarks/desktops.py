"""Desktops: hundreds of WebSocket clients in one process, which do little but stamp what they are told.

A process of its own, run by ``event_to_desktop``; takes its orders as JSON lines on standard input and answers on
standard output:

- ``{"connect": {...}}`` (the fields of ``Feed``) opens all sockets, and a bare AMI connection beside them;
- ``{"collect": true}`` closes them and gives the stamps: ``told``, a list of [call, desktop, time], and ``entered``, a
  list of [bridge, channel, unique id, Asterisk's stamp, time of arrival].
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import uvloop

READ_SECONDS: Final = 20.0
_ORDER_BYTES: Final = 1024 * 1024
_ENTER: Final = re.compile(rb"Event: BridgeEnter\r\n.*?\r\n\r\n", re.DOTALL)
_FIELD: Final = re.compile(rb"\r\n(BridgeUniqueid|Channel|Uniqueid|Timestamp): ([^\r]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where desktops connect, and what they look for.

    Attributes:
        port: Of the WebSocket server on 127.0.0.1.
        path: Of the socket.
        tokens: One for each desktop.
        hello: The first message each sends; empty for none.
        marker: What the message that counts contains.
        call: Regular expression; its group tells which call that message is about.
        ami: Port, user and secret of the manager interface.
    """

    port: int
    path: str
    tokens: Sequence[str]
    hello: str
    marker: str
    call: str
    ami: tuple[int, str, str]


class Desktop(asyncio.Protocol):
    """One desktop's socket: stamps every read, and looks in it for the message that counts."""

    def __init__(self, feed: Feed, number: int, told: Callable[[tuple[str, int, float]], None]) -> None:
        self.open = asyncio.get_running_loop().create_future()
        self._feed = feed
        self._number = number
        self._told = told
        self._marker = feed.marker.encode()
        self._call = re.compile(feed.call.encode())
        self._buffer = bytearray()
        self._upgraded = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {self._feed.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Authorization: Bearer {self._feed.tokens[self._number]}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self._buffer += data
        if not self._upgraded:
            head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.open.set_exception(RuntimeError(head.decode()))
                return
            self._upgraded = True
            self._buffer = bytearray(rest)
            if self._feed.hello:
                self._send(0x1, self._feed.hello.encode())
            else:
                self.open.set_result(None)
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == 0x9:
                self._send(0xA, payload)
            elif opcode == 0x1:
                if not self.open.done():
                    self.open.set_result(None)
                if self._marker in payload and (found := self._call.search(payload)) is not None:
                    self._told((found[1].decode(), self._number, now))

    def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def _frame(self) -> tuple[int, bytes] | None:
        """Take the next whole frame out of the buffer; servers send them unmasked (RFC 6455, 5.1)."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < max(start, 2) + size:
            return None
        frame = buffer[0] & 0x0F, bytes(buffer[start : start + size])
        del buffer[: start + size]
        return frame

    def _send(self, opcode: int, payload: bytes) -> None:
        # Masked with zeros, which is the payload itself: a client has to mask, and nobody here looks into frames.
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        assert self._transport is not None
        self._transport.write(bytes([0x80 | opcode]) + size + bytes(4) + payload)


class BareAmi(asyncio.Protocol):
    """The least that an AMI client can do: find the events that count, and stamp them."""

    def __init__(self, user: str, secret: str) -> None:
        self.open = asyncio.get_running_loop().create_future()
        self.entered: list[list[Any]] = []
        self._login = f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\n\r\n".encode()
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._login)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self._buffer += data
        if not self.open.done() and b"Response: Success" in self._buffer:
            self.open.set_result(None)
        whole, end, self._buffer = self._buffer.rpartition(b"\r\n\r\n")
        for event in _ENTER.findall(whole + end):
            fields = {name.decode(): value.decode() for name, value in _FIELD.findall(event)}
            self.entered.append(
                [fields["BridgeUniqueid"], fields["Channel"], fields["Uniqueid"], float(fields["Timestamp"]), now]
            )

    def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()


Peer = TypeVar("Peer", Desktop, BareAmi)


async def serve() -> None:
    """Carry out orders until standard input ends."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=_ORDER_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    told: list[tuple[str, int, float]] = []
    desktops: list[Desktop] = []
    ami: BareAmi | None = None
    while line := await orders.readline():
        order = json.loads(line)
        if "connect" in order:
            told = []
            feed = Feed(**order["connect"])
            desktops = [
                await _open(Desktop(feed, number, told.append), feed.port) for number in range(len(feed.tokens))
            ]
            port, user, secret = feed.ami
            ami = await _open(BareAmi(user, secret), port)
            print("{}", flush=True)
        else:
            assert ami is not None
            for desktop in desktops:
                desktop.close()
            ami.close()
            print(json.dumps({"told": told, "entered": ami.entered}), flush=True)


async def _open(peer: Peer, port: int) -> Peer:
    async with asyncio.timeout(READ_SECONDS):
        await asyncio.get_running_loop().create_connection(lambda: peer, "127.0.0.1", port)
        await peer.open
    return peer


if __name__ == "__main__":
    uvloop.run(serve())
