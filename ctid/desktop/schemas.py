"""What answers hold: the shape of every view, for the API's description and for the test that keeps it true."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ContactState, LegState, OfferState, Outcome, Party


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
    state: AgentState
    reason: str | None = Field(description="Why NOT_READY: a reason code of the site or of the system.")
    since: datetime = Field(description="When the state began.")
    pending_state: AgentState | None = Field(description="What follows when the present work ends.")
    pending_reason: str | None
    channels: dict[str, ChannelView]
    tasks: list[TaskView] = Field(description="Contacts of other channels than voice that they have at hand.")
    offer_id: str | None = Field(description="The offer that reserves them.")
    contact_id: str | None = Field(description="The contact they serve or wrap up.")
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


class StepView(View):
    """One step of a contact's way."""

    at: datetime
    kind: str = Field(description="entry, menu, key, queue, announcement or callback.")
    name: str
    result: str | None


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


class CallbackView(View):
    """That and how a customer is to be called back."""

    number: str = Field(description="E.164.")
    requested_at: datetime
    expires_at: datetime = Field(description="When it is given up.")
    attempts: int = Field(description="How often the customer was dialled.")
    not_before: datetime | None = Field(description="No try before; null if none was set.")
    dialling: bool = Field(description="Whether their phone is being rung now.")
    last_cause: str | None = Field(description="Why the last try failed, or why it was given up.")


class ContactView(View):
    """A contact with everything that is known of it."""

    id: str
    channel: str
    state: ContactState
    outcome: Outcome | None
    ani: str | None = Field(description="Number calling, E.164 where known; null if withheld.")
    dnis: str = Field(description="Number dialled.")
    entry: str | None
    queue: str | None
    priority: int | None = Field(description="Higher goes first; null once only the record is left.")
    customer: CustomerView | None
    attributes: dict[str, str]
    path: list[StepView]
    spans: list[SpanView]
    legs: list[LegView]
    offer_ids: list[str] = Field(description="The offers that are out; the accepted one while an agent serves it.")
    agent_id: str | None
    callback: CallbackView | None = Field(description="Null for those who called; null once only the record is left.")
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
    version: int | None = Field(description="For If-Match; null once only the record is left.")
    allowed_actions: list[str]


class MenuChoiceView(View):
    """A menu the caller heard, or a key pressed in it."""

    menu: str | None = None
    key: str | None = None


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


class OfferResultView(View):
    """What became of one offer of a contact."""

    offer_id: str
    agent_id: str
    at: datetime
    rang_ms: int
    state: OfferState
    cause: OfferCause | None


class RecordView(View):
    """The call-tracking record of a closed contact."""

    contact_id: str
    site: str
    channel: str
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


class PlaceView(View):
    """An agent and what their place was made of, in the strategy's own measures."""

    agent_id: str
    measures: dict[str, int]


class DecisionView(View):
    """Why an agent was chosen for a contact."""

    at: datetime
    queue: str
    agent_id: str
    offer_id: str
    trigger: Literal["arrival", "freed"] = Field(description="The contact found an agent, or the agent the contact.")
    step: int = Field(description="The requirement's step in force.")
    waited_ms: int
    strategy: str
    able: int = Field(description="Free agents who were able, the chosen one among them.")
    by: str | None = Field(
        description="What the chosen one went before the next by: alone (nobody else), priority (given to the queue), "
        "preferred, fit, turn or id; null if it was not recorded."
    )
    measures: dict[str, int] = Field(description="What the chosen one's place was made of: idle_ms, level and others.")
    runner_up: PlaceView | None = Field(description="Who would have been next.")
    offer_state: OfferState
    offer_cause: OfferCause | None
    offered_ms: int | None = Field(description="How long the offer was out; null while it is.")
    text: str


class StandingView(View):
    """An able agent who is logged in, and why they cannot take the contact now."""

    agent_id: str
    hindrance: str = Field(
        description="free, busy, wrap_up, not_ready, reserved, desktop, backoff, device, non_acd_call, capacity or "
        "excluded."
    )
    reason: str | None = Field(description="Why NOT_READY.")
    since: datetime | None = Field(description="Where it is known.")
    until: datetime | None = Field(description="Where it is known.")
    preferred: bool
    text: str


class AbleView(View):
    """The agents who are able to serve a contact, whatever they do now."""

    total: int
    logged_in: int
    logged_out: int
    by_hindrance: dict[str, int] = Field(description="Those logged in, counted; free is always there.")
    agents: list[StandingView] = Field(description="At most 20, those soonest free first.")


class LackView(View):
    """One thing that an agent lacks."""

    kind: Literal["skill", "groups", "agents", "vacant", "none", "queue", "delay", "pbx"]
    names: list[str]
    wanted: int | None = Field(description="Level of the skill, or milliseconds of waiting.")
    has: int | None
    text: str


class NearMissView(View):
    """A free agent who is not able."""

    agent_id: str
    lacks: list[LackView]
    text: str


class NearMissesView(View):
    """Free agents who are not able."""

    total: int
    agents: list[NearMissView] = Field(description="At most 20, those who lack least first.")


class RequirementStepView(View):
    """A step of a contact's requirement."""

    index: int
    in_force: bool
    begins: datetime | None = Field(description="Null if only the expected wait decides.")
    begins_in_ms: int | None
    expected_wait_ms: int | None = Field(description="In force, too, once the expected wait is longer.")
    needs: str = Field(description="What the step adds, in words.")
    preferred: str | None
    adds: int = Field(description="Agents who are logged in and would be able then, too.")
    adds_free: int


class HelpView(View):
    """What will add agents by itself."""

    kind: Literal["step", "delay"] = Field(description="A step of the requirement, or agents who help out later.")
    begins: datetime | None
    begins_in_ms: int | None
    expected_wait_ms: int | None
    adds: int
    adds_free: int
    text: str


class WaitingView(View):
    """Why a contact waits."""

    queue: str
    place: int = Field(description="Among the contacts that compete for the same agents.")
    waited_ms: int
    priority: int = Field(description="The contact's and its queue's.")
    head_start_ms: int = Field(description="So much waiting is the priority worth.")
    expected_wait_ms: int | None = Field(description="The estimate from now on; null if nobody can tell.")
    held: Literal["draining", "callback", "pbx", "no_leg", "unseen"] | None = Field(
        description="Why nobody at all is offered the contact now."
    )
    needs: str = Field(description="In words.")
    preferred: str | None
    requirement: int | None = Field(description="Index into the queue's requirements; null for its own steps.")
    steps: list[RequirementStepView]
    able: AbleView
    near_misses: NearMissesView
    helps: list[HelpView]
    text: str


class OutOfferView(View):
    """An offer of the contact that is out."""

    offer_id: str
    agent_id: str
    state: OfferState
    expires_at: datetime
    text: str


class RoutingView(View):
    """Why a contact waits and who could take it, and why whoever has it got it."""

    contact_id: str
    state: ContactState
    agent_id: str | None
    waiting: WaitingView | None = Field(description="While it waits.")
    offers: list[OutOfferView] = Field(description="While it is offered.")
    decisions: list[DecisionView]
    text: str = Field(description="All of it in a few sentences.")


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


class DemandView(View):
    """A steady load of calls."""

    calls_per_hour: float
    handling_seconds: float
    patience_seconds: float | None = Field(description="Null if nothing is known of anybody hanging up.")
    erlangs: float = Field(description="Agents that would be busy if nobody hung up.")


class TargetView(View):
    """What is to be met; null is not asked for."""

    service_level_percent: float | None = Field(description="Of all calls, to be served within within_seconds.")
    within_seconds: float
    max_abandoned_percent: float | None
    max_mean_wait_seconds: float | None
    max_occupancy_percent: float | None


class OutcomeView(View):
    """What becomes of the calls. Percents are of all calls that arrive."""

    service_level_percent: float = Field(description="Served, and that within the target's time.")
    mean_wait_seconds: float = Field(description="Of all calls, those served at once and those abandoned among them.")
    abandoned_percent: float
    waiting_percent: float = Field(description="Those that find no agent free.")
    occupancy_percent: float = Field(description="Of the agents' time.")
    mean_queue: float = Field(description="Callers waiting, on average.")


class NeededView(View):
    """The least number of agents that meets the target."""

    agents: int = Field(description="At the phones.")
    scheduled: int = Field(description="On the roster, with shrinkage.")
    outcome: OutcomeView


class GivenView(View):
    """What becomes of the calls with as many agents as were asked about."""

    agents: int
    target_met: bool
    outcome: OutcomeView | None = Field(description="Null if the line grows without end.")


class PointView(View):
    """A number of agents."""

    agents: int
    outcome: OutcomeView | None = Field(description="Null if the line grows without end.")


class WhatIfView(View):
    """One assumption changed."""

    change: str
    demand: DemandView
    agents_needed: int
    outcome: OutcomeView | None = Field(
        description="With the agents asked about, else those needed before the change; null if the line grows "
        "without end."
    )


class PastCallsView(View):
    """The past calls that a load was taken from."""

    queue: str
    since: date = Field(description="First day, in the site's zone.")
    until: date = Field(description="Last day.")
    days_with_calls: int = Field(description="Calls of an hour are a mean over these.")
    hour: int | None = Field(description="Hour of the day that the load is of.")
    calls: int
    served: int
    abandoned: int


class StaffingView(View):
    """Agents that a load needs."""

    basis: PastCallsView | None = Field(description="Null if the load was given.")
    target: TargetView
    demand: DemandView
    erlang_c: NeededView = Field(description="If nobody ever hung up.")
    erlang_a: NeededView | None = Field(description="With the callers' patience; null if it is not known.")
    given: GivenView | None
    curve: list[PointView] = Field(description="Around the agents needed: by Erlang A where patience is known.")
    sensitivity: list[WhatIfView]


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
