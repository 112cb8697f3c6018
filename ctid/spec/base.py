"""What all configuration models share."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import SchemaError, SchemaValidator, core_schema

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A name of a queue, menu, agent …: it appears in URLs, metrics' labels and channel variables."""

Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
"""A key of a telephone that callers press."""

Level = Annotated[int, Field(ge=1, le=10)]
"""A proficiency, 1 (beginner) to 10."""

Seconds = Annotated[float, Field(ge=0, le=86_400)]
"""A duration in seconds, at most a day."""


FORMS: dict[str, str] = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "a name has up to 64 letters (a to z), digits, '.', '_' and '-', no blanks",
    r"^[0-9*#]$": "a key is one of 0 to 9, * and #",
    r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$": "an attribute's name has letters (a to z), digits, '_', '.' and '-'",
    r"^[A-Za-z0-9/_.-]{1,200}$": "a sound's name has letters (a to z), digits, '/', '_', '.' and '-'",
    r"^[A-Z]{3}$": "a currency is three capital letters, such as EUR",
}
"""What is right, for people, where a text is not as a regular expression of ours has it."""


@lru_cache(maxsize=4_096)
def _matcher(pattern: str) -> SchemaValidator:
    # Its time is linear in the text, whatever the expression: callers enter texts, and must not hold up others.
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def matches(pattern: str, text: str) -> bool:
    """Whether a regular expression matches the text as a whole."""
    return _matcher(f"^(?:{pattern})$").isinstance_python(text)


def _pattern(text: str) -> str:
    try:
        _matcher(text)
        matches(text, "")
    except SchemaError as error:
        why = str(error).strip().splitlines()[-1].strip()
        raise ValueError(f"{text!r} is no regular expression: {why.removeprefix('error: ')}") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A regular expression, without looking around and back."""


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Spec(BaseModel):
    """Base of all configuration models: frozen, and a key that is not known is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)
