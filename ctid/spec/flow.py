"""Flows: what callers hear, are asked and may do, as named nodes that lead to each other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ctid.spec.base import Name, Spec, matches
from ctid.spec.destination import AttributeKey
from ctid.spec.nodes import CheckSpec, CollectNode, Node
from ctid.spec.say import Language

LANGUAGE: Final = "language"
"""The attribute that holds the caller's language."""

ValueType = Literal["text", "digits", "number", "money", "date", "time", "datetime", "flag"]
"""What an attribute holds: conditions see ``number`` and ``money`` as numbers, ``flag`` as true or false."""


class FlowSpec(Spec):
    """A flow.

    Attributes:
        title: For people.
        start: The node it begins with.
        languages: That its texts are in; the first is for callers whose own is not among them.
        attributes: Attribute to what it holds, of those that it reads, collects or fetches; others hold text.
        nodes: Its nodes.
    """

    title: Annotated[str, StringConstraints(max_length=200)] = ""
    start: Name
    languages: list[Language] = Field(default=["en"], min_length=1)
    attributes: dict[AttributeKey, ValueType] = {}
    nodes: dict[Name, Node] = Field(min_length=1, max_length=1_000)

    @cached_property
    def version(self) -> str:
        """Names this very content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    @cached_property
    def sensitive(self) -> frozenset[str]:
        """Attributes whose digits only lookups see."""
        asked = (node.collect for node in self.nodes.values() if isinstance(node, CollectNode))
        return frozenset(spec.into for spec in asked if spec.sensitive)


def flow_name(name: str) -> str:
    """The name without a version."""
    return name.partition("@")[0]


def language_of(languages: Sequence[str], wanted: str) -> str:
    """The language that suits the caller best: the wanted one, one like it, or the first.

    Tags are compared as RFC 4647 looks them up, whatever their case; others write them with ``_``.
    """
    known = {tag.lower(): tag for tag in reversed(languages)}
    tag = wanted.replace("_", "-").lower()
    primary = tag.partition("-")[0]
    while tag:
        if tag in known:
            return known[tag]
        tag = tag.rpartition("-")[0]
    return next((tag for tag in languages if tag.partition("-")[0] == primary), languages[0])


def acceptable(check: CheckSpec, digits: str) -> bool:
    """Whether digits are what they must be."""
    if check.pattern is not None and not matches(check.pattern, digits):
        return False
    return not check.luhn or _is_luhn(digits)


def _is_luhn(digits: str) -> bool:
    if not digits.isdecimal():
        return False
    doubled = (int(each) * (1 + at % 2) for at, each in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
