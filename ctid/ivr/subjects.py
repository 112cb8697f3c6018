"""Subjects: the queues, calendars and attributes that a condition of a flow is about, by name or by what gives it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from ctid.spec.condition import evaluated

_PLAIN: Final = (
    r"""\b{0}\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*["']([^"']+)["']\s*\])"""
    r"""|["']([^"']+)["']\s+in\s+{0}\b"""
)
_QUEUE: Final = re.compile(_PLAIN.format("queues"))
_CALENDAR: Final = re.compile(_PLAIN.format("calendars"))
_ATTRIBUTE: Final = re.compile(_PLAIN.replace(r"\b", r"(?<![\w.])", 1).format("attributes"))
_OF_CUSTOMER: Final = re.compile(r"""\bcustomer\.attributes\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*["']([^"']+)["']\s*\])""")

_TEXT: Final = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_MAP: Final = re.compile(r"(?<![\w.])(queues|calendars)\b(\s*\[)?(?!\s*\.)")
_FIELD: Final = re.compile(r"\s*\.\s*(\w+)")
_BRACKET: Final = re.compile(r"[\[\]]")


class Computed(NamedTuple):
    """A queue or a calendar whose name a condition computes: ``queues[attributes.department].free``.

    Attributes:
        of: What it is.
        name: The expression that gives the name.
        field: What the condition asks of it; empty if it asks for it as a whole.
    """

    of: Literal["queues", "calendars"]
    name: str
    field: str


Subjects = tuple[tuple[str, ...], tuple[str, ...]]
"""Queues, and calendars."""


def subjects(condition: str, about: Callable[[str], Mapping[str, Any]]) -> Subjects:
    """The queues and calendars that a condition is about; no others need to be looked at, for that takes time.

    Args:
        condition: In CEL.
        about: Gives what an expression that gives a name may name itself.
    """
    queues, calendars = named(condition)
    found = {"queues": [*queues], "calendars": [*calendars]}
    for each in computed(condition):
        name = evaluated(each.name, about(each.name))
        if isinstance(name, str):
            found[each.of].append(name)
    return tuple(dict.fromkeys(found["queues"])), tuple(dict.fromkeys(found["calendars"]))


@lru_cache(maxsize=4_096)
def named(condition: str) -> Subjects:
    """The queues and calendars that a condition has the names of."""
    return _names(_QUEUE.findall(condition)), _names(_CALENDAR.findall(condition))


@lru_cache(maxsize=4_096)
def computed(condition: str) -> tuple[Computed, ...]:
    """The queues and calendars whose names it computes."""
    # What stands in texts is no code; all else keeps its place.
    code = _TEXT.sub(lambda text: f"'{'_' * (len(text[0]) - 2)}'", condition)
    found: list[Computed] = []
    for begin in _MAP.finditer(code):
        end = _closing(code, begin.end()) if begin[2] else 0
        name = condition[begin.end() : end].strip()
        if end and not _TEXT.fullmatch(name):
            field = _FIELD.match(code, end + 1)
            found.append(Computed("queues" if begin[1] == "queues" else "calendars", name, field[1] if field else ""))
    return tuple(found)


def whole(condition: str) -> tuple[str, ...]:
    """The maps, ``queues`` and ``calendars``, that it names without a name in them, and of which it can see nothing."""
    code = _TEXT.sub("''", condition)
    # Whether a name is among them can be told of one that is looked at.
    asked = re.sub(r"''\s+in\s+(?:queues|calendars)\b", "", code)
    for each in computed(condition):
        asked = re.sub(rf"\s+in\s+{each.of}\b", "", asked)
    return tuple(dict.fromkeys(begin[1] for begin in _MAP.finditer(asked) if not begin[2]))


def attributes_named(condition: str) -> tuple[str, ...]:
    """The contact's attributes that a condition names."""
    return _names(_ATTRIBUTE.findall(condition))


def customer_attributes_named(condition: str) -> tuple[str, ...]:
    """The customer's attributes that a condition names."""
    return _names(_OF_CUSTOMER.findall(condition))


def _closing(code: str, start: int) -> int:
    """Where the bracket is closed that was opened before; 0 if it is not."""
    depth = 1
    for bracket in _BRACKET.finditer(code, start):
        depth += 1 if bracket[0] == "[" else -1
        if not depth:
            return bracket.start()
    return 0


def _names(found: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys("".join(each) for each in found))
