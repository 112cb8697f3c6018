"""Decisions: what a flow says is to become of a call that the PBX deals with by itself, as channel variables.

``CTID_NEXT`` is ``decided`` or ``undecided``; ``CTID_DECISION`` names the kind of destination (``queue``, ``number`` …)
or ``end``, ``CTID_TARGET`` which one, or the flow's result; ``CTID_ATTR_topic`` is the attribute ``topic``.
"""

from __future__ import annotations

import re

from ctid.engine.turn import Turn
from ctid.model.commands import ReleaseLeg, SetVariable
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.spec.destination import Destination, VoicemailTarget
from ctid.spec.references import destination_at

DECIDED, UNDECIDED = "decided", "undecided"

_KINDS = ("flow", "queue", "number", "callback")
_NO_NAME = re.compile(r"[^A-Za-z0-9_]")


def is_one(contact: Contact | None) -> bool:
    """Whether the PBX deals with the contact's call, and waits for a decision."""
    position = contact.ivr.flow if contact is not None and contact.ivr is not None else None
    return position is not None and position.decision


def leads_to(turn: Turn, contact: Contact, leg: Leg, place: str) -> None:
    """The flow sends the call to a destination."""
    destination = destination_at(turn.site, place)
    if destination is None:
        tell(turn, contact, leg, UNDECIDED)
        return
    contact.attributes.update(destination.set)
    tell(turn, contact, leg, *_named(destination))


def tell(turn: Turn, contact: Contact, leg: Leg, decision: str, target: str = "") -> None:
    """Tell the PBX what was decided, and with it all attributes; then it goes on with the call."""
    values = {"CTID_DECISION": "" if decision == UNDECIDED else decision}
    if not target:
        # The call may have asked before, and still have what came of that.
        values["CTID_TARGET"] = ""
    for name, text in contact.attributes.items():
        values[f"CTID_ATTR_{_NO_NAME.sub('_', name)}"] = text
    for name, text in values.items():
        turn.emit(SetVariable(pbx=leg.pbx, unique_id=leg.unique_id, name=name, value=text))
    following = UNDECIDED if decision == UNDECIDED else DECIDED
    turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next=following, target=target))


def tell_nothing(turn: Turn, leg: Leg) -> None:
    """The PBX goes on with a call of which nothing was decided, and not by what was decided of it before."""
    for name in ("CTID_DECISION", "CTID_TARGET"):
        turn.emit(SetVariable(pbx=leg.pbx, unique_id=leg.unique_id, name=name, value=""))
    turn.emit(ReleaseLeg(pbx=leg.pbx, unique_id=leg.unique_id, next=UNDECIDED))


def _named(destination: Destination) -> tuple[str, str]:
    """Kind and name of a destination."""
    for kind in _KINDS:
        if (name := getattr(destination, kind)) is not None:
            return kind, name
    if isinstance(destination.voicemail, VoicemailTarget):
        return "voicemail", destination.voicemail.agent or destination.voicemail.queue or ""
    return ("voicemail", destination.voicemail) if destination.voicemail is not None else ("hangup", "")
