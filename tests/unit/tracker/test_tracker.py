"""Legs and their aliases; the difference to a snapshot."""

from __future__ import annotations

import pytest

from ctid.model.events import LegAnswered, LegBridged, LegEnded, LegSeen, LegUnbridged
from ctid.model.instant import Instant
from ctid.model.leg import Leg
from ctid.model.states import LegState, Party
from ctid.tracker.legs import LegTable
from ctid.tracker.reconcile import difference

pytestmark = pytest.mark.unit


def leg(name: str, state: LegState = LegState.CONNECTED, bridge: str = "", pbx: str = "main") -> Leg:
    return Leg(
        id=f"lg-{name}",
        pbx=pbx,
        unique_id=name,
        contact_id="ct",
        party=Party.CALLER,
        state=state,
        since_ms=0,
        bridge_id=bridge,
    )


def test_legs_are_found_by_their_pbxs_name_for_them() -> None:
    table = LegTable({}, {})
    first, second = leg("1"), leg("1", pbx="other")
    second.id = "lg-2"
    for each in (first, second):
        table.add(each)
    assert table.find("main", "1") is first
    assert table.find("other", "1") is second
    assert table.find("main", "2") is None
    assert table.get("lg-2") is second
    assert table.get("none") is None
    assert table.on("main") == [first]
    table.remove(first)
    table.remove(first)
    assert table.find("main", "1") is None
    assert table.on("main") == []


def test_the_difference_to_a_snapshot_ends_first() -> None:
    known = [
        leg("ringing", LegState.ALERTING),
        leg("moved", bridge="a"),
        leg("same", bridge="a"),
        leg("gone"),
        leg("alone", bridge="a"),
        leg("early", LegState.INITIATED),
    ]
    seen = [
        LegSeen(unique_id="ringing", answered=True, bridge_id="b"),
        LegSeen(unique_id="moved", answered=True, bridge_id="b"),
        LegSeen(unique_id="same", answered=True, bridge_id="a"),
        LegSeen(unique_id="alone", answered=True),
        LegSeen(unique_id="early", answered=False),
        LegSeen(unique_id="not-ours", answered=True),
    ]
    assert list(difference("main", known, seen)) == [
        LegEnded(pbx="main", unique_id="gone", cause=0),
        LegAnswered(pbx="main", unique_id="ringing"),
        LegBridged(pbx="main", unique_id="ringing", bridge_id="b"),
        LegUnbridged(pbx="main", unique_id="moved", bridge_id="a"),
        LegBridged(pbx="main", unique_id="moved", bridge_id="b"),
        LegUnbridged(pbx="main", unique_id="alone", bridge_id="a"),
    ]


def test_an_instant_shows_as_utc() -> None:
    assert Instant(0, 1_795_000_000_007).iso() == "2026-11-18T11:06:40.007Z"
