"""Callers who are forgotten on hold: the clock that runs meanwhile, be they held by ctid or by the phone itself."""

from __future__ import annotations

from ctid.engine.turn import Turn, ms
from ctid.model.leg import Leg
from ctid.model.states import LegState, Party


def follow(turn: Turn, leg: Leg) -> None:
    """An agent's leg has changed its state: the clock begins with a hold, and ends with it."""
    if leg.party is not Party.AGENT:
        return
    turn.cancel_timer(_timer(leg))
    if leg.state is LegState.HELD:
        begin(turn, leg)


def begin(turn: Turn, leg: Leg) -> None:
    """Have the agent reminded in a while, if the site wants it so."""
    every_ms = ms(turn.site.policy.hold_recall_seconds)
    if every_ms > 0:
        turn.start_timer(_timer(leg), every_ms)


def _timer(leg: Leg) -> str:
    return f"recall:{leg.id}"
