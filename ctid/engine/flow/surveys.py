"""Surveys: once the agent has hung up, their caller is asked how it was, before the call ends.

The agent wraps up meanwhile; the answers are attributes of the contact, and so in its record.
"""

from __future__ import annotations

from ctid.engine.contact import contacts
from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.states import ContactState, Direction, Outcome


def is_in_one(contact: Contact) -> bool:
    """Whether the caller is being asked, or goes on from there in the IVR."""
    return contact.ivr is not None and has_talked(contact)


def has_talked(contact: Contact) -> bool:
    """Whether the caller has had their talk, and goes through the IVR after it."""
    return contact.state is ContactState.CREATED and contact.outcome is Outcome.HANDLED


def begin(turn: Turn, contact: Contact) -> None:
    """The caller is about to be asked; they were handled, whatever they say."""
    contact.outcome = Outcome.HANDLED
    if contact.callback is not None:
        # They were reached; from here on they are a caller like any other.
        contacts.end_callback(turn, contact)
        contact.callback = None


def goes_on(turn: Turn, contact: Contact) -> None:
    """The caller is to talk to somebody once more, as if the agent had given them on."""
    if not has_talked(contact):
        return
    contacts.without_agent(turn, contact, turn.now)
    contact.outcome = None


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
