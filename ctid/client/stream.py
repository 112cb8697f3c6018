"""The event stream: connects, resumes where it got to, and goes on until told to stop or told that it may not."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson

from ctid.client.backoff import delay
from ctid.client.errors import (
    FINAL,
    SIGNED_OUT,
    RefusedError,
    SignedOutError,
    StreamEndedError,
    UnavailableError,
    UnreachableError,
)
from ctid.client.messages import Event, JsonObject, Live, Lost, Message, Position, Snapshot
from ctid.client.transport import Transport

_BUFFER: Final = 1_000
_CONNECT_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 2.0
_UNANSWERED_MOST: Final = 3
_HEARTBEAT_SECONDS: Final = 15.0
_MAX_MESSAGE: Final = 256 * 1024 * 1024
_CLOSED: Final = frozenset(
    {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
)


class EventStream:
    """What happens, in order, each event once: iterate over it, in ``async with`` if it shall end before the client.

    It reads ahead of who iterates, by a bounded number of messages, so that a heartbeat never waits for their work.

    Attributes:
        client_id: Names this stream to ctid over all its connections.
        position: Up to here everything was given; ``None`` before the first snapshot.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        subscribe: Iterable[str] | None = None,
        takeover: bool = False,
        resume_from: Position | None = None,
        client_id: str | None = None,
    ) -> None:
        """Make a stream; nothing is sent yet. See ``Client.events``."""
        self.client_id = client_id or uuid.uuid4().hex
        self.position = resume_from
        self._transport = transport
        self._subscribe = None if subscribe is None else list(subscribe)
        self._takeover = takeover
        self._read = resume_from
        self._messages: asyncio.Queue[Message | Exception | None] = asyncio.Queue(_BUFFER)
        self._reader: asyncio.Task[None] | None = None
        self._stopped = False
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._live = False
        self._heartbeat = _HEARTBEAT_SECONDS

    async def __aenter__(self) -> Self:
        """Begin to connect."""
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the socket."""
        await self.stop()

    def __aiter__(self) -> AsyncIterator[Message]:
        """The messages, from where iterating stopped; begins to connect if it was not begun."""
        self._start()
        return self

    async def __anext__(self) -> Message:
        """The next message.

        Raises:
            StreamEndedError: The stream was closed for good; the subclass tells why.
            RefusedError: Signing in was refused.
        """
        message = await self._messages.get()
        match message:
            case None | Exception():
                # Whoever asks again is told again.
                self._messages.put_nowait(message)
                raise message or StopAsyncIteration
            case Snapshot(position=position) | Live(position=position):
                self.position = position
            case Event(seq=int(seq)) if self.position is not None:
                self.position = Position(self.position.epoch, seq)
        return message

    async def stop(self) -> None:
        """Close the socket; whoever iterates gets no further message."""
        self._stopped = True
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
        while not self._messages.empty():
            self._messages.get_nowait()
        self._messages.put_nowait(None)

    async def drop(self) -> None:
        """Close the connection under the stream, which then connects again by itself."""
        if self._socket is not None:
            await self._socket.close()

    def _start(self) -> None:
        if self._reader is None and not self._stopped:
            self._reader = asyncio.create_task(self._run(), name="ctid-events")

    async def _run(self) -> None:
        try:
            await self._connect_again_and_again()
        except (StreamEndedError, RefusedError) as error:
            await self._messages.put(error)
        except Exception as error:
            # A fault of this library must not leave somebody waiting for ever.
            await self._messages.put(error)
            raise

    async def _connect_again_and_again(self) -> None:
        tries, not_taken, told = 0, "", False
        while True:
            self._live = False
            try:
                token = await self._transport.token(instead_of=not_taken)
                code = await self._connection(token)
            except (UnreachableError, aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = str(error) or type(error).__name__
            except UnavailableError as error:
                reason = str(error)
            else:
                reason = f"closed with {code}"
                if code in FINAL:
                    raise FINAL[code](code)
                if code in SIGNED_OUT:
                    if not self._transport.access.renewable or (not_taken and not self._live):
                        raise SignedOutError(code)
                    not_taken = token
            if self._live:
                tries, told = 0, False
            if not told:
                told = True
                await self._messages.put(Lost(reason))
            tries += 1
            await asyncio.sleep(delay(tries))

    async def _connection(self, token: str) -> int:
        """Follow one connection to its end; tell its close code."""
        async with asyncio.timeout(_CONNECT_SECONDS):
            socket = await self._transport.http.ws_connect(
                "/v1/events",
                protocols=("ctid.v1",),
                max_msg_size=_MAX_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
            )
        self._socket = socket
        try:
            await socket.send_str(self._hello(token))
            return await self._follow(socket, token)
        finally:
            await socket.close()

    async def _follow(self, socket: aiohttp.ClientWebSocketResponse, token: str) -> int:
        asked = 0
        while True:
            try:
                # Twice as often as the server pings: what it pings is answered out of sight, and would put this off.
                received = await socket.receive(self._heartbeat / 2)
            except TimeoutError:
                if asked == _UNANSWERED_MOST:
                    return aiohttp.WSCloseCode.ABNORMAL_CLOSURE
                asked += 1
                await socket.send_str('{"type": "ping"}')
                continue
            if received.type in _CLOSED:
                return socket.close_code or aiohttp.WSCloseCode.ABNORMAL_CLOSURE
            asked = 0
            message: JsonObject = orjson.loads(received.data)
            if message["type"] == "token_expiring" and self._transport.access.renewable:
                token = await self._renew(socket, token)
            await self._take(message)

    async def _renew(self, socket: aiohttp.ClientWebSocketResponse, old: str) -> str:
        try:
            token = await self._transport.token(instead_of=old)
        except (RefusedError, UnreachableError):
            # The socket is closed when the old one ends; then there is time to try again, or to say so.
            return old
        await socket.send_str(orjson.dumps({"type": "token", "token": token}).decode())
        return token

    def _hello(self, token: str) -> str:
        hello: dict[str, Any] = {"type": "hello", "token": token, "client_id": self.client_id}
        if self._takeover:
            hello["takeover"] = True
        if self._subscribe is not None:
            hello["subscribe"] = self._subscribe
        if self._read is not None:
            hello["resume_from"] = {"epoch": self._read.epoch, "seq": self._read.seq}
        return orjson.dumps(hello).decode()

    async def _take(self, message: JsonObject) -> None:
        match message["type"]:
            case "snapshot":
                self._read = Position(message["epoch"], message["seq"])
                await self._messages.put(Snapshot(self._read, message["data"]))
            case "live":
                # Having come in, it stays: after a lost connection nobody is to be pushed aside anew.
                self._takeover = False
                self._live = True
                self._heartbeat = float(message["heartbeat_seconds"])
                self._read = Position(message["epoch"], message["seq"])
                await self._messages.put(Live(self._read))
            case "pong" if self._read is not None:
                self._read = Position(message["epoch"], max(self._read.seq, message["seq"]))
            case _ if "specversion" in message:
                event = Event.of(message)
                if event.seq is not None and self._read is not None:
                    self._read = Position(self._read.epoch, event.seq)
                await self._messages.put(event)
