"""Dialogue: asks one channel of a PBX one thing after another, and cuts short what plays or waits for a key.

Asterisk ends both as soon as another command comes: the wait is answered as if its key was 1, the file not at all. But
a command that it reads together with what came before, it sees only once still another one comes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Final

from structlog.typing import FilteringBoundLogger

from ctid.errors import PbxConnectionError, PbxProtocolError, PbxTimeoutError
from ctid.pbx_adapters.agi.parser import AgiEvent, AgiParser, Eof, Hangup, Reply

MAX_LINE_BYTES: Final = 2_046
"""Asterisk 16 reads so much of a line at once, 22 four times as much, and takes what is behind that for a command."""

COMMAND_SECONDS: Final = 10.0
"""How long Asterisk may take for a command that plays and waits for nothing."""

PROMPT_SECONDS: Final = 900.0
"""How long one prompt may play."""

CUT_AGAIN_SECONDS: Final = 0.1
"""How long what cuts something short may take until it is tried again; then twice as long, and so on."""

READ_BYTES: Final = 16 * 1024
_NOTHING: Final = "NOOP"
_WRONG_USAGE: Final = Reply(code=520)
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
        log: FilteringBoundLogger,
        early: Iterable[AgiEvent] = (),
    ) -> None:
        """Make the dialogue of a connection.

        Args:
            reader: From the PBX.
            writer: To it.
            parser: Has read the environment.
            log: Names the channel.
            early: What came with the environment.
        """
        self._reader = reader
        self._writer = writer
        self._parser = parser
        self._log = log
        self._early = early
        self._replies: asyncio.Queue[Reply] = asyncio.Queue()
        self._owed = 0
        self._can_be_cut = False
        self._cutting: asyncio.TimerHandle | None = None

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
        """Give a command and return its reply; one that is too long is not given, and was wrong.

        Raises:
            Over: The channel is gone.
            PbxTimeoutError: No reply came in time.
        """
        size = len(line.encode("utf-8"))
        if size > MAX_LINE_BYTES:
            self._log.warning("agi.line_too_long", command=line.partition('"')[0].strip(), bytes=size)
            return _WRONG_USAGE
        self._write(line)
        return await self._reply(time_limit_s)

    async def play(self, name: str, accept: str) -> Reply | None:
        """Play a file until its end or one of these keys; ``None`` if it was cut short.

        Raises:
            Over: The channel is gone.
            PbxTimeoutError: It plays for too long.
        """
        line = f"STREAM FILE {quoted(name)} {quoted(accept)}"
        return await self._ask_what_can_be_cut(line, PROMPT_SECONDS, silent=True)

    async def key(self, wait_ms: int) -> str | None:
        """Wait for a key; empty if none was pressed in time or the wait was cut short, ``None`` if it failed.

        Raises:
            Over: The channel is gone.
            PbxTimeoutError: No reply came in time.
        """
        time_limit_s = wait_ms / 1000 + COMMAND_SECONDS
        reply = await self._ask_what_can_be_cut(f"WAIT FOR DIGIT {wait_ms}", time_limit_s, silent=False)
        if reply is None:
            return ""
        if reply.result < 0 or reply.code != 200:
            return None
        return chr(reply.result) if reply.result else ""

    async def ask_nothing(self) -> None:
        """Make sure that the channel is still there: a hang-up is told after what it ends, but before any other reply.

        Raises:
            Over: The channel is gone.
        """
        await self.ask(_NOTHING)

    def cut(self) -> None:
        """End what plays or waits for a key now; does nothing to anything else."""
        if self._can_be_cut and self._cutting is None:
            self._try_to_cut(CUT_AGAIN_SECONDS)

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

    def _try_to_cut(self, again_s: float) -> None:
        self._write(_NOTHING)
        self._cutting = asyncio.get_running_loop().call_later(again_s, self._try_to_cut, 2 * again_s)

    async def _ask_what_can_be_cut(self, line: str, time_limit_s: float, *, silent: bool) -> Reply | None:
        """Give a command and return its reply, ``None`` if it was cut short; if ``silent``, that is not answered."""
        self._can_be_cut, was_cut = True, False
        try:
            reply = await self.ask(line, time_limit_s)
            if self._cutting is not None and reply.code == 200:
                # Otherwise it had come to its end just before.
                was_cut = reply.endpos is None if silent else reply.result == 1
            if was_cut and silent:
                self._owed -= 1
            # Whatever is asked next must not be read together with what cut this short.
            while self._owed:
                await self._reply(COMMAND_SECONDS)
        finally:
            self._can_be_cut = False
            if self._cutting is not None:
                self._cutting.cancel()
                self._cutting = None
        if was_cut:
            return None
        if reply.code == 200 and reply.result < 0:
            await self.ask_nothing()
        return reply


def quoted(value: str) -> str:
    """Make one argument of a value; what would end the line, and so begin a command, becomes a blank."""
    plain = _FORBIDDEN.sub(" ", value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
