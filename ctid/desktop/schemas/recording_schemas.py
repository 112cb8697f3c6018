"""Shapes of what is asked of recordings, and of what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ctid.desktop.schemas.bodies import Cursor, Input, Moment
from ctid.desktop.schemas.general import AcceptedView, View
from ctid.model.recording import RecordingKind
from ctid.spec.base import Name

ContactId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]

Kind = Literal[RecordingKind.CALL, RecordingKind.STATEMENT]


class RecordingsQuery(Input):
    """Which recordings."""

    contact_id: ContactId | None = None
    agent_id: Name | None = None
    queue: Name | None = None
    kind: Annotated[Kind | None, Field(description="Without, both.")] = None
    since: Annotated[Moment | None, Field(description="Begun at or after.")] = None
    until: Annotated[Moment | None, Field(description="Begun before.")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Cursor | None = None


class LiveRecordingView(View):
    """A recording as events tell of it."""

    id: str
    contact_id: str | None
    agent_id: str | None
    queue: str | None
    kind: RecordingKind
    on_demand: bool = Field(description="Whether somebody had to ask for it.")


class RecordingView(View):
    """A recording in the store: one agent's part in a contact, or what a caller has said when a flow asked them."""

    id: str
    contact_id: str | None = Field(description="None for one that was found and of which nothing is known.")
    agent_id: str | None
    queue: str | None
    kind: Kind
    ani: str | None = Field(description="Number calling; null if withheld.")
    began_at: datetime
    ended_at: datetime
    duration_ms: int
    bytes: int = Field(
        description="Of the WAV file: 8 kHz, 16 bits, the caller left and the agent right; of a statement one channel."
    )
    sha256: str = Field(description="Of the WAV file.")
    encrypted: bool = Field(description="Whether it lies encrypted on the disk.")
    on_demand: bool
    result: str | None = Field(description="Why it ended before the talk did.")
    expires_at: datetime = Field(description="When it is deleted.")


class RecordingsView(View):
    """Recordings, newest first."""

    items: list[RecordingView]
    next_cursor: str | None


class RecordingAcceptedView(AcceptedView):
    """A command was carried out; this was the recording."""

    recording: RecordingView


class VoicemailsQuery(Input):
    """Which messages."""

    agent_id: Annotated[Name | None, Field(description="Left for this agent.")] = None
    queue: Annotated[Name | None, Field(description="Left for this queue.")] = None
    heard: bool | None = None
    since: Annotated[Moment | None, Field(description="Left at or after.")] = None
    until: Annotated[Moment | None, Field(description="Left before.")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Cursor | None = None


class HeardBody(Input):
    """Whether a message has been heard."""

    heard: bool


class VoicemailLeftView(View):
    """A message as it is told of."""

    id: str
    contact_id: str
    agent_id: str | None = Field(description="Whom it is for; null for one that is for a queue.")
    queue: str | None = Field(description="Whose agents it is for; null for one that is for an agent.")
    ani: str | None = Field(description="Number calling; null if withheld.")
    duration_ms: int


class VoicemailView(VoicemailLeftView):
    """A message that a caller has left."""

    at: datetime = Field(description="Of the beep.")
    bytes: int = Field(description="Of the WAV file: 8 kHz, 16 bits, one channel.")
    sha256: str = Field(description="Of the WAV file.")
    heard: bool
    heard_at: datetime | None
    heard_by: str | None
    expires_at: datetime = Field(description="When it is deleted.")


class VoicemailsView(View):
    """Messages, newest first."""

    items: list[VoicemailView]
    next_cursor: str | None


class VoicemailAcceptedView(AcceptedView):
    """A command was carried out; this is the message, or was."""

    voicemail: VoicemailView
