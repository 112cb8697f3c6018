"""Callers of whom it is not known whether they live: nothing is offered to them until it shows.

They came or went about when a snapshot was taken, or agents who had answered could not be bridged with them.
"""

from __future__ import annotations

from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.states import ContactState

UNSEEN_MS = 2_000
"""A session whose channel has ended says so within far less; a caller who lives comes to us again within a second."""


def begin(turn: Turn, leg: Leg) -> None:
    """It is not known from now on whether the caller lives; it shows in time."""
    turn.start_timer(f"unseen:{leg.id}", UNSEEN_MS)
    turn.touch_contact(leg.contact_id)


def is_unseen(turn: Turn, leg: Leg) -> bool:
    """Whether it is not known if the caller at this leg lives."""
    return f"unseen:{leg.id}" in turn.state.timers


def end(turn: Turn, leg: Leg) -> None:
    """It is known now, one way or the other."""
    if is_unseen(turn, leg):
        turn.cancel_timer(f"unseen:{leg.id}")
        turn.touch_contact(leg.contact_id)


def waits(contact: Contact | None) -> bool:
    """Whether the contact's caller has been connected to nobody yet."""
    return contact is not None and contact.state in (ContactState.CREATED, ContactState.QUEUED)


def may_live(turn: Turn, leg: Leg) -> bool:
    """Tell whether a caller whom a snapshot does not have may have come after it was taken."""
    return leg.has_agi and waits(turn.state.contacts.get(leg.contact_id))


def may_have_gone(turn: Turn, leg: Leg) -> bool:
    """Tell whether a caller may have hung up before a snapshot was taken, of whom their session told only after it.

    The PBX tells nothing of their end any more.
    """
    pbx, contact = turn.state.pbxes.get(leg.pbx), turn.state.contacts.get(leg.contact_id)
    if pbx is None or not pbx.up or contact is None or not waits(contact):
        return False
    return contact.created_at.mono_ms >= pbx.reconciled_ms > turn.now.mono_ms - UNSEEN_MS
