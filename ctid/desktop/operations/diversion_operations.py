"""Operations that take contacts elsewhere than ctid would."""

from __future__ import annotations

from typing import Final

from ctid.desktop.endpoint.operation import Operation
from ctid.desktop.identity.auth import Role
from ctid.desktop.rest import diversion
from ctid.desktop.schemas import diversion_schemas as shapes
from ctid.desktop.schemas.contact_schemas import ContactAcceptedView
from ctid.desktop.schemas.offer_schemas import OfferAcceptedView

_PEOPLE: Final = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})

DIVERSION_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        name="listWaitingForAgent",
        method="GET",
        path="/v1/agents/{agent_id}/waiting",
        summary="What waits in the queues that an agent serves and may be picked up",
        roles=_PEOPLE,
        handler=diversion.list_waiting,
        answer=shapes.WaitingContactsView,
    ),
    Operation(
        name="deflectOffer",
        method="POST",
        path="/v1/offers/{offer_id}/deflect",
        summary="Send on what an agent is being offered, without answering; it keeps its place, and nobody missed it",
        roles=_PEOPLE,
        handler=diversion.deflect,
        body=shapes.DeflectBody,
        answer=OfferAcceptedView,
    ),
    Operation(
        name="pickUpContact",
        method="POST",
        path="/v1/contacts/{contact_id}/pick-up",
        summary="Take a contact that waits, or that others are being offered: the phone is rung and answers by itself",
        roles=_PEOPLE,
        handler=diversion.pick_up,
        body=shapes.PickUpBody,
        body_optional=True,
        answer=ContactAcceptedView,
        versioned=True,
    ),
    Operation(
        name="parkContact",
        method="POST",
        path="/v1/contacts/{contact_id}/park",
        summary="Leave a caller to a colleague, or to whoever fetches them; its agent wraps up from now on",
        roles=_PEOPLE,
        handler=diversion.park,
        body=shapes.ParkBody,
        body_optional=True,
        answer=ContactAcceptedView,
        versioned=True,
    ),
)
