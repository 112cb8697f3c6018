"""Conditions of the configuration, in CEL (https://cel.dev), checked when they are read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Final

import cel
from pydantic import AfterValidator, StringConstraints

NAMES: Final = frozenset({"attributes", "ani", "dnis", "entry", "channel", "queue", "priority", "customer"})
"""What a condition may name; ``ctid.routing.conditions`` tells what each is."""

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
        raise ValueError(f"{text!r} is no CEL expression: {error}") from error


def _expression(text: str) -> str:
    program = compiled(text)
    for name in program.variables():
        if name not in NAMES and name not in _BOUND.findall(text):
            raise ValueError(f"{text!r}: there is no {name!r} to a contact; there is: {', '.join(sorted(NAMES))}")
    for name in program.functions():
        if not _OPERATOR.search(name) and name not in FUNCTIONS:
            raise ValueError(f"{text!r}: there is no function {name!r}; there is: {', '.join(sorted(FUNCTIONS))}")
    try:
        result = program.execute(_TYPICAL)
    except EVALUATION_ERRORS:
        # Of other contacts it may well hold: this one lacks an attribute.
        return text
    if not isinstance(result, bool):
        raise ValueError(f"{text!r} gives {result!r}, which is neither true nor false")
    return text


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

Condition = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(_expression)]
"""A CEL expression over a contact; see ``ctid.routing.conditions`` for what it may name."""
