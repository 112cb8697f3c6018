"""``/v1/contacts``: live contacts, their attached data and their wrap-up."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.scope import is_consulted, is_shown_parked, sees_contact
from ctid.desktop.rest.rights import own_agent, own_contact, own_queue, own_record
from ctid.desktop.schemas.bodies import AttributesBody, ContactBody, ContactsQuery, RoutingBody, WrapUpBody
from ctid.desktop.schemas.record_views import closed_contact_view
from ctid.engine import segments
from ctid.engine.shown.views import contact_view
from ctid.errors import NotFoundError
from ctid.model.contact import Contact
from ctid.model.customer import Customer
from ctid.model.events import AttributesSet, ContactSubmitted, ContactWithdrawn, RoutingSet, WrapUpSet
from ctid.spec.requirement import NeedSpec


async def list_contacts(call: Call) -> Answer:
    """Live contacts in order of arrival; for an agent, their own."""
    query: ContactsQuery = call.query
    state, now = call.site.state, call.site.now()
    after = int(query.cursor) if query.cursor else 0
    found = [
        contact
        for contact in state.contacts.values()
        if contact.seq > after
        and (query.state is None or contact.state is query.state)
        and (query.queue is None or contact.queue == query.queue)
        and (query.agent_id is None or contact.agent_id == query.agent_id)
        and sees_contact(state, call.principal, contact)
    ]
    found.sort(key=lambda contact: contact.seq)
    page = found[: query.limit]
    return Answer(
        {
            "items": [contact_view(state, contact, now, call.site.floor) for contact in page],
            "next_cursor": str(page[-1].seq) if len(found) > len(page) else None,
        }
    )


async def get_contact(call: Call) -> Answer:
    """One contact, live or from its record."""
    contact_id = call.params["contact_id"]
    contact = call.site.state.contacts.get(contact_id)
    if contact is not None:
        asked = is_consulted(call.site.state, call.principal, contact)
        if not asked and not is_shown_parked(call.site.floor, call.principal, contact):
            own_contact(call, contact)
        view = contact_view(call.site.state, contact, call.site.now(), call.site.floor)
        return Answer(view, version=contact.version)
    record = await call.site.records.get(contact_id)
    if record is None:
        raise NotFoundError("there is no such contact")
    own_record(call, record)
    return Answer(closed_contact_view(record))


async def submit_contact(call: Call) -> Answer:
    """Have a contact of another channel than voice enter a queue."""
    body: ContactBody = call.body
    own_queue(call, body.queue)
    result = await call.site.request(
        ContactSubmitted(
            command_id=call.command_id,
            principal=call.principal.subject,
            channel=body.channel,
            queue=body.queue,
            priority=body.priority,
            attributes=body.attributes,
            customer=None if body.customer is None else msgspec.convert(body.customer.model_dump(), Customer),
        )
    )
    return accepted(call, result)


async def withdraw_contact(call: Call) -> Answer:
    """Tell that the customer of a submitted contact has left."""
    result = await call.site.request(
        ContactWithdrawn(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            contact_id=live_contact(call).id,
        )
    )
    return accepted(call, result)


async def merge_attributes(call: Call) -> Answer:
    """Merge attached data into a live contact."""
    body: AttributesBody = call.body
    contact = live_contact(call)
    result = await call.site.request(
        AttributesSet(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            contact_id=contact.id,
            attributes={key: value or "" for key, value in body.root.items()},
        )
    )
    return accepted(call, result)


async def set_routing(call: Call) -> Answer:
    """Change what a waiting contact needs, its priority or its queue."""
    body: RoutingBody = call.body
    contact = live_contact(call)
    steps = [step.model_dump(exclude_defaults=True) for step in body.steps or ()]
    if body.queue is not None:
        own_queue(call, body.queue)
    for agent_id in sorted({agent_id for step in body.steps or () for agent_id in _named(step)}):
        own_agent(call, agent_id)
    result = await call.site.request(
        RoutingSet(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            contact_id=contact.id,
            priority=body.priority,
            steps=steps if "steps" in body.model_fields_set else None,
            queue=body.queue,
        )
    )
    return accepted(call, result)


async def set_wrap_up(call: Call) -> Answer:
    """Set disposition and notes, and end the wrap-up if asked to."""
    body: WrapUpBody = call.body
    contact = live_contact(call)
    at_work = segments.workers(contact)
    supervised = call.principal.sees_all and call.principal.agent_id not in at_work
    whose = contact.agent_id if contact.agent_id in at_work else next(reversed(at_work), contact.agent_id)
    if supervised and whose:
        own_agent(call, whose)
    result = await call.site.request(
        WrapUpSet(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            agent_id=whose if supervised else call.principal.agent_id,
            contact_id=contact.id,
            disposition=body.disposition,
            notes=body.notes,
            extend_seconds=body.extend_seconds or 0,
            complete=body.complete,
            forced=supervised,
        )
    )
    return accepted(call, result)


def _named(need: NeedSpec) -> Iterator[str]:
    yield from need.agents
    for inner in (*need.all, *need.any):
        yield from _named(inner)


def live_contact(call: Call) -> Contact:
    """The live contact of the path, if it is theirs."""
    contact = call.site.state.contacts.get(call.params["contact_id"])
    if contact is None:
        raise NotFoundError("there is no such live contact")
    own_contact(call, contact)
    return contact
