"""Answering from the desktop: a phone that rings is told to answer, or rung again with the order to do so by itself."""

from __future__ import annotations

from typing import Final

from ctid.engine import outage
from ctid.engine.agent import offers, ringing
from ctid.engine.turn import Turn, ms
from ctid.model.commands import HangUpLeg, TellToAnswer
from ctid.model.contact import Contact
from ctid.model.events import AnswerRefused
from ctid.model.leg import Leg
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import ContactState, OfferState

TELL_MS: Final = 2_000
"""How long a phone that was told to answer may take, before it is rung again."""


def have_answered(turn: Turn, offer: Offer, contact: Contact) -> None:
    """Have the agent's phone answer that rings.

    A phone that takes the order while it rings is told. There is no other order that phones of all makers obey than
    the one that comes with the call, so any other stops, and is rung again with it.
    """
    offers.settle(turn, offer, OfferState.ACCEPTED)
    offers.rescind_others(turn, offer, contact)
    contact.agent_id = offer.agent_id
    leg = turn.state.legs[offer.leg_id]
    if not turn.site.agents[offer.agent_id].notify_talk:
        _ring_again(turn, offer, leg)
        return
    offer.told_to_answer = True
    turn.emit(TellToAnswer(pbx=leg.pbx, unique_id=leg.unique_id))
    turn.start_timer(f"tell:{offer.id}", TELL_MS)
    turn.start_timer(f"lease:{offer.id}", TELL_MS + offers.lease_ms(turn))


def refused(turn: Turn, event: AnswerRefused) -> None:
    """The PBX doesn't tell the phone."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    agent = turn.state.agents.get(leg.agent_id) if leg is not None else None
    offer = turn.state.offers.get(agent.offer_id) if agent is not None else None
    if leg is not None and offer is not None and offer.leg_id == leg.id and _awaited(turn, offer):
        _ring_again(turn, offer, leg)


def ring_again(turn: Turn, offer: Offer, contact: Contact, cause: OfferCause) -> bool:
    """Ring the phone with the order to answer, whose agent said that they take the call; the leg before is gone.

    Args:
        turn: The turn.
        offer: Accepted at the desktop.
        contact: Still offered.
        cause: Why its leg is gone.

    Returns:
        Whether it is rung. It is not if nobody asked for it, or if the agent has refused the call at the phone since.
    """
    told = offer.told_to_answer and cause is not OfferCause.REJECTED
    spec = turn.site.agents.get(offer.agent_id)
    if not (offer.ring_again or told) or spec is None or not outage.is_up(turn, spec.pbx):
        return False
    offer.ring_again = offer.told_to_answer = False
    ringing.ring(turn, offer, contact, answer=True)
    turn.start_timer(f"lease:{offer.id}", ms(turn.site.queues[offer.queue].ring_seconds) + offers.lease_ms(turn))
    return True


def time_over(turn: Turn, offer: Offer) -> None:
    """The phone was told to answer, and should have by now."""
    leg = turn.legs.get(offer.leg_id)
    if leg is None or not _awaited(turn, offer):
        return
    if not outage.is_up(turn, leg.pbx):
        # They may be talking by now.
        turn.start_timer(f"tell:{offer.id}", offers.RECHECK_MS)
        return
    turn.note("not-answered-when-told", offer.id)
    _ring_again(turn, offer, leg)


def _awaited(turn: Turn, offer: Offer) -> bool:
    """Whether the phone was told, hasn't answered, and the contact still waits for it to."""
    contact = turn.state.contacts.get(offer.contact_id)
    waits = contact is not None and contact.state is ContactState.OFFERED and offer.id in contact.offer_ids
    return waits and offer.told_to_answer


def _ring_again(turn: Turn, offer: Offer, leg: Leg) -> None:
    turn.cancel_timer(f"tell:{offer.id}")
    offer.told_to_answer = False
    offer.ring_again = True
    turn.emit(
        HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id, cause=ringing.HANG_UP_CAUSES[OfferCause.ANSWERED_ELSEWHERE])
    )
    turn.start_timer(f"lease:{offer.id}", offers.lease_ms(turn))
