"""The difference between the legs we know and those a PBX has, as ordinary events."""

from __future__ import annotations

from collections.abc import Iterator

from ctid.model.events import LegAnswered, LegBridged, LegEnded, LegSeen, LegUnbridged
from ctid.model.leg import Leg
from ctid.model.states import LegState

Difference = LegEnded | LegUnbridged | LegAnswered | LegBridged

UNKNOWN_CAUSE = 0
"""Q.850 has no cause 0: the leg ended while nobody looked."""


def difference(pbx: str, known: list[Leg], seen: list[LegSeen]) -> Iterator[Difference]:
    """Events that turn what we know into what the PBX has: ends first, so that bridges are judged by live legs."""
    there = {leg.unique_id: leg for leg in seen}
    for leg in known:
        if leg.unique_id not in there:
            yield LegEnded(pbx=pbx, unique_id=leg.unique_id, cause=UNKNOWN_CAUSE)
    for leg in known:
        now = there.get(leg.unique_id)
        if now is None:
            continue
        if leg.bridge_id and leg.bridge_id != now.bridge_id:
            yield LegUnbridged(pbx=pbx, unique_id=leg.unique_id, bridge_id=leg.bridge_id)
        if now.answered and leg.state in (LegState.INITIATED, LegState.ALERTING):
            yield LegAnswered(pbx=pbx, unique_id=leg.unique_id)
        if now.bridge_id and leg.bridge_id != now.bridge_id:
            yield LegBridged(pbx=pbx, unique_id=leg.unique_id, bridge_id=now.bridge_id)
