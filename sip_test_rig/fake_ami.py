"""Fake AMI: a manager interface that fails in ways a real Asterisk cannot be made to. Nothing else should use it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


class FakeAmi:
    """A manager interface on 127.0.0.1, with every answer under the test's control.

    Attributes:
        banner: what it greets with.
        login_error: the message that it refuses a login with; empty to take any.
        refused_users: names whose login it refuses as Asterisk does.
        booted: whether it says FullyBooted after the login.
        mute: whether it answers nothing more.
        channels: fields of the channels it has.
        devices: device states it has.
        deaf: actions of which it answers none.
        errors: messages that an action of that name is refused with.
        requests: every action that came, over all connections.
    """

    def __init__(self) -> None:
        self.reset()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: dict[asyncio.StreamWriter, bool] = {}
        self._users: dict[asyncio.StreamWriter, str] = {}
        self._port = 0
        self._came = asyncio.Event()

    def reset(self) -> None:
        """Be a healthy Asterisk without calls."""
        self.banner = BANNER
        self.login_error = ""
        self.refused_users: set[str] = set()
        self.booted = True
        self.mute = False
        self.deaf: set[str] = set()
        self.channels: list[dict[str, str]] = []
        self.devices: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.requests: list[dict[str, str]] = []

    @property
    def port(self) -> int:
        """The port, the same after `close()` and `open()`."""
        return self._port

    @property
    def connections(self) -> int:
        """How many are connected now."""
        return len(self._writers)

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more and cut all connections."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def cut(self, user: str = "") -> None:
        """Cut all connections, or those of one user."""
        for writer in self._writers:
            if not user or self._users.get(writer) == user:
                writer.transport.abort()

    def send(self, raw: bytes) -> None:
        """Write bytes to every connection that has events on."""
        for writer, events_on in self._writers.items():
            if events_on:
                writer.write(raw)

    def event(self, name: str, **fields: str) -> None:
        """Send an event to every connection that has events on."""
        self.send(_message({"Event": name, **fields}))

    async def requested(self, action: str, times: int = 1) -> list[dict[str, str]]:
        """Wait until an action came that often, and return them."""
        while True:
            found = [request for request in self.requests if request.get("Action") == action]
            if len(found) >= times:
                return found
            self._came.clear()
            await self._came.wait()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="fake-ami")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers[writer] = False
        writer.write(self.banner)
        try:
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                lines = raw.decode().strip().split("\r\n")
                request = dict(line.split(": ", 1) for line in lines if ": " in line)
                self.requests.append(request)
                self._came.set()
                if not self.mute and request.get("Action") not in self.deaf:
                    self._answer(writer, request)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            del self._writers[writer]
            self._users.pop(writer, None)
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, request: dict[str, str]) -> None:
        action = request["Action"]
        tag = {"ActionID": request.get("ActionID", "")}
        refusal = self.errors.get(action, "")
        if action == "Login":
            refusal = self.login_error
            if request.get("Username") in self.refused_users:
                refusal = "Authentication failed"
            self._users[writer] = request.get("Username", "")
        if refusal:
            writer.write(_message({"Response": "Error", **tag, "Message": refusal}))
            return
        match action:
            case "Login":
                self._writers[writer] = request.get("Events") == "on"
                writer.write(_message({"Response": "Success", **tag, "Message": "Authentication accepted"}))
                if self.booted and self._writers[writer]:
                    writer.write(_message({"Event": "FullyBooted", "Status": "Fully Booted"}))
            case "CoreShowChannels":
                items = [{"Event": "CoreShowChannel", **tag, **channel} for channel in self.channels]
                _write_list(writer, tag, items, "CoreShowChannelsComplete")
            case "DeviceStateList":
                items = [
                    {"Event": "DeviceStateChange", **tag, "Device": device, "State": state}
                    for device, state in self.devices.items()
                ]
                _write_list(writer, tag, items, "DeviceStateListComplete")
            case "CoreStatus":
                started = {"CoreStartupDate": "2026-01-01", "CoreStartupTime": "08:00:00"}
                writer.write(_message({"Response": "Success", **tag, **started}))
            case "Ping":
                writer.write(_message({"Response": "Success", **tag, "Ping": "Pong"}))
            case _:
                writer.write(_message({"Response": "Success", **tag, "Message": "done"}))


def _write_list(writer: asyncio.StreamWriter, tag: dict[str, str], items: list[dict[str, str]], complete: str) -> None:
    writer.write(_message({"Response": "Success", **tag, "EventList": "start", "Message": "will follow"}))
    for item in items:
        writer.write(_message(item))
    writer.write(_message({"Event": complete, **tag, "EventList": "Complete", "ListItems": str(len(items))}))


def _message(fields: dict[str, str]) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in fields.items()).encode() + b"\r\n"
