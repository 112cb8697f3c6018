"""``/v1/offers``: contacts presented to agents."""

from __future__ import annotations

from ctid.desktop.operation import Answer, Call, accepted
from ctid.desktop.rest.rights import own_offer
from ctid.engine.views import offer_view
from ctid.errors import NotFoundError
from ctid.model.events import OfferAccepted, OfferRejected
from ctid.model.offer import Offer


async def get_offer(call: Call) -> Answer:
    """One offer with its screen pop."""
    return Answer(offer_view(call.site.state, _offer(call), call.site.now(), call.site.floor))


async def accept_offer(call: Call) -> Answer:
    """Take an offer at the desktop."""
    offer = _offer(call)
    result = await call.site.request(
        OfferAccepted(
            command_id=call.command_id,
            principal=call.principal.subject,
            agent_id=offer.agent_id,
            offer_id=offer.id,
        )
    )
    return accepted(call, result)


async def reject_offer(call: Call) -> Answer:
    """Decline an offer."""
    offer = _offer(call)
    result = await call.site.request(
        OfferRejected(
            command_id=call.command_id,
            principal=call.principal.subject,
            agent_id=offer.agent_id,
            offer_id=offer.id,
        )
    )
    return accepted(call, result)


def _offer(call: Call) -> Offer:
    offer = call.site.state.offers.get(call.params["offer_id"])
    if offer is None:
        raise NotFoundError("there is no such offer")
    own_offer(call, offer)
    return offer
