"""Quarters of an hour put together into the intervals of a zone's clock, over both nights when clocks change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, tzinfo
from typing import Final

from ctid.model.day import Quarter, QueueDay

_HOUR: Final = 60


def by_interval(quarters: Iterable[Quarter], zone: tzinfo, minutes: int) -> list[tuple[tuple[datetime, str], QueueDay]]:
    """Sum up quarters by interval and queue, in order.

    Args:
        quarters: In order of time.
        zone: Whose clock the intervals begin by.
        minutes: Length of an interval: a multiple of 15 that divides a day. By that clock: of a night with 25 hours an
            interval of a day has 25 hours, too.
    """
    # By the moment: two of one zone are equal if the clock shows the same, which it does twice in autumn.
    sums: dict[tuple[datetime, str], QueueDay] = {}
    for quarter in quarters:
        at = start_of(datetime.fromtimestamp(quarter.start_utc_ms // 1000, UTC), zone, minutes).astimezone(UTC)
        total = sums.setdefault((at, quarter.queue), QueueDay())
        for name in total.__struct_fields__:
            setattr(total, name, getattr(total, name) + getattr(quarter.numbers, name))
    return [((at.astimezone(zone), queue), day) for (at, queue), day in sorted(sums.items(), key=lambda item: item[0])]


def start_of(moment: datetime, zone: tzinfo, minutes: int) -> datetime:
    """The start of the interval that a moment is part of, with the zone's offset then."""
    local = moment.astimezone(zone)
    of_day = (local.hour * _HOUR + local.minute) // minutes * minutes
    # The hour that comes twice is two intervals, or four quarters twice; a longer interval is one that lasts longer.
    fold = local.fold if minutes <= _HOUR else 0
    start = datetime.combine(local.date(), time(of_day // _HOUR, of_day % _HOUR, fold=fold), zone)
    # A start that the clock leaves out in spring comes back as the moment at which it is left out.
    return start.astimezone(UTC).astimezone(zone)
