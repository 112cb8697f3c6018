"""What answers hold beside the bare state: script, links, earlier contacts, cases, the day's numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ctid.model.states import AgentState, Outcome


class DeskView(BaseModel):
    """Base of these answers: nothing goes out that is not documented."""

    model_config = ConfigDict(extra="forbid")


class CaseView(DeskView):
    """A case of a customer's, such as a ticket or an order."""

    id: str
    title: str
    state: str = Field(description="Free text of the site, or empty.")
    url: str | None = Field(description="Where it can be read; http or https.")


class LinkView(DeskView):
    """A link made for the contact."""

    name: str
    url: str = Field(description="http or https.")
    embed: bool = Field(description="Shown within the page instead of being opened beside it.")


class RecentContactView(DeskView):
    """An earlier contact of the same customer or number."""

    contact_id: str
    at: datetime = Field(description="When it arrived.")
    channel: str
    queue: str | None
    agent_id: str | None
    outcome: Outcome
    disposition: str | None
    notes: str | None = Field(description="At most 300 characters of them.")


class NumbersView(DeskView):
    """A queue's numbers of a stretch of time: of the contacts that entered it then."""

    offered: int = Field(description="Entered the queue.")
    handled: int = Field(description="Served, callbacks among them.")
    abandoned: int = Field(description="Left while they waited, short abandons not among them.")
    short_abandoned: int = Field(description="Left sooner than the queue's short_abandon_seconds.")
    overflowed: int = Field(description="Left for another destination.")
    failed: int = Field(description="Lost while they waited, with their PBX for example.")
    callbacks: int = Field(description="To be called back, whatever came of it.")
    within_service_level: int = Field(description="Served within the queue's service_level_seconds of entering it.")
    service_level: float | None = Field(
        description="0 to 1: within_service_level of all that wait no more, short abandons and callbacks left out; "
        "null if there are none."
    )
    mean_wait_ms: int | None = Field(description="Of those served, callbacks left out.")
    mean_handling_ms: int | None = Field(description="Talk and wrap-up of those with whom that is over.")


class TargetLevelView(DeskView):
    """What share of a queue's contacts is to be served within which time."""

    seconds: float
    percent: float


class RisingView(DeskView):
    """Thresholds of a number that is bad when it is high."""

    warn: float
    alarm: float


class FallingView(DeskView):
    """Thresholds of a number that is bad when it is low."""

    warn: float
    alarm: float


class ThresholdsView(DeskView):
    """What colours a queue's numbers; what is absent has no thresholds."""

    waiting: RisingView | None = None
    longest_wait_seconds: RisingView | None = None
    service_level_percent: FallingView | None = None
    abandoned_percent: RisingView | None = None


EntryKind = Literal["agent", "queue", "number", "flow"]


class EntryView(DeskView):
    """Somebody or something that can be called or transferred to."""

    kind: EntryKind
    id: str = Field(description="Of the agent, queue or flow; of a number, the number.")
    name: str
    number: str | None = Field(description="To be dialled: an agent's extension, or the number.")
    state: AgentState | None = Field(description="Of an agent.")
    team: str | None


class DirectoryView(DeskView):
    """Agents, queues and the phone book."""

    entries: list[EntryView]


class IntervalView(NumbersView):
    """A queue's numbers of one interval."""

    at: datetime = Field(description="When it began, on the clock of the site's zone.")
    queue: str


class StatisticsView(DeskView):
    """Numbers of past intervals, of closed contacts; intervals in which nothing entered a queue are left out."""

    since: datetime
    until: datetime
    interval_minutes: int
    intervals: list[IntervalView]


class MessageView(DeskView):
    """A few words for agents."""

    id: str
    from_: str = Field(alias="from")
    text: str
    at: datetime
    agent_ids: list[str]


class MessageAcceptedView(DeskView):
    """A message was sent."""

    command_id: str = Field(description="Events that result carry it as caused_by.")
    message: MessageView
