"""``/v1/recordings``, and what is asked of the recording of a call that lasts."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, Literal

from ctid.desktop.content import Content
from ctid.desktop.operation import Answer, Call, accepted
from ctid.desktop.ports import RecordingFiles
from ctid.desktop.recording_schemas import RecordingsQuery
from ctid.desktop.rest.call_control import talk_of
from ctid.desktop.rest.rights import own_agent, own_queue, own_recording
from ctid.desktop.scope import team_of
from ctid.errors import ConflictError, NotFoundError
from ctid.model.events import RecordingRequested
from ctid.model.instant import Instant
from ctid.model.recording import RecordingFilter, RecordingKind, StoredRecording

KINDS: Final = (RecordingKind.CALL, RecordingKind.STATEMENT)
"""Messages are for agents and queues, and have a place of their own."""


async def record(call: Call) -> Answer:
    """Record a call from now on."""
    return await _ask(call, "record")


async def pause(call: Call) -> Answer:
    """Be silent on the recording."""
    return await _ask(call, "pause")


async def resume(call: Call) -> Answer:
    """Go on with the recording."""
    return await _ask(call, "resume")


async def list_recordings(call: Call) -> Answer:
    """Recordings that fit and are theirs to hear, newest first, page by page."""
    query: RecordingsQuery = call.query
    if query.queue is not None:
        own_queue(call, query.queue)
    if query.agent_id is not None:
        own_agent(call, query.agent_id)
    teams = call.principal.teams
    which = RecordingFilter(
        contact_id=query.contact_id,
        agent_id=query.agent_id,
        queue=query.queue,
        since=query.since,
        until=query.until,
        queues=sorted(call.principal.queues),
        kinds=(query.kind,) if query.kind is not None else KINDS,
        agents=[each for each in call.site.spec.agents if team_of(call.site.spec, each) in teams] if teams else None,
    )
    page = await call.site.recordings.find(which, limit=query.limit, cursor=query.cursor)
    return Answer({"items": [_view(each) for each in page.recordings], "next_cursor": page.next_cursor})


async def get_recording(call: Call) -> Answer:
    """One of them."""
    return Answer(_view(await _own(call)))


async def play(call: Call) -> Answer:
    """The WAV file of one."""
    recording, files = await _own(call), files_of(call)
    content = Content(
        kind="audio/wav",
        size=recording.size,
        etag=recording.sha256,
        read=partial(files.audio, recording),
        name=f"{recording.id}.wav",
    )
    return Answer({}, content=content)


async def delete(call: Call) -> Answer:
    """Delete one."""
    recording = await _own(call)
    await files_of(call).remove(recording.id)
    return accepted(call, {"recording": _view(recording)})


async def _ask(call: Call, action: Literal["record", "pause", "resume"]) -> Answer:
    request = RecordingRequested(
        command_id=call.command_id,
        principal=call.principal.subject,
        if_version=call.if_version,
        **talk_of(call),
        action=action,
    )
    return accepted(call, await call.site.request(request))


async def _own(call: Call) -> StoredRecording:
    recording = await call.site.recordings.get(call.params["recording_id"])
    if recording is None or recording.kind not in KINDS:
        raise NotFoundError("there is no such recording")
    own_recording(call, recording)
    return recording


def files_of(call: Call) -> RecordingFiles:
    """The recordings themselves, or the refusal that this daemon keeps none."""
    if call.site.recorder is None:
        raise ConflictError("this daemon's configuration has no section recordings")
    return call.site.recorder


def _view(recording: StoredRecording) -> dict[str, Any]:
    return {
        "id": recording.id,
        "contact_id": recording.contact_id or None,
        "agent_id": recording.agent_id or None,
        "queue": recording.queue or None,
        "kind": recording.kind,
        "ani": recording.ani or None,
        "began_at": Instant(0, recording.began_at).iso(),
        "ended_at": Instant(0, recording.ended_at).iso(),
        "duration_ms": recording.duration_ms,
        "bytes": recording.size,
        "sha256": recording.sha256,
        "encrypted": recording.encrypted,
        "on_demand": recording.on_demand,
        "result": recording.result or None,
        "expires_at": Instant(0, recording.expires_at).iso(),
    }
