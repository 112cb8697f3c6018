"""AMI: the raw stream of a PBX recorded to a file, and a small client with which tests ask and watch the PBX.

Both are independent of ctid's own adapter on purpose: what checks it must not be made of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sip_test_rig.asterisk import Asterisk

ANSWER_TIME_LIMIT_S: Final = 30.0
_END: Final = b"\r\n\r\n"

AmiMessage = dict[str, str]


class AmiError(Exception):
    """The PBX refused the log-in or an action, or the link ended."""


class AmiClient:
    """A manager session that keeps every event since it began, so that no test misses one by asking late."""

    def __init__(self, host: str, port: int, user: str, secret: str, *, events: bool = True) -> None:
        self.events: list[AmiMessage] = []
        self._host, self._port, self._user, self._secret = host, port, user, secret
        self._events_on = events
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[AmiMessage]] = {}
        self._news = asyncio.Condition()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ended = False

    @classmethod
    def of(cls, pbx: Asterisk, *, events: bool = True) -> Self:
        """Make a client of this instance."""
        return cls(pbx.host, pbx.ami_port, pbx.ami_user, pbx.ami_secret, events=events)

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Connect and log in.

        Raises:
            AmiError: user or secret refused.
        """
        reader, self._writer = await asyncio.open_connection(self._host, self._port)
        await asyncio.wait_for(reader.readline(), ANSWER_TIME_LIMIT_S)
        self._reading = asyncio.create_task(self._read(reader), name="rig-ami-client")
        try:
            await self.action(
                "Login", Username=self._user, Secret=self._secret, Events="on" if self._events_on else "off"
            )
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End the session."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
            self._reading = None
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None

    async def action(self, name: str, **fields: str | list[str]) -> AmiMessage:
        """Send an action and return its response; a list sends the field several times (`Variable`).

        Raises:
            AmiError: `Response: Error`, or the link ended.
            TimeoutError: no answer.
        """
        action_id = f"rig-{next(self._ids)}"
        lines = [f"Action: {name}", f"ActionID: {action_id}"]
        for key, value in fields.items():
            lines += [f"{key}: {one}" for one in ([value] if isinstance(value, str) else value)]
        if self._writer is None or self._ended:
            raise AmiError("not connected")
        answer: asyncio.Future[AmiMessage] = asyncio.get_running_loop().create_future()
        self._answers[action_id] = answer
        self._writer.write("\r\n".join(lines).encode() + _END)
        try:
            response = await asyncio.wait_for(answer, ANSWER_TIME_LIMIT_S)
        finally:
            self._answers.pop(action_id, None)
        if response.get("Response") == "Error":
            raise AmiError(f"{name}: {response.get('Message', 'refused')}")
        return response

    async def wait_event(
        self, matches: Callable[[AmiMessage], bool] | str, timeout: float = ANSWER_TIME_LIMIT_S, *, since: int = 0
    ) -> AmiMessage:
        """Return the first event that matches, one already here or the next to come.

        Args:
            matches: a predicate, or just the event's name.
            timeout: seconds to wait.
            since: look only at `events[since:]`.

        Raises:
            TimeoutError: none came; the message names the last events.
            AmiError: the link ended.
        """

        def looks_right(event: AmiMessage) -> bool:
            if isinstance(matches, str):
                return event["Event"] == matches
            return matches(event)

        at = since
        try:
            async with asyncio.timeout(timeout), self._news:
                while True:
                    while at < len(self.events):
                        if looks_right(self.events[at]):
                            return self.events[at]
                        at += 1
                    if self._ended:
                        raise AmiError("the link ended while waiting for an event")
                    await self._news.wait()
        except TimeoutError as late:
            last = ", ".join(event["Event"] for event in self.events[-15:])
            raise TimeoutError(f"no such event within {timeout} s; the last were: {last}") from late

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                message = _parse(await reader.readuntil(_END))
                if "Event" in message:
                    async with self._news:
                        self.events.append(message)
                        self._news.notify_all()
                elif (answer := self._answers.get(message.get("ActionID", ""))) is not None and not answer.done():
                    answer.set_result(message)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._ended = True
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(AmiError("the link ended"))
            async with self._news:
                self._news.notify_all()


class AmiRecorder:
    """Writes the event stream of a PBX to a file, byte for byte as it comes, from the banner on."""

    def __init__(self, pbx: Asterisk, path: Path) -> None:
        self.path = path
        self.size = 0
        self._pbx = pbx
        self._writing: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_connection(self._pbx.host, self._pbx.ami_port)
        login = f"Action: Login\r\nUsername: {self._pbx.ami_user}\r\nSecret: {self._pbx.ami_secret}\r\n\r\n"
        self._writer.write(login.encode())
        self._writing = asyncio.create_task(self._record(reader), name="rig-ami-recorder")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._writer is not None
        assert self._writing is not None
        # Logging off makes Asterisk send what is left and close, so that the file ends with a whole message.
        with contextlib.suppress(OSError):
            self._writer.write(b"Action: Logoff\r\n\r\n")
            await self._writer.drain()
        try:
            await asyncio.wait_for(self._writing, ANSWER_TIME_LIMIT_S)
        finally:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def _record(self, reader: asyncio.StreamReader) -> None:
        with self.path.open("wb") as file, contextlib.suppress(OSError):
            while data := await reader.read(65536):
                file.write(data)
                # Whoever looks meanwhile sees it too.
                file.flush()
                self.size += len(data)


def _parse(raw: bytes) -> AmiMessage:
    message: AmiMessage = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(":")
        if colon:
            # A field may come several times (`Variable`, `Output`); lines are what tests look for in it.
            message[key] = f"{message[key]}\n{value.strip()}" if key in message else value.strip()
    return message
