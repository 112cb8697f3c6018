"""An offer: a contact presented to one agent, and the reservation that goes with it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ctid.model.instant import Instant
from ctid.model.states import OfferState


class OfferCause(StrEnum):
    """Why an offer ended without being accepted."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    FORWARDED = "forwarded"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_LEFT = "caller_left"
    NOT_REACHED = "not_reached"
    PBX_LOST = "pbx_lost"
    LEASE_EXPIRED = "lease_expired"
    AGENT_LEFT = "agent_left"
    DEFLECTED = "deflected"
    SENT_ELSEWHERE = "sent_elsewhere"
    FAILED = "failed"


class Offer(msgspec.Struct, kw_only=True):
    """A contact presented to one agent.

    Attributes:
        id: Minted by ctid.
        contact_id: What is offered.
        agent_id: To whom; reserved for as long as the offer's leg may live.
        queue: From which queue.
        leg_id: The agent's leg, which exists once the phone is to be rung, whether or not the PBX has made its
            channel yet; empty while the offer waits to be accepted at the desktop, and for channels without a phone.
        at_desktop: Whether it is to be accepted at the desktop, rather than by answering the phone.
        ring_again: Whether the phone is rung once more when its present ringing has ended, and told to answer.
        told_to_answer: Whether the phone that rings was told to answer, by the agent's wish, and hasn't yet.
        state: See ``OfferState``.
        created_at: When it was made.
        expires_at: When ringing ends without an answer.
        lease_ms: Monotonic moment at which the reservation is given up even if the PBX never told the leg's end.
        ended_at: When it left ``pending``.
        cause: Why it was not accepted.
    """

    id: str
    contact_id: str
    agent_id: str
    queue: str
    leg_id: str = ""
    at_desktop: bool = False
    ring_again: bool = False
    told_to_answer: bool = False
    state: OfferState = OfferState.PENDING
    created_at: Instant
    expires_at: Instant
    lease_ms: int
    ended_at: Instant | None = None
    cause: OfferCause | None = None
