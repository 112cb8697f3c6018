"""What past calls tell: handling, patience, and when they come."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ctid.staffing.history import Bucket, calls_by_time_of_day, days_of, habits, last_weekdays

BERLIN = ZoneInfo("Europe/Berlin")


def bucket(start: str, calls: int = 1, **more: int) -> Bucket:
    fields = {"served": calls, "abandoned": 0, "handling_ms": 0, "waited_ms": 0} | more
    return Bucket(start_ms=round(datetime.fromisoformat(start).timestamp() * 1000), calls=calls, **fields)


def test_handling_is_of_those_served_and_patience_of_all_waits() -> None:
    found = habits(
        [
            bucket("2026-07-01T08:00+02:00", 10, served=8, abandoned=2, handling_ms=2_400_000, waited_ms=300_000),
            bucket("2026-07-01T08:15+02:00", 2, served=1, abandoned=1, handling_ms=210_000, waited_ms=60_000),
        ]
    )
    assert (found.calls, found.served, found.abandoned) == (12, 9, 3)
    assert found.handling_seconds == pytest.approx(290)
    assert found.patience_seconds == pytest.approx(120)


def test_patience_is_found_again_though_most_are_served_before_it_ends() -> None:
    """Waits end by an agent after 15 s on average or by a patience of 100 s: the naive mean of those who hung up
    would be 13 s."""
    chance = random.Random(7)
    abandoned = waited = naive = 0.0
    for _ in range(40_000):
        patience, offered = chance.expovariate(1 / 100), chance.expovariate(1 / 15)
        waited += min(patience, offered)
        if patience < offered:
            abandoned += 1
            naive += patience
    found = habits([bucket("2026-07-01T08:00Z", 40_000, abandoned=int(abandoned), waited_ms=round(waited * 1000))])
    # The estimate's standard error is 100 / sqrt(number of those who hung up), about 1.4 s.
    assert found.patience_seconds == pytest.approx(100, abs=3 * 100 / abandoned**0.5)
    assert naive / abandoned == pytest.approx(13, abs=1)


def test_what_nobody_did_is_not_known() -> None:
    assert habits([]).handling_seconds is None
    patient = habits([bucket("2026-07-01T08:00Z", 5, handling_ms=5_000, waited_ms=9_000)])
    assert patient.patience_seconds is None
    assert habits([bucket("2026-07-01T08:00Z", 1, served=0, abandoned=1)]).patience_seconds is None


def test_calls_by_time_of_day_are_means_over_the_days_asked_for() -> None:
    buckets = [
        bucket("2026-06-30T09:15+02:00", 3),
        bucket("2026-06-30T09:45+02:00", 4),
        bucket("2026-07-01T09:00+02:00", 5),
        bucket("2026-07-01T11:30+02:00", 2),
        bucket("2026-07-02T09:00+02:00", 99),
    ]
    days = [date(2026, 6, 30), date(2026, 7, 1)]
    assert calls_by_time_of_day(buckets, BERLIN, days, 60) == [(540, 6), (600, 0), (660, 1)]
    assert calls_by_time_of_day(buckets, BERLIN, days, 30) == [
        (540, 4), (570, 2), (600, 0), (630, 0), (660, 0), (690, 1),
    ]  # fmt: skip
    assert calls_by_time_of_day(buckets, BERLIN, [date(2026, 6, 1)], 30) == []
    assert days_of(buckets, BERLIN) == {*days, date(2026, 7, 2)}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Eucla", "America/St_Johns"])
def test_a_day_is_that_of_the_zone_also_where_it_is_off_by_quarters(zone: str) -> None:
    local = datetime(2026, 7, 1, 0, 0, tzinfo=ZoneInfo(zone))
    first = bucket(local.astimezone(UTC).isoformat(), 6)
    assert calls_by_time_of_day([first], ZoneInfo(zone), [date(2026, 7, 1)], 15) == [(0, 6)]


def test_last_weekdays_end_before_today() -> None:
    wednesday = date(2026, 7, 1)
    assert last_weekdays(2, 2, wednesday) == [date(2026, 6, 17), date(2026, 6, 24)]
    assert last_weekdays(1, 1, wednesday) == [date(2026, 6, 30)]
    assert last_weekdays(3, 3, wednesday) == [date(2026, 6, 11), date(2026, 6, 18), date(2026, 6, 25)]
