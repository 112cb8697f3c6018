"""Agents' phones: how they are rung, what they are told, and what the causes mean with which PBX and phones answer."""

from __future__ import annotations

from ctid.engine.contact import recordings
from ctid.engine.queue import callbacks
from ctid.engine.turn import Turn, ms
from ctid.model.commands import RingAgent
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import LegState, Party

CAUSES: dict[int, OfferCause] = {
    1: OfferCause.UNREACHABLE,
    3: OfferCause.UNREACHABLE,
    16: OfferCause.REJECTED,
    17: OfferCause.BUSY,
    18: OfferCause.NO_ANSWER,
    19: OfferCause.NO_ANSWER,
    20: OfferCause.UNREACHABLE,
    21: OfferCause.REJECTED,
    23: OfferCause.FORWARDED,
    26: OfferCause.ANSWERED_ELSEWHERE,
    27: OfferCause.UNREACHABLE,
}
"""Q.850 causes of a leg that was never answered, as chan_pjsip maps SIP answers to them; others are ``failed``."""

ORIGINATE_REASONS: dict[int, OfferCause] = {
    0: OfferCause.UNREACHABLE,
    1: OfferCause.NO_ANSWER,
    3: OfferCause.NO_ANSWER,
    5: OfferCause.BUSY,
    8: OfferCause.REJECTED,
}
"""Asterisk's ``OriginateResponse`` reasons (enum ast_control_frame_type); others are ``failed``."""

RING_GRACE_MS = 2_000
"""The PBX rings so much longer than the engine's own timer, which decides; only if ctid is gone does the PBX end it."""


HANG_UP_CAUSES: dict[OfferCause | None, int] = {
    OfferCause.ANSWERED_ELSEWHERE: 26,
    OfferCause.DEFLECTED: 26,
    OfferCause.SENT_ELSEWHERE: 26,
    OfferCause.REJECTED: 21,
}
"""Q.850 causes that a phone is hung up with, by why; 26 (non-selected user clearing) shows no missed call. Else 16."""

AUTO_ANSWER = {"Call-Info": "<sip:ctid>;answer-after=0", "Alert-Info": "<sip:ctid>;info=alert-autoanswer"}
"""What phones of different makers take for the order to answer by themselves."""


def ring(turn: Turn, offer: Offer, contact: Contact, *, answer: bool = False) -> None:
    """Ring the agent's phone; one whose agent has accepted, or who wants it so, is told to answer by itself."""
    spec, caller = turn.site.agents[offer.agent_id], turn.legs.get(contact.caller_leg)
    queue = turn.site.queues[offer.queue]
    pbx = spec.pbx if caller is None else caller.pbx
    leg = Leg(
        id=turn.mint("lg"),
        pbx=pbx,
        unique_id="",
        contact_id=contact.id,
        party=Party.AGENT,
        agent_id=offer.agent_id,
        state=LegState.INITIATED,
        since_ms=turn.now.mono_ms,
    )
    leg.unique_id = offer.leg_id = leg.id
    turn.legs.add(leg)
    turn.emit(
        RingAgent(
            pbx=pbx,
            unique_id=leg.unique_id,
            device=spec.device,
            peer_unique_id="" if caller is None else caller.unique_id,
            caller_number=contact.ani,
            caller_name=contact.customer.name if contact.customer else queue.name or offer.queue,
            timeout_ms=ms(queue.ring_seconds) + RING_GRACE_MS,
            headers={
                "X-Ctid-Contact": contact.id,
                "X-Ctid-Offer": offer.id,
                **({} if spec.answer == "phone" and not answer else AUTO_ANSWER),
            },
            agent_id=offer.agent_id,
            wait_ms=callbacks.patience_ms(turn, contact) if caller is None else 0,
            record=recordings.arm(turn, contact, leg),
        )
    )
