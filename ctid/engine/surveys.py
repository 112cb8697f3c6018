"""Surveys: once the agent has hung up, their caller is asked how it was, before the call ends.

The agent wraps up meanwhile; the answers are attributes of the contact, and so in its record.
"""

from __future__ import annotations

from ctid.engine import contacts, offers, segments
from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.states import ContactState, Direction, Outcome


def is_in_one(contact: Contact) -> bool:
    """Whether the caller is being asked."""
    return contact.ivr is not None and contact.ivr.flow is not None and contact.ivr.flow.survey


def is_due(turn: Turn, contact: Contact, leg: Leg) -> bool:
    """Whether the caller, who is with us again as their talk is over, is to be asked."""
    queue = turn.site.queues.get(contact.queue)
    return (
        queue is not None
        and queue.survey in turn.site.flows
        and contact.direction is Direction.INBOUND
        and contact.outcome is None
        and leg.id == contact.caller_leg
        and bool(contact.segments)
    )


def begin(turn: Turn, contact: Contact) -> None:
    """Their agents' part is over; the contact's lasts until they have answered, and is handled whatever they say."""
    contact.outcome = Outcome.HANDLED
    for segment in segments.talking(contact):
        offers.leave_talk(turn, contact, segment, "ended")
    turn.cancel_timer(f"parted:{contact.id}")
    contact.on_hold, contact.offer_ids = False, []
    contacts.move(turn, contact, ContactState.CREATED)
