"""Call-tracking records: what is left of a contact once it is closed."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from ctid.desktop.schemas.contact_schemas import CustomerView, SegmentView, SpanView, StepView
from ctid.desktop.schemas.general import View
from ctid.model.offer import OfferCause
from ctid.model.states import Direction, OfferState, Outcome


class OfferResultView(View):
    """What became of one offer of a contact."""

    offer_id: str
    agent_id: str
    at: datetime
    rang_ms: int
    state: OfferState
    cause: OfferCause | None


class NodeVisitView(View):
    """A caller's stay in a node of a flow."""

    node: str
    title: str | None
    at: datetime
    duration_ms: int
    left_by: str = Field(
        description="on, key, digits, timeout, invalid, found, not_found, failed, recorded, ended; or by leaving the "
        "flow there: left, hung_up (a drop-out), content, back, taken_back, given_on, lost."
    )
    timeouts: int = Field(description="How often nothing was pressed.")
    invalid: int = Field(description="How often it was what meant nothing.")
    failure: str | None = Field(description="Why a lookup or a recording failed.")


class FlowVisitView(View):
    """A caller's stay in a flow, together with those that it has called."""

    flow: str
    version: str
    at: datetime
    duration_ms: int
    called: bool = Field(description="Another flow has called it.")
    result: str = Field(
        description="ended, left (for a destination), released (the flow hangs up), hung_up (a drop-out), "
        "content (hung up with what they came for), back (to the "
        "agent), taken_back (by the agent), given_on (by the agent), lost."
    )
    end: str | None = Field(description="The result that it ended with.")
    to_kind: str | None = Field(description="Left for this kind of step: queue, number, flow …")
    to_name: str | None
    contained: bool = Field(description="The IVR alone did all that was to be done for the call.")
    nodes: list[NodeVisitView] = Field(description="In order; those of a flow that it called are in that one's.")


class RecordView(View):
    """The call-tracking record of a closed contact."""

    contact_id: str
    site: str
    channel: str
    direction: Direction
    cause: str | None = Field(description="Why an own call reached nobody.")
    ani: str | None
    dnis: str
    entry: str | None
    customer: CustomerView | None
    queue: str | None = Field(description="The last queue.")
    agent_id: str | None = Field(description="Who served it last.")
    outcome: Outcome
    disposition: str | None
    notes: str | None
    attributes: dict[str, str]
    path: list[StepView]
    spans: list[SpanView] = Field(description="Every state with start and duration; they add up to the whole.")
    segments: list[SegmentView] = Field(description="Each agent's part, in order.")
    offers: list[OfferResultView]
    created_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime
    closed_at: datetime
    wait_ms: int
    talk_ms: int
    wrap_up_ms: int
    disposition_missing: bool = Field(description="The queue asks for one, and none was given in time.")
    flows: list[FlowVisitView] = Field(description="Every flow the caller was in, in order, with its nodes.")


class RecordsView(View):
    """Records, newest first."""

    items: list[RecordView]
    next_cursor: str | None
