"""What is said on an event socket once the hello was taken: snapshot or replay, live, pings, new tokens."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from aiohttp import WSMessage, WSMsgType, web
from pydantic import TypeAdapter, ValidationError

from ctid.desktop.identity.auth import Authority, TokenError
from ctid.desktop.ports import Site
from ctid.desktop.stream.client import Client
from ctid.desktop.stream.close_codes import CloseCode
from ctid.desktop.stream.frames import Message
from ctid.desktop.stream.hub import Hub
from ctid.desktop.stream.queue_numbers import QueueNumbers
from ctid.desktop.stream.snapshot import snapshot
from ctid.desktop.stream.socket_messages import Hello, NewToken, Ping, ResumeFrom
from ctid.errors import OverloadedError
from ctid.model.events import DesktopConnected, DesktopLost

log = structlog.get_logger(__name__)

_MAX_FAULTS: Final = 10
_MESSAGES: Final[TypeAdapter[Hello | Ping | NewToken]] = TypeAdapter(Hello | Ping | NewToken)


class Conversation:
    """One desktop from its hello to its end."""

    def __init__(
        self,
        site: Site,
        hub: Hub,
        authority: Authority,
        client: Client,
        numbers: QueueNumbers,
        *,
        replay_most: int,
        heartbeat_seconds: float,
    ) -> None:
        """Take the desktop.

        Args:
            site: The site.
            hub: Has the stream.
            authority: Verifies new tokens.
            client: The desktop.
            numbers: Of the queues.
            replay_most: With more events missed than these, it is given a snapshot instead.
            heartbeat_seconds: Interval of pings, for its information.
        """
        self._site = site
        self._hub = hub
        self._authority = authority
        self._client = client
        self._numbers = numbers
        self._replay_most = replay_most
        self._heartbeat_seconds = heartbeat_seconds
        self._session_id = uuid.uuid4().hex
        self._faults = 0
        agent_id = client.agent_id
        self._agent_id = agent_id if agent_id in site.state.agents else ""

    def begin(self, hello: Hello) -> None:
        """Bring the desktop up to date and serve it from there on; nothing can happen in between."""
        if hello.resume_from is None:
            self._show()
        else:
            self._resume(hello.resume_from)
        if self._agent_id:
            self._notify(DesktopConnected(agent_id=self._agent_id, session_id=self._session_id))

    async def listen(self, ws: web.WebSocketResponse) -> None:
        """Answer what the desktop says until its socket ends."""
        loop, client = asyncio.get_running_loop(), self._client
        with contextlib.suppress(ConnectionError):
            async for received in ws:
                client.heard_at = loop.time()
                if received.type is WSMsgType.PING:
                    await ws.pong(received.data)
                elif received.type is not WSMsgType.PONG:
                    self._answer(parse(received))
                    if self._faults >= _MAX_FAULTS:
                        self._hub.cut(client, CloseCode.PROTOCOL)
                        return

    async def end(self) -> None:
        """Forget the desktop, whoever closed; the engine is told."""
        self._hub.leave(self._client)
        if self._agent_id:
            self._notify(DesktopLost(agent_id=self._agent_id, session_id=self._session_id))
        await self._client.closed()

    def _answer(self, message: Hello | Ping | NewToken | None) -> None:
        match message:
            case Ping():
                # All that was published went out before this: who hears of little may resume here and not further back.
                seq = max(self._client.seq, self._hub.seq or 0)
                pong = {"type": "pong", "epoch": self._hub.epoch, "seq": seq}
                self._send(pong if message.id is None else {**pong, "id": message.id})
            case NewToken():
                self._renew(message.token)
            case Hello():
                self._fault("message-invalid", "hello was said already")
            case None:
                self._fault("message-invalid", 'send {"type": "ping"} or {"type": "token", "token": …}')

    def _fault(self, code: str, detail: str) -> None:
        self._faults += 1
        self._send({"type": "error", "code": code, "detail": detail})

    def _renew(self, token: str) -> None:
        client = self._client
        try:
            principal = self._authority.verify(token)
        except TokenError as error:
            self._fault(error.code, error.detail)
            return
        old = client.principal
        if (principal.subject, principal.agent_id) != (old.subject, old.agent_id):
            self._fault(TokenError.code, "the token is somebody else's")
            return
        self._hub.leave(client)
        before = client.audience
        client.renew(principal)
        self._send({"type": "token_accepted", "expires_at": stamp(principal.expires_at)})
        if client.audience == before:
            self._hub.join(client, client.seq)
        else:
            # Other rights than before: what it has been shown may be too much or too little.
            self._send({"type": "resync_required", "epoch": self._hub.epoch, "seq": self._site.state.stream_seq})
            self._show()

    def _resume(self, position: ResumeFrom) -> None:
        client, hub = self._client, self._hub
        present = self._site.state.stream_seq
        missed = hub.missed(client, position.seq, present) if position.epoch == hub.epoch else None
        # So many at once would only get the desktop cut off; the snapshot is less and as good.
        if missed is None or len(missed) > self._replay_most:
            self._send({"type": "resync_required", "epoch": hub.epoch, "seq": present})
            self._show()
            return
        reached = max(position.seq, hub.seq or 0)
        self._send(
            {
                "type": "replay",
                "epoch": hub.epoch,
                "from_seq": position.seq,
                "seq": reached,
                "events": len(missed),
            }
        )
        for message in missed:
            client.send(message)
        self._join(reached)

    def _show(self) -> None:
        client = self._client
        self._send(
            snapshot(self._site, client.audience, client.agent_id, self._hub.team_of, self._numbers, client.person)
        )
        self._join(self._site.state.stream_seq)

    def _join(self, seq: int) -> None:
        self._hub.join(self._client, seq)
        self._send(
            {
                "type": "live",
                "epoch": self._hub.epoch,
                "seq": seq,
                "heartbeat_seconds": self._heartbeat_seconds,
                "token_expires_at": stamp(self._client.principal.expires_at),
            }
        )

    def _send(self, content: dict[str, Any]) -> None:
        self._client.send(Message(content))

    def _notify(self, event: DesktopConnected | DesktopLost) -> None:
        try:
            self._site.notify(event)
        except OverloadedError:
            log.error("desktop.unheard", agent_id=event.agent_id, desktop_event=type(event).__name__)
            self._hub.cut(self._client, CloseCode.OVERLOADED)


def parse(received: WSMessage) -> Hello | Ping | NewToken | None:
    """The message of a desktop, or ``None`` if it is none of ours."""
    if received.type is not WSMsgType.TEXT:
        return None
    try:
        return _MESSAGES.validate_json(received.data, strict=True)
    except ValidationError:
        return None


def stamp(utc_seconds: float) -> str:
    """RFC 3339 in UTC, of seconds since 1970-01-01 UTC."""
    at = datetime.fromtimestamp(utc_seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
