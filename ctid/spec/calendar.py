"""Opening hours of a queue or entry, in its own zone."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, field_validator

from ctid.spec.base import Spec

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"^(\d{2}):(\d{2})-(\d{2}):(\d{2})$")


def zone_name(name: str) -> str:
    """Check that an IANA zone of this name exists."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}; give an IANA name such as Europe/Berlin") from error
    return name


Zone = Annotated[str, AfterValidator(zone_name)]


def parse_span(text: str) -> tuple[time, time | None]:
    """Read ``HH:MM-HH:MM``; an end of ``24:00`` or ``00:00`` is the end of the day, given as ``None``."""
    found = _SPAN.match(text)
    if not found:
        raise ValueError(f"{text!r} is no span of time; write for example 09:00-17:30")
    hour, minute, end_hour, end_minute = map(int, found.groups())
    try:
        start = time(hour, minute)
        end = None if (end_hour, end_minute) in ((24, 0), (0, 0)) else time(end_hour, end_minute)
    except ValueError as error:
        raise ValueError(f"{text!r} is no span of time: {error}") from error
    if end is not None and end <= start:
        raise ValueError(f"{text!r} ends before it begins; split a span that passes midnight in two")
    return start, end


def parse_days(text: str) -> tuple[int, ...]:
    """Read ``mon``, ``mon-fri`` or ``sat-sun`` into weekday numbers, Monday 0."""
    first, _, last = text.partition("-")
    if first not in WEEKDAYS or (last and last not in WEEKDAYS):
        raise ValueError(f"{text!r} names no weekdays; write for example mon, mon-fri or sat-sun")
    begin = WEEKDAYS.index(first)
    end = WEEKDAYS.index(last) if last else begin
    if end < begin:
        raise ValueError(f"{text!r} runs backwards; a week begins on mon")
    return tuple(range(begin, end + 1))


class CalendarSpec(Spec):
    """When a place is open.

    Attributes:
        timezone: IANA zone the hours are meant in.
        hours: Weekdays (``mon-fri``) to spans (``09:00-17:30``).
        holidays: Country or country-subdivision code (``DE`` or ``DE-BE``) whose public holidays are closed.
        closed: Further dates that are closed.
        exceptions: Dates with hours of their own; they go before everything else.
    """

    timezone: Zone
    hours: dict[str, list[str]]
    holidays: str = ""
    closed: list[date] = []
    exceptions: dict[date, list[str]] = {}

    @field_validator("hours")
    @classmethod
    def _hours(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        for days, spans in value.items():
            parse_days(days)
            for span in spans:
                parse_span(span)
        return value

    @field_validator("exceptions")
    @classmethod
    def _exceptions(cls, value: dict[date, list[str]]) -> dict[date, list[str]]:
        for spans in value.values():
            for span in spans:
                parse_span(span)
        return value

    @field_validator("holidays")
    @classmethod
    def _holidays(cls, value: str) -> str:
        if value:
            country, _, subdivision = value.partition("-")
            known = holidays.list_supported_countries()
            if country not in known:
                raise ValueError(f"no holidays are known for {value!r}; give a country such as DE, or DE-BE")
            if subdivision and subdivision not in known[country]:
                raise ValueError(f"{country} has no subdivision {subdivision!r} with holidays of its own")
        return value
