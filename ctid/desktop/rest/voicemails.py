"""``/v1/voicemails``: messages that callers have left."""

from __future__ import annotations

import time
from typing import Any, Final

import msgspec

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.auth import Role
from ctid.desktop.identity.scope import sees_agent, sees_queue
from ctid.desktop.rest import kept_audio
from ctid.desktop.schemas.recording_schemas import HeardBody, VoicemailsQuery
from ctid.engine.turn import Turn
from ctid.engine.waiting.serving import serving
from ctid.errors import ForbiddenError
from ctid.model.instant import Instant
from ctid.model.recording import RecordingKind, StoredRecording

KINDS: Final = (RecordingKind.VOICEMAIL,)


async def list_voicemails(call: Call) -> Answer:
    """Those that are theirs to hear, newest first, page by page."""
    query: VoicemailsQuery = call.query
    which = kept_audio.asked(call)
    agents, queues = _theirs(call)
    which = msgspec.structs.replace(which, kinds=KINDS, heard=query.heard, for_agents=agents, for_queues=queues)
    return await kept_audio.listed(call, which, _view)


async def get_voicemail(call: Call) -> Answer:
    """One of them."""
    return Answer(_view(await _own(call)))


async def play(call: Call) -> Answer:
    """The WAV file of one."""
    return kept_audio.played(call, await _own(call))


async def mark(call: Call) -> Answer:
    """Mark one as heard, or as not."""
    body: HeardBody = call.body
    message = await _own(call)
    at, by = (time.time_ns() // 1_000_000, call.principal.subject) if body.heard else (None, "")
    await call.site.recordings.mark_heard(message.id, at, by)
    return accepted(call, {"voicemail": _view(msgspec.structs.replace(message, heard_at=at, heard_by=by))})


async def delete(call: Call) -> Answer:
    """Delete one."""
    return await kept_audio.deleted(call, await _own(call), "voicemail", _view)


async def _own(call: Call) -> StoredRecording:
    message = await kept_audio.found(call, call.params["voicemail_id"], KINDS, "message")
    if not _is_theirs(call, message):
        raise ForbiddenError("this message is not yours")
    return message


def _is_theirs(call: Call, message: StoredRecording) -> bool:
    """Whether it is for them, for a queue that they serve, or for somebody they supervise."""
    principal = call.principal
    if message.agent_id:
        return sees_agent(call.site.spec, principal, message.agent_id)
    if principal.agent_id and message.queue in _served(call):
        return True
    return principal.role is not Role.AGENT and sees_queue(principal, message.queue)


def _theirs(call: Call) -> tuple[list[str] | None, list[str]]:
    """The agents and queues whose messages are theirs to hear; ``None`` for all."""
    principal, spec = call.principal, call.site.spec
    if principal.role is not Role.AGENT and not principal.queues and not principal.teams:
        return None, []
    agents = [each for each in spec.agents if sees_agent(spec, principal, each)]
    queues = set(_served(call)) if principal.agent_id else set()
    if principal.role is not Role.AGENT:
        queues |= {each for each in spec.queues if sees_queue(principal, each)}
    return agents, sorted(queues)


def _served(call: Call) -> list[str]:
    """The queues that the principal serves as an agent."""
    site = call.site
    turn = Turn(site.state, site.spec, site.now(), site.floor, quiet=True)
    return [name for name in site.spec.queues if call.principal.agent_id in serving(turn, name)]


def _view(message: StoredRecording) -> dict[str, Any]:
    return kept_audio.common_view(message) | {
        "at": Instant(0, message.began_at).iso(),
        "heard": message.heard_at is not None,
        "heard_at": None if message.heard_at is None else Instant(0, message.heard_at).iso(),
        "heard_by": message.heard_by or None,
    }
