"""The times of offers: how long they ring, and when an agent is freed of whose leg the PBX tells nothing."""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.agent import offers
from ctid.engine.call import talks
from ctid.engine.turn import Turn
from ctid.model.commands import HangUpLeg
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import OfferState


def expire(turn: Turn, offer: Offer) -> None:
    """The ringing time is over."""
    if _unknowable(turn, offer, f"offer:{offer.id}"):
        return
    if offer.state is OfferState.PENDING:
        offers.decline(turn, offer, OfferState.TIMED_OUT, OfferCause.NO_ANSWER)
        offers.hang_up(turn, offer)


def over(turn: Turn, offer: Offer) -> None:
    """The PBX never told the end of the agent's leg: try once more to end it, and free the agent all the same."""
    if _unknowable(turn, offer, f"lease:{offer.id}"):
        return
    leg = turn.legs.get(offer.leg_id)
    if leg is None:
        # No phone was rung yet, and after a restart the end of the time to accept may be told after this.
        if offer.state is OfferState.PENDING:
            offers.decline(turn, offer, OfferState.TIMED_OUT, OfferCause.NO_ANSWER)
        offers.release(turn, offer)
        return
    turn.note("lease-expired", offer.id)
    offer.ring_again = offer.told_to_answer = False
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    talks.leg_gone(turn, offer, OfferCause.LEASE_EXPIRED)


def _unknowable(turn: Turn, offer: Offer, timer_id: str) -> bool:
    """Whether the agent's leg is on a PBX that is away: they may be talking by now, so the decision waits for it."""
    leg = turn.legs.get(offer.leg_id)
    if leg is None or outage.is_up(turn, leg.pbx):
        return False
    turn.start_timer(timer_id, offers.RECHECK_MS)
    return True
