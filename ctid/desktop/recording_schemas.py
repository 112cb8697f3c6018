"""Shapes of what is asked of recordings, and of what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from ctid.desktop.bodies import Cursor, Input
from ctid.desktop.schemas import AcceptedView, View
from ctid.spec.base import Name

ContactId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]


class RecordingsQuery(Input):
    """Which recordings."""

    contact_id: ContactId | None = None
    agent_id: Name | None = None
    queue: Name | None = None
    since: Annotated[AwareDatetime | None, Field(description="Begun at or after.")] = None
    until: Annotated[AwareDatetime | None, Field(description="Begun before.")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Cursor | None = None


class LiveRecordingView(View):
    """A recording as events tell of it."""

    id: str
    contact_id: str | None
    agent_id: str | None
    queue: str | None
    on_demand: bool = Field(description="Whether somebody had to ask for it.")


class RecordingView(View):
    """A recording in the store: one agent's part in a contact."""

    id: str
    contact_id: str | None = Field(description="None for one that was found and of which nothing is known.")
    agent_id: str | None
    queue: str | None
    ani: str | None = Field(description="Number calling; null if withheld.")
    began_at: datetime
    ended_at: datetime
    duration_ms: int
    bytes: int = Field(description="Of the WAV file: 8 kHz, 16 bits, the caller left and the agent right.")
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
