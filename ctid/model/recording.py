"""Recordings of calls: one for each agent's part in a contact, from the ringing of their phone to the store."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from ctid.errors import RequestError
from ctid.model.instant import Instant


class RecordingState(StrEnum):
    """What becomes of the words that are said now; the values are public and never renamed.

    ``armed``: nothing is kept until somebody asks for it. ``recording``: they are kept. ``paused``: somebody has asked
    for silence. ``held``: the caller is on hold, and hears nothing that would belong there.
    """

    ARMED = "armed"
    RECORDING = "recording"
    PAUSED = "paused"
    HELD = "held"


class RecordingKind(StrEnum):
    """What is recorded: an agent's talk, a message that a caller leaves, or what they say when a flow asks them to."""

    CALL = "call"
    VOICEMAIL = "voicemail"
    STATEMENT = "statement"

    @property
    def is_message(self) -> bool:
        """Whether a caller speaks alone, from the beep on: there is one side, and none of somebody who says nothing."""
        return self is not RecordingKind.CALL


class Recording(msgspec.Struct, kw_only=True):
    """A recording that the PBX makes, or has made and that is not in the store yet.

    Attributes:
        id: Minted by ctid; also the name of the PBX's files.
        contact_id: What is recorded.
        leg_id: The leg on whose channel the PBX records: the agent's, or of a message or statement the caller's.
        pbx: The PBX that records.
        agent_id: Who talks to the customer, or whom a message is for; empty for one that is for a queue.
        queue: From which they are served, or which a message is for; empty for one that is for an agent.
        ani: Number calling, as the contact has it.
        asked: Whether it was ever to be kept: from the start, or since somebody asked for it.
        kind: What it is.
        on_demand: Whether somebody had to ask for it.
        paused: Whether somebody has asked for silence.
        consultations: Whether it goes on while the caller is on hold.
        muted: Whether the PBX was told to record silence; ``None`` if it was told nothing since it can be reached.
        retention_days: Of the policy; ``None`` for the store's own.
        answered_at: When the leg was answered: the PBX's files begin there.
        began_at: When the agent was connected.
        asked_at: When it was first to be kept.
        ended_at: When it ended; the store has it next.
        result: Why it ended early, in one word; empty for one that lasted as long as the talk.
    """

    id: str
    contact_id: str
    leg_id: str
    pbx: str
    agent_id: str
    queue: str
    ani: str = ""
    asked: bool
    kind: RecordingKind = RecordingKind.CALL
    on_demand: bool = False
    paused: bool = False
    consultations: bool = False
    muted: bool | None = None
    retention_days: int | None = None
    answered_at: Instant | None = None
    began_at: Instant | None = None
    asked_at: Instant | None = None
    ended_at: Instant | None = None
    result: str = ""


class StoredRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording in the store.

    Attributes:
        id: As ``Recording`` has it.
        site: The site that owned the contact.
        contact_id: What was recorded; empty for files of which nobody knows.
        agent_id: Who talked.
        queue: The queue it was served from.
        ani: Number calling; empty if withheld.
        began_at: Milliseconds since 1970 UTC: of its first sample.
        ended_at: Of its end.
        duration_ms: Its length, by its samples.
        size: Bytes of the WAV file.
        sha256: Of the WAV file, in hexadecimal.
        file: Where it lies, below the store's folder.
        encrypted: Whether it lies there encrypted.
        on_demand: Whether somebody had to ask for it.
        result: Why it ended before the talk did; empty if it did not.
        expires_at: When it is deleted.
        kind: What it is.
        heard_at: When somebody marked a message as heard; ``None`` if nobody has.
        heard_by: Who has.
    """

    id: str
    site: str
    contact_id: str
    agent_id: str
    queue: str
    ani: str
    began_at: int
    ended_at: int
    duration_ms: int
    size: int
    sha256: str
    file: str
    encrypted: bool
    on_demand: bool
    result: str
    expires_at: int
    kind: RecordingKind = RecordingKind.CALL
    heard_at: int | None = None
    heard_by: str = ""


class RecordingFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which recordings; what is ``None`` or empty does not matter.

    Attributes:
        since: Begun at this moment or later; any zone, but it must have one.
        until: Begun before this moment.
        queues: Of one of these queues.
        agents: Of one of these agents; ``None`` for all.
        kinds: What they are.
        heard: Whether somebody has heard them.
        for_agents: Messages for one of these, or for a queue of ``for_queues``; ``None`` for all.
        for_queues: See ``for_agents``.

    Raises:
        RequestError: A moment has no zone.
    """

    contact_id: str | None = None
    agent_id: str | None = None
    queue: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    queues: list[str] = []
    agents: list[str] | None = None
    kinds: tuple[RecordingKind, ...] = (RecordingKind.CALL,)
    heard: bool | None = None
    for_agents: list[str] | None = None
    for_queues: list[str] = []

    def __post_init__(self) -> None:
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise RequestError("a moment without a zone; write for example 2025-03-30T09:00:00+02:00")


class RecordingPage(msgspec.Struct, frozen=True):
    """Some recordings, newest first.

    Attributes:
        recordings: The recordings.
        next_cursor: For the next page; ``None`` if this is the last.
    """

    recordings: list[StoredRecording]
    next_cursor: str | None
