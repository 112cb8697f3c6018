"""``/v1/contacts/{id}/routing``: why a contact waits, and why that agent got it."""

from __future__ import annotations

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.rest.rights import own_contact, own_record
from ctid.desktop.schemas.bodies import RoutingQuery
from ctid.engine.explained.routing_view import recorded_routing_view, routing_view
from ctid.engine.turn import Turn
from ctid.errors import NotFoundError


async def get_routing(call: Call) -> Answer:
    """Explain a contact, live or from its record."""
    query: RoutingQuery = call.query
    site, contact_id = call.site, call.params["contact_id"]
    contact = site.state.contacts.get(contact_id)
    if contact is not None:
        own_contact(call, contact)
        turn = Turn(site.state, site.spec, site.now(), site.floor, quiet=True)
        return Answer(routing_view(turn, contact, query.language))
    record = await site.records.get(contact_id)
    if record is None:
        raise NotFoundError("there is no such contact")
    own_record(call, record)
    return Answer(recorded_routing_view(record, query.language))
