"""Contacts as answers and events show them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ctid.desktop.schemas.desk_schemas import CaseView, LinkView, RecentContactView
from ctid.desktop.schemas.general import AcceptedView, View
from ctid.model.recording import RecordingState
from ctid.model.states import ContactState, Direction, LegState, Outcome, Party


class CustomerView(View):
    """What the customer directory knows of the caller."""

    id: str
    name: str
    tier: str
    language: str = Field(description="BCP 47 tag, or empty.")
    attributes: dict[str, str]
    cases: list[CaseView] = Field(description="Open cases, those to be shown first in front.")


class StepView(View):
    """One step of a contact's way."""

    at: datetime
    kind: str = Field(
        description="entry, queue, key (while waiting), announcement, callback, transfer, park or call; in flows flow, "
        "node (its name as flow/node), key, digits, confirm, fetch, record, end and, once they are in none any more, "
        "left."
    )
    name: str
    result: str | None
    title: str | None = Field(description="Of a flow or its node, for people.")


class SpanView(View):
    """A stretch of time in one state."""

    state: ContactState
    at: datetime
    duration_ms: int | None = Field(description="By the monotonic clock; null while it lasts.")
    queue: str | None
    agent_id: str | None


class LegView(View):
    """One channel of a contact."""

    id: str
    party: Party
    agent_id: str | None
    state: LegState
    muted: bool = Field(description="Whether what this party says is kept from the others.")


class CallbackView(View):
    """That and how a customer is to be called back."""

    number: str = Field(description="E.164.")
    requested_at: datetime
    expires_at: datetime = Field(description="When it is given up.")
    attempts: int = Field(description="How often the customer was dialled.")
    not_before: datetime | None = Field(description="No try before; null if none was set.")
    dialling: bool = Field(description="Whether their phone is being rung now.")
    last_cause: str | None = Field(description="Why the last try failed, or why it was given up.")


class ParkView(View):
    """That an agent has parked a contact."""

    by: str = Field(description="Who parked it.")
    agent: str | None = Field(description="The colleague who is to fetch it; null for anybody who serves its queue.")
    at: datetime
    until: datetime | None = Field(description="When it goes back to who parked it, then to its queue.")
    returned: bool = Field(description="Nobody has fetched it in time: it is offered again.")


class SegmentView(View):
    """One agent's part in a contact: talk, then a wrap-up of their own."""

    agent_id: str
    queue: str
    at: datetime
    talk_ms: int | None = Field(description="Null while they talk.")
    wrap_up_ms: int | None = Field(description="Null while they talk or wrap up.")
    result: str | None = Field(
        description="How the talk ended for them: ended, transferred, parked, taken_over, returned."
    )
    disposition: str | None
    notes: str | None


class ContactRecordingView(View):
    """The recording that is made of the present agent's talk."""

    id: str
    state: RecordingState = Field(
        description="`armed`: nothing is kept until somebody asks for it. `held`: silent while the caller is on hold."
    )


class ContactView(View):
    """A contact with everything that is known of it."""

    id: str
    channel: str
    direction: Direction = Field(description="Of calls outside the ACD `outbound` and `internal`, too.")
    state: ContactState
    outcome: Outcome | None
    cause: str | None = Field(
        description="Why an own call reached nobody: busy, no_answer, rejected, unreachable, agent_left … else null."
    )
    emergency: bool | None = Field(
        description="An emergency service is called, which only the agent ends; null once only the record is left."
    )
    called: str | None = Field(description="The colleague who is called by an own call.")
    ani: str | None = Field(description="Number calling, E.164 where known; null if withheld.")
    dnis: str = Field(description="Number dialled.")
    entry: str | None
    queue: str | None
    priority: int | None = Field(description="Higher goes first; null once only the record is left.")
    customer: CustomerView | None
    attributes: dict[str, str]
    path: list[StepView]
    spans: list[SpanView]
    segments: list[SegmentView] = Field(description="Each agent's part, in order.")
    legs: list[LegView]
    offer_ids: list[str] = Field(description="The offers that are out; the accepted one while an agent serves it.")
    agent_id: str | None
    callback: CallbackView | None = Field(description="Null for those who called; null once only the record is left.")
    recording: ContactRecordingView | None = Field(description="Null while the talk is not recorded.")
    park: ParkView | None = Field(description="Set while it is parked, and until it is served again after that.")
    created_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    wait_ms: int
    position: int | None = Field(description="Among those who wait in its queue, from 1; null while it does not wait.")
    expected_wait_ms: int | None = Field(
        description="What is left of the wait it was promised: it only ever falls; null if that can't be told."
    )
    disposition: str | None
    disposition_missing: bool = Field(description="The queue asks for one, and none was given yet.")
    notes: str | None
    script: str | None = Field(description="Of its queue, for the agent to read; null once only the record is left.")
    links: list[LinkView] = Field(description="Made from the queue's templates; empty once only the record is left.")
    recent: list[RecentContactView] = Field(
        description="The last contacts of the same customer or number, newest first, as they were at arrival; empty "
        "once only the record is left."
    )
    version: int | None = Field(description="For If-Match; null once only the record is left.")
    allowed_actions: list[str]


class ContactsView(View):
    """Live contacts in order of arrival."""

    items: list[ContactView]
    next_cursor: str | None


class ContactAcceptedView(AcceptedView):
    """A command was carried out; this is the contact now."""

    contact: ContactView
