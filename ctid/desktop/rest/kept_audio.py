"""What recordings of calls and messages of callers have in common: both are kept, found, played and deleted alike."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from ctid.desktop.content import Content
from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.ports import RecordingFiles
from ctid.desktop.rest.rights import own_agent, own_queue
from ctid.desktop.schemas.recording_schemas import RecordingsQuery, VoicemailsQuery
from ctid.errors import ConflictError, NotFoundError
from ctid.model.instant import Instant
from ctid.model.recording import RecordingFilter, RecordingKind, StoredRecording

View = Callable[[StoredRecording], dict[str, Any]]
"""Lays out one as it is shown."""


def asked(call: Call) -> RecordingFilter:
    """Read what both can be found by.

    Raises:
        ForbiddenError: They ask for a queue or an agent outside their scope.
    """
    query: RecordingsQuery | VoicemailsQuery = call.query
    if query.queue is not None:
        own_queue(call, query.queue)
    if query.agent_id is not None:
        own_agent(call, query.agent_id)
    return RecordingFilter(queue=query.queue, agent_id=query.agent_id, since=query.since, until=query.until)


async def listed(call: Call, which: RecordingFilter, view: View) -> Answer:
    """Answer with those that fit, newest first, page by page."""
    page = await call.site.recordings.find(which, limit=call.query.limit, cursor=call.query.cursor)
    return Answer({"items": [view(each) for each in page.recordings], "next_cursor": page.next_cursor})


async def found(call: Call, id: str, kinds: Collection[RecordingKind], what: str) -> StoredRecording:
    """Find one by its id; whose it is, is for the caller to judge.

    Raises:
        NotFoundError: There is none, or it is of another kind; ``what`` names it to people.
    """
    recording = await call.site.recordings.get(id)
    if recording is None or recording.kind not in kinds:
        raise NotFoundError(f"there is no such {what}")
    return recording


def played(call: Call, recording: StoredRecording) -> Answer:
    """Answer with the WAV file, whole or in ranges.

    Raises:
        ConflictError: This daemon keeps none.
    """
    content = Content(
        kind="audio/wav",
        size=recording.size,
        etag=recording.sha256,
        read=partial(_files(call).audio, recording),
        name=f"{recording.id}.wav",
    )
    return Answer({}, content=content)


async def deleted(call: Call, recording: StoredRecording, name: str, view: View) -> Answer:
    """Delete one for good, and answer with what it was under its name.

    Raises:
        ConflictError: This daemon keeps none.
    """
    await _files(call).remove(recording.id)
    return accepted(call, {name: view(recording)})


def common_view(recording: StoredRecording) -> dict[str, Any]:
    """What is shown of both; what is not known is null."""
    return {
        "id": recording.id,
        "contact_id": recording.contact_id or None,
        "agent_id": recording.agent_id or None,
        "queue": recording.queue or None,
        "ani": recording.ani or None,
        "duration_ms": recording.duration_ms,
        "bytes": recording.size,
        "sha256": recording.sha256,
        "expires_at": Instant(0, recording.expires_at).iso(),
    }


def _files(call: Call) -> RecordingFiles:
    """The recordings themselves, or the refusal that this daemon keeps none."""
    if call.site.recorder is None:
        raise ConflictError("this daemon's configuration has no section recordings")
    return call.site.recorder
