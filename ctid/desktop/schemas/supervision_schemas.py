"""Shapes of what supervisors ask for, and of what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from ctid.desktop.schemas.bodies import Input
from ctid.desktop.schemas.call_control_schemas import Number
from ctid.desktop.schemas.general import AcceptedView, View
from ctid.model.supervision import SupervisionMode, SupervisionState
from ctid.spec.agent import Device
from ctid.spec.base import Name


class SupervisedBody(Input):
    """Whose talk: one of the two."""

    agent: Name | None = Field(default=None, description="This agent's, whatever contact they have.")
    contact: Name | None = Field(default=None, description="That of this contact, whoever has it.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.agent is None) == (self.contact is None):
            raise ValueError("give one of agent, contact")
        return self


class SupervisorPhoneBody(Input):
    """A phone that `policy.supervision` allows: one of the two."""

    device: Device | None = None
    number: Number | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.device is None) == (self.number is None):
            raise ValueError("give one of device, number")
        return self


class SupervisionBody(Input):
    """A supervision to be begun."""

    of: SupervisedBody
    mode: SupervisionMode = SupervisionMode.MONITOR
    phone: SupervisorPhoneBody | None = Field(
        default=None, description="Which phone to ring; that of the agent who you are, if you are one and give none."
    )
    stays: bool = Field(
        default=False, description="Wait for the next talk of the agent, or of the contact, once this one is over."
    )


class SupervisionModeBody(Input):
    """Who is to hear the supervisor."""

    mode: SupervisionMode


class SupervisionView(View):
    """Somebody at an agent's talk."""

    id: str
    supervisor: str = Field(description="Who, as the audit trail names them.")
    supervisor_agent: str | None = Field(description="The agent who they are, if it is this agent's phone.")
    phone: str = Field(description="Device or number.")
    agent_id: str = Field(description="Who is supervised now.")
    contact_id: str | None = Field(description="Whose talk it is; null while the next one is waited for.")
    follows: Literal["agent", "contact"]
    stays: bool
    mode: SupervisionMode = Field(
        description="`monitor`: nobody hears the supervisor; `whisper`: the agent alone; `barge`: all in the talk."
    )
    state: SupervisionState
    told: bool = Field(description="Whether the agent is told of it.")
    created_at: datetime
    version: int = Field(description="For If-Match; raised with every change.")
    allowed_actions: list[str] = Field(description="Names of modes to change to, `take_over`, `end`.")


class SupervisionsView(View):
    """Supervisions that last."""

    items: list[SupervisionView]


class SupervisionAcceptedView(AcceptedView):
    """A command was carried out; this is the supervision."""

    supervision: SupervisionView
