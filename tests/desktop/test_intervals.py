"""Intervals of a zone's clock, over the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ctid.desktop.intervals import by_interval, start_of
from ctid.model.day import Quarter, QueueDay

BERLIN = ZoneInfo("Europe/Berlin")


def quarters(since: str, count: int) -> list[Quarter]:
    first = int(datetime.fromisoformat(since).timestamp() * 1000)
    return [
        Quarter(start_utc_ms=first + 900_000 * index, queue="sales", numbers=QueueDay(offered=1, waited_ms=10))
        for index in range(count)
    ]


def summed(since: str, count: int, minutes: int, zone: ZoneInfo = BERLIN) -> list[tuple[str, int]]:
    found = by_interval(quarters(since, count), zone, minutes)
    return [(at.isoformat(), day.offered) for (at, _), day in found]


def test_the_hour_that_comes_twice_is_two_intervals() -> None:
    assert summed("2026-10-25T01:00:00+02:00", 16, 60) == [
        ("2026-10-25T01:00:00+02:00", 4),
        ("2026-10-25T02:00:00+02:00", 4),
        ("2026-10-25T02:00:00+01:00", 4),
        ("2026-10-25T03:00:00+01:00", 4),
    ]


def test_the_hour_that_is_left_out_is_none() -> None:
    assert summed("2026-03-29T01:00:00+01:00", 8, 60) == [
        ("2026-03-29T01:00:00+01:00", 4),
        ("2026-03-29T03:00:00+02:00", 4),
    ]


@pytest.mark.parametrize(
    ("day", "quarters_of_it"), [("2026-03-29T00:00:00+01:00", 92), ("2026-10-25T00:00:00+02:00", 100)]
)
def test_a_day_is_as_long_as_the_clock_has_it(day: str, quarters_of_it: int) -> None:
    (first, second) = summed(day, quarters_of_it + 1, 1_440)
    assert first == (day, quarters_of_it)
    assert second[1] == 1
    assert second[0].startswith(("2026-03-30T00:00", "2026-10-26T00:00"))


def test_longer_intervals_go_by_the_clock_and_last_longer_that_night() -> None:
    assert summed("2026-10-25T00:00:00+02:00", 100, 180)[:3] == [
        ("2026-10-25T00:00:00+02:00", 16),
        ("2026-10-25T03:00:00+01:00", 12),
        ("2026-10-25T06:00:00+01:00", 12),
    ]
    # In spring an interval begins within the hour that is left out: as soon as there is a clock to show it.
    assert summed("2026-03-29T00:00:00+01:00", 24, 120)[:3] == [
        ("2026-03-29T00:00:00+01:00", 8),
        ("2026-03-29T03:00:00+02:00", 4),
        ("2026-03-29T04:00:00+02:00", 8),
    ]


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Asia/Kolkata", "2026-06-01T17:00:00+05:30"),
        ("Asia/Kathmandu", "2026-06-01T17:00:00+05:45"),
        ("Asia/Shanghai", "2026-06-01T19:00:00+08:00"),
        ("UTC", "2026-06-01T11:00:00+00:00"),
    ],
)
def test_hours_begin_with_the_zones_own(zone: str, start: str) -> None:
    moment = datetime(2026, 6, 1, 11, 45, tzinfo=UTC)
    assert start_of(moment, ZoneInfo(zone), 60).isoformat() == start


@pytest.mark.parametrize("minutes", [15, 30, 60, 240, 1_440])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Beirut"])
def test_every_moment_of_a_year_is_part_of_the_interval_it_is_put_into(zone: str, minutes: int) -> None:
    clock, last = ZoneInfo(zone), None
    first = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    for quarter in range(365 * 96):
        moment = datetime.fromtimestamp(first + quarter * 900, UTC)
        at = start_of(moment, clock, minutes).astimezone(UTC)
        assert at <= moment
        assert last is None or at >= last
        last = at


def test_queues_are_kept_apart() -> None:
    mixed = quarters("2026-06-01T10:00:00+02:00", 2)
    mixed[1] = Quarter(start_utc_ms=mixed[0].start_utc_ms, queue="support", numbers=QueueDay(offered=7))
    found = by_interval(mixed, BERLIN, 60)
    assert [(queue, day.offered, day.waited_ms) for (_, queue), day in found] == [("sales", 1, 10), ("support", 7, 0)]
