"""What all configuration models share."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A name of a queue, menu, agent …: it appears in URLs, metrics' labels and channel variables."""

Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
"""A key of a telephone that callers press."""

Level = Annotated[int, Field(ge=1, le=10)]
"""A proficiency, 1 (beginner) to 10."""

Seconds = Annotated[float, Field(ge=0, le=86_400)]
"""A duration in seconds, at most a day."""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A regular expression."""


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Spec(BaseModel):
    """Base of all configuration models: frozen, and a key that is not known is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)
