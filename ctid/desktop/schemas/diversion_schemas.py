"""Shapes of what takes contacts elsewhere than ctid would."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from ctid.desktop.schemas.bodies import Input
from ctid.desktop.schemas.call_control_schemas import Number, VoicemailTarget
from ctid.desktop.schemas.contact_schemas import ParkView
from ctid.desktop.schemas.general import View
from ctid.model.states import ContactState
from ctid.spec.base import Name


class DeflectBody(Input):
    """Where what an agent is being offered goes instead: one of them."""

    queue: Name | None = Field(default=None, description="It waits there, in its place.")
    agent: Name | None = Field(default=None, description="It is offered to this agent first.")
    number: Number | None = None
    voicemail: VoicemailTarget | None = Field(default=None, description="The caller leaves a message.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.queue, self.agent, self.number, self.voicemail)) != 1:
            raise ValueError("give one of queue, agent, number, voicemail")
        return self


class PickUpBody(Input):
    """Who picks the contact up."""

    agent: Name | None = Field(default=None, description="The agent; without, the one that the user is.")


class ParkBody(Input):
    """Who is to fetch the caller."""

    agent: Name | None = Field(default=None, description="A colleague; without, anybody who serves its queue.")


class WaitingContactView(View):
    """A contact that waits in a queue which the agent serves, as far as they need it to choose."""

    id: str
    channel: str
    state: ContactState
    queue: str
    ani: str | None = Field(description="Number calling; null if withheld.")
    customer: str | None = Field(description="Their name, if the directory knows them.")
    wait_ms: int
    park: ParkView | None = Field(description="Set if an agent has parked it.")
    offered_to: list[str] = Field(description="Agents who are being offered it.")
    version: int = Field(description="For If-Match.")
    allowed_actions: list[str] = Field(description="`pick_up`, if the agent can have it now.")


class WaitingContactsView(View):
    """What an agent may pick up, who waits longest first; 100 at most."""

    items: list[WaitingContactView]
