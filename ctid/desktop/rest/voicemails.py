"""``/v1/voicemails``: messages that callers have left."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import msgspec

from ctid.desktop.auth import Role
from ctid.desktop.content import Content
from ctid.desktop.operation import Answer, Call, accepted
from ctid.desktop.recording_schemas import HeardBody, VoicemailsQuery
from ctid.desktop.rest.recordings import files_of
from ctid.desktop.rest.rights import own_agent, own_queue
from ctid.desktop.scope import sees_agent, sees_queue
from ctid.engine.serving import serving
from ctid.engine.turn import Turn
from ctid.errors import ForbiddenError, NotFoundError
from ctid.model.instant import Instant
from ctid.model.recording import RecordingFilter, RecordingKind, StoredRecording


async def list_voicemails(call: Call) -> Answer:
    """Those that are theirs to hear, newest first, page by page."""
    query: VoicemailsQuery = call.query
    if query.queue is not None:
        own_queue(call, query.queue)
    if query.agent_id is not None:
        own_agent(call, query.agent_id)
    agents, queues = _theirs(call)
    which = RecordingFilter(
        kinds=(RecordingKind.VOICEMAIL,),
        agent_id=query.agent_id,
        queue=query.queue,
        heard=query.heard,
        since=query.since,
        until=query.until,
        for_agents=agents,
        for_queues=queues,
    )
    page = await call.site.recordings.find(which, limit=query.limit, cursor=query.cursor)
    return Answer({"items": [_view(each) for each in page.recordings], "next_cursor": page.next_cursor})


async def get_voicemail(call: Call) -> Answer:
    """One of them."""
    return Answer(_view(await _own(call)))


async def play(call: Call) -> Answer:
    """The WAV file of one."""
    message, files = await _own(call), files_of(call)
    content = Content(
        kind="audio/wav",
        size=message.size,
        etag=message.sha256,
        read=partial(files.audio, message),
        name=f"{message.id}.wav",
    )
    return Answer({}, content=content)


async def mark(call: Call) -> Answer:
    """Mark one as heard, or as not."""
    body: HeardBody = call.body
    message = await _own(call)
    at, by = (time.time_ns() // 1_000_000, call.principal.subject) if body.heard else (None, "")
    await call.site.recordings.mark_heard(message.id, at, by)
    return accepted(call, {"voicemail": _view(msgspec.structs.replace(message, heard_at=at, heard_by=by))})


async def delete(call: Call) -> Answer:
    """Delete one."""
    message = await _own(call)
    await files_of(call).remove(message.id)
    return accepted(call, {"voicemail": _view(message)})


async def _own(call: Call) -> StoredRecording:
    message = await call.site.recordings.get(call.params["voicemail_id"])
    if message is None or message.kind is not RecordingKind.VOICEMAIL:
        raise NotFoundError("there is no such message")
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
    return {
        "id": message.id,
        "contact_id": message.contact_id,
        "agent_id": message.agent_id or None,
        "queue": message.queue or None,
        "ani": message.ani or None,
        "duration_ms": message.duration_ms,
        "at": Instant(0, message.began_at).iso(),
        "bytes": message.size,
        "sha256": message.sha256,
        "heard": message.heard_at is not None,
        "heard_at": None if message.heard_at is None else Instant(0, message.heard_at).iso(),
        "heard_by": message.heard_by or None,
        "expires_at": Instant(0, message.expires_at).iso(),
    }
