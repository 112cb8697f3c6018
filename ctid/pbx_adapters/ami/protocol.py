"""Protocol: one AMI connection, for panoramisk's ``Manager``; it loses, reorders and injects nothing.

Each message leaves by exactly one synchronous way: to the action that waits for it, or to ``on_event``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, cast

import panoramisk
from panoramisk.actions import Action

from ctid.errors import PbxActionError, PbxConnectionError, PbxError, PbxProtocolError, PbxTimeoutError
from ctid.pbx_adapters.ami.framing import AmiParser, Message

MAX_PENDING_ACTIONS: Final = 2_000
"""Actions that may await their response on one connection; more than any PBX carries out in that time."""

MAX_LIST_ITEMS: Final = 200_000
"""Items of one list response (channels, devices)."""

_FORBIDDEN: Final = ("\r", "\n", "\0")

Fields = Mapping[str, str | list[str]]


def refuse_injection(fields: Mapping[str, object]) -> None:
    """Refuse fields that would end the line, and so begin another field or action of somebody else's making.

    Raises:
        PbxActionError: Names the field; its value may be caller data and is not told.
    """
    for key, value in fields.items():
        values = value if isinstance(value, (list, tuple)) else (value,)
        for text in (key, *map(str, values)):
            if any(character in text for character in _FORBIDDEN):
                raise PbxActionError(f"field {key!r} of an AMI action holds a line break or NUL")


class AmiProtocol(asyncio.Protocol):
    """The wire. Attributes other than these are written by panoramisk's ``Manager`` and not used.

    Attributes:
        ended: Done when the connection is over, with the reason as its exception.
        parser: Counts what was dropped.
        heard: Loop time of the last bytes from the peer.
    """

    def __init__(self, wanted: Iterable[str], on_event: Callable[[Message], None]) -> None:
        """Make the wire; ``on_event`` is called in order and must not raise."""
        self._loop = asyncio.get_running_loop()
        self._on_event = on_event
        self._pending: dict[str, Action] = {}
        self._collected: dict[str, list[Message]] = {}
        self._transport: asyncio.Transport | None = None
        self.parser = AmiParser(wanted)
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.heard = self._loop.time()

    # ---- what panoramisk's Manager calls -------------------------------------------------------------------

    def send(self, data: Mapping[str, Any], as_list: bool | None = None) -> asyncio.Future[list[Message]]:
        """Write one action, at once; return the future of its response, followed by its list items.

        Raises:
            PbxActionError: A field holds a line break, or too many actions await their response.
            PbxConnectionError: The connection is over.
        """
        refuse_injection(data)
        if self._transport is None or self.ended.done():
            raise PbxConnectionError("the AMI connection is over")
        if len(self._pending) >= MAX_PENDING_ACTIONS:
            raise PbxActionError(f"{MAX_PENDING_ACTIONS} AMI actions await their response already")
        action = data if isinstance(data, Action) else Action(data, as_list=as_list)
        self._pending[action.id] = action
        self._transport.write(str(action).encode("utf-8"))
        future: asyncio.Future[list[Message]] = action.future
        future.add_done_callback(lambda _: self._forget(action.id))
        return future

    def close(self) -> None:
        """End the connection."""
        self.end(PbxConnectionError("the AMI connection was closed"))

    # ---- what the event loop calls -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # No isinstance: uvloop has a class of its own.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take what was read; garbage ends the connection."""
        if self.ended.done():
            return
        self.heard = self._loop.time()
        try:
            messages = self.parser.feed(data)
        except PbxProtocolError as error:
            self.end(error)
            return
        for message in messages:
            if "ActionID" not in message or not self._answer(message):
                self._on_event(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what still awaits a response."""
        self.end(PbxConnectionError("the PBX closed the AMI connection"))

    # ---- private -------------------------------------------------------------------------------------------

    def _answer(self, message: Message) -> bool:
        action_id = message["ActionID"]
        action = self._pending.get(action_id)
        if action is None:
            # A response that came too late is nobody's; an event with an ActionID (OriginateResponse) is an
            # event.
            return "Response" in message and "Event" not in message
        if "Event" not in message:
            if message.get("EventList", "").lower() == "start":
                self._collected[action_id] = [message]
            else:
                self._resolve(action, [message])
            return True
        items = self._collected.get(action_id)
        if items is None:
            return False
        if message.get("EventList", "").lower() == "complete":
            self._resolve(action, items)
        elif len(items) > MAX_LIST_ITEMS:
            self.end(PbxProtocolError(f"an AMI list has more than {MAX_LIST_ITEMS} items"))
        else:
            items.append(message)
        return True

    def _resolve(self, action: Action, result: list[Message]) -> None:
        if not action.future.done():
            action.future.set_result(result)
        self._forget(action.id)

    def _forget(self, action_id: str) -> None:
        self._pending.pop(action_id, None)
        self._collected.pop(action_id, None)

    def end(self, reason: PbxError) -> None:
        """End the connection; ``ended`` and all that await a response fail."""
        if self.ended.done():
            return
        self.ended.set_exception(reason)
        # Whoever watches takes it; nobody has to.
        self.ended.exception()
        for action in list(self._pending.values()):
            if not action.future.done():
                action.future.set_exception(reason)
                action.future.exception()
        self._pending.clear()
        self._collected.clear()
        if self._transport is not None:
            # A graceful close would wait for a peer that no longer reads.
            self._transport.abort()


class OneConnection(panoramisk.Manager):  # type: ignore[misc]  # panoramisk carries no types
    """panoramisk's manager for one connection: to log in, ping and reconnect is the supervisor's job."""

    def __init__(self, host: str, port: int, *, wanted: Iterable[str], on_event: Callable[[Message], None]) -> None:
        """Make it, unconnected; arguments as ``AmiProtocol``'s."""
        super().__init__(
            host=host,
            port=port,
            loop=asyncio.get_running_loop(),
            protocol_factory=lambda: AmiProtocol(wanted, on_event),
        )

    def connection_made(self, f: asyncio.Future[Any]) -> None:
        """Take a connection that was made; leave a failed one to whoever awaits ``connect``."""
        if f.cancelled() or f.exception() is not None:
            return
        super().connection_made(f)
        self.pinger.cancel()

    @property
    def wire(self) -> AmiProtocol:
        """The protocol object of the connection made."""
        assert isinstance(self.protocol, AmiProtocol)
        return self.protocol

    async def open(self, time_limit_s: float) -> None:
        """Connect.

        Raises:
            PbxConnectionError: Nobody listens, or the host is not known.
            PbxTimeoutError: The connection was not made in time.
        """
        try:
            async with asyncio.timeout(time_limit_s):
                await self.connect()
        except TimeoutError:
            raise PbxTimeoutError(f"no AMI connection within {time_limit_s:g} s") from None
        except OSError as error:
            raise PbxConnectionError(error.strerror or type(error).__name__) from None

    async def request(self, fields: Fields, time_limit_s: float) -> list[Message]:
        """Send an action and wait for its response, as ``response`` does."""
        return await self.response(self.send_action(dict(fields)), str(fields["Action"]), time_limit_s)

    async def response(self, answer: Awaitable[list[Message]], action: str, time_limit_s: float) -> list[Message]:
        """Wait for the response of an action that was sent.

        Returns:
            The response; if it is a list, its items follow.

        Raises:
            PbxActionError: The PBX refused it.
            PbxTimeoutError: No response in time.
            PbxError: Whatever ended the connection.
        """
        future = asyncio.ensure_future(answer)
        try:
            await asyncio.wait({future}, timeout=time_limit_s)
            if not future.done():
                # A process that was late itself reads what came meanwhile in the next turn of its loop.
                await asyncio.sleep(0)
            if not future.done():
                raise PbxTimeoutError(f"no response to {action} within {time_limit_s:g} s")
            messages = future.result()
        finally:
            future.cancel()
        if messages[0].get("Response") not in ("Success", "Goodbye"):
            raise PbxActionError(messages[0].get("Message", "").strip() or f"{action} was refused without a reason")
        return messages
