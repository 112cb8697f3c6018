"""One connected desktop: writes to it at once where it keeps up, queues where it does not, cuts it off at the bound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from enum import IntEnum
from typing import Final

from aiohttp import WSMsgType, web

from ctid.desktop.auth import Principal
from ctid.desktop.frames import PING_FRAME, Message

HIGH_WATER: Final = 64 * 1024
_KERNEL_BUFFER: Final = 128 * 1024
CLOSE_GRACE: Final = 1.0


class CloseCode(IntEnum):
    """Why we closed a socket; the values are public and never change."""

    RESTARTING = 1012
    OVERLOADED = 1013
    TOKEN_MISSING = 4001
    TOKEN_INVALID = 4002
    TOKEN_EXPIRED = 4003
    PROTOCOL = 4004
    UNKNOWN_AGENT = 4005
    TOO_SLOW = 4008
    SILENT = 4009

    @property
    def reason(self) -> bytes:
        """The code in words, for the closing frame."""
        return self.name.lower().replace("_", " ").encode()


class Client:
    """The sending side of a desktop's socket.

    Attributes:
        principal: Who it speaks for.
        seq: Position in the stream up to which it was served.
        heard_at: Loop time of the last sign of life.
        pinged_at: Loop time of the last ping.
    """

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        principal: Principal,
        buffer: int,
        now: float,
    ) -> None:
        """Take over the sending side.

        Args:
            ws: The socket, prepared, with ``writer_limit=0`` so that its ``send_frame`` waits while writing is paused.
            transport: What the socket writes to.
            principal: Who it speaks for.
            buffer: Messages that may wait before the desktop is cut off.
            now: Loop time.
        """
        self.principal = principal
        self.seq = 0
        self.heard_at = now
        self.pinged_at = now
        self.close_code: CloseCode | None = None
        self._ws = ws
        self._transport = transport
        self._limit = buffer
        self._waiting: deque[Message] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        transport.set_write_buffer_limits(high=HIGH_WATER)
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None:
            # Without a bound the kernel takes megabytes for a desktop that reads nothing.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)

    @property
    def flushed(self) -> bool:
        """Whether all that was sent has been handed to the kernel."""
        return not self._waiting and (self._transport.is_closing() or self._transport.get_write_buffer_size() == 0)

    def send(self, message: Message) -> bool:
        """Send a message, now or as soon as the desktop takes it.

        Returns:
            False if as many wait as may: this one is lost and the desktop has to be cut off.
        """
        if self.close_code is not None or self._transport.is_closing():
            return True
        if not self._waiting and self._transport.get_write_buffer_size() < HIGH_WATER:
            # The frame is the same for all, so it goes around the socket's own framing: one copy, one system call.
            self._transport.write(message.frame)
            return True
        if len(self._waiting) >= self._limit:
            return False
        self._waiting.append(message)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_waiting(), name="desktop-writer")
        return True

    def ping(self, now: float) -> None:
        """Ask for a sign of life; a desktop that does not read is not asked."""
        self.pinged_at = now
        if self.close_code is None and not self._transport.is_closing() and not self._waiting:
            self._transport.write(PING_FRAME)

    def close(self, code: CloseCode) -> None:
        """Begin to close, once; the first code counts. What still waits is dropped."""
        if self.close_code is not None:
            return
        self.close_code = code
        # The writer is not cancelled: it may share one future of aiohttp's with the close, which would die of it.
        self._waiting.clear()
        self._closing = asyncio.create_task(self._close(code), name="desktop-close")

    async def closed(self) -> None:
        """Wait until nothing of ours is at work on the socket, at most twice ``CLOSE_GRACE`` seconds."""
        if self._closing is not None:
            await asyncio.wait([self._closing])
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        if not self._transport.is_closing() or self._transport.get_write_buffer_size():
            # It said goodbye without having read all; nobody waits for it to do so.
            asyncio.get_running_loop().call_later(CLOSE_GRACE, self._transport.abort)

    async def _close(self, code: CloseCode) -> None:
        try:
            # A desktop that reads nothing never lets the closing frame through.
            async with asyncio.timeout(2 * CLOSE_GRACE):
                await self._ws.close(code=code, message=code.reason)
        except (TimeoutError, ConnectionError):
            self._transport.abort()

    async def _write_waiting(self) -> None:
        with contextlib.suppress(ConnectionError):
            while self._waiting:
                message = self._waiting.popleft()
                await self._ws.send_frame(message.payload, WSMsgType.TEXT)
        self._writer = None
