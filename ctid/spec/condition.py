"""Conditions of the configuration, in CEL (https://cel.dev), checked when they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final

import cel
from pydantic import AfterValidator, StringConstraints

FUNCTIONS: Final = frozenset({
    "contains", "startsWith", "endsWith", "matches", "size", "type",
    "string", "int", "uint", "double", "bytes", "dyn", "timestamp", "duration",
    "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
    "getHours", "getMinutes", "getSeconds", "getMilliseconds",
})  # fmt: skip
"""The functions of CEL that there are."""

EVALUATION_ERRORS: Final = (RuntimeError, LookupError, TypeError, ValueError, ArithmeticError)
"""What evaluating may raise: a key that is not there, types that don't go together, a number too big …"""

# The library counts the variable that a macro binds among those the expression needs.
_BOUND: Final = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_LITERAL: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_OPERATOR: Final = re.compile(r"[^A-Za-z]")


@lru_cache(maxsize=4_096)
def compiled(text: str) -> cel.Program:
    """The condition, ready to be evaluated.

    Raises:
        ValueError: It is no CEL expression; the message tells where it goes wrong.
    """
    try:
        return cel.compile(text)
    except ValueError as error:
        why = str(error).splitlines()[0].partition(" expecting {")[0]
        raise ValueError(f"{text!r} is no CEL expression: {why}{_advice(text)}") from error


def _advice(text: str) -> str:
    """What those may have meant who know other languages."""
    code = _LITERAL.sub("''", text)
    meant = {
        "a comparison is written ==": re.search(r"(?<![=!<>])=(?!=)", code),
        "and, or and not are written &&, || and !": re.search(r"\b(?:and|or|not)\b", code, re.IGNORECASE),
    }
    return "".join(f"; {advice}" for advice, found in meant.items() if found)


def holds(condition: str, about: Mapping[str, Any]) -> bool | None:
    """Tell whether the condition holds; ``None`` if that can't be told, an attribute it names being absent, say."""
    result = evaluated(condition, about)
    return result if isinstance(result, bool) else None


def evaluated(expression: str, about: Mapping[str, Any]) -> Any:
    """What the expression gives; ``None`` if that can't be told."""
    program = compiled(expression)
    # Only what it names: turning all of it into values of CEL takes many times as long as the expression itself.
    named = {name: about[name] for name in program.variables() if name in about}
    try:
        return program.execute(named)
    except EVALUATION_ERRORS:
        return None


def _checked(text: str, typical: Mapping[str, Any]) -> str:
    program = compiled(text)
    for name in program.variables():
        if name not in typical and name not in _BOUND.findall(text):
            raise ValueError(f"{text!r}: there is no {name!r} to a contact; there is: {', '.join(sorted(typical))}")
    for name in program.functions():
        if not _OPERATOR.search(name) and name not in FUNCTIONS:
            raise ValueError(f"{text!r}: there is no function {name!r}; there is: {', '.join(sorted(FUNCTIONS))}")
    try:
        result = program.execute(dict(typical))
    except EVALUATION_ERRORS:
        # Of other contacts it may well hold: this one lacks an attribute.
        return text
    if not isinstance(result, bool):
        raise ValueError(f"{text!r} gives {result!r}, which is neither true nor false")
    return text


def _expression(text: str) -> str:
    return _checked(text, _TYPICAL)


def _flow_expression(text: str) -> str:
    return _checked(text, TYPICAL_IN_FLOW)


_TYPICAL: Final = {
    "attributes": {},
    "ani": "+4930123456",
    "dnis": "100",
    "entry": "hotline",
    "channel": "voice",
    "queue": "sales",
    "priority": 0,
    "customer": {"id": "1", "name": "Carla", "tier": "gold", "language": "de", "attributes": {}},
}

TYPICAL_IN_FLOW: Final[Mapping[str, Any]] = {
    **_TYPICAL,
    "language": "en",
    "calendars": {},
    "queues": {},
    "now": {"year": 2026, "month": 11, "day": 29, "weekday": 7, "hour": 14, "minute": 5},
}
"""What a condition of a flow may name, as it might be."""

Condition = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(_expression)]
"""A CEL expression over a contact; see ``ctid.routing.conditions`` for what it may name."""

FlowCondition = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(_flow_expression)]
"""A CEL expression over a contact in a flow; see ``ctid.ivr.world`` for what it may name."""
