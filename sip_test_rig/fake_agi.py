"""Fake AGI: plays Asterisk's part on a FastAGI connection, to fail in ways a real Asterisk cannot be made to."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class FakeAgiCall:
    """One call that asks a FastAGI server what to do.

    Attributes:
        replies: the reply to a command that begins so; a list is used up one by one. What is not listed gets
            `200 result=0`; `None` gets no reply at all.
        commands: every command that came.
    """

    def __init__(
        self,
        port: int,
        *,
        unique_id: str = "1700000000.1",
        script: str = "in",
        arguments: tuple[str, ...] = ("pbx=a",),
        **variables: str,
    ) -> None:
        self._port = port
        self._environment = {
            "network": "yes",
            "network_script": script,
            "request": f"agi://127.0.0.1/{script}",
            "channel": "PJSIP/carrier-00000001",
            "uniqueid": unique_id,
            "callerid": "unknown",
            "extension": "4930111",
            **variables,
            **{f"arg_{number}": argument for number, argument in enumerate(arguments, 1)},
        }
        self.replies: dict[str, str | list[str | None] | None] = {}
        self.commands: list[str] = []
        self.closed = asyncio.Event()
        self._came = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def environment(self) -> bytes:
        """The environment as it goes over the wire."""
        return b"".join(f"agi_{key}: {value}\n".encode() for key, value in self._environment.items()) + b"\n"

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(self.environment)
        self._task = asyncio.get_running_loop().create_task(self._serve(reader), name="fake-agi")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self.cut()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def send(self, raw: bytes) -> None:
        """Write bytes."""
        assert self._writer is not None
        self._writer.write(raw)

    def hang_up(self) -> None:
        """Say that the channel is gone, as Asterisk does."""
        self.send(b"HANGUP\n")

    def cut(self) -> None:
        """Close the connection without a word."""
        assert self._writer is not None
        self._writer.close()

    async def commanded(self, beginning: str, times: int = 1) -> list[str]:
        """Wait until a command that begins so came that often, and return them."""
        while True:
            found = [command for command in self.commands if command.startswith(beginning)]
            if len(found) >= times:
                return found
            self._came.clear()
            await self._came.wait()

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                command = line.decode().rstrip("\n")
                self.commands.append(command)
                reply = self._reply(command)
                if reply is not None:
                    self.send(reply.encode() + b"\n")
                self._came.set()
        except OSError:
            pass
        finally:
            self.closed.set()

    def _reply(self, command: str) -> str | None:
        for beginning, reply in self.replies.items():
            if command.startswith(beginning):
                if isinstance(reply, list):
                    return reply.pop(0) if reply else "200 result=0 endpos=8000"
                return reply
        return "200 result=0 endpos=8000"
