"""Leaving ctid: the dialplan hangs up on a caller, falls back, or has them go to a number or a mailbox of the PBX."""

from __future__ import annotations

from ctid.engine.agent import own_calls
from ctid.engine.contact import contacts, unseen
from ctid.engine.turn import Turn
from ctid.model.commands import ReleaseLeg
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.states import ContactState, Outcome

GIVEN = "given"
"""Where the dialplan goes with a contact that an agent has given on to a number: no answer brings it back."""

OUTSIDE = ("number", "voicemail", "phone")
"""Steps of a path by which a contact leaves ctid, as ``CTID_NEXT`` tells them the dialplan."""


def leave_for(turn: Turn, contact: Contact, kind: str, target: str, outcome: Outcome = Outcome.OVERFLOW) -> None:
    """The contact leaves ctid for a number or a mailbox of the PBX; it closes when the PBX has taken it over."""
    contact.ivr = None
    contact.outcome = outcome
    contacts.step(turn, contact, kind, target)
    contact.version += 1
    leg = turn.state.legs[contact.caller_leg]
    if leg.has_agi:
        release_to(turn, contact, leg)


def leaves(contact: Contact) -> bool:
    """Whether the contact is on its way out of ctid to a number or a mailbox."""
    return contact.state is ContactState.CREATED and bool(contact.path) and contact.path[-1].kind in OUTSIDE


def is_given(contact: Contact) -> bool:
    """Whether an agent has given the contact on to a number that has not answered yet; else it comes back."""
    return bool(contact.given_by) and leaves(contact) and contact.path[-1].kind == "number"


def release_to(turn: Turn, contact: Contact, leg: Leg) -> None:
    """Let the dialplan take over the caller who leaves for a number or a mailbox."""
    last = contact.path[-1]
    to = GIVEN if is_given(contact) else last.kind
    turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next=to, target=last.name))


def taken_over(turn: Turn, contact: Contact, leg: Leg) -> None:
    """The dialplan has the caller who left ctid; what becomes of the leg is no longer ours."""
    own_calls.forget(turn, leg)
    unseen.end(turn, leg)
    contact.caller_leg = ""
    contacts.close(turn, contact, Outcome.OVERFLOW)


def release(turn: Turn, leg: Leg) -> None:
    """Let the dialplan hang up on the caller; the contact closes when the leg's end is told."""
    turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next="hangup"))


def hand_off(turn: Turn, contact: Contact, leg: Leg) -> None:
    """Leave the caller to the dialplan's own fallback; ctid has nothing for them."""
    turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next="fallback"))
    let_go(turn, contact, leg, Outcome.FAILED)


def let_go(turn: Turn, contact: Contact, leg: Leg, outcome: Outcome) -> None:
    """What becomes of the caller is no more ours."""
    own_calls.forget(turn, leg)
    unseen.end(turn, leg)
    contact.caller_leg = ""
    contacts.close(turn, contact, outcome)
