"""What the answers about a contact's routing hold: why it waits, who could take it, and why whoever has it got it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ctid.desktop.schemas.general import View
from ctid.model.offer import OfferCause
from ctid.model.states import ContactState, OfferState


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
    trigger: Literal["arrival", "freed", "picked_up"] = Field(
        description="The contact found an agent, or the agent the contact; or the agent took it by their own decision."
    )
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
        description="free, busy, wrap_up, not_ready, reserved, desktop, backoff, device, do_not_disturb, forwarded, "
        "non_acd_call, capacity or excluded."
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
