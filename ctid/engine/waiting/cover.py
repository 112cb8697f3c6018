"""Who is there for a contact: who of those logged in is able to serve it, now or when its needs have widened."""

from __future__ import annotations

import msgspec

from ctid.acd.line import LineKey, able_to_serve
from ctid.acd.steps import steps_of
from ctid.engine.turn import Turn
from ctid.engine.waiting.requirement import line_key
from ctid.model.contact import Contact

_EVER = 1 << 62
"""Longer than any agent waits before helping out."""


def anybody(turn: Turn, contact: Contact, name: str) -> bool:
    """Whether somebody logged in meets any step of what the contact needs in the queue; true for who is no caller."""
    key = widest(turn, contact, name)
    return key is None or is_covered(turn, key)


def widest(turn: Turn, contact: Contact, name: str) -> LineKey | None:
    """What the contact needs in the queue once all its steps are in force; ``None`` without a caller on the line."""
    leg = turn.legs.get(contact.caller_leg)
    if leg is None:
        return None
    last = len(steps_of(turn.site.queues[name], contact)) - 1
    return line_key(turn, msgspec.structs.replace(contact, queue=name, step=last, delay_ms=_EVER), leg.pbx)


def is_covered(turn: Turn, key: LineKey) -> bool:
    """Whether somebody logged in is able."""
    return bool(able_to_serve(key, turn.floor.roster) & turn.floor.roster.on_duty)
