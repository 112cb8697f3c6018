"""``/v1/offers``: contacts presented to agents."""

from __future__ import annotations

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.rest.rights import own_offer
from ctid.engine.shown.views import offer_view
from ctid.errors import NotFoundError
from ctid.model.events import AnswerRequested, OfferAccepted, OfferRejected
from ctid.model.offer import Offer


async def get_offer(call: Call) -> Answer:
    """One offer with its screen pop."""
    return Answer(offer_view(call.site.state, live_offer(call), call.site.now(), call.site.floor))


async def accept_offer(call: Call) -> Answer:
    """Take an offer at the desktop."""
    return await _ask(call, OfferAccepted)


async def answer_offer(call: Call) -> Answer:
    """Have the ringing phone answer."""
    return await _ask(call, AnswerRequested)


async def reject_offer(call: Call) -> Answer:
    """Decline an offer."""
    return await _ask(call, OfferRejected)


async def _ask(call: Call, kind: type[OfferAccepted] | type[AnswerRequested] | type[OfferRejected]) -> Answer:
    offer = live_offer(call)
    request = kind(
        command_id=call.command_id, principal=call.principal.subject, agent_id=offer.agent_id, offer_id=offer.id
    )
    return accepted(call, await call.site.request(request))


def live_offer(call: Call) -> Offer:
    """The live offer of the path, if it is theirs."""
    offer = call.site.state.offers.get(call.params["offer_id"])
    if offer is None:
        raise NotFoundError("there is no such offer")
    own_offer(call, offer)
    return offer
