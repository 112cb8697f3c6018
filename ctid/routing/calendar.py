"""Whether a place is open at a moment, in the place's own zone, over both nights when clocks change."""

from __future__ import annotations

from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from ctid.model.instant import Instant
from ctid.spec.calendar import CalendarSpec, parse_days, parse_span


def is_open(calendar: CalendarSpec, at: Instant) -> bool:
    """Tell whether the calendar is open at the moment.

    Exceptions of a date go before closed dates and holidays, those before the weekly hours. A span's start belongs to
    it, its end does not. Wall-clock times are compared, so a span keeps its local hours when clocks change.
    """
    local = at.utc().astimezone(ZoneInfo(calendar.timezone))
    today = local.date()
    if today in calendar.exceptions:
        return _within(calendar.exceptions[today], local)
    if today in calendar.closed or _is_holiday(calendar.holidays, local):
        return False
    return any(local.weekday() in parse_days(days) and _within(spans, local) for days, spans in calendar.hours.items())


def _within(spans: list[str], local: datetime) -> bool:
    clock: time = local.time()
    return any(start <= clock and (end is None or clock < end) for start, end in map(parse_span, spans))


@lru_cache(maxsize=256)
def _holidays_of(code: str, year: int) -> frozenset[object]:
    country, _, subdivision = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


def _is_holiday(code: str, local: datetime) -> bool:
    return bool(code) and local.date() in _holidays_of(code, local.year)
