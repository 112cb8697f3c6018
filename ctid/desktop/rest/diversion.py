"""What takes contacts elsewhere than ctid would: ``/v1/contacts/{id}/pick-up`` and the like."""

from __future__ import annotations

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.scope import may_take, sees_queue
from ctid.desktop.rest.call_control import talk_of
from ctid.desktop.rest.offers import live_offer
from ctid.desktop.rest.rights import own_agent, own_contact
from ctid.desktop.schemas.diversion_schemas import DeflectBody, ParkBody, PickUpBody
from ctid.engine.service import picking_up
from ctid.engine.turn import Turn
from ctid.errors import NotFoundError, RequestError
from ctid.model.contact import Contact
from ctid.model.events import OfferDeflected, ParkRequested, PickUpRequested


async def list_waiting(call: Call) -> Answer:
    """What an agent may pick up."""
    site, agent_id = call.site, call.params["agent_id"]
    own_agent(call, agent_id)
    if agent_id not in site.spec.agents:
        raise NotFoundError(f"there is no agent {agent_id!r}")
    views = picking_up.waiting_for(Turn(site.state, site.spec, site.now(), site.floor), agent_id)
    return Answer({"items": [view for view in views if sees_queue(call.principal, view["queue"])]})


async def deflect(call: Call) -> Answer:
    """Send on what an agent is being offered."""
    body: DeflectBody = call.body
    offer, message = live_offer(call), body.voicemail
    request = OfferDeflected(
        command_id=call.command_id,
        principal=call.principal.subject,
        agent_id=offer.agent_id,
        offer_id=offer.id,
        queue=body.queue or "",
        agent=body.agent or "",
        number=body.number or "",
        voicemail_queue=(message.queue if message is not None else None) or "",
        voicemail_agent=(message.agent if message is not None else None) or "",
    )
    return accepted(call, await call.site.request(request))


async def pick_up(call: Call) -> Answer:
    """Have an agent take a contact that waits."""
    body: PickUpBody | None = call.body
    contact = _waiting(call)
    agent_id = (body.agent if body is not None else None) or call.principal.agent_id
    if not agent_id:
        raise RequestError("say which agent picks it up: the user is none")
    own_agent(call, agent_id)
    request = PickUpRequested(
        command_id=call.command_id,
        principal=call.principal.subject,
        if_version=call.if_version,
        contact_id=contact.id,
        agent_id=agent_id,
    )
    return accepted(call, await call.site.request(request))


async def park(call: Call) -> Answer:
    """Leave a caller to whoever fetches them."""
    body: ParkBody | None = call.body
    request = ParkRequested(
        command_id=call.command_id,
        principal=call.principal.subject,
        if_version=call.if_version,
        **talk_of(call),
        agent=(body.agent if body is not None else None) or "",
    )
    return accepted(call, await call.site.request(request))


def _waiting(call: Call) -> Contact:
    """The contact, if the principal supervises it, or it waits in a queue that they serve themselves."""
    contact = call.site.state.contacts.get(call.params["contact_id"])
    if contact is None:
        raise NotFoundError("there is no such live contact")
    if not may_take(call.site.floor, call.principal, contact):
        own_contact(call, contact)
    return contact
