"""What the store has made of a recording: it is published, and the engine forgets it."""

from __future__ import annotations

from ctid.engine.contact import recordings, voicemail
from ctid.engine.turn import Turn
from ctid.model.events import RecordingSettled
from ctid.model.recording import Recording, RecordingKind


def settled(turn: Turn, event: RecordingSettled) -> None:
    """The store is done with a recording."""
    recording = turn.state.recordings.get(event.recording_id)
    if recording is not None and recording.ended_at is None:
        # Found in the spool by a store that did not know that it still runs: it is told again at its end.
        return
    turn.state.recordings.pop(event.recording_id, None)
    stored = event.stored
    if stored is not None and stored.kind is RecordingKind.VOICEMAIL:
        voicemail.left(turn, stored)
    elif stored is not None:
        turn.publish(
            "recording.finished",
            {
                "recording": {
                    "id": stored.id,
                    "contact_id": stored.contact_id or None,
                    "agent_id": stored.agent_id or None,
                    "queue": stored.queue or None,
                    "kind": stored.kind,
                    "on_demand": stored.on_demand,
                },
                "duration_ms": stored.duration_ms,
                "sha256": stored.sha256,
                "result": stored.result or None,
            },
            contact_id=stored.contact_id,
            agent_ids=[stored.agent_id] if stored.agent_id else [],
            queue=stored.queue,
        )
    elif event.failure and recording is not None and not _nothing_said(recording, event.failure):
        recordings.publish(turn, recording, "recording.failed", reason=event.failure)


def _nothing_said(recording: Recording, failure: str) -> bool:
    """Whether it is of a caller who hung up with the beep: that is none, and no failure."""
    return recording.kind.is_message and failure == "empty"
