"""Surveys: once the agent has hung up, their caller is asked how it was, before the call ends.

The agent wraps up meanwhile; the answers are attributes of the contact, and so in its record.
"""

from __future__ import annotations

from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.states import Direction


def is_in_one(contact: Contact) -> bool:
    """Whether the caller is being asked."""
    return contact.ivr is not None and contact.ivr.flow is not None and contact.ivr.flow.survey


def is_due(turn: Turn, contact: Contact, caller: Leg | None) -> bool:
    """Whether the caller, whose talk is over, is to be asked as soon as they are with us."""
    queue = turn.site.queues.get(contact.queue)
    return (
        queue is not None
        and queue.survey in turn.site.flows
        and contact.direction is Direction.INBOUND
        and contact.outcome is None
        and caller is not None
        and caller.id == contact.caller_leg
        and bool(contact.segments)
    )
