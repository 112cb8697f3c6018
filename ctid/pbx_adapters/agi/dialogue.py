"""Dialogue: asks one channel of a PBX one thing after another, and cuts short what plays or waits for a key.

Asterisk ends both as soon as another command comes: the wait is answered as if its key was 1, the file not at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Final

from ctid.errors import PbxConnectionError, PbxProtocolError, PbxTimeoutError
from ctid.pbx_adapters.agi.parser import AgiEvent, AgiParser, Eof, Hangup, Reply

COMMAND_SECONDS: Final = 10.0
"""How long Asterisk may take for a command that plays and waits for nothing."""

PROMPT_SECONDS: Final = 900.0
"""How long one prompt may play."""

READ_BYTES: Final = 16 * 1024
_NOTHING: Final = "NOOP"
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f]")


class Over(Exception):
    """The session came to its ordinary end."""


class Dialogue:
    """What is asked on one FastAGI connection, after its environment, and the replies."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        parser: AgiParser,
        early: Iterable[AgiEvent] = (),
    ) -> None:
        """Make the dialogue of a connection.

        Args:
            reader: From the PBX.
            writer: To it.
            parser: Has read the environment.
            early: What came with the environment.
        """
        self._reader = reader
        self._writer = writer
        self._parser = parser
        self._early = early
        self._replies: asyncio.Queue[Reply] = asyncio.Queue()
        self._owed = 0
        self._can_be_cut = self._cut = False

    async def read(self) -> None:
        """Take the replies, to the connection's end.

        Raises:
            Over: The channel was hung up or bridged away, or the PBX has no more questions.
            PbxError: What comes is no reply to what was asked, or the connection has failed.
        """
        for event in self._early:
            self._take(event)
        while True:
            data = await self._reader.read(READ_BYTES)
            for event in self._parser.feed(data) if data else self._parser.eof():
                self._take(event)

    def close(self) -> None:
        """End the connection; ``read`` comes to its end."""
        self._writer.transport.abort()

    async def ask(self, line: str, time_limit_s: float = COMMAND_SECONDS) -> Reply:
        """Give a command and return its reply.

        Raises:
            Over: The channel is gone.
            PbxTimeoutError: No reply came in time.
        """
        self._write(line)
        return await self._reply(time_limit_s)

    async def play(self, name: str, accept: str) -> Reply | None:
        """Play a file until its end or one of these keys; ``None`` if it was cut short.

        Raises:
            Over: The channel is gone.
            PbxTimeoutError: It plays for too long.
        """
        reply = await self._ask_what_can_be_cut(f"STREAM FILE {quoted(name)} {quoted(accept)}", PROMPT_SECONDS)
        if self._cut:
            self._cut = False
            if reply.code == 200 and reply.endpos is None:
                # That was the reply to what cut it short.
                self._owed -= 1
                return None
            # It had come to its end just before.
            await self._reply(COMMAND_SECONDS)
        return await self._still_there(reply)

    async def key(self, wait_ms: int) -> str | None:
        """Wait for a key; empty if none was pressed in time or the wait was cut short, ``None`` if it failed.

        Raises:
            Over: The channel is gone.
            PbxTimeoutError: No reply came in time.
        """
        reply = await self._ask_what_can_be_cut(f"WAIT FOR DIGIT {wait_ms}", wait_ms / 1000 + COMMAND_SECONDS)
        if self._cut:
            self._cut = False
            await self._reply(COMMAND_SECONDS)
        reply = await self._still_there(reply)
        if reply.result < 0 or reply.code != 200:
            return None
        # Neither what no key was pressed in, nor what was cut short.
        return chr(reply.result) if reply.result > 1 else ""

    def cut(self) -> None:
        """End what plays or waits for a key now; does nothing to anything else."""
        if self._can_be_cut and not self._cut:
            self._cut = True
            self._write(_NOTHING)

    # ---- private -------------------------------------------------------------------------------------------

    def _take(self, event: AgiEvent) -> None:
        match event:
            case Reply():
                if self._owed <= self._replies.qsize():
                    raise PbxProtocolError("an AGI reply came that nobody asked for")
                self._replies.put_nowait(event)
            case Hangup():
                raise Over("hung up or bridged away")
            case Eof(midway=True):
                raise PbxConnectionError("the connection ended in the middle of a line")
            case Eof():
                raise Over("closed by the PBX")
            case _:
                raise PbxProtocolError("a second AGI environment came")

    def _write(self, line: str) -> None:
        self._owed += 1
        self._writer.write(line.encode("utf-8") + b"\n")

    async def _reply(self, time_limit_s: float) -> Reply:
        try:
            async with asyncio.timeout(time_limit_s):
                reply = await self._replies.get()
        except TimeoutError:
            raise PbxTimeoutError(f"no AGI reply within {time_limit_s:g} s") from None
        self._owed -= 1
        if reply.code == 511:
            raise Over("the channel is dead")
        return reply

    async def _ask_what_can_be_cut(self, line: str, time_limit_s: float) -> Reply:
        self._can_be_cut = True
        try:
            return await self.ask(line, time_limit_s)
        finally:
            self._can_be_cut = False

    async def _still_there(self, reply: Reply) -> Reply:
        """Tell what failed from what a hang-up ended: that is told only after it, but before any other reply."""
        if reply.result < 0:
            await self.ask(_NOTHING)
        return reply


def quoted(value: str) -> str:
    """Make one argument of a value; what would end the line, and so begin a command, becomes a blank."""
    plain = _FORBIDDEN.sub(" ", value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
