"""One connected desktop: writes to it at once where it keeps up, queues where it does not, cuts it off at the bound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from aiohttp import WSMsgType, web

from ctid.desktop.identity.auth import Principal
from ctid.desktop.stream.audience import Audience
from ctid.desktop.stream.close_codes import CloseCode
from ctid.desktop.stream.frames import PING_FRAME, Batch, EventMessage, Message
from ctid.desktop.stream.socket_messages import Hello
from ctid.desktop.topics import Topic

HIGH_WATER: Final = 64 * 1024
_TURN_MESSAGES: Final = 64
_WARNING_SECONDS: Final = 60.0
_KERNEL_BUFFER: Final = 128 * 1024
CLOSE_GRACE: Final = 1.0


class Client:
    """The sending side of a desktop's socket.

    Attributes:
        principal: Who it speaks for.
        audience: What it hears of beside its own agent's work.
        agent_id: Whose desktop it is; empty if it is none: no agent's, or not subscribed to their own work.
        client_id: Kept by the desktop over its connections; empty if it told none.
        seq: Position in the stream up to which it was served.
        warn_at: When it has to be told that its token expires, in seconds since 1970-01-01 UTC.
        heard_at: Loop time of the last sign of life.
        pinged_at: Loop time of the last ping.
    """

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        principal: Principal,
        hello: Hello,
        buffer: int,
        on_overflow: Callable[[Client], None],
    ) -> None:
        """Take over the sending side.

        Args:
            ws: The socket, prepared, with ``writer_limit=0`` so that its ``send_frame`` waits while writing is paused.
            transport: What the socket writes to.
            principal: Who it speaks for.
            hello: What it asked for.
            buffer: Messages that may wait before the desktop is cut off.
            on_overflow: Has to cut it off.
        """
        self.client_id = hello.client_id or ""
        self.seq = 0
        self._wanted = None if hello.subscribe is None else frozenset(hello.subscribe)
        self.renew(principal)
        self._loop = asyncio.get_running_loop()
        self.heard_at = self.pinged_at = self._loop.time()
        self.close_code: CloseCode | None = None
        self._ws = ws
        self._transport = transport
        self._limit = buffer
        self._on_overflow = on_overflow
        self._turn: list[Message | Batch] = []
        self._waiting: deque[Message] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        transport.set_write_buffer_limits(high=HIGH_WATER)
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None:
            # Without a bound the kernel takes megabytes for a desktop that reads nothing.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)

    def renew(self, principal: Principal) -> None:
        """Speak from now on for what a new token says."""
        self.principal = principal
        self.audience = Audience.of(principal, self._wanted)
        self.agent_id = principal.agent_id if Topic.OWN in self.audience.topics else ""
        left = principal.expires_at - time.time()
        self.warn_at = principal.expires_at - min(_WARNING_SECONDS, left / 2)

    @property
    def seat(self) -> tuple[str, str]:
        """Where only one socket has its place: a desktop that connects again gets the place of its old socket."""
        return self.principal.agent_id or self.principal.subject, self.client_id

    @property
    def person(self) -> str:
        """The agent who looks at it, be it their desktop or not; empty for none."""
        return self.principal.agent_id

    def is_kept_from(self, message: EventMessage) -> bool:
        """Whether the event is about this person, and not to be known by them."""
        return self.person in message.hidden_from

    @property
    def flushed(self) -> bool:
        """Whether all that was sent has been handed to the kernel."""
        if self._transport.is_closing():
            return True
        return not self._turn and not self._waiting and self._transport.get_write_buffer_size() == 0

    def send(self, message: Message | Batch) -> None:
        """Send a message at the end of this turn of the event loop, or as soon as the desktop takes it.

        What one step of the engine publishes goes out in one system call, which is what a message costs.
        """
        if self.close_code is not None:
            return
        if not self._turn:
            self._loop.call_soon(self.flush)
        self._turn.append(message)
        if len(self._turn) >= _TURN_MESSAGES:
            self.flush()

    def flush(self) -> None:
        """Write what was sent in this turn, or let it wait; cut the desktop off if as many wait as may."""
        if not self._turn or self._transport.is_closing():
            self._turn.clear()
            return
        if not self._waiting and self._transport.get_write_buffer_size() < HIGH_WATER:
            # The frames are the same for all, so they go around the socket's own framing.
            self._transport.write(b"".join([message.frame for message in self._turn]))
            self._turn.clear()
            return
        for message in self._turn:
            self._waiting.extend(message.parts if isinstance(message, Batch) else (message,))
        self._turn.clear()
        if len(self._waiting) > self._limit:
            self._on_overflow(self)
        elif self._writer is None:
            self._writer = asyncio.create_task(self._write_waiting(), name="desktop-writer")

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
        self.flush()
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
            self._loop.call_later(CLOSE_GRACE, self._transport.abort)

    async def _close(self, code: CloseCode) -> None:
        closing = asyncio.ensure_future(self._ws.close(code=code, message=code.reason))
        # A desktop that reads nothing never lets the closing frame through. It is waited for twice: if we ourselves are
        # late, the first wait is over before anything of what the desktop has read meanwhile is known.
        for _ in range(2):
            await asyncio.wait([closing], timeout=CLOSE_GRACE)
        if not closing.done():
            self._transport.abort()
            closing.cancel()
            await asyncio.wait([closing])
            return
        try:
            await closing
        except ConnectionError:
            self._transport.abort()

    async def _write_waiting(self) -> None:
        with contextlib.suppress(ConnectionError):
            while self._waiting:
                message = self._waiting.popleft()
                await self._ws.send_frame(message.payload, WSMsgType.TEXT)
        self._writer = None
