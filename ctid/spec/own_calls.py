"""Calls that agents make by themselves: what they may show and dial, and what is never touched."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from ctid.spec.base import Spec
from ctid.spec.destination import PhoneNumber

Prefix = Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#]{1,20}$")]


class OwnCallsSpec(Spec):
    """Rules for calls that ctid places.

    Attributes:
        caller_id: The number that is shown outside; without it whatever the PBX gives the agent's phone.
        caller_ids: Numbers that an agent may have shown instead.
        blocked: Numbers that begin so are not dialled, for agents or for a callback; no emergency number is ever one of
            them.
        emergency_numbers: Emergency numbers beside those of the site's country.
        ring_seconds: How long it rings at who is called.
    """

    caller_id: PhoneNumber | None = None
    caller_ids: Annotated[list[PhoneNumber], Field(max_length=1_000)] = []
    blocked: Annotated[list[Prefix], Field(max_length=1_000)] = []
    emergency_numbers: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[0-9]{2,8}$")]], Field(max_length=50)
    ] = []
    ring_seconds: Annotated[float, Field(ge=5, le=300)] = 60
