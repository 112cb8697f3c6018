"""Forecasts of several intervals: read with every fault's place, and added up."""

from __future__ import annotations

import pytest

from ctid.staffing.day import Interval, agent_hours, read_forecast, total
from ctid.staffing.erlang import Demand, performance

HEADER = "start,calls,handling_seconds,patience_seconds\n"


def test_calls_are_those_of_the_interval() -> None:
    intervals, faults = read_forecast("f.csv", "\ufeff" + HEADER + "09:00,120,300,180\n\n9:30, 7.5 ,310,\n", 30)
    assert faults == []
    assert intervals == [
        Interval(
            start="09:00",
            minutes=30,
            demand=Demand(calls_per_hour=240, handling_seconds=300, patience_seconds=180),
        ),
        Interval(start="9:30", minutes=30, demand=Demand(calls_per_hour=15, handling_seconds=310)),
    ]
    assert [interval.calls for interval in intervals] == [120, 7.5]


@pytest.mark.parametrize(
    "starts",
    [
        ("09:00", "09:30", "24:00"),
        ("2026-07-01T09:00", "2026-07-01 09:30", "2026-07-02"),
        # The hour that autumn's change of clocks repeats.
        ("2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00"),
    ],
)
def test_moments_may_be_written_in_several_forms(starts: tuple[str, ...]) -> None:
    text = "start,calls,handling_seconds\n" + "".join(f"{start},5,300\n" for start in starts)
    intervals, faults = read_forecast("f.csv", text, 30)
    assert (faults, tuple(interval.start for interval in intervals)) == ([], starts)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["f.csv:1: holds no interval; write a header (start,calls,handling_seconds) and a line for each"]),
        ("start,calls\n", ["f.csv:1: handling_seconds: the column is missing; the first line names the columns"]),
        (
            "start,calls,handling_seconds,patience\n",
            ["f.csv:1: patience: is not known; columns are start, calls, handling_seconds, patience_seconds"],
        ),
        ("start,calls,calls,handling_seconds\n", ["f.csv:1: calls: the column is there twice"]),
        (HEADER + "09:00,5,300\n", ["f.csv:2: has 3 cells, but the first line names 4 columns"]),
        (
            HEADER + "nine,5x,-3,0\n10:00,5,300,\n",
            [
                "f.csv:2: start: 'nine' is no moment; write 09:30 or 2026-07-01T09:30",
                "f.csv:2: calls: '5x' is no number; write for example 120 or 7.5",
                "f.csv:2: handling_seconds: '-3' is no number; write for example 120 or 7.5",
                "f.csv:2: patience_seconds: must be more than 0",
            ],
        ),
        (
            HEADER + "09:00,5,300,\n09:20,5,300,\n",
            ["f.csv:3: start: '09:20' comes before the 30 minutes of line 2 are over"],
        ),
        (
            HEADER + "09:00,5,300,\n2026-07-01T10:00,5,300,\n",
            ["f.csv:3: start: is written in another form than in line 2"],
        ),
        (HEADER + "09:00,1000000,300,\n", ["f.csv:2: calls: make a load of 166667 Erlang; 20000 is the most"]),
        (HEADER + '09:00,"5"x,300,\n', ["f.csv:2: is not CSV: ',' expected after '\"'"]),
    ],
)
def test_every_fault_is_told_with_its_place(text: str, faults: list[str]) -> None:
    assert read_forecast("f.csv", text, 30)[1] == faults


def test_a_total_is_weighted_by_calls_and_time() -> None:
    quiet = Interval(start="a", minutes=60, demand=Demand(calls_per_hour=20, handling_seconds=180, patience_seconds=60))
    busy = Interval(start="b", minutes=30, demand=Demand(calls_per_hour=200, handling_seconds=180, patience_seconds=60))
    outcomes = [performance(quiet.demand, 2, 20), performance(busy.demand, 10, 20)]
    assert None not in outcomes
    first, second = [outcome for outcome in outcomes if outcome is not None]
    whole = total([quiet, busy], [2, 10], outcomes)
    assert (whole.calls, whole.agent_hours, whole.peak_agents) == (120, 7, 10)
    assert whole.service_level == pytest.approx((20 * first.service_level + 100 * second.service_level) / 120)
    assert whole.abandoned == pytest.approx((20 * first.abandoned + 100 * second.abandoned) / 120)
    assert whole.mean_wait_seconds == pytest.approx(
        (20 * first.mean_wait_seconds + 100 * second.mean_wait_seconds) / 120
    )
    assert whole.occupancy == pytest.approx((2 * first.occupancy + 5 * second.occupancy) / 7)


def test_a_total_of_nothing_and_of_a_line_without_end() -> None:
    closed = Interval(start="a", minutes=60, demand=Demand(calls_per_hour=0, handling_seconds=180))
    nothing = total([closed], [0], [performance(closed.demand, 0, 20)])
    assert (nothing.service_level, nothing.occupancy, nothing.agent_hours) == (1, 0, 0)
    endless = total([closed, closed], [0, 4], [performance(closed.demand, 0, 20), None])
    assert endless.service_level is endless.mean_wait_seconds is endless.abandoned is endless.occupancy is None
    assert endless.agent_hours == agent_hours([closed, closed], [0, 4]) == 4
