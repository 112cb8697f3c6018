"""Legs that end before they are known: AMI tells of a hang-up while the caller's FastAGI session is on its way."""

from __future__ import annotations

from ctid.engine.state import alias_key
from ctid.engine.turn import Turn

KEEP_MS = 10_000
"""Between a connection's first line and its being read lies far less."""

MAX_KEPT = 1_000
"""Most ends are of calls that are none of ctid's; of more, the oldest are forgotten."""


def note(turn: Turn, pbx: str, unique_id: str) -> None:
    """Remember for a while that a leg nobody knows has ended."""
    ends = turn.state.early_ends
    ends[alias_key(pbx, unique_id)] = turn.now.mono_ms
    while len(ends) > MAX_KEPT or next(iter(ends.values())) + KEEP_MS < turn.now.mono_ms:
        del ends[next(iter(ends))]


def take(turn: Turn, pbx: str, unique_id: str) -> bool:
    """Whether a leg that has just become known ended before."""
    return turn.state.early_ends.pop(alias_key(pbx, unique_id), None) is not None
