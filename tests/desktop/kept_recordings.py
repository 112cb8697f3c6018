"""Recordings in memory, as the desktop API asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from ctid.errors import NotFoundError, RecordingError, RequestError
from ctid.model.recording import RecordingFilter, RecordingKind, RecordingPage, StoredRecording

AUDIO = bytes(range(256)) * 1_000
"""What each of them sounds like."""


def kept(
    recording_id: str,
    agent_id: str = "alice",
    queue: str = "sales",
    contact_id: str = "ct-1",
    kind: RecordingKind = RecordingKind.CALL,
) -> StoredRecording:
    return StoredRecording(
        id=recording_id,
        site="demo",
        contact_id=contact_id,
        agent_id=agent_id,
        queue=queue,
        ani="+4917612345678",
        began_at=1_795_000_000_000,
        ended_at=1_795_000_060_000,
        duration_ms=60_000,
        size=len(AUDIO),
        sha256=sha256(AUDIO).hexdigest(),
        file=f"2026/11/18/{recording_id}.rec",
        encrypted=True,
        on_demand=False,
        result="",
        expires_at=1_802_776_000_000,
        kind=kind,
    )


@dataclass
class KeptRecordings:
    """The index and the files in one; newest last, the cursor is the position."""

    recordings: dict[str, StoredRecording] = field(default_factory=dict)
    damaged: bool = False
    asked: list[RecordingFilter] = field(default_factory=list)

    async def find(self, which: RecordingFilter, *, limit: int, cursor: str | None) -> RecordingPage:
        self.asked.append(which)
        if cursor is not None and not cursor.isdigit():
            raise RequestError("the cursor is none of ours")
        found = [
            each
            for each in reversed(self.recordings.values())
            if each.kind in which.kinds
            and which.contact_id in (None, each.contact_id)
            and which.heard in (None, each.heard_at is not None)
            and (which.for_agents is None or each.agent_id in which.for_agents or each.queue in which.for_queues)
            and which.agent_id in (None, each.agent_id)
            and which.queue in (None, each.queue)
            and (not which.queues or each.queue in which.queues)
            and (which.agents is None or each.agent_id in which.agents)
        ]
        start = int(cursor or 0)
        more = str(start + limit) if len(found) > start + limit else None
        return RecordingPage(found[start : start + limit], more)

    async def get(self, recording_id: str) -> StoredRecording | None:
        return self.recordings.get(recording_id)

    async def mark_heard(self, recording_id: str, at_utc_ms: int | None, by: str) -> None:
        message = self.recordings[recording_id]
        self.recordings[recording_id] = msgspec.structs.replace(message, heard_at=at_utc_ms, heard_by=by)

    async def audio(self, recording: StoredRecording, start: int, end: int) -> AsyncIterator[bytes]:
        if self.damaged:
            raise RecordingError("chunk 0 of the recording is not what was written", "damaged")
        for at in range(start, end, 50_000):
            yield AUDIO[at : min(end, at + 50_000)]

    async def remove(self, recording_id: str) -> StoredRecording:
        if recording_id not in self.recordings:
            raise NotFoundError("there is no such recording")
        return self.recordings.pop(recording_id)
