"""``/v1/recordings``, and what is asked of the recording of a call that lasts."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.scope import team_of
from ctid.desktop.rest import kept_audio
from ctid.desktop.rest.call_control import talk_of
from ctid.desktop.rest.rights import own_recording
from ctid.desktop.schemas.recording_schemas import RecordingsQuery
from ctid.model.events import RecordingRequested
from ctid.model.instant import Instant
from ctid.model.recording import RecordingKind, StoredRecording

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
    teams, spec = call.principal.teams, call.site.spec
    which = msgspec.structs.replace(
        kept_audio.asked(call),
        contact_id=query.contact_id,
        queues=sorted(call.principal.queues),
        kinds=(query.kind,) if query.kind is not None else KINDS,
        agents=[each for each in spec.agents if team_of(spec, each) in teams] if teams else None,
    )
    return await kept_audio.listed(call, which, _view)


async def get_recording(call: Call) -> Answer:
    """One of them."""
    return Answer(_view(await _own(call)))


async def play(call: Call) -> Answer:
    """The WAV file of one."""
    return kept_audio.played(call, await _own(call))


async def delete(call: Call) -> Answer:
    """Delete one."""
    return await kept_audio.deleted(call, await _own(call), "recording", _view)


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
    recording = await kept_audio.found(call, call.params["recording_id"], KINDS, "recording")
    own_recording(call, recording)
    return recording


def _view(recording: StoredRecording) -> dict[str, Any]:
    return kept_audio.common_view(recording) | {
        "kind": recording.kind,
        "began_at": Instant(0, recording.began_at).iso(),
        "ended_at": Instant(0, recording.ended_at).iso(),
        "encrypted": recording.encrypted,
        "on_demand": recording.on_demand,
        "result": recording.result or None,
    }
