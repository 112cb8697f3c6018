"""Spoken: a value of a kind becomes phrases of a language, each of which is known, and so rendered, beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Final, Protocol

from ctid.ivr.spoken import chinese, english, values
from ctid.ivr.spoken.values import Amount, Duration, Number, Value

LANGUAGES: Final = ("en", "zh")
"""Languages that values can be said in."""

KINDS: Final = ("digits", "number", "ordinal", "money", "date", "time", "datetime", "duration")
"""What a value can be said as."""


class _Language(Protocol):
    """What the module of a language has."""

    @property
    def VOCABULARY(self) -> Mapping[str, tuple[str, ...]]: ...

    def digits(self, value: str) -> list[str]: ...
    def number(self, value: Number) -> list[str]: ...
    def ordinal(self, value: int) -> list[str]: ...
    def money(self, value: Amount) -> list[str]: ...
    def day(self, value: date, today: date | None) -> list[str]: ...
    def clock(self, value: time) -> list[str]: ...
    def moment(self, value: date, at: time, today: date | None) -> list[str]: ...
    def duration(self, value: Duration) -> list[str]: ...


_MODULES: Final[dict[str, _Language]] = {"en": english, "zh": chinese}


def phrases(
    kind: str, value: Value, language: str, *, currency: str = "", today: str | date | None = None
) -> list[str]:
    """What is said of a value, phrase by phrase; all of them are in ``vocabulary(language, [kind])``.

    Args:
        kind: One of ``KINDS``.
        value: ``digits``: ``0049 30…``; ``number`` and ``money``: ``-1234.56``; ``ordinal``: ``21``; ``date``:
            ``2026-11-29``; ``time``: ``14:05``; ``datetime``: ``2026-11-29T14:05``; ``duration``: seconds, which are
            rounded to minutes from two minutes on.
        language: BCP 47 tag; its first part counts.
        currency: ISO 4217, for ``money``.
        today: For ``date`` and ``datetime``: the day on which it is said. With it, that day and those beside it have
            their names (today, tomorrow, yesterday), a day of the next week is said with its weekday, and the same
            year is left out.

    Raises:
        ValueError: The kind or language is not known, or the value not of its kind; says what would be right.
    """
    spoken = _MODULES[primary(language)]
    match kind:
        case "digits":
            return spoken.digits(values.read_digits(value))
        case "number":
            return spoken.number(values.read_number(value))
        case "ordinal":
            return spoken.ordinal(values.read_ordinal(value))
        case "money":
            return spoken.money(values.read_money(value, currency))
        case "date":
            return spoken.day(values.read_date(value), values.read_today(today))
        case "time":
            return spoken.clock(values.read_time(value))
        case "datetime":
            return spoken.moment(*values.read_datetime(value), values.read_today(today))
        case "duration":
            return spoken.duration(values.read_duration(value))
        case _:
            raise ValueError(f"a value is said as one of {', '.join(KINDS)}")


def vocabulary(language: str, kinds: Iterable[str] = KINDS) -> tuple[str, ...]:
    """All phrases that ``phrases`` can give in a language, for values of these kinds.

    Raises:
        ValueError: Values can't be said in it.
    """
    known = _MODULES[primary(language)].VOCABULARY
    return tuple(dict.fromkeys(phrase for kind in kinds for phrase in known[kind]))


def primary(language: str) -> str:
    """The language that a tag is of: ``en`` of ``en-GB``.

    Raises:
        ValueError: Values can't be said in it.
    """
    first = language.replace("_", "-").partition("-")[0].lower()
    if first not in _MODULES:
        raise ValueError(f"values are said in {' or '.join(LANGUAGES)}")
    return first
