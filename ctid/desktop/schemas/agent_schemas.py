"""Agents as answers and events show them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ctid.desktop.schemas.general import AcceptedView, View
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState


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


class AgentsView(View):
    """Agents, by id."""

    items: list[AgentView]


class AgentAcceptedView(AcceptedView):
    """A command was carried out; this is the agent now."""

    agent: AgentView
