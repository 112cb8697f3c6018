"""What requests hold: bodies and queries, checked before anything is done with them."""

from __future__ import annotations

from datetime import MAXYEAR, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    field_validator,
    model_validator,
)

from ctid.model.states import AgentState, ContactState, Outcome
from ctid.spec.agent import Channel
from ctid.spec.base import Name
from ctid.spec.destination import AttributeKey
from ctid.spec.requirement import StepSpec, check_order

# PostgreSQL cannot keep NUL in text.
_NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(max_length=2_000, pattern=_NO_NUL)]
Cursor = Annotated[str, StringConstraints(max_length=256, pattern=r"^[A-Za-z0-9_.:=+/-]+$")]
Number = Annotated[str, StringConstraints(max_length=64, pattern=r"^[+0-9A-Za-z*#@._-]+$")]


def _has_a_date_everywhere(value: datetime) -> datetime:
    """In whatever zone it is told, it is in a year that a date can have."""
    if not 1970 <= value.year < MAXYEAR:
        raise ValueError(f"give a moment from 1970 on, and before {MAXYEAR}")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_has_a_date_everywhere)]


class Input(BaseModel):
    """Base of all input: a key that is not known is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentStateBody(Input):
    """The state an agent shall have. NOT_READY from LOGGED_OUT logs in."""

    state: Literal[AgentState.READY, AgentState.NOT_READY, AgentState.LOGGED_OUT]
    reason: Annotated[Name | None, Field(description="A reason code of the site, with NOT_READY.")] = None


class MembershipBody(Input):
    """How an agent serves one queue."""

    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    delay_seconds: Annotated[float, Field(ge=0, le=86_400)] = 0


class AgentProfileBody(Input):
    """What to change of an agent's profile (RFC 7396); what is absent stays as it is."""

    skills: Annotated[
        dict[Name, Annotated[int, Field(ge=1, le=10)] | None] | None,
        Field(max_length=500, description="Skill to level; null takes one away, or goes back to the configuration."),
    ] = None
    queues: Annotated[
        dict[Name, MembershipBody | None] | None,
        Field(max_length=500, description="Queues served; null takes one away, or goes back to the configuration."),
    ] = None


class AgentPhoneBody(Input):
    """What is to become of calls for an agent (RFC 7396); what is absent stays as it is."""

    do_not_disturb: Annotated[bool, Field(description="Nobody else has the agent's phone rung.")] = False
    forwarded_to: Annotated[
        str | None,
        Field(min_length=1, max_length=33, description="Calls for the agent go to this number; null: to their phone."),
    ] = None


class AttributesBody(RootModel[dict[AttributeKey, Text | None]]):
    """Attached data to merge (RFC 7396): a string sets a key, null removes it."""

    root: Annotated[dict[AttributeKey, Text | None], Field(max_length=50)]


class RoutingBody(Input):
    """What a waiting contact needs and where; what is absent stays as it is, and its place is kept in any case."""

    priority: Annotated[int | None, Field(ge=-1_000_000, le=1_000_000, description="Higher goes first.")] = None
    steps: Annotated[
        list[StepSpec] | None,
        Field(min_length=1, max_length=32, description="A requirement of its own; null goes back to the queue's."),
    ] = None
    queue: Annotated[Name | None, Field(description="The queue to wait in.")] = None

    @field_validator("steps")
    @classmethod
    def _in_order(cls, value: list[StepSpec] | None) -> list[StepSpec] | None:
        if value is not None:
            check_order(value)
        return value


class WrapUpBody(Input):
    """The result of a contact; what is absent stays as it is."""

    disposition: Annotated[Name | None, Field(description="A wrap-up code of the queue.")] = None
    notes: Text | None = None
    extend_seconds: Annotated[int | None, Field(ge=1, le=86_400, description="The wrap-up lasts so much longer.")] = (
        None
    )
    complete: Annotated[bool, Field(description="End the wrap-up, or the task, too.")] = False


class CaseBody(Input):
    """A case of the customer's."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_NO_NUL)]
    title: Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
    state: Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)] = ""
    url: Annotated[str | None, Field(max_length=2_000, pattern=r"^https?://[^\s\x00-\x1f]+$")] = None


class CustomerBody(Input):
    """Whose contact it is."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_NO_NUL)]
    name: Text
    tier: Text = ""
    language: Text = ""
    attributes: Annotated[dict[AttributeKey, Text], Field(max_length=50)] = {}
    cases: Annotated[list[CaseBody], Field(max_length=20)] = []


class ContactBody(Input):
    """A contact of another channel than voice."""

    channel: Channel
    queue: Name
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    attributes: Annotated[dict[AttributeKey, Text], Field(max_length=50)] = {}
    customer: CustomerBody | None = None


class AcceptBody(Input):
    """Nothing has to be said to accept an offer."""


class RejectBody(Input):
    """Nothing has to be said to reject an offer."""


class CallbackBody(Input):
    """Whom to call back: a contact that waits, or a number and the queue that it is for."""

    contact_id: Annotated[str | None, Field(description="A contact that waits in a queue.", max_length=128)] = None
    number: Annotated[
        str | None,
        Field(
            description="E.164 or as dialled in the site's country. Without, the waiting contact's own.", max_length=64
        ),
    ] = None
    queue: Annotated[Name | None, Field(description="For a new contact.")] = None
    attributes: Annotated[dict[AttributeKey, Text], Field(description="For a new contact.", max_length=50)] = {}
    priority: Annotated[int, Field(description="For a new contact.", ge=-1_000, le=1_000)] = 0
    not_before: Annotated[Moment | None, Field(description="No try before.")] = None

    @model_validator(mode="after")
    def _whom(self) -> Self:
        if self.contact_id is None and (self.number is None or self.queue is None):
            raise ValueError("give contact_id, or number and queue")
        if self.contact_id is not None and (self.queue is not None or self.attributes or self.priority):
            raise ValueError("queue, attributes and priority are for a new contact; this one has its own")
        return self


class CallbacksQuery(Input):
    """Which callbacks."""

    queue: Name | None = None


class ContactsQuery(Input):
    """Which live contacts."""

    state: ContactState | None = None
    queue: Name | None = None
    agent_id: Name | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Annotated[str | None, StringConstraints(pattern=r"^[0-9]{1,18}$")] = None


class RoutingQuery(Input):
    """In which language it is explained."""

    language: Annotated[Literal["en", "zh"], Field(description="Of every text.")] = "en"


class AgentsQuery(Input):
    """Which agents."""

    state: AgentState | None = None
    team: Name | None = None


class RecordsQuery(Input):
    """Which records."""

    since: Annotated[Moment | None, Field(description="Arrived at or after.")] = None
    until: Annotated[Moment | None, Field(description="Arrived before.")] = None
    queue: Name | None = None
    agent_id: Name | None = None
    outcome: Outcome | None = None
    disposition: Name | None = None
    ani: Number | None = None
    dnis: Number | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Cursor | None = None


class StaffingQuery(Input):
    """For which load, and to which end."""

    queue: Annotated[
        Name | None, Field(description="Its past calls tell what of the load is not given: calls, handling, patience.")
    ] = None
    days: Annotated[int, Field(ge=1, le=90, description="So many whole days until yesterday count as past.")] = 28
    hour: Annotated[
        int | None, Field(ge=0, le=23, description="Hour of the day in the site's zone; without, the busiest.")
    ] = None
    calls_per_hour: Annotated[float | None, Field(ge=0, le=1_000_000)] = None
    handling_seconds: Annotated[float | None, Field(gt=0, le=86_400, description="Mean of talk and wrap-up.")] = None
    patience_seconds: Annotated[
        float | None,
        Field(gt=0, le=86_400, description="Mean time that callers are ready to wait; without, for ever (Erlang C)."),
    ] = None
    target_percent: Annotated[
        float, Field(gt=0, le=99.9, description="Of all calls, to be served within target_seconds.")
    ] = 80
    target_seconds: Annotated[float, Field(ge=0, le=86_400)] = 20
    agents: Annotated[
        int | None, Field(ge=0, le=10_000, description="Tell what becomes of the calls with so many.")
    ] = None
    shrinkage_percent: Annotated[
        float, Field(ge=0, le=95, description="Paid time that agents are not at the phones.")
    ] = 0
