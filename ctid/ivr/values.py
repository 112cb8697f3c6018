"""What attributes hold, as text in one form and as conditions see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from ctid.spec.flow import ValueType

MAX_VALUE_CHARS: Final = 2_000
"""Of an attribute."""


def normal(kind: ValueType, text: str) -> str:
    """The value in its one form.

    Raises:
        ValueError: It is none of that kind.
    """
    plain = text.strip()
    match kind:
        case "digits":
            if not plain or any(each not in "0123456789*#" for each in plain):
                raise ValueError("digits are 0 to 9, * and #")
        case "number":
            return format(_decimal(plain).normalize(), "f")
        case "money":
            amount = format(_decimal(plain).quantize(Decimal("0.001"), ROUND_HALF_UP), "f")
            # Three digits for the currencies that have so many; of others, people write two.
            return amount.removesuffix("0")
        case "date":
            return date.fromisoformat(plain[:10]).isoformat()
        case "time":
            return time.fromisoformat(plain).strftime("%H:%M")
        case "datetime":
            return datetime.fromisoformat(plain).replace(tzinfo=None).isoformat(timespec="minutes")
        case "flag":
            flags = {"true": "true", "1": "true", "yes": "true", "false": "false", "0": "false", "no": "false"}
            if plain.lower() not in flags:
                raise ValueError("a flag is true or false")
            return flags[plain.lower()]
        case _:
            return text
    return plain


def seen(kinds: Mapping[str, ValueType], attributes: Mapping[str, str]) -> dict[str, Any]:
    """The attributes as conditions see them; one that does not hold what it should is not there."""
    found: dict[str, Any] = {}
    for name, text in attributes.items():
        match kinds.get(name):
            case "number" | "money":
                try:
                    value = _decimal(text)
                except ValueError:
                    continue
                found[name] = int(value) if value == value.to_integral_value() else float(value)
            case "flag":
                try:
                    found[name] = normal("flag", text) == "true"
                except ValueError:
                    continue
            case _:
                found[name] = text
    return found


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("a number is digits, with a point before decimals") from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise ValueError("a number is less than 10^15")
    return value
