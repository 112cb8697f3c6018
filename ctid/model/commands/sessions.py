"""What is done in a leg's FastAGI session: prompts, keys, messages, music, and where it goes from there."""

from __future__ import annotations

import msgspec

from ctid.model.commands.command import Command
from ctid.model.speech import Utterance


class AnswerLeg(Command, frozen=True, kw_only=True, tag="leg.answer"):
    """Answer the caller's channel."""

    pbx: str
    unique_id: str


class SealedCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What sensitive digits must be, for who alone sees them.

    Attributes:
        min_digits: How many there must be.
        pattern: They match this regular expression as a whole; empty for any.
        luhn: Their last one is the check digit of the others.
    """

    min_digits: int
    pattern: str = ""
    luhn: bool = False


class PlayAndCollect(Command, frozen=True, kw_only=True, tag="leg.play_and_collect"):
    """Play prompts one after another, then wait for keys; answered by ``DigitsCollected`` with the token.

    Attributes:
        token: Given back in the answer.
        prompts: What to play, in order.
        accept: Keys that end a prompt and count; empty if nothing is to be collected.
        max_digits: How many keys are collected.
        timeout_ms: How long to wait for a key after the last prompt.
        between_ms: How long to wait for each further key; 0 for as long as for the first.
        terminator: The key that ends the digits and is none of them; empty for none.
        interruptible: Whether a key ends the prompts; without, keys count only once all was played.
        ahead: Keys that were pressed before; with some, nothing is played.
        sealed: Given if the digits are sensitive: the answer does not hold them, but what stands for them.
    """

    pbx: str
    unique_id: str
    token: str
    prompts: list[Utterance]
    accept: str = ""
    max_digits: int = 1
    timeout_ms: int = 0
    between_ms: int = 0
    terminator: str = ""
    interruptible: bool = True
    ahead: str = ""
    sealed: SealedCheck | None = None


class AwaitKey(Command, frozen=True, kw_only=True, tag="leg.await_key"):
    """Wait for a key while music plays, until another command comes; answered by ``DigitsCollected`` if one comes.

    Attributes:
        token: Given back in the answer.
        accept: Keys that count.
    """

    pbx: str
    unique_id: str
    token: str
    accept: str


class RecordMessage(Command, frozen=True, kw_only=True, tag="leg.record_message"):
    """Play prompts, then a beep, and record what the caller says until ``#``, a long silence or the end of the time.

    Answered by ``MessageBegun`` with the beep, and by ``DigitsCollected`` with the token when it has ended.

    Attributes:
        token: Given back in the answers.
        prompts: What to play before the beep; ``#`` ends them.
        record: Name of the file.
        max_seconds: How long it may be.
        silence_seconds: After so much silence it ends; 0 for never.
    """

    pbx: str
    unique_id: str
    token: str
    prompts: list[Utterance]
    record: str
    max_seconds: int
    silence_seconds: int


class PlayMusic(Command, frozen=True, kw_only=True, tag="leg.play_music"):
    """Let the caller hear music on hold of the given class until something else happens to the leg."""

    pbx: str
    unique_id: str
    music_class: str


class StopMusic(Command, frozen=True, kw_only=True, tag="leg.stop_music"):
    """End music on hold."""

    pbx: str
    unique_id: str


class SetVariable(Command, frozen=True, kw_only=True, tag="leg.set_variable"):
    """Set a channel variable, for the dialplan and for the record in Asterisk's own logs."""

    pbx: str
    unique_id: str
    name: str
    value: str


class ReleaseLeg(Command, frozen=True, kw_only=True, tag="leg.release"):
    """End the FastAGI session in earnest: the dialplan goes on to ``next`` and does not come back by itself.

    Attributes:
        next: ``hangup``, ``fallback``, ``number``, ``given``, ``voicemail``, ``phone``, ``phones``, ``decided`` or
            ``undecided``: the value of the channel variable ``CTID_NEXT``.
        target: The number, the mailbox or the phone's name, the value of ``CTID_TARGET``.
    """

    pbx: str
    unique_id: str
    next: str
    target: str = ""


AgiCommand = AnswerLeg | PlayAndCollect | AwaitKey | RecordMessage | PlayMusic | StopMusic | SetVariable | ReleaseLeg
"""What a leg's FastAGI session carries out."""
