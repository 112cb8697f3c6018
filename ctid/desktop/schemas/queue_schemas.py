"""Queues: what they need of agents, and their present numbers."""

from __future__ import annotations

from pydantic import Field

from ctid.desktop.schemas.desk_schemas import NumbersView, TargetLevelView, ThresholdsView
from ctid.desktop.schemas.general import View


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


class QueuesView(View):
    """Queues, as configured."""

    items: list[QueueView]
