"""``/v1/callbacks``: customers who are to be called back. Each is the contact that it always was."""

from __future__ import annotations

from datetime import datetime

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.scope import sees_queue
from ctid.desktop.rest.rights import own_contact, own_queue
from ctid.desktop.schemas.bodies import CallbackBody, CallbacksQuery
from ctid.engine.shown.views import contact_view
from ctid.errors import NotFoundError
from ctid.model.contact import Contact
from ctid.model.events import CallbackCanceled, CallbackRequested


async def list_callbacks(call: Call) -> Answer:
    """Contacts to be called back, queue by queue, in the order in which it was asked for."""
    query: CallbacksQuery = call.query
    state, now = call.site.state, call.site.now()
    found = [
        state.contacts[contact_id]
        for queue, contact_ids in state.callbacks.items()
        if query.queue in (None, queue) and sees_queue(call.principal, queue)
        for contact_id in contact_ids
    ]
    return Answer({"items": [contact_view(state, each, now, call.site.floor) for each in found], "next_cursor": None})


async def get_callback(call: Call) -> Answer:
    """One contact that is to be called back."""
    contact = _callback(call)
    return Answer(contact_view(call.site.state, contact, call.site.now(), call.site.floor), version=contact.version)


async def request_callback(call: Call) -> Answer:
    """Have a waiting contact, or somebody new, called back."""
    body: CallbackBody = call.body
    if body.queue is not None:
        own_queue(call, body.queue)
    contact = call.site.state.contacts.get(body.contact_id or "")
    if contact is not None:
        own_contact(call, contact)
    result = await call.site.request(
        CallbackRequested(
            command_id=call.command_id,
            principal=call.principal.subject,
            contact_id=body.contact_id or "",
            number=body.number or "",
            queue=body.queue or "",
            attributes=body.attributes,
            priority=body.priority,
            not_before_utc_ms=_utc_ms(body.not_before),
        )
    )
    return accepted(call, result)


async def cancel_callback(call: Call) -> Answer:
    """Give a callback up."""
    contact = _callback(call)
    result = await call.site.request(
        CallbackCanceled(command_id=call.command_id, principal=call.principal.subject, contact_id=contact.id)
    )
    return accepted(call, result)


def _callback(call: Call) -> Contact:
    contact = call.site.state.contacts.get(call.params["contact_id"])
    if contact is None or contact.callback is None:
        raise NotFoundError("there is no such callback")
    own_contact(call, contact)
    return contact


def _utc_ms(moment: datetime | None) -> int:
    return 0 if moment is None else round(moment.timestamp() * 1000)
