"""What past calls tell of those to come: how many, when, how long, and how patient."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

import msgspec

QUARTER_MS: Final = 15 * 60_000
"""Length of a bucket. Every zone is off UTC by whole quarters of an hour, so that buckets fit into any zone's hours."""


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """Contacts that came into a queue within a quarter of an hour.

    Attributes:
        start_ms: When it began, milliseconds since 1970 UTC.
        calls: How many came.
        served: How many of them were served.
        abandoned: How many hung up while they waited, however soon.
        handling_ms: Talk and wrap-up of those served, together.
        waited_ms: Time that all of them waited, together.
    """

    start_ms: int
    calls: int
    served: int
    abandoned: int
    handling_ms: int
    waited_ms: int


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """What the calls of a time had in common.

    Attributes:
        calls: How many there were.
        served: How many were served.
        abandoned: How many hung up while they waited.
        handling_seconds: Mean of talk and wrap-up; ``None`` if none was served.
        patience_seconds: Mean patience, if it is exponential: the time that all waited together by the number of
            those who hung up. That is the maximum-likelihood estimate where the patience of those served is only
            known to be longer than their wait. ``None`` if nobody hung up, or nobody had to wait at all.
    """

    calls: int
    served: int
    abandoned: int
    handling_seconds: float | None
    patience_seconds: float | None


def habits(buckets: Iterable[Bucket]) -> Habits:
    """Estimate what the calls have in common."""
    calls = served = abandoned = handling_ms = waited_ms = 0
    for bucket in buckets:
        calls += bucket.calls
        served += bucket.served
        abandoned += bucket.abandoned
        handling_ms += bucket.handling_ms
        waited_ms += bucket.waited_ms
    return Habits(
        calls=calls,
        served=served,
        abandoned=abandoned,
        handling_seconds=handling_ms / served / 1000 if handling_ms else None,
        patience_seconds=waited_ms / abandoned / 1000 if abandoned and waited_ms else None,
    )


def days_of(buckets: Iterable[Bucket], zone: tzinfo) -> set[date]:
    """The days on which there were calls."""
    return {_local(bucket, zone).date() for bucket in buckets}


def calls_by_time_of_day(
    buckets: Iterable[Bucket], zone: tzinfo, days: Collection[date], minutes: int
) -> list[tuple[int, float]]:
    """Mean calls of a day by interval, from the first that has any to the last.

    Args:
        buckets: The calls.
        zone: Whose hours and days count.
        days: The days to take the mean of; calls of others do not matter.
        minutes: Length of an interval, a multiple of 15.

    Returns:
        Start of the interval in minutes after midnight, and calls.
    """
    calls: dict[int, int] = {}
    for bucket in buckets:
        at = _local(bucket, zone)
        if at.date() in days:
            start = (at.hour * 60 + at.minute) // minutes * minutes
            calls[start] = calls.get(start, 0) + bucket.calls
    if not calls:
        return []
    return [(start, calls.get(start, 0) / len(days)) for start in range(min(calls), max(calls) + 1, minutes)]


def last_weekdays(weekday: int, weeks: int, before: date) -> list[date]:
    """The last ``weeks`` days of this weekday (Monday is 0) before a day, that day excluded, oldest first."""
    back = (before.weekday() - weekday - 1) % 7 + 1
    return [before - timedelta(days=back + 7 * week) for week in reversed(range(weeks))]


def _local(bucket: Bucket, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(bucket.start_ms // 1000, UTC).astimezone(zone)
