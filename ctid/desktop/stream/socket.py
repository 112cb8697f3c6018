"""The event socket ``/v1/events``: the handshake, the hello, and whose place the desktop takes."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from aiohttp import WSMsgType, web

from ctid.desktop.identity.auth import Authority, Principal, SessionEndedError, TokenError, TokenExpiredError
from ctid.desktop.ports import Site
from ctid.desktop.problems import Fault, InvalidInputError
from ctid.desktop.stream.client import CLOSE_GRACE, Client
from ctid.desktop.stream.close_codes import CloseCode
from ctid.desktop.stream.conversation import Conversation, parse
from ctid.desktop.stream.hub import Hub
from ctid.desktop.stream.queue_numbers import QueueNumbers
from ctid.desktop.stream.socket_messages import Hello
from ctid.errors import OverloadedError
from ctid.spec.daemon import ApiSpec

PROTOCOL: Final = "ctid.v1"
_TOKEN_PROTOCOL: Final = "bearer."  # noqa: S105 - a prefix, no secret
_HELLO_SECONDS: Final = 10.0
_MAX_MESSAGE: Final = 16 * 1024
_MAX_SOCKETS: Final = 10_000


class _RefusedError(Exception):
    """The socket has to be closed with this code."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


class EventSocket:
    """Serves the sockets of a site's desktops."""

    def __init__(self, site: Site, hub: Hub, authority: Authority, api: ApiSpec, numbers: QueueNumbers) -> None:
        """Take what all sockets share.

        Args:
            site: The site.
            hub: Has the stream.
            authority: Verifies tokens.
            api: Bounds, and how often desktops are pinged.
            numbers: Of the queues.
        """
        self._site = site
        self._hub = hub
        self._authority = authority
        self._api = api
        self._numbers = numbers
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
        hello = parse(received)
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
        except SessionEndedError as error:
            raise _RefusedError(CloseCode.SIGNED_OUT) from error
        except TokenError as error:
            raise _RefusedError(CloseCode.TOKEN_INVALID) from error

    async def _converse(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport, principal: Principal, hello: Hello
    ) -> None:
        hub = self._hub
        client = Client(ws, transport, principal, hello, self._api.client_buffer, hub.cut_slow)
        former, other = hub.rivals(client)
        if other is not None and not hello.takeover:
            await _refuse(ws, CloseCode.ELSEWHERE)
            return
        conversation = Conversation(
            self._site,
            hub,
            self._authority,
            client,
            self._numbers,
            replay_most=self._api.client_buffer // 2,
            heartbeat_seconds=self._api.heartbeat_seconds,
        )
        # To the first await nothing else runs: no event falls between the snapshot and the live stream, and the engine
        # hears of the new desktop before it hears that the old one has gone.
        if former is not None:
            hub.cut(former, CloseCode.REPLACED)
        if other is not None:
            hub.cut(other, CloseCode.TAKEN_OVER)
        try:
            conversation.begin(hello)
            if self._stopping:
                hub.cut(client, CloseCode.RESTARTING)
            await conversation.listen(ws)
        finally:
            await conversation.end()


async def _refuse(ws: web.WebSocketResponse, code: CloseCode) -> None:
    # Nothing was sent yet, so that the closing frame always fits.
    await ws.close(code=code, message=code.reason)
