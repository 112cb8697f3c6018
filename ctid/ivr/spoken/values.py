"""Values: what a flow's value means before any language says it; one that is not of its kind is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

Value = str | int | float | Decimal
"""What a flow may have at hand; a text is read as the kind says."""

LIMIT: Final = 10**15
"""Numbers are smaller than this."""

MAX_DIGITS: Final = 64
"""Digits that are said one by one, and digits after the point."""

MINOR_DIGITS: Final = {
    "AUD": 2,
    "BHD": 3,
    "CAD": 2,
    "CHF": 2,
    "CNY": 2,
    "CZK": 2,
    "DKK": 2,
    "EUR": 2,
    "GBP": 2,
    "HKD": 2,
    "INR": 2,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "NOK": 2,
    "NZD": 2,
    "OMR": 3,
    "PLN": 2,
    "SEK": 2,
    "SGD": 2,
    "TND": 3,
    "TWD": 2,
    "USD": 2,
}
"""The currencies that can be said (ISO 4217), and how many digits their amounts have after the point."""

_EXACT: Final = Context(prec=100)
"""More digits than any number has that is read here."""

_NUMBER: Final = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
_DIGITS: Final = re.compile(r"\+?[0-9*#]+(?:[ ./-]?[0-9*#]+)*")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?")
_ZONE: Final = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in parts.

    Attributes:
        negative: Below zero.
        whole: What stands before the point.
        fraction: The digits after it, empty if there is no point.
    """

    negative: bool
    whole: int
    fraction: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money.

    Attributes:
        negative: Below zero.
        major: Euros, yen …
        minor: Cents …: 0 to 99; to 999 of a currency with three digits, and 0 of one with none.
        currency: ISO 4217.
    """

    negative: bool
    major: int
    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as people tell it: seconds count below two minutes, minutes as long as there are hours."""

    hours: int
    minutes: int
    seconds: int


def read_digits(value: Value) -> str:
    """Digits, ``*`` and ``#`` to be said one by one, ``+`` before them if it is there; what parts them is not."""
    text = str(value).strip()
    digits = re.sub(r"[ ./-]", "", text)
    if isinstance(value, bool | float) or not _DIGITS.fullmatch(text) or len(digits) > MAX_DIGITS:
        raise ValueError(
            f"what is said digit by digit has 1 to {MAX_DIGITS} digits, * or #, with + before them at most"
        )
    return digits


def read_number(value: Value) -> Number:
    """An integer or a decimal number."""
    if isinstance(value, float):
        # As many digits as it surely has: the sum of 0.1 and 0.2 is 0.3 to people.
        value = Decimal(f"{value:.15g}")
    text = f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
    match = _NUMBER.fullmatch(text)
    if isinstance(value, bool) or match is None or len(match[3] or "") > MAX_DIGITS or _too_long(match[2]):
        raise ValueError("a number is written like 42, -7 or 3.14, and is below 10^15")
    whole, fraction = int(match[2]), match[3] or ""
    return Number(match[1] == "-" and (whole > 0 or fraction.strip("0") != ""), whole, fraction)


def read_ordinal(value: Value) -> int:
    """A place in an order, from 1 on."""
    number = _or_none(value)
    if number is None or number.negative or number.fraction or not number.whole:
        raise ValueError("an ordinal is of an integer from 1 on, below 10^15")
    return number.whole


def read_money(value: Value, currency: str) -> Amount:
    """An amount of a currency, rounded as shops do to the digits that the currency has: of halves, away from zero."""
    if currency not in MINOR_DIGITS:
        raise ValueError(f"the currency is one of {', '.join(MINOR_DIGITS)}")
    digits = MINOR_DIGITS[currency]
    number = _or_none(value)
    units = None if number is None else _rounded(number, digits)
    if number is None or units is None or units >= LIMIT * 10**digits:
        example = f"1234.{'5678'[:digits]}".rstrip(".")
        raise ValueError(f"an amount of {currency} is written like {example}, and is below 10^15")
    major, minor = divmod(units, 10**digits)
    return Amount(number.negative and units > 0, major, minor, currency)


def read_date(value: Value) -> date:
    """A day."""
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("a date is written like 2026-11-29, and is in the calendar")


def read_time(value: Value) -> time:
    """A time of day; seconds are not said."""
    try:
        if isinstance(value, str) and _TIME.fullmatch(value):
            return time(int(value[:2]), int(value[3:5]), int(value[6:8] or "0"))
    except ValueError:
        pass
    raise ValueError("a time is written like 14:05, from 00:00 to 23:59")


def read_datetime(value: Value) -> tuple[date, time]:
    """A day and a time of day, as they are written there: whatever zone is given, nothing is converted."""
    try:
        if isinstance(value, str) and value[10:11] in ("T", " "):
            clock = re.match(_TIME, value[11:])
            if clock is not None and _ZONE.fullmatch(value[11 + clock.end() :]):
                day, at = read_date(value[:10]), read_time(clock[0])
                return day, at
    except ValueError:
        pass
    raise ValueError("a moment is written like 2026-11-29T14:05")


def read_duration(value: Value) -> Duration:
    """Seconds, rounded as people do: to minutes from two minutes on."""
    number = _or_none(value)
    if number is None or number.negative:
        raise ValueError("a duration is a number of seconds, like 90, from 0 to below 10^15")
    seconds = number.whole + (number.fraction[:1] >= "5")
    if seconds < 120:
        return Duration(0, *divmod(seconds, 60))
    hours, minutes = divmod((seconds + 30) // 60, 60)
    return Duration(hours, minutes, 0)


def read_today(today: str | date | None) -> date | None:
    """The day on which something is said."""
    if isinstance(today, datetime):
        return today.date()
    return read_date(today) if isinstance(today, str) else today


def _rounded(number: Number, digits: int) -> int:
    """How many of the smallest units there are, the sign aside."""
    units = Decimal(f"{number.whole}.{number.fraction or 0}").scaleb(digits, _EXACT)
    return int(units.to_integral_value(ROUND_HALF_UP, _EXACT))


def _or_none(value: Value) -> Number | None:
    try:
        return read_number(value)
    except ValueError:
        return None


def _too_long(digits: str) -> bool:
    return len(digits.lstrip("0")) > len(str(LIMIT - 1))
