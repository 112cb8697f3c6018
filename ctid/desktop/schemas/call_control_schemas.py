"""Shapes of what desktops ask of calls, and of what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from ctid.desktop.schemas.bodies import Input, Text
from ctid.desktop.schemas.contact_schemas import ContactView
from ctid.desktop.schemas.general import AcceptedView, View
from ctid.model.states import ConsultationState
from ctid.spec.base import Name
from ctid.spec.destination import AttributeKey, PhoneNumber

Number = Annotated[
    str,
    StringConstraints(pattern=r"^\+?[0-9*#]{1,32}$"),
    Field(description="An extension or a number outside, as a phone would dial it.", examples=["+4930123456"]),
]


class VoicemailTarget(Input):
    """Whom a message is for: one of the two."""

    agent: Name | None = None
    queue: Name | None = Field(default=None, description="For whoever serves it.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.agent is None) == (self.queue is None):
            raise ValueError("give one of agent, queue")
        return self


class TransferTarget(Input):
    """Where a contact is given on to: one of them."""

    queue: Name | None = Field(default=None, description="It waits there, at the place of its first queue.")
    agent: Name | None = Field(
        default=None, description="It is offered to this agent; to others of its queue if they don't take it."
    )
    number: Number | None = None
    voicemail: VoicemailTarget | None = Field(default=None, description="The caller leaves a message.")
    menu: Name | None = Field(default=None, description="As flow: a menu is a flow of its name.")
    flow: Name | None = Field(default=None, description="The caller goes through this flow, and on from there.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = (self.queue, self.agent, self.number, self.voicemail, self.menu, self.flow)
        if sum(each is not None for each in named) != 1:
            raise ValueError("give one of queue, agent, number, voicemail, menu, flow")
        return self


class TransferBody(Input):
    """A blind transfer."""

    to: TransferTarget


class MenuBody(Input):
    """Which menu or flow a caller is to go through: one of them. A menu is a flow of its name."""

    menu: Name | None = None
    flow: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.menu is None) == (self.flow is None):
            raise ValueError("give one of menu, flow")
        return self


class MuteBody(Input):
    """Whether the party is to be heard."""

    on: bool = Field(description="True: nobody hears them.")


class DigitsBody(Input):
    """What is sent to whom the agent talks to."""

    digits: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]{1,32}$")] = Field(examples=["1", "4711#"])


class ConsultationBody(Input):
    """Whom the agent wants to ask about the contact: a colleague, or with `dial` any number."""

    agent: Name | None = None
    number: Number | None = None
    dial: bool = Field(
        default=False,
        description="Whether ctid carries it out: puts the caller on hold and calls. Otherwise the agent's phone does.",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.agent is None) == (self.number is None):
            raise ValueError("give one of agent, number")
        if self.number is not None and not self.dial:
            raise ValueError("only a colleague is shown what they are called about; a number is given with dial")
        return self


class PartyBody(Input):
    """Who is called into the talk: a colleague, or any number."""

    agent: Name | None = None
    number: Number | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.agent is None) == (self.number is None):
            raise ValueError("give one of agent, number")
        return self


class CallBody(Input):
    """Whom an agent calls."""

    number: Number
    caller_id: PhoneNumber | None = Field(
        default=None, description="The number shown to them: one of the configuration's `own_calls.caller_ids`."
    )
    queue: Name | None = Field(
        default=None, description="On whose behalf: its dispositions and wrap-up. Without, the call is not wrapped up."
    )
    attributes: Annotated[dict[AttributeKey, Text], Field(default_factory=dict, max_length=50)]


class ConsultationView(View):
    """An enquiry; the phones carry it out, or ctid does."""

    id: str
    contact_id: str
    from_agent: str
    to_agent: str | None = Field(description="None if nobody of ours is asked.")
    number: str = Field(description="What the asking agent's phone dials, or ctid for it.")
    state: ConsultationState = Field(
        description="`announced`: the phones carry it out, and that is all that is known. Else ctid does."
    )
    joins: bool = Field(description="Whether they are called into the talk itself, without being asked first.")
    allowed_actions: list[str] = Field(description="`alternate`, `complete`, `confer`, `withdraw`.")
    leg_id: str | None = Field(description="Of who is asked, once ctid has called them.")
    created_at: datetime


class ConsultationAcceptedView(AcceptedView):
    """A command was carried out; this is the consultation."""

    consultation: ConsultationView


class CallAcceptedView(AcceptedView):
    """The agent's phone is rung, then whom they call; this is the contact."""

    number: str
    contact: ContactView
