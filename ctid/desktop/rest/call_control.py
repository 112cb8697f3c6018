"""What is asked of calls: ``/v1/contacts/{id}/hold``, ``/v1/contacts/{id}/transfer`` and the like."""

from __future__ import annotations

from typing import Any

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest.contacts import live_contact
from ctid.desktop.rest.rights import own_agent
from ctid.desktop.schemas.call_control_schemas import (
    CallBody,
    ConsultationBody,
    DigitsBody,
    MenuBody,
    MuteBody,
    PartyBody,
    TransferBody,
)
from ctid.errors import ForbiddenError, NotFoundError
from ctid.model.contact import Contact
from ctid.model.events import (
    AlternateRequested,
    CallRequested,
    ConferenceRequested,
    ConsultationCompleted,
    ConsultationRequested,
    ConsultationWithdrawn,
    DetourRequested,
    DigitsRequested,
    HangUpRequested,
    HoldRequested,
    LegClearRequested,
    MuteRequested,
    PartyRequested,
    Request,
    RetrieveRequested,
    TransferRequested,
)


async def hold(call: Call) -> Answer:
    """Put the caller on hold."""
    return await _ask(call, HoldRequested, **talk_of(call))


async def retrieve(call: Call) -> Answer:
    """Have the agent talk again to the caller on hold."""
    return await _ask(call, RetrieveRequested, **talk_of(call))


async def mute(call: Call) -> Answer:
    """Keep what the agent says from the others, or let them hear it again."""
    body: MuteBody = call.body
    return await _ask(call, MuteRequested, **talk_of(call), on=body.on)


async def mute_leg(call: Call) -> Answer:
    """Keep what one party says from the others, or let them hear it again."""
    body: MuteBody = call.body
    leg_id = call.params["leg_id"]
    return await _ask(call, MuteRequested, **talk_of(call), on=body.on, leg_id=leg_id)


async def clear_leg(call: Call) -> Answer:
    """End one party's part in a call."""
    return await _ask(call, LegClearRequested, **talk_of(call), leg_id=call.params["leg_id"])


async def send_digits(call: Call) -> Answer:
    """Send digits to whom the agent talks to."""
    body: DigitsBody = call.body
    return await _ask(call, DigitsRequested, **talk_of(call), digits=body.digits)


async def transfer(call: Call) -> Answer:
    """Give a call on without asking first."""
    body: TransferBody = call.body
    message = body.to.voicemail
    return await _ask(
        call,
        TransferRequested,
        **talk_of(call),
        queue=body.to.queue or "",
        agent=body.to.agent or "",
        number=body.to.number or "",
        voicemail_queue=(message.queue if message is not None else None) or "",
        voicemail_agent=(message.agent if message is not None else None) or "",
        flow=body.to.flow or body.to.menu or "",
    )


async def send_to_menu(call: Call) -> Answer:
    """Have the caller go through a menu or a flow and come back."""
    body: MenuBody = call.body
    return await _ask(call, DetourRequested, **talk_of(call), flow=body.flow or body.menu or "")


async def hang_up(call: Call) -> Answer:
    """End the agent's part in a call."""
    contact = live_contact(call)
    if not (contact.watched and call.principal.agent_id and call.principal.agent_id == contact.called):
        # The colleague who is called by the phones has a part of their own to end.
        served(call)
    by_agent = call.principal.agent_id or ""
    return await _ask(call, HangUpRequested, contact_id=contact.id, of_agent=contact.agent_id, by_agent=by_agent)


async def consult(call: Call) -> Answer:
    """Show a call to a colleague who is about to be called, or call whoever is to be asked."""
    body: ConsultationBody = call.body
    return await _ask(
        call,
        ConsultationRequested,
        **talk_of(call),
        agent=body.agent or "",
        number=body.number or "",
        dial=body.dial,
    )


async def add_party(call: Call) -> Answer:
    """Call somebody into the talk."""
    body: PartyBody = call.body
    whom = {"agent": body.agent or "", "number": body.number or ""}
    return await _ask(call, PartyRequested, **talk_of(call), **whom)


async def alternate(call: Call) -> Answer:
    """Have the agent talk to the other of the two."""
    return await _ask(call, AlternateRequested, **_enquiry(call))


async def withdraw(call: Call) -> Answer:
    """Who was asked is not asked any more."""
    return await _ask(call, ConsultationWithdrawn, **_enquiry(call))


async def complete(call: Call) -> Answer:
    """Connect the caller with who was asked."""
    return await _ask(call, ConsultationCompleted, **_enquiry(call))


async def confer(call: Call) -> Answer:
    """Have all three hear each other."""
    return await _ask(call, ConferenceRequested, **_enquiry(call))


async def place_call(call: Call) -> Answer:
    """Have an agent's phone dial."""
    body: CallBody = call.body
    agent_id = call.params["agent_id"]
    own_agent(call, agent_id)
    return await _ask(
        call,
        CallRequested,
        agent_id=agent_id,
        number=body.number,
        caller_id=body.caller_id or "",
        queue=body.queue or "",
        attributes=dict(body.attributes),
    )


async def _ask(call: Call, kind: type[Request], **fields: Any) -> Answer:
    """Have the engine carry it out, and answer with what it says."""
    request = kind(command_id=call.command_id, principal=call.principal.subject, if_version=call.if_version, **fields)
    return accepted(call, await call.site.request(request))


def _enquiry(call: Call) -> dict[str, str]:
    consultation = call.site.state.consultations.get(call.params["consultation_id"])
    if consultation is None:
        raise NotFoundError("there is no such consultation now")
    own_agent(call, consultation.from_agent)
    return {"consultation_id": consultation.id, "of_agent": consultation.from_agent}


def talk_of(call: Call) -> dict[str, str]:
    """The contact as ``served`` has it, and whose talk it is now: another's is not theirs to command by this."""
    contact = served(call)
    return {"contact_id": contact.id, "of_agent": contact.agent_id}


def served(call: Call) -> Contact:
    """The contact, if the principal talks to it or supervises who does; not if they only wrap it up."""
    contact = live_contact(call)
    if call.principal.role is Role.AGENT and contact.agent_id != call.principal.agent_id:
        raise ForbiddenError("another agent talks to this contact")
    if contact.agent_id:
        own_agent(call, contact.agent_id)
    return contact
