"""The event socket ``/v1/events``: hello, then snapshot or replay, then live."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import WSMessage, WSMsgType, web
from pydantic import TypeAdapter, ValidationError

from ctid.desktop.auth import Authority, Principal, TokenError, TokenExpiredError
from ctid.desktop.bodies import Hello, Ping
from ctid.desktop.client import CLOSE_GRACE, Client, CloseCode
from ctid.desktop.frames import Message
from ctid.desktop.hub import Hub
from ctid.desktop.ports import Site
from ctid.desktop.problems import Fault, InvalidInputError
from ctid.desktop.snapshot import snapshot
from ctid.errors import OverloadedError
from ctid.model.events import DesktopConnected, DesktopLost

log = structlog.get_logger(__name__)

PROTOCOL: Final = "ctid.v1"
_TOKEN_PROTOCOL: Final = "bearer."  # noqa: S105 - a prefix, no secret
_HELLO_SECONDS: Final = 10.0
_MAX_MESSAGE: Final = 8 * 1024
_MAX_FAULTS: Final = 10
_MAX_SOCKETS: Final = 10_000
_MESSAGES: Final[TypeAdapter[Hello | Ping]] = TypeAdapter(Hello | Ping)


class _RefusedError(Exception):
    """The socket has to be closed with this code."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


class EventSocket:
    """Serves the sockets of a site's desktops."""

    def __init__(self, site: Site, hub: Hub, authority: Authority, client_buffer: int) -> None:
        """Take what all sockets share.

        Args:
            site: The site.
            hub: Has the stream.
            authority: Verifies tokens.
            client_buffer: Messages that may wait for one desktop.
        """
        self._site = site
        self._hub = hub
        self._authority = authority
        self._client_buffer = client_buffer
        self._open = 0
        self._greeting: set[web.WebSocketResponse] = set()
        self._stopping = False

    async def stop(self) -> None:
        """Take no more sockets and close all there are, with 1012; those that said hello close by themselves."""
        self._stopping = True
        self._hub.close_all(CloseCode.RESTARTING)
        await asyncio.gather(*(_refuse(ws, CloseCode.RESTARTING) for ws in tuple(self._greeting)))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it ends.

        Raises:
            TokenError: The ``Authorization`` header holds no token that counts; the socket is not opened.
            InvalidInputError: It is no WebSocket handshake, or not of our protocol.
            OverloadedError: Too many sockets, or the daemon is about to stop.
        """
        principal, token = self._handshake(request)
        if self._stopping or self._open >= _MAX_SOCKETS:
            raise OverloadedError("no more sockets now; try again")
        ws = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            timeout=CLOSE_GRACE,
            autoping=False,
            compress=False,
            max_msg_size=_MAX_MESSAGE,
            writer_limit=0,
        )
        await ws.prepare(request)
        transport = request.transport
        if transport is None:
            return ws
        self._open += 1
        try:
            self._greeting.add(ws)
            try:
                hello, principal = await self._greet(ws, principal, token)
            except _RefusedError as refused:
                await _refuse(ws, refused.code)
                return ws
            finally:
                self._greeting.discard(ws)
            await self._converse(ws, transport, principal, hello)
        finally:
            self._open -= 1
        return ws

    def _handshake(self, request: web.Request) -> tuple[Principal | None, str | None]:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            fault = Fault("header", "Upgrade", "this is a WebSocket; connect as one")
            raise InvalidInputError([fault], HTTPStatus.BAD_REQUEST)
        principal = None
        if "Authorization" in request.headers:
            principal = self._authority.verify_header(request.headers["Authorization"])
        offered = [
            name.strip() for value in request.headers.getall("Sec-WebSocket-Protocol", []) for name in value.split(",")
        ]
        if offered and PROTOCOL not in offered:
            fault = Fault("header", "Sec-WebSocket-Protocol", f"offer {PROTOCOL}")
            raise InvalidInputError([fault], HTTPStatus.BAD_REQUEST)
        tokens = [name.removeprefix(_TOKEN_PROTOCOL) for name in offered if name.startswith(_TOKEN_PROTOCOL)]
        return principal, tokens[0] if tokens else None

    async def _greet(
        self, ws: web.WebSocketResponse, principal: Principal | None, token: str | None
    ) -> tuple[Hello, Principal]:
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                while (received := await ws.receive()).type in (WSMsgType.PING, WSMsgType.PONG):
                    if received.type is WSMsgType.PING:
                        await ws.pong(received.data)
        except TimeoutError as error:
            raise _RefusedError(CloseCode.PROTOCOL if principal else CloseCode.TOKEN_MISSING) from error
        hello = _parse(received)
        if not isinstance(hello, Hello):
            raise _RefusedError(CloseCode.PROTOCOL)
        if principal is None:
            principal = self._verify(token or hello.token)
        if not principal.sees_all and principal.agent_id not in self._site.state.agents:
            raise _RefusedError(CloseCode.UNKNOWN_AGENT)
        return hello, principal

    def _verify(self, token: str | None) -> Principal:
        if not token:
            raise _RefusedError(CloseCode.TOKEN_MISSING)
        try:
            return self._authority.verify(token)
        except TokenExpiredError as error:
            raise _RefusedError(CloseCode.TOKEN_EXPIRED) from error
        except TokenError as error:
            raise _RefusedError(CloseCode.TOKEN_INVALID) from error

    async def _converse(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport, principal: Principal, hello: Hello
    ) -> None:
        client = Client(ws, transport, principal, self._client_buffer, self._hub.cut_slow)
        session_id = uuid.uuid4().hex
        agent_id = principal.agent_id if principal.agent_id in self._site.state.agents else ""
        # From here to the first await nothing else runs: no event falls between the snapshot and the live stream.
        self._begin(client, hello)
        try:
            if agent_id:
                self._notify(client, DesktopConnected(agent_id=agent_id, session_id=session_id))
            if self._stopping:
                self._hub.cut(client, CloseCode.RESTARTING)
            with contextlib.suppress(ConnectionError):
                await self._listen(ws, client)
        finally:
            self._hub.leave(client)
            if agent_id:
                self._notify(client, DesktopLost(agent_id=agent_id, session_id=session_id))
            await client.closed()

    def _notify(self, client: Client, event: DesktopConnected | DesktopLost) -> None:
        try:
            self._site.notify(event)
        except OverloadedError:
            log.error("desktop.unheard", agent_id=event.agent_id, desktop_event=type(event).__name__)
            self._hub.cut(client, CloseCode.OVERLOADED)

    def _begin(self, client: Client, hello: Hello) -> None:
        present = self._site.state.stream_seq
        resume = hello.resume_from
        if resume is not None:
            missed = None
            if resume.epoch == self._hub.epoch:
                missed = self._hub.missed(client.principal, resume.seq, present)
            # So many at once would only get the desktop cut off; the snapshot is less and as good.
            if missed is not None and len(missed) <= self._client_buffer // 2:
                reached = max(resume.seq, self._hub.seq or 0)
                epoch = self._hub.epoch
                client.send(
                    Message(
                        {
                            "type": "replay",
                            "epoch": epoch,
                            "from_seq": resume.seq,
                            "seq": reached,
                            "events": len(missed),
                        }
                    )
                )
                for message in missed:
                    client.send(message)
                self._hub.join(client, reached)
                client.send(Message({"type": "live", "epoch": epoch, "seq": reached}))
                return
            client.send(Message({"type": "resync_required", "epoch": self._hub.epoch, "seq": present}))
        client.send(Message(snapshot(self._site, client.principal)))
        self._hub.join(client, present)
        client.send(Message({"type": "live", "epoch": self._hub.epoch, "seq": present}))

    async def _listen(self, ws: web.WebSocketResponse, client: Client) -> None:
        loop = asyncio.get_running_loop()
        faults = 0
        async for received in ws:
            client.heard_at = loop.time()
            if received.type is WSMsgType.PONG:
                continue
            if received.type is WSMsgType.PING:
                await ws.pong(received.data)
                continue
            message = _parse(received)
            if isinstance(message, Ping):
                pong = {"type": "pong", "epoch": self._hub.epoch, "seq": client.seq}
                client.send(Message(pong if message.id is None else {**pong, "id": message.id}))
                continue
            faults += 1
            if faults >= _MAX_FAULTS:
                self._hub.cut(client, CloseCode.PROTOCOL)
                return
            detail = "hello was said already" if message else 'send {"type": "ping"}'
            client.send(Message({"type": "error", "code": "message-invalid", "detail": detail}))


async def _refuse(ws: web.WebSocketResponse, code: CloseCode) -> None:
    # Nothing was sent yet, so that the closing frame always fits.
    await ws.close(code=code, message=code.reason)


def _parse(received: WSMessage) -> Hello | Ping | None:
    if received.type is not WSMsgType.TEXT:
        return None
    try:
        return _MESSAGES.validate_json(received.data, strict=True)
    except ValidationError:
        return None
