"""Sessions that begin before the PBX tells that their channel has left its bridge: one of the two is of the past.

FastAGI and AMI are different connections, and either may be late. What has just begun waits, therefore, until the
bridge's end is told. If the session ends before, it was the bridge that came after it, and the talk goes on.
"""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.turn import Turn
from ctid.model.events import SessionBegun
from ctid.model.leg import Leg


def waits(turn: Turn, event: SessionBegun) -> bool:
    """Put a session that has just begun aside if its channel seems to be in a bridge; tell whether it was.

    Of a PBX that is away nothing more is told for now, so its sessions are believed.
    """
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is None or not leg.bridge_id or not outage.is_up(turn, leg.pbx):
        return False
    leg.early = event
    return True


def take(leg: Leg) -> SessionBegun | None:
    """Give the session that was put aside for a leg, if there is one; it waits no more."""
    event, leg.early = leg.early, None
    return event
