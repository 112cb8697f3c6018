"""Statements: what callers say when a flow asks them to, recorded on their own channel from the beep on."""

from __future__ import annotations

from ctid.engine.contact import recordings
from ctid.engine.turn import Turn
from ctid.ivr.effects import TakeDown
from ctid.model.commands import PlayAndCollect, RecordMessage
from ctid.model.contact import Contact
from ctid.model.events import MessageBegun
from ctid.model.flow import FlowPosition
from ctid.model.leg import Leg
from ctid.model.recording import Recording, RecordingKind


def begin(turn: Turn, contact: Contact, leg: Leg, token: str, what: TakeDown) -> None:
    """Have the caller speak after the beep; if nothing can be recorded, they hear only what comes before it."""
    position = contact.ivr.flow if contact.ivr is not None else None
    assert position is not None
    if position.recording_id:
        # They were cut off, and begin anew.
        end(turn, position)
    if turn.state.recording_fault:
        turn.note("statement-no-room", turn.state.recording_fault)
        turn.emit(PlayAndCollect(pbx=leg.pbx, unique_id=leg.unique_id, token=token, prompts=what.utterances))
        return
    recording = Recording(
        id=turn.mint("rc"),
        contact_id=contact.id,
        leg_id=leg.id,
        pbx=leg.pbx,
        agent_id="",
        queue=contact.queue,
        ani=contact.ani,
        asked=True,
        kind=RecordingKind.STATEMENT,
    )
    turn.state.recordings[recording.id] = recording
    position.recording_id = recording.id
    turn.emit(
        RecordMessage(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            token=token,
            prompts=what.utterances,
            record=recording.id,
            max_seconds=what.max_seconds,
            silence_seconds=what.silence_seconds,
        )
    )


def begun(turn: Turn, position: FlowPosition, event: MessageBegun) -> None:
    """The beep has come."""
    recording = turn.state.recordings.get(position.recording_id)
    if recording is not None and recording.pbx == event.pbx:
        recording.answered_at = recording.began_at = recording.asked_at = turn.now


def end(turn: Turn, position: FlowPosition, *, failed: bool = False) -> str:
    """The caller says no more: into the store with it; gives back the recording's id, if there is one."""
    recording_id, position.recording_id = position.recording_id, ""
    recording = turn.state.recordings.get(recording_id)
    if recording is None:
        return ""
    if recording.began_at is None or failed:
        # Nothing was written before the beep, or nothing could be.
        turn.state.recordings.pop(recording_id)
        return ""
    recordings.finish(turn, recording)
    return recording_id
