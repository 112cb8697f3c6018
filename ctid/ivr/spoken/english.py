"""English: values in phrases as a voice on the telephone says them."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Final

from ctid.ivr.spoken.values import Amount, Duration, Number

_TEENS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNDER_100: Final = (*_TEENS, *(tens + (f"-{one}" if one != "zero" else "") for tens in _TENS for one in _TEENS[:10]))
_SCALES: Final = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand"))

_SIGNS: Final = {"+": "plus", "*": "star", "#": "pound"}

_IRREGULAR: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NEAR_DAYS: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_UNITS: Final = {
    "hour": ("hour", "hours"),
    "minute": ("minute", "minutes"),
    "second": ("second", "seconds"),
}
_DOLLARS, _CENTS, _FILS = ("dollar", "dollars"), ("cent", "cents"), ("fils", "fils")
CURRENCIES: Final = {
    "AUD": (("Australian dollar", "Australian dollars"), _CENTS),
    "BHD": (("Bahraini dinar", "Bahraini dinars"), _FILS),
    "CAD": (("Canadian dollar", "Canadian dollars"), _CENTS),
    "CHF": (("Swiss franc", "Swiss francs"), ("centime", "centimes")),
    "CNY": (("yuan", "yuan"), ("fen", "fen")),
    "CZK": (("Czech koruna", "Czech korunas"), ("haler", "halers")),
    "DKK": (("Danish krone", "Danish kroner"), ("øre", "øre")),
    "EUR": (("euro", "euros"), _CENTS),
    "GBP": (("pound", "pounds"), ("penny", "pence")),
    "HKD": (("Hong Kong dollar", "Hong Kong dollars"), _CENTS),
    "INR": (("rupee", "rupees"), ("paisa", "paise")),
    "JOD": (("Jordanian dinar", "Jordanian dinars"), _FILS),
    "JPY": (("yen", "yen"), ("", "")),
    "KRW": (("won", "won"), ("", "")),
    "KWD": (("Kuwaiti dinar", "Kuwaiti dinars"), _FILS),
    "NOK": (("Norwegian krone", "Norwegian kroner"), ("øre", "øre")),
    "NZD": (("New Zealand dollar", "New Zealand dollars"), _CENTS),
    "OMR": (("Omani rial", "Omani rials"), ("baisa", "baisa")),
    "PLN": (("zloty", "zlotys"), ("grosz", "groszy")),
    "SEK": (("Swedish krona", "Swedish kronor"), ("öre", "öre")),
    "SGD": (("Singapore dollar", "Singapore dollars"), _CENTS),
    "TND": (("Tunisian dinar", "Tunisian dinars"), ("millime", "millimes")),
    "TWD": (("New Taiwan dollar", "New Taiwan dollars"), _CENTS),
    "USD": (_DOLLARS, _CENTS),
}
"""One and several of each currency, and of what it is divided into."""


def _ordinal_of(word: str) -> str:
    head, hyphen, last = word.rpartition("-")
    if last in _IRREGULAR:
        return head + hyphen + _IRREGULAR[last]
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"


_ORDINALS: Final = {word: _ordinal_of(word) for word in (*_UNDER_100[1:], "hundred", *(name for _, name in _SCALES))}

_NUMBERS: Final = (*_UNDER_100, "hundred", *(name for _, name in reversed(_SCALES)))
_DATES: Final = (
    *_NEAR_DAYS.values(), *_WEEKDAYS, *_MONTHS, *(_ORDINALS[_UNDER_100[day]] for day in range(1, 32)),
    "oh", *_UNDER_100[1:], "hundred", "thousand",
)  # fmt: skip
_TIMES: Final = (*_UNDER_100[1:60], "oh", "a m", "p m", "noon", "midnight")

VOCABULARY: Final = {
    "digits": (*_SIGNS.values(), *_UNDER_100[:10]),
    "number": (*_NUMBERS, "minus", "point"),
    "ordinal": (*_NUMBERS[1:], *_ORDINALS.values()),
    "money": (
        *_NUMBERS, "minus", "and", *(form for kinds in CURRENCIES.values() for forms in kinds for form in forms if form)
    ),
    "date": _DATES,
    "time": _TIMES,
    "datetime": (*_DATES, "at", *_TIMES),
    # Fewer seconds than a thousand trillion are less than a trillion hours.
    "duration": (*_NUMBERS[:-1], *(form for forms in _UNITS.values() for form in forms)),
}  # fmt: skip
"""All that is ever said here, by kind of value."""


def digits(value: str) -> list[str]:
    """One digit after another."""
    return [_SIGNS.get(one) or _UNDER_100[int(one)] for one in value]


def number(value: Number) -> list[str]:
    """An integer, or a decimal number whose fraction is said digit by digit."""
    said = [*(["minus"] if value.negative else []), *_cardinal(value.whole)]
    return [*said, "point", *digits(value.fraction)] if value.fraction else said


def ordinal(value: int) -> list[str]:
    """``twenty-first``: the last word alone is different."""
    *head, last = _cardinal(value)
    return [*head, _ORDINALS[last]]


def money(value: Amount) -> list[str]:
    """An amount; of one below a whole, only the smaller units."""
    major, minor = CURRENCIES[value.currency]
    said = ["minus"] if value.negative else []
    if value.major or not value.minor:
        said += _counted(value.major, major)
        if value.minor:
            said.append("and")
    if value.minor:
        said += _counted(value.minor, minor)
    return said


def day(value: date, today: date | None) -> list[str]:
    """A date; with ``today``, as short as it can be understood on that day."""
    plain = [_MONTHS[value.month - 1], _ORDINALS[_UNDER_100[value.day]]]
    if today is None:
        return [*plain, *_year(value.year)]
    distance = (value - today) // timedelta(days=1)
    if distance in _NEAR_DAYS:
        return [_NEAR_DAYS[distance]]
    weekday = [_WEEKDAYS[value.weekday()]] if 1 < distance <= 7 else []
    return [*weekday, *plain, *([] if value.year == today.year else _year(value.year))]


def clock(value: time) -> list[str]:
    """A time of day on the dial of twelve hours."""
    if not value.minute and value.hour in (0, 12):
        return ["midnight" if value.hour == 0 else "noon"]
    said = [_UNDER_100[value.hour % 12 or 12]]
    if value.minute:
        said += [*(["oh"] if value.minute < 10 else []), _UNDER_100[value.minute]]
    return [*said, "a m" if value.hour < 12 else "p m"]


def moment(value: date, at: time, today: date | None) -> list[str]:
    """A date and a time of day."""
    return [*day(value, today), "at", *clock(at)]


def duration(value: Duration) -> list[str]:
    """Hours, minutes and seconds, those that are there."""
    parts = (("hour", value.hours), ("minute", value.minutes), ("second", value.seconds))
    said = [phrase for unit, count in parts if count for phrase in _counted(count, _UNITS[unit])]
    return said or _counted(0, _UNITS["second"])


def _cardinal(value: int) -> list[str]:
    for scale, name in _SCALES:
        if value >= scale:
            rest = value % scale
            return [*_cardinal(value // scale), name, *(_cardinal(rest) if rest else [])]
    if value >= 100:
        rest = value % 100
        return [_UNDER_100[value // 100], "hundred", *([_UNDER_100[rest]] if rest else [])]
    return [_UNDER_100[value]]


def _counted(count: int, forms: tuple[str, str]) -> list[str]:
    return [*_cardinal(count), forms[count != 1]]


def _year(year: int) -> list[str]:
    """``twenty twenty-six``, ``nineteen oh five``, but ``two thousand five``."""
    century, rest = divmod(year, 100)
    if (century % 10 == 0 and rest < 10) or year < 1_000:
        return _cardinal(year)
    if not rest:
        return [_UNDER_100[century], "hundred"]
    return [_UNDER_100[century], *(["oh"] if rest < 10 else []), _UNDER_100[rest]]
