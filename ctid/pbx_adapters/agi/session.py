"""Session: one leg that waits with us. Carries out its commands one after another, for AGI can do no other.

A command that comes while a prompt plays waits for its end; music plays on while nothing else is to be done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
import structlog

from ctid.errors import CtidError, SpeechError
from ctid.model.commands import (
    AgiCommand,
    AnswerLeg,
    AwaitKey,
    CutPrompts,
    PlayAndCollect,
    PlayMusic,
    RecordMessage,
    ReleaseLeg,
    SealedCheck,
    SetVariable,
    StopMusic,
)
from ctid.model.events import CollectEnd, DigitsCollected, Event, MessageBegun
from ctid.model.speech import Speech, Utterance
from ctid.pbx_adapters.agi.dialogue import COMMAND_SECONDS, Dialogue, Over, quoted
from ctid.pbx_adapters.agi.parser import AgiEvent, AgiParser
from ctid.pbx_adapters.agi.ports import SpeechFiles
from ctid.spec.flow import acceptable
from ctid.spec.nodes import CheckSpec

MAX_QUEUED_COMMANDS: Final = 512
"""Commands that wait for one leg; the next comes after the last one's answer, but all of a decision at once."""

NEXT: Final = "CTID_NEXT"
"""The channel variable that tells the dialplan that a session ended in earnest, and what comes next."""

TARGET: Final = "CTID_TARGET"
"""The channel variable with the number or mailbox that the dialplan goes on to."""

LISTEN_MS: Final = 500
"""How long a command waits for the end of a look for a key while music plays; it cuts short one that takes longer."""

MESSAGE: Final = "-caller"
"""What the name of a message's file ends with, before its format: as that of the caller's side of a recorded call."""

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
        seal: Callable[[str, str], None] | None = None,
        speech: SpeechFiles | None = None,
        music: str = "",
    ) -> None:
        """Make a session of a connection whose environment ``parser`` has read, and ``early`` with it.

        Args:
            pbx: Whose leg it is.
            unique_id: Of the leg.
            reader: From the PBX.
            writer: To it.
            parser: Has read the environment.
            emit: Takes events, at once.
            early: What came with the environment.
            recordings: The folder that the PBX records messages to, as it sees it; empty if there is none.
            seal: Takes what stands for sensitive digits, and these; without it they are dropped.
            speech: Gives the files of texts; without it a text is a prompt that is not there.
            music: The class of the music that the leg hears already; empty if it hears none.
        """
        self.pbx = pbx
        self.unique_id = unique_id
        self._emit = emit
        self._recordings = recordings
        self._seal = seal or (lambda token, digits: None)
        self._speech = speech
        self._commands: asyncio.Queue[AgiCommand] = asyncio.Queue(MAX_QUEUED_COMMANDS)
        self._playing = ""
        self._cut = ""
        self._listens_until_s = 0.0
        self._music = music
        self._log = _log.bind(pbx=pbx, unique_id=unique_id)
        self._dialogue = Dialogue(reader, writer, parser, self._log, early)

    def put(self, command: AgiCommand) -> bool:
        """Queue a command, or obey one that does not wait for others; false if too many wait already."""
        if isinstance(command, CutPrompts):
            self._cut = command.token
            if self._playing == command.token:
                self._dialogue.cut()
            return True
        try:
            self._commands.put_nowait(command)
        except asyncio.QueueFull:
            self._log.warning("agi.queue_full", limit=MAX_QUEUED_COMMANDS)
            return False
        if self._listens_until_s - asyncio.get_running_loop().time() > LISTEN_MS / 1000:
            self._dialogue.cut()
        return True

    def close(self) -> None:
        """End the connection; ``run`` comes to its end."""
        self._dialogue.close()

    async def run(self) -> None:
        """Carry out commands until the leg is released, hung up or bridged away, or the connection fails."""
        try:
            async with asyncio.TaskGroup() as group:
                reader = group.create_task(self._dialogue.read(), name=f"agi-{self.pbx}-{self.unique_id}-read")
                await self._work()
                reader.cancel()
        except* Over:
            pass
        except* (CtidError, OSError) as errors:
            first = errors.exceptions[0]
            self._log.warning("agi.session_failed", detail=str(first), kind=type(first).__name__)

    # ---- commands ------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            command = await self._commands.get()
            match command:
                case AnswerLeg():
                    await self._dialogue.ask("ANSWER")
                case PlayAndCollect():
                    self._emit(await self._collect(command))
                case AwaitKey():
                    await self._await_key(command)
                case RecordMessage():
                    self._emit(await self._record(command))
                case PlayMusic(music_class=music_class):
                    if music_class != self._music:
                        await self._dialogue.ask(f"EXEC StartMusicOnHold {quoted(music_class)}")
                        self._music = music_class
                case StopMusic():
                    await self._stop_music()
                case SetVariable(name=name, value=value):
                    await self._dialogue.ask(f"SET VARIABLE {quoted(name)} {quoted(value)}")
                case ReleaseLeg(next=next_step, target=target):
                    await self._stop_music()
                    if target:
                        await self._dialogue.ask(f"SET VARIABLE {TARGET} {quoted(target)}")
                    await self._dialogue.ask(f"SET VARIABLE {NEXT} {quoted(next_step)}")
                    return

    async def _stop_music(self) -> None:
        if self._music:
            await self._dialogue.ask("EXEC StopMusicOnHold")
            self._music = ""

    async def _collect(self, command: PlayAndCollect) -> DigitsCollected:
        digits, failed = command.ahead, False
        if not digits:
            accept = command.accept if command.interruptible else ""
            digits, failed = await self._play(command.prompts, accept, command.token)
        pressed = bool(digits)
        if not failed and command.accept and (digits or command.timeout_ms > 0):
            digits, pressed = await self._wait_for_digits(command, digits)
        if pressed:
            ended_by = CollectEnd.DIGITS
        elif failed:
            ended_by = CollectEnd.FAILED
        else:
            ended_by = CollectEnd.TIMEOUT if command.accept else CollectEnd.PLAYED
        told = DigitsCollected(
            pbx=self.pbx, unique_id=self.unique_id, token=command.token, digits=digits, ended_by=ended_by
        )
        return told if command.sealed is None else self._sealed(told, command.sealed)

    def _sealed(self, told: DigitsCollected, check: SealedCheck) -> DigitsCollected:
        """Keep sensitive digits to ourselves: what is told of them is whether they are what they must be."""
        spec = CheckSpec(pattern=check.pattern or None, luhn=check.luhn)
        good = len(told.digits) >= check.min_digits and acceptable(spec, told.digits)
        if good:
            self._seal(told.token, told.digits)
        return msgspec.structs.replace(told, digits="", sealed=told.token if good else "", acceptable=good)

    async def _await_key(self, command: AwaitKey) -> None:
        """Listen until something else is to be done: AGI does one thing at a time, and that must not wait for a key.

        A key is lost that is pressed while nobody listens, were it between two looks; so the first one is long.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + command.for_ms / 1000
        while self._commands.empty():
            look_ms = max(LISTEN_MS, round((due - loop.time()) * 1000))
            self._listens_until_s = loop.time() + look_ms / 1000
            try:
                key = await self._dialogue.key(look_ms)
            finally:
                self._listens_until_s = 0.0
            if key is None:
                return
            if key and key in command.accept:
                self._emit(
                    DigitsCollected(
                        pbx=self.pbx,
                        unique_id=self.unique_id,
                        token=command.token,
                        digits=key,
                        ended_by=CollectEnd.DIGITS,
                    )
                )
                return

    async def _record(self, command: RecordMessage) -> DigitsCollected:
        """Record a message; who hangs up meanwhile ends the session, and what they said is in the file."""
        ended_by = CollectEnd.FAILED
        if self._recordings:
            # Who can't be told what to do hears the beep all the same.
            await self._play(command.prompts, "#", command.token)
            self._emit(MessageBegun(pbx=self.pbx, unique_id=self.unique_id, token=command.token))
            path = f"{self._recordings}/{command.record}{MESSAGE}"
            silence = f" s={command.silence_seconds}" if command.silence_seconds else ""
            line = f'RECORD FILE {quoted(path)} sln "#" {command.max_seconds * 1_000} BEEP{silence}'
            reply = await self._dialogue.ask(line, command.max_seconds + COMMAND_SECONDS)
            # Of who hangs up, this may be told before the hang-up is.
            if reply.code == 200 and (reply.result >= 0 or reply.data == "hangup"):
                ended_by = CollectEnd.PLAYED
            else:
                # Of who hangs up in the beep, this is told before the hang-up is, too.
                await self._dialogue.ask_nothing()
                self._log.warning("agi.record_failed", code=reply.code, detail=reply.data)
        else:
            await self._stop_music()
            self._log.warning("agi.record_unconfigured")
        return DigitsCollected(
            pbx=self.pbx, unique_id=self.unique_id, token=command.token, digits="", ended_by=ended_by
        )

    async def _play(self, prompts: Sequence[Utterance], accept: str, token: str) -> tuple[str, bool]:
        """Play the prompts until a key that counts; return that key, and whether none of them could be played.

        All texts become sound at the same time; music plays on until the first prompt is there. One that can't be
        played is left out: what comes after it is worth hearing all the same.
        """
        heard = not prompts
        self._playing = token
        files = [
            asyncio.create_task(self._file(prompt), name="agi-speech") if isinstance(prompt, Speech) else prompt
            for prompt in prompts
        ]
        try:
            for file in files:
                name = file if isinstance(file, str) else await file
                await self._stop_music()
                if not name:
                    continue
                reply = None if self._cut == token else await self._dialogue.play(name, accept)
                if reply is None:
                    return "", False
                if reply.result > 0:
                    return chr(reply.result), False
                # A file that is not there plays nothing, and is no error to Asterisk.
                if reply.code != 200 or reply.result < 0 or not reply.endpos:
                    self._log.warning("agi.prompt_failed", prompt=name)
                    continue
                heard = True
            await self._stop_music()
            return "", not heard
        finally:
            self._playing = ""
            for file in files:
                if not isinstance(file, str):
                    file.cancel()

    async def _file(self, speech: Speech) -> str:
        """The file of a text, empty if there is none."""
        if self._speech is None:
            self._log.warning("agi.speech_unconfigured", language=speech.language)
            return ""
        try:
            return await self._speech.file(self.pbx, speech)
        except SpeechError as error:
            self._log.warning("agi.speech_failed", language=speech.language, detail=error.detail)
            return ""

    async def _wait_for_digits(self, command: PlayAndCollect, digits: str) -> tuple[str, bool]:
        """Wait for the keys that are still to come; return all of them, and whether any was pressed."""
        loop = asyncio.get_running_loop()
        between_ms = command.between_ms or command.timeout_ms
        if digits and digits[-1] == command.terminator:
            return digits[:-1], True
        due = loop.time() + (between_ms if digits else command.timeout_ms) / 1000
        while len(digits) < command.max_digits:
            left_ms = round((due - loop.time()) * 1000)
            if left_ms <= 0:
                break
            digit = await self._dialogue.key(left_ms)
            if not digit:
                break
            if digit == command.terminator:
                return digits, True
            if digit in command.accept:
                digits += digit
                due = loop.time() + between_ms / 1000
        return digits, bool(digits)
