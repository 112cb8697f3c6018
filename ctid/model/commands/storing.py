"""Records and recordings for the stores."""

from __future__ import annotations

from ctid.model.commands.command import Command
from ctid.model.record import ContactRecord
from ctid.model.recording import Recording


class SaveRecord(Command, frozen=True, kw_only=True, tag="record.save"):
    """Write the closed contact's call-tracking record; answered by ``RecordSaved``. Idempotent by contact id."""

    record: ContactRecord


class StoreRecording(Command, frozen=True, kw_only=True, tag="recording.store"):
    """Take a recording that has ended into the store; answered by ``RecordingSettled``. Idempotent by its id."""

    site: str
    recording: Recording


class DiscardRecording(Command, frozen=True, kw_only=True, tag="recording.discard"):
    """Delete the files of a recording that nobody has asked for; answered by ``RecordingSettled``."""

    pbx: str
    recording_id: str


RecordingCommand = StoreRecording | DiscardRecording
"""What the store of recordings carries out."""
