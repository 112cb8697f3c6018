"""Shapes of what desktops ask of calls, and of what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from ctid.desktop.bodies import Input
from ctid.desktop.schemas import AcceptedView, View
from ctid.spec.base import Name

Number = Annotated[
    str,
    StringConstraints(pattern=r"^\+?[0-9*#]{1,32}$"),
    Field(description="An extension or a number outside, as a phone would dial it.", examples=["+4930123456"]),
]


class TransferTarget(Input):
    """Where a contact is given on to: one of the three."""

    queue: Name | None = Field(default=None, description="It waits there, at the place of its first queue.")
    agent: Name | None = Field(
        default=None, description="It is offered to this agent; to others of its queue if they don't take it."
    )
    number: Number | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.queue, self.agent, self.number)) != 1:
            raise ValueError("give one of queue, agent, number")
        return self


class TransferBody(Input):
    """A blind transfer."""

    to: TransferTarget


class ConsultationBody(Input):
    """Whom the agent is about to call about the contact."""

    agent: Name


class CallBody(Input):
    """What an agent's phone is to dial."""

    number: Number


class ConsultationView(View):
    """An announced enquiry; the phones carry it out."""

    id: str
    contact_id: str
    from_agent: str
    to_agent: str
    number: str = Field(description="What the asking agent's phone dials.")
    created_at: datetime


class ConsultationAcceptedView(AcceptedView):
    """A command was carried out; this is the consultation."""

    consultation: ConsultationView


class CallAcceptedView(AcceptedView):
    """The agent's phone is about to dial."""

    number: str
