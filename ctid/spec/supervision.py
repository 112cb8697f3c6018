"""How supervision is done at a site: whether agents are told of it, and from which phones."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ctid.model.supervision import SupervisionMode
from ctid.spec.agent import Device
from ctid.spec.base import Pattern, Spec, matches


class TellAgentSpec(Spec):
    """Whether an agent is told who supervises them, by how; barge and whisper can be heard anyway."""

    monitor: bool = True
    whisper: bool = True
    barge: bool = True


class SupervisionSpec(Spec):
    """Rules of supervision.

    Attributes:
        tell_agent: Whether agents are told; for all modes, or for each.
        devices: Phones from which it is done, beside that of the agent who the supervisor is, if they are one.
        numbers: Regular expressions; a number that one of them matches as a whole may be dialled for it.
    """

    tell_agent: bool | TellAgentSpec = True
    devices: Annotated[list[Device], Field(max_length=1_000)] = []
    numbers: Annotated[list[Pattern], Field(max_length=100)] = []

    def tells(self, mode: SupervisionMode) -> bool:
        """Whether an agent is told of a supervision in this mode."""
        told = self.tell_agent
        return told if isinstance(told, bool) else bool(getattr(told, mode))

    def allows_number(self, number: str) -> bool:
        """Whether a number may be dialled for a supervision."""
        return any(matches(each, number) for each in self.numbers)
