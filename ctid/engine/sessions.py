"""FastAGI sessions that begin: a caller's channel is with ctid, or so it seems for as long as AMI tells otherwise.

The two are different connections, and either may be late. What begins while AMI has the channel in a bridge waits,
therefore, until that bridge's end is told. If the session ends before, it was the bridge that came after it, and the
talk goes on.
"""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.call import arrivals
from ctid.engine.service import consulting, transfers
from ctid.engine.turn import Turn
from ctid.model.events import CallArrived, CallerReturned, CallSentOn, CallUndelivered, SessionBegun
from ctid.model.leg import Leg


def begun(turn: Turn, event: SessionBegun) -> None:
    """A caller's channel is with us: for the first time or again, out of a talk, sent on by a phone, undelivered.

    Of a PBX that is away nothing more is told for now, so its sessions are believed.
    """
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is not None and leg.bridge_id and outage.is_up(turn, leg.pbx):
        leg.early = event
    else:
        _look_at(turn, event)


def sent_on(turn: Turn, event: CallSentOn) -> None:
    """A phone has sent a caller on: the PBX tells, or the session of the caller, who is with us."""
    if event.arrived:
        begun(turn, event)
    else:
        transfers.sent_on(turn, event)


def forget_early(leg: Leg) -> bool:
    """What waits for the end of the leg's bridge is of the past; tell whether anything did."""
    waited, leg.early = leg.early is not None, None
    return waited


def believe_early(turn: Turn, leg: Leg) -> None:
    """Look at what waits for the end of the leg's bridge, which has come or will not be told."""
    event, leg.early = leg.early, None
    if event is not None:
        _look_at(turn, event)


def _look_at(turn: Turn, event: SessionBegun) -> None:
    match event:
        case CallArrived():
            arrivals.arrived(turn, event)
            consulting.caller_came(turn, event)
        case CallerReturned():
            arrivals.returned(turn, event)
            consulting.caller_came(turn, event)
        case CallSentOn():
            transfers.sent_on(turn, event)
        case CallUndelivered():
            transfers.undelivered(turn, event)
