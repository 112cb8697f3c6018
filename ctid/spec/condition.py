"""Conditions of the configuration, in CEL (https://cel.dev), checked when they are read."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import cel
from pydantic import AfterValidator, StringConstraints


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
    compiled(text)
    return text


Condition = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(_expression)]
"""A CEL expression over a contact; see ``ctid.routing.conditions`` for what it may name."""
