"""All that a PBX's manager interface carries out."""

from __future__ import annotations

from ctid.model.commands.command import Command
from ctid.model.commands.moves import Move
from ctid.model.commands.originates import Originate


class MuteRecording(Command, frozen=True, kw_only=True, tag="recording.mute"):
    """Have the PBX record silence on a channel, or what is said; ``RecordingRefused`` if nothing is recorded there."""

    pbx: str
    unique_id: str
    on: bool


class StopRecording(Command, frozen=True, kw_only=True, tag="recording.stop"):
    """End the recording of a channel, whose call goes on."""

    pbx: str
    unique_id: str


class SendDigits(Command, frozen=True, kw_only=True, tag="leg.send_digits"):
    """Send digits (RFC 4733) to a channel's party."""

    pbx: str
    unique_id: str
    digits: str


class TellToAnswer(Command, frozen=True, kw_only=True, tag="leg.tell_to_answer"):
    """Have a phone told, within the call that rings there, to answer it; ``AnswerRefused`` if the PBX does not."""

    pbx: str
    unique_id: str


class SetPhone(Command, frozen=True, kw_only=True, tag="phone.set"):
    """Have the PBX's own dialplan know what is to become of calls to a phone, with or without ctid.

    Attributes:
        extension: What phones dial to reach it.
        calls: ``dnd``: they are refused. A number: they go there. Empty: the phone rings.
    """

    pbx: str
    extension: str
    calls: str


class HangUpLeg(Command, frozen=True, kw_only=True, tag="leg.hang_up"):
    """End a channel. That it is gone already is no failure."""

    pbx: str
    unique_id: str
    cause: int = 16


AmiCommand = Originate | Move | MuteRecording | StopRecording | SendDigits | TellToAnswer | SetPhone | HangUpLeg
"""What a PBX's manager interface carries out."""
