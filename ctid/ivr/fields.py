"""The fields that a flow needs of an answer, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from ctid.ivr.values import MAX_VALUE_CHARS

_MAX_DIGITS: Final = 40
"""Before and after the point; a number beyond is none that anybody means."""


def fields(answer: Mapping[str, Any], paths: Iterable[str]) -> dict[str, str | None]:
    """Take fields out of an answer.

    Args:
        answer: The answer.
        paths: ``balance``, ``account.balance``, ``orders.0.state``.

    Returns:
        Path to text, cut off where attributes are; ``None`` where the answer says that there is nothing: by ``null``,
        or by a list that ends before.

    Raises:
        ValueError: A field is missing, or is neither text nor number, nor true or false, nor a moment; says which of
            these in one word, and nothing of the answer.
    """
    return {path: _text(_at(answer, path.split("."))) for path in paths}


def _at(answer: Any, path: list[str]) -> Any:
    found = answer
    for part in path:
        if found is None:
            return None
        if isinstance(found, list) and part.isdecimal() and len(part) < 10:
            found = found[int(part)] if int(part) < len(found) else None
        elif isinstance(found, Mapping) and part in found:
            found = found[part]
        else:
            raise ValueError("field-missing")
    return found


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str():
            return value[:MAX_VALUE_CHARS]
        case int() | float() | Decimal():
            return _number(Decimal(str(value)) if isinstance(value, float) else Decimal(value))
        case datetime() | date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            raise ValueError("field-kind")


def _number(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > _MAX_DIGITS or len(value.as_tuple().digits) > _MAX_DIGITS:
        raise ValueError("field-number")
    return format(value, "f")
