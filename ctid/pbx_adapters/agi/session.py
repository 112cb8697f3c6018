"""Session: one leg that waits with us. Carries out its commands one after another, for AGI can do no other.

A command that comes while a prompt plays waits for its end; music plays on while nothing else is to be done.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from ctid.errors import CtidError, PbxConnectionError, PbxProtocolError, PbxTimeoutError
from ctid.model.commands import (
    AgiCommand,
    AnswerLeg,
    PlayAndCollect,
    PlayMusic,
    RecordMessage,
    ReleaseLeg,
    SetVariable,
    StopMusic,
)
from ctid.model.events import CollectEnd, DigitsCollected, Event, MessageBegun
from ctid.pbx_adapters.agi.parser import AgiEvent, AgiParser, Eof, Hangup, Reply

MAX_QUEUED_COMMANDS: Final = 64
"""Commands that wait for one leg; the engine sends the next after the last one's answer."""

NEXT: Final = "CTID_NEXT"
"""The channel variable that tells the dialplan that a session ended in earnest, and what comes next."""

TARGET: Final = "CTID_TARGET"
"""The channel variable with the number or mailbox that the dialplan goes on to."""

COMMAND_SECONDS: Final = 10.0
"""How long Asterisk may take for a command that plays and waits for nothing."""

PROMPT_SECONDS: Final = 900.0
"""How long one prompt may play."""

MESSAGE: Final = "-caller"
"""What the name of a message's file ends with, before its format: as that of the caller's side of a recorded call."""

READ_BYTES: Final = 16 * 1024
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f]")
_log = structlog.get_logger()


class AgiSession:
    """One FastAGI connection, from its environment to its end.

    Attributes:
        unique_id: Of the leg.
        pbx: Whose leg it is.
    """

    def __init__(
        self,
        pbx: str,
        unique_id: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        parser: AgiParser,
        emit: Callable[[Event], None],
        early: Iterable[AgiEvent] = (),
        recordings: str = "",
        music: str = "",
    ) -> None:
        """Make a session of a connection whose environment ``parser`` has read, and ``early`` with it.

        ``recordings`` is the folder that the PBX records messages to, as it sees it; empty if there is none. ``music``
        is the class of the music that the leg hears already; empty if it hears none.
        """
        self.pbx = pbx
        self.unique_id = unique_id
        self._reader = reader
        self._writer = writer
        self._parser = parser
        self._emit = emit
        self._early = early
        self._recordings = recordings
        self._commands: asyncio.Queue[AgiCommand] = asyncio.Queue(MAX_QUEUED_COMMANDS)
        self._reply: asyncio.Future[Reply] | None = None
        self._music = music
        self._log = _log.bind(pbx=pbx, unique_id=unique_id)

    def put(self, command: AgiCommand) -> bool:
        """Queue a command; false if too many wait already."""
        try:
            self._commands.put_nowait(command)
        except asyncio.QueueFull:
            self._log.warning("agi.queue_full", limit=MAX_QUEUED_COMMANDS)
            return False
        return True

    def close(self) -> None:
        """End the connection; ``run`` comes to its end."""
        self._writer.transport.abort()

    async def run(self) -> None:
        """Carry out commands until the leg is released, hung up or bridged away, or the connection fails."""
        try:
            async with asyncio.TaskGroup() as group:
                reader = group.create_task(self._read(), name=f"agi-{self.pbx}-{self.unique_id}-read")
                await self._work()
                reader.cancel()
        except* _Over:
            pass
        except* (CtidError, OSError) as errors:
            first = errors.exceptions[0]
            self._log.warning("agi.session_failed", detail=str(first), kind=type(first).__name__)

    # ---- reading -------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        for event in self._early:
            self._take(event)
        while True:
            data = await self._reader.read(READ_BYTES)
            for event in self._parser.feed(data) if data else self._parser.eof():
                self._take(event)

    def _take(self, event: AgiEvent) -> None:
        match event:
            case Reply():
                if self._reply is None or self._reply.done():
                    raise PbxProtocolError("an AGI reply came that nobody asked for")
                self._reply.set_result(event)
            case Hangup():
                raise _Over("hung up or bridged away")
            case Eof(midway=True):
                raise PbxConnectionError("the connection ended in the middle of a line")
            case Eof():
                raise _Over("closed by the PBX")
            case _:
                raise PbxProtocolError("a second AGI environment came")

    # ---- commands ------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            command = await self._commands.get()
            match command:
                case AnswerLeg():
                    await self._ask("ANSWER")
                case PlayAndCollect():
                    self._emit(await self._collect(command))
                case RecordMessage():
                    self._emit(await self._record(command))
                case PlayMusic(music_class=music_class):
                    if music_class != self._music:
                        await self._ask(f"EXEC StartMusicOnHold {_quoted(music_class)}")
                        self._music = music_class
                case StopMusic():
                    await self._stop_music()
                case SetVariable(name=name, value=value):
                    await self._ask(f"SET VARIABLE {_quoted(name)} {_quoted(value)}")
                case ReleaseLeg(next=next_step, target=target):
                    await self._stop_music()
                    if target:
                        await self._ask(f"SET VARIABLE {TARGET} {_quoted(target)}")
                    await self._ask(f"SET VARIABLE {NEXT} {_quoted(next_step)}")
                    return

    async def _stop_music(self) -> None:
        if self._music:
            await self._ask("EXEC StopMusicOnHold")
            self._music = ""

    async def _collect(self, command: PlayAndCollect) -> DigitsCollected:
        await self._stop_music()
        digits, failed = await self._play(command.prompts, command.accept)
        if not failed and command.accept and (digits or command.timeout_ms > 0):
            digits = await self._wait_for_digits(command, digits)
        if digits:
            ended_by = CollectEnd.DIGITS
        elif failed:
            ended_by = CollectEnd.FAILED
        else:
            ended_by = CollectEnd.TIMEOUT if command.accept else CollectEnd.PLAYED
        return DigitsCollected(
            pbx=self.pbx, unique_id=self.unique_id, token=command.token, digits=digits, ended_by=ended_by
        )

    async def _record(self, command: RecordMessage) -> DigitsCollected:
        """Record a message; who hangs up meanwhile ends the session, and what they said is in the file."""
        await self._stop_music()
        ended_by = CollectEnd.FAILED
        if self._recordings:
            # Who can't be told what to do hears the beep all the same.
            await self._play(command.prompts, "#")
            self._emit(MessageBegun(pbx=self.pbx, unique_id=self.unique_id, token=command.token))
            path = f"{self._recordings}/{command.record}{MESSAGE}"
            silence = f" s={command.silence_seconds}" if command.silence_seconds else ""
            line = f'RECORD FILE {_quoted(path)} sln "#" {command.max_seconds * 1_000} BEEP{silence}'
            reply = await self._ask(line, command.max_seconds + COMMAND_SECONDS)
            # Of who hangs up, this may be told before the hang-up is.
            if reply.code == 200 and (reply.result >= 0 or reply.data == "hangup"):
                ended_by = CollectEnd.PLAYED
            else:
                self._log.warning("agi.record_failed", code=reply.code, detail=reply.data)
        else:
            self._log.warning("agi.record_unconfigured")
        return DigitsCollected(
            pbx=self.pbx, unique_id=self.unique_id, token=command.token, digits="", ended_by=ended_by
        )

    async def _play(self, prompts: Iterable[str], accept: str) -> tuple[str, bool]:
        """Play the prompts until a key that counts; return that key, and whether a prompt failed."""
        for prompt in prompts:
            reply = await self._ask(f"STREAM FILE {_quoted(prompt)} {_quoted(accept)}", PROMPT_SECONDS)
            if reply.result > 0:
                return chr(reply.result), False
            # A file that is not there plays nothing, and is no error to Asterisk.
            if reply.code != 200 or reply.result < 0 or not reply.endpos:
                self._log.warning("agi.prompt_failed", prompt=prompt)
                return "", True
        return "", False

    async def _wait_for_digits(self, command: PlayAndCollect, digits: str) -> str:
        loop = asyncio.get_running_loop()
        due = loop.time() + command.timeout_ms / 1000
        while len(digits) < command.max_digits:
            left_ms = round((due - loop.time()) * 1000)
            if left_ms <= 0:
                break
            reply = await self._ask(f"WAIT FOR DIGIT {left_ms}", left_ms / 1000 + COMMAND_SECONDS)
            if reply.result <= 0:
                break
            if (digit := chr(reply.result)) in command.accept:
                digits += digit
                due = loop.time() + command.timeout_ms / 1000
        return digits

    async def _ask(self, line: str, time_limit_s: float = COMMAND_SECONDS) -> Reply:
        self._reply = asyncio.get_running_loop().create_future()
        self._writer.write(line.encode("utf-8") + b"\n")
        try:
            async with asyncio.timeout(time_limit_s):
                reply = await self._reply
        except TimeoutError:
            raise PbxTimeoutError(f"no AGI reply within {time_limit_s:g} s") from None
        finally:
            self._reply = None
        if reply.code == 511:
            raise _Over("the channel is dead")
        return reply


class _Over(Exception):
    """The session came to its ordinary end."""


def _quoted(value: str) -> str:
    """Make one argument of a value; what would end the line, and so begin a command, becomes a blank."""
    plain = _FORBIDDEN.sub(" ", value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
