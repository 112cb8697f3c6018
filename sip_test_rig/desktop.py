"""A desktop: logs in at ctid's API with a token, follows the event socket, and asks for things over REST."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from ctid.client import Client
from ctid.client.client import State

WAIT_TIME_LIMIT_S: Final = 30.0

JsonObject = dict[str, Any]


class Desktop:
    """One signed-in desktop.

    Args:
        url: ``http://host:port`` of the API.
        token: Bearer token.
        agent_id: Whose desktop it is; empty for a supervisor's.

    Attributes:
        snapshot: The state when the socket came up.
        events: Every event since, as received, each with the monotonic moment under ``received_at``.
    """

    def __init__(self, url: str, token: str, agent_id: str = "") -> None:
        self.agent_id = agent_id
        self.snapshot: JsonObject = {}
        self.events: list[JsonObject] = []
        self._url = url
        self._token = token
        self._client_id = uuid.uuid4().hex
        self._client = Client(url, token, agent_id=agent_id, tries=1)
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._taken = 0
        self.closed_with: int | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the event socket and wait for the snapshot."""
        await self._client.__aenter__()
        self._http = aiohttp.ClientSession()
        try:
            await self.connect()
        except BaseException:
            await self._close()
            raise

    async def connect(self) -> None:
        """Open the event socket, for the first time or again."""
        assert self._http is not None
        self._socket = await self._http.ws_connect(f"{self._url}/v1/events", protocols=("ctid.v1",), heartbeat=10)
        await self._socket.send_json({"type": "hello", "token": self._token, "client_id": self._client_id})
        self.snapshot = await self._socket.receive_json(timeout=WAIT_TIME_LIMIT_S)
        self._reader = asyncio.create_task(self._read(self._socket), name=f"desktop-{self.agent_id or 'supervisor'}")

    async def stop(self) -> None:
        """Close the socket and the session."""
        await self.disconnect()
        await self._close()

    async def disconnect(self) -> None:
        """Close the socket only."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader

    async def request(self, method: str, path: str, body: JsonObject | None = None) -> Any:
        """Make a REST request.

        Raises:
            RefusedError: The API said no.
            UnreachableError: It is not there.
        """
        return await self._client.request(method, path, body)

    async def set_state(self, state: State, reason: str | None = None) -> JsonObject:
        """Change the agent's state."""
        return await self._client.set_state(state, reason)

    async def wait(
        self, type_: str, matches: Callable[[JsonObject], bool] = lambda event: True, timeout: float = WAIT_TIME_LIMIT_S
    ) -> JsonObject:
        """Wait for an event of this type behind the last one waited for; give it.

        Raises:
            TimeoutError: None came in time; the message tells which events did.
        """
        position = self._taken
        try:
            async with asyncio.timeout(timeout):
                while True:
                    while position < len(self.events):
                        event = self.events[position]
                        position += 1
                        if event["type"] == type_ and matches(event):
                            self._taken = position
                            return event
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            seen = [event["type"] for event in self.events[self._taken :]]
            raise TimeoutError(f"desktop {self.agent_id}: no {type_} within {timeout} s, but {seen}") from None

    async def take(self) -> list[JsonObject]:
        """Wait for events and take them out of ``events``: for those who follow the stream without end.

        Raises:
            ConnectionError: The socket was closed.
        """
        while not self.events:
            if self._reader is None or self._reader.done():
                raise ConnectionError(f"desktop {self.agent_id or 'supervisor'}: closed with {self.closed_with}")
            self._changed.clear()
            await self._changed.wait()
        taken, self.events, self._taken = self.events, [], 0
        return taken

    async def wait_state(self, state: str, timeout: float = WAIT_TIME_LIMIT_S) -> JsonObject:
        """Wait until the agent's state is this, be it so already."""
        agent: JsonObject = await self.request("GET", f"/v1/agents/{self.agent_id}")
        if agent["state"] == state:
            self._taken = len(self.events)
            return agent
        event = await self.wait(
            "agent.state_changed",
            lambda found: found["data"]["agent"]["id"] == self.agent_id and found["data"]["agent"]["state"] == state,
            timeout,
        )
        found: JsonObject = event["data"]["agent"]
        return found

    async def _close(self) -> None:
        await self._client.__aexit__(None, None, None)
        if self._http is not None:
            await self._http.close()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            event = message.json()
            event["received_at"] = time.monotonic()
            self.events.append(event)
            self._changed.set()
        self.closed_with = socket.close_code
        self._changed.set()
