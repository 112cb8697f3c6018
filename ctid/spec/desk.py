"""What a queue and a site give to the agents' and supervisors' pages: scripts, links, thresholds, a phone book."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ctid.spec.base import Spec
from ctid.spec.destination import PhoneNumber

PLACEHOLDERS: Final = ("ani", "dnis", "customer.id", "contact.id")
"""What a link's template may hold in braces, beside ``attributes.KEY``."""

_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_ATTRIBUTE: Final = re.compile(r"attributes\.[A-Za-z_][A-Za-z0-9_.-]{0,63}")
# The host stands in the configuration: whom a browser is sent to is never up to a caller or an integrator.
_FIXED_HOST: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+([/?#]|$)")
_URL_CHARACTERS: Final = re.compile(r"[!#-;=?-\[\]_a-z{}~]+")


def _template(text: str) -> str:
    if not _FIXED_HOST.match(text):
        raise ValueError(
            f"{text!r} is no link; write http:// or https://, a host without placeholders, then the rest: "
            "for example https://crm.example/customers/{customer.id}"
        )
    if not _URL_CHARACTERS.fullmatch(text):
        raise ValueError(f"{text!r} holds characters that a URL can't; percent-encode them")
    for name in _BRACES.findall(text):
        if name not in PLACEHOLDERS and not _ATTRIBUTE.fullmatch(name):
            there = ", ".join(f"{{{each}}}" for each in (*PLACEHOLDERS, "attributes.KEY"))
            raise ValueError(f"there is no placeholder {{{name}}}; there is: {there}")
    if any(brace in _BRACES.sub("", text) for brace in "{}"):
        raise ValueError(f"{text!r} holds a brace without its counterpart")
    return text


class LinkSpec(Spec):
    """A link of the screen pop, made for each contact.

    Attributes:
        name: For people.
        url: Its template; see ``PLACEHOLDERS``. Values are percent-encoded.
        embed: Shown within the page instead of being opened beside it; the site it leads to has to allow that.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    url: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_template)]
    embed: bool = False

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The template cut up: text, placeholder, text, placeholder, … text."""
        return tuple(_BRACES.split(self.url))


class RisingSpec(Spec):
    """Two thresholds of a number that is bad when it is high.

    Attributes:
        warn: From here on it is to be looked at.
        alarm: From here on something is to be done.
    """

    warn: Annotated[float, Field(ge=0)]
    alarm: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.alarm < self.warn:
            raise ValueError("alarm is less than warn; a number that is bad when high warns first")
        return self


class FallingSpec(Spec):
    """Two thresholds of a number that is bad when it is low.

    Attributes:
        warn: Below this it is to be looked at.
        alarm: Below this something is to be done.
    """

    warn: Annotated[float, Field(ge=0, le=100)]
    alarm: Annotated[float, Field(ge=0, le=100)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.alarm > self.warn:
            raise ValueError("alarm is more than warn; a number that is bad when low warns first")
        return self


class ThresholdsSpec(Spec):
    """What colours a queue's numbers on the wallboard, and has them notified.

    Attributes:
        waiting: Contacts that wait.
        longest_wait_seconds: The longest wait of those.
        service_level_percent: The service level of today.
        abandoned_percent: Of those offered today; short abandons left out of both.
    """

    waiting: RisingSpec | None = None
    longest_wait_seconds: RisingSpec | None = None
    service_level_percent: FallingSpec | None = None
    abandoned_percent: RisingSpec | None = None


class PhoneBookEntry(Spec):
    """A number that agents transfer to or dial.

    Attributes:
        name: For people.
        number: As the PBX dials it.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    number: PhoneNumber
