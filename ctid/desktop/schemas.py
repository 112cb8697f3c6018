"""What answers hold: the shape of every view, for the API's description and for the test that keeps it true."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ctid.desktop.desk_schemas import (
    CaseView,
    LinkView,
    NumbersView,
    RecentContactView,
    TargetLevelView,
    ThresholdsView,
)
from ctid.model.offer import OfferCause
from ctid.model.recording import RecordingState
from ctid.model.states import AgentState, ContactState, Direction, LegState, OfferState, Outcome, Party


class View(BaseModel):
    """Base of all answers: nothing goes out that is not documented."""

    model_config = ConfigDict(extra="forbid")


class ChannelView(View):
    """How many contacts of one channel an agent may have, and has."""

    capacity: int
    in_use: int


class MembershipView(View):
    """How an agent serves one queue."""

    priority: int = Field(description="Added, for this agent, to the priority of contacts that wait there.")
    delay_seconds: float = Field(description="They help out once a contact has waited so long there.")


class TaskView(View):
    """A contact that an agent has at hand beside their calls."""

    contact_id: str
    channel: str
    since: datetime
    interrupted: bool = Field(description="A call has the agent's attention now.")


class PhoneSaidView(View):
    """What a phone does by itself: it refused what it was last called for, without having rung or at once."""

    state: Literal["do_not_disturb", "forwarded"]
    cause: OfferCause = Field(description="busy (486), rejected (603), no_answer (480) or forwarded (302).")
    forwarded_to: str | None = Field(description="Where it sends its calls, as far as the PBX tells.")
    since: datetime = Field(description="When it did so first. Until it rings, is answered, or registers anew.")


class PhoneStateView(View):
    """What becomes of calls for an agent."""

    state: Literal["rings", "do_not_disturb", "forwarded", "unreachable"] = Field(
        description="What it comes to: by what was set, else by what the phone does itself."
    )
    do_not_disturb: bool = Field(description="Set: nobody else has the phone rung; nothing is offered that rings it.")
    forwarded_to: str | None = Field(
        description="Set: calls for the agent go to this number; nothing is offered that rings the phone."
    )
    said: PhoneSaidView | None = Field(description="What the phone does by itself.")


class AgentView(View):
    """An agent with state, skills, phone and what they work on."""

    id: str
    name: str
    team: str | None
    skills: dict[str, int] = Field(description="Skill to level, 1 to 10, as it counts now.")
    queues: dict[str, MembershipView] = Field(description="Queues served; empty: every queue whose needs they meet.")
    groups: list[str]
    live_changes: list[str] = Field(description="What was changed while running: skills, queues.")
    device: str | None = Field(description="The phone, as Asterisk dials it; null once removed from the site.")
    device_reachable: bool
    device_in_use: bool = Field(description="In a call or ringing; while one of their own lasts, nothing is offered.")
    phone: PhoneStateView
    state: AgentState
    reason: str | None = Field(
        description="Why NOT_READY: a reason code of the site or the system. Why BUSY: non-acd-call, with an own call."
    )
    since: datetime = Field(description="When the state began.")
    pending_state: AgentState | None = Field(description="What follows when the present work ends.")
    pending_reason: str | None
    channels: dict[str, ChannelView]
    tasks: list[TaskView] = Field(description="Contacts of other channels than voice that they have at hand.")
    offer_id: str | None = Field(description="The offer that reserves them.")
    contact_id: str | None = Field(description="The contact they serve or wrap up.")
    own_calls: list[str] = Field(
        description="Contacts of calls outside the ACD that they make or take now. BUSY with one that ctid has placed, "
        "the reason is non-acd-call."
    )
    wrap_up_until: datetime | None = Field(description="When the wrap-up ends by itself.")
    desktops: int = Field(description="Connected desktop sessions.")
    version: int = Field(description="For If-Match; raised with every change.")
    allowed_actions: list[str]


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
        description="entry, queue, announcement, callback, transfer, park or call; in flows flow, node (its "
        "name as flow/node), key, digits, confirm, fetch, record, end and, once they are in none any more, left."
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


class MenuChoiceView(View):
    """A menu, or a node of a flow that offered a choice, by its title, and then a key that was pressed in it."""

    menu: str | None = None
    key: str | None = None


class ReturnedView(View):
    """That a contact which was given on was not taken."""

    by: str = Field(description="The agent or the number that it was given on to.")
    cause: str = Field(description="`rejected`, `busy`, `no_answer`, `unreachable`, `no_time` …")


class ScreenPopView(View):
    """What an agent's screen shows before the phone rings."""

    ani: str | None
    dnis: str
    entry: str | None
    queue: str | None
    menu_path: list[MenuChoiceView]
    wait_ms: int
    attributes: dict[str, str]
    customer: CustomerView | None
    callback: CallbackView | None = Field(description="Set if the customer is called back: they are dialled for you.")
    returned: ReturnedView | None = Field(description="Set if it was given on to somebody who did not take it.")
    park: ParkView | None = Field(description="Set if it is parked, or was and nobody fetched it: why you are asked.")
    script: str | None = Field(description="Of the queue, to read while you talk.")
    links: list[LinkView] = Field(description="Made from the queue's templates; those that lack a value are left out.")
    recent: list[RecentContactView] = Field(description="The last contacts of the same customer or number.")
    created_at: datetime


class OfferView(View):
    """An offer with its screen pop."""

    id: str
    state: OfferState
    cause: OfferCause | None = Field(description="Why it was not accepted.")
    contact_id: str
    agent_id: str
    queue: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    pop: ScreenPopView | None
    allowed_actions: list[str]


class NeedView(View):
    """What an agent must be; all that is given must hold."""

    skills: dict[str, int]
    groups: list[str]
    agents: list[str]
    agent_from: str | None = Field(description="Attribute of the contact that names the agent.")
    all: list[NeedView]
    any: list[NeedView]
    none: list[NeedView]


class RequirementView(NeedView):
    """A step of what a queue asks of agents; it adds to the steps before."""

    after_seconds: float
    expected_wait_seconds: float | None = Field(description="In force, too, once the expected wait is longer.")
    prefer: NeedView | None = Field(description="Among the able agents, these go first.")
    skip_if_absent: bool = Field(description="Not waited for if nobody who is logged in meets it.")


class QueueView(View):
    """A queue's present numbers."""

    id: str
    name: str
    waiting: int = Field(description="Contacts waiting, those being offered among them.")
    offered: int
    connected: int
    wrap_up: int
    longest_wait_ms: int
    expected_wait_ms: int | None = Field(description="Of a contact that would enter now; null if it can't be told.")
    agents_able: int = Field(description="Agents at work who are able to serve the queue's first step.")
    agents_free: int = Field(description="Those of them who are free now.")
    steps: list[RequirementView]
    today: NumbersView = Field(description="Since the site's local midnight.")
    service_level_target: TargetLevelView
    thresholds: ThresholdsView
    dispositions: list[str] = Field(description="Codes that a wrap-up here may be given.")
    disposition_required: bool


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


class CodeView(View):
    """A code and what people read for it."""

    code: str
    label: str
    system: bool = Field(description="Given by the system; not to be chosen.")


class AgentsView(View):
    """Agents, by id."""

    items: list[AgentView]


class ContactsView(View):
    """Live contacts in order of arrival."""

    items: list[ContactView]
    next_cursor: str | None


class QueuesView(View):
    """Queues, as configured."""

    items: list[QueueView]


class RecordsView(View):
    """Records, newest first."""

    items: list[RecordView]
    next_cursor: str | None


class CodesView(View):
    """Codes, as configured."""

    items: list[CodeView]


class SiteView(View):
    """The site and the process that owns it now."""

    site: str
    release: str
    epoch: str = Field(description="Of the event stream.")
    seq: int = Field(description="Last position of the event stream.")
    timezone: str
    country: str


class AcceptedView(View):
    """A command was carried out."""

    command_id: str = Field(description="Events that result carry it as caused_by.")


class AgentAcceptedView(AcceptedView):
    """A command was carried out; this is the agent now."""

    agent: AgentView


class ContactAcceptedView(AcceptedView):
    """A command was carried out; this is the contact now."""

    contact: ContactView


class OfferAcceptedView(AcceptedView):
    """A command was carried out; this is the offer now."""

    offer: OfferView


class FaultView(View):
    """One thing wrong with a request."""

    pointer: str | None = Field(None, description="JSON pointer into the body, as a URI fragment.")
    parameter: str | None = Field(None, description="Parameter of the query.")
    header: str | None = None
    detail: str


class ProblemView(View):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; branch on this one.")
    instance: str
    pointer: str | None = Field(None, description="The first fault's place in the body.")
    errors: list[FaultView] | None = None
    current: str | None = Field(None, description="The present state that stands against it.")
    allowed_actions: list[str] | None = None
    retry_at: datetime | None = Field(None, description="Of a locked sign-in: when to try again.")


class ComponentView(View):
    """One part of the daemon."""

    name: str
    ok: bool
    detail: str


class ReadinessView(View):
    """Whether the daemon can do its work, and which part cannot."""

    status: Literal["ready", "not ready"]
    components: list[ComponentView]


class HealthView(View):
    """Whether the process is alive."""

    status: Literal["ok", "stalled"]
    loop_lag_ms: float = Field(description="By how much the event loop was last late.")
