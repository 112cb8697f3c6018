"""What is asked of calls: ``/v1/contacts/{id}/transfer`` and the like."""

from __future__ import annotations

from ctid.desktop.auth import Role
from ctid.desktop.call_control_schemas import CallBody, ConsultationBody, TransferBody
from ctid.desktop.operation import Answer, Call, accepted
from ctid.desktop.rest.contacts import live_contact
from ctid.desktop.rest.rights import own_agent
from ctid.errors import ForbiddenError, NotFoundError
from ctid.model.contact import Contact
from ctid.model.events import (
    CallRequested,
    ConsultationRequested,
    ConsultationWithdrawn,
    HangUpRequested,
    TransferRequested,
)


async def transfer(call: Call) -> Answer:
    """Give a call on without asking first."""
    body: TransferBody = call.body
    result = await call.site.request(
        TransferRequested(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            contact_id=_served(call).id,
            queue=body.to.queue or "",
            agent=body.to.agent or "",
            number=body.to.number or "",
        )
    )
    return accepted(call, result)


async def hang_up(call: Call) -> Answer:
    """End the agent's part in a call."""
    result = await call.site.request(
        HangUpRequested(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            contact_id=_served(call).id,
        )
    )
    return accepted(call, result)


async def consult(call: Call) -> Answer:
    """Show a call to a colleague who is about to be called."""
    body: ConsultationBody = call.body
    result = await call.site.request(
        ConsultationRequested(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            contact_id=_served(call).id,
            agent=body.agent,
        )
    )
    return accepted(call, result)


async def withdraw(call: Call) -> Answer:
    """The colleague is not asked any more."""
    consultation = call.site.state.consultations.get(call.params["consultation_id"])
    if consultation is None:
        raise NotFoundError("there is no such consultation now")
    own_agent(call, consultation.from_agent)
    result = await call.site.request(
        ConsultationWithdrawn(
            command_id=call.command_id, principal=call.principal.subject, consultation_id=consultation.id
        )
    )
    return accepted(call, result)


async def place_call(call: Call) -> Answer:
    """Have an agent's phone dial."""
    body: CallBody = call.body
    agent_id = call.params["agent_id"]
    own_agent(call, agent_id)
    result = await call.site.request(
        CallRequested(
            command_id=call.command_id, principal=call.principal.subject, agent_id=agent_id, number=body.number
        )
    )
    return accepted(call, result)


def _served(call: Call) -> Contact:
    """The contact, if the principal talks to it or supervises who does; not if they only wrap it up."""
    contact = live_contact(call)
    if call.principal.role is Role.AGENT and contact.agent_id != call.principal.agent_id:
        raise ForbiddenError("another agent talks to this contact")
    if contact.agent_id:
        own_agent(call, contact.agent_id)
    return contact
