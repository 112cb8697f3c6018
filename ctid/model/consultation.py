"""An agent's enquiry with somebody about a contact."""

from __future__ import annotations

import msgspec

from ctid.model.instant import Instant
from ctid.model.states import ConsultationState


class Consultation(msgspec.Struct, kw_only=True):
    """An agent's enquiry with somebody about a contact; the phones carry it out, or ctid does.

    Attributes:
        id: Minted by ctid.
        contact_id: What it is about.
        from_agent: Who asks.
        to_agent: Who is asked; empty if it is nobody of ours.
        number: What the asking agent's phone dials, or ctid for it.
        created_at: When it was announced.
        state: See ``ConsultationState``.
        leg_id: Of who is asked, once ctid has dialled them.
        joins: Whether they are called into the talk itself, without being asked first.
        then: What is to follow as soon as the agent's channel has left the caller: ``alternate``, ``complete`` or
            ``confer``; empty for nothing.
    """

    id: str
    contact_id: str
    from_agent: str
    to_agent: str
    number: str
    created_at: Instant
    state: ConsultationState = ConsultationState.ANNOUNCED
    leg_id: str = ""
    joins: bool = False
    then: str = ""
