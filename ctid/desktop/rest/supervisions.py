"""``/v1/supervisions``: supervisors who listen to agents' talks, coach them, take part or take over."""

from __future__ import annotations

from typing import Any

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.auth import Role
from ctid.desktop.identity.scope import sees_supervision
from ctid.desktop.rest.rights import own_agent, own_contact
from ctid.desktop.schemas.supervision_schemas import SupervisionBody, SupervisionModeBody
from ctid.engine.shown.supervision_view import supervision_view
from ctid.errors import ForbiddenError, NotFoundError
from ctid.model.events import (
    Request,
    SupervisionModeSet,
    SupervisionRequested,
    SupervisionWithdrawn,
    TakeOverRequested,
)
from ctid.model.supervision import Supervision


async def list_supervisions(call: Call) -> Answer:
    """Supervisions of one's agents; for an agent, those of themselves that they are told of."""
    lasting = call.site.state.supervisions.values()
    return Answer({"items": [supervision_view(each) for each in lasting if _is_seen(call, each)]})


async def get_supervision(call: Call) -> Answer:
    """One supervision."""
    supervision = _seen(call)
    return Answer(supervision_view(supervision), version=supervision.version)


async def supervise(call: Call) -> Answer:
    """Begin one."""
    body: SupervisionBody = call.body
    agent_id = body.of.agent
    if body.of.contact is not None:
        contact = call.site.state.contacts.get(body.of.contact)
        if contact is None:
            raise NotFoundError("there is no such live contact")
        own_contact(call, contact)
        agent_id = contact.agent_id
    if agent_id:
        call.trail.about = f"/v1/agents/{agent_id}"
        own_agent(call, agent_id)
    phone = body.phone
    return await _ask(
        call,
        SupervisionRequested,
        mode=body.mode,
        agent_id=body.of.agent or "",
        contact_id=body.of.contact or "",
        stays=body.stays,
        own_agent=call.principal.agent_id,
        device=(phone.device if phone is not None else None) or "",
        number=(phone.number if phone is not None else None) or "",
        teams=sorted(call.principal.teams),
    )


async def set_mode(call: Call) -> Answer:
    """Have the supervisor heard by others than before."""
    body: SupervisionModeBody = call.body
    return await _ask(call, SupervisionModeSet, supervision_id=_own(call), mode=body.mode)


async def take_over(call: Call) -> Answer:
    """Give the supervisor the caller."""
    return await _ask(call, TakeOverRequested, supervision_id=_own(call))


async def end(call: Call) -> Answer:
    """Let the supervisor's phone go."""
    return await _ask(call, SupervisionWithdrawn, supervision_id=_own(call))


async def _ask(call: Call, kind: type[Request], **fields: Any) -> Answer:
    request = kind(command_id=call.command_id, principal=call.principal.subject, if_version=call.if_version, **fields)
    return accepted(call, await call.site.request(request))


def _is_seen(call: Call, supervision: Supervision) -> bool:
    return sees_supervision(call.site.spec, call.principal, supervision)


def _seen(call: Call) -> Supervision:
    """The supervision. Agents who are not told of it can't find out that there is one, of whomever."""
    supervision = call.site.state.supervisions.get(call.params["supervision_id"])
    principal = call.principal
    if supervision is None:
        raise NotFoundError("there is no such supervision now")
    if not _is_seen(call, supervision):
        if principal.role is Role.AGENT or supervision.agent_id == principal.agent_id:
            raise NotFoundError("there is no such supervision now")
        raise ForbiddenError("this supervision is not yours")
    return supervision


def _own(call: Call) -> str:
    supervision = _seen(call)
    if supervision.supervisor != call.principal.subject and call.principal.role is not Role.ADMIN:
        raise ForbiddenError("this supervision is somebody else's")
    return supervision.id
