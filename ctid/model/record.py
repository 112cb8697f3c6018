"""The call-tracking record: all that is kept of a contact once it is closed, and how records are asked for."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ctid.errors import RequestError
from ctid.model.customer import Customer
from ctid.model.history import Decision, OfferResult, PathStep, Segment, Span, Visit
from ctid.model.instant import Instant
from ctid.model.states import ContactState, Direction, Outcome


class ContactRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who, what for, by which way, every state with its time, by whom, with what result.

    Attributes:
        contact_id: The contact; one record each.
        site: The site that owned it.
        channel: ``voice``.
        direction: Who called whom.
        cause: Why nobody was reached by an agent's own call; empty if somebody was.
        ani: Number calling, E.164 where known.
        dnis: Number dialled.
        entry: The entry that took it.
        customer: From the directory, if found.
        queue: The last queue, empty if it never reached one.
        agent_id: Who served it last, or made the call; empty if nobody.
        outcome: One of ``Outcome``.
        disposition: The wrap-up's code, of the last agent who gave one.
        disposition_missing: The queue asks for a disposition, and an agent gave none in time.
        notes: The text of the last agent who wrote one.
        attributes: Attached data at the close.
        path: Entries, menus, keys, queues in order.
        spans: Every state with start and duration; they add up to the whole.
        visits: Every stay in a queue.
        offers: Every offer and what came of it.
        decisions: Why each agent was chosen.
        segments: Each agent's part, in order: talk, wrap-up, disposition and notes.
        created_at: Arrival.
        queued_at: First queue entered.
        connected_at: First bridge with an agent.
        ended_at: The customer's part ended.
        closed_at: The wrap-up ended too.
        wait_ms: Time from the first queue to the connection or the end, by the monotonic clock.
        talk_ms: Time connected.
        wrap_up_ms: Time in wrap-up.
    """

    contact_id: str
    site: str
    channel: str
    ani: str
    dnis: str
    entry: str
    customer: Customer | None
    queue: str
    agent_id: str
    outcome: Outcome
    disposition: str
    notes: str
    attributes: dict[str, str]
    path: list[PathStep]
    spans: list[Span]
    offers: list[OfferResult]
    created_at: Instant
    queued_at: Instant | None
    connected_at: Instant | None
    ended_at: Instant
    closed_at: Instant
    wait_ms: int
    talk_ms: int
    wrap_up_ms: int
    disposition_missing: bool = False
    decisions: list[Decision] = []
    visits: list[Visit] = []
    segments: list[Segment] = []
    direction: Direction = Direction.INBOUND
    cause: str = ""

    @property
    def agents(self) -> list[str]:
        """Everybody who served the contact, in order."""
        served = [span.agent_id for span in self.spans if span.state is ContactState.CONNECTED]
        parts = [segment.agent_id for segment in self.segments]
        return list(dict.fromkeys(agent_id for agent_id in (*parts, *served, self.agent_id) if agent_id))


class LastCall(msgspec.Struct, frozen=True, kw_only=True):
    """Who served a caller last, and in which queue.

    Attributes:
        agent_id: The agent.
        queue: The queue.
    """

    agent_id: str
    queue: str


class RecordFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which records; what is ``None`` does not matter, and an empty string asks for those that have none.

    Attributes:
        created_from: Contacts that arrived at this moment or later; any zone, but it must have one.
        created_to: Contacts that arrived before this moment.
        queue: Last queue.
        agent_id: Who served it last.
        outcome: How it ended.
        disposition: Code of the wrap-up.
        ani: Number calling, as in the record.
        dnis: Number dialled.
        customer_id: The directory's key.
        queues: Last queue is one of these; empty for any.
        served_by: An agent who served it, last or before.
        search: Part of the number, the customer's name, the notes or the disposition, in any case of letters.
        search_dispositions: With ``search``: codes that match it by what people read for them.

    Raises:
        RequestError: A moment has no zone.
    """

    created_from: datetime | None = None
    created_to: datetime | None = None
    queue: str | None = None
    agent_id: str | None = None
    outcome: Outcome | None = None
    disposition: str | None = None
    ani: str | None = None
    dnis: str | None = None
    customer_id: str | None = None
    queues: list[str] = []
    served_by: str | None = None
    search: str | None = None
    search_dispositions: list[str] = []

    def __post_init__(self) -> None:
        for moment in (self.created_from, self.created_to):
            if moment is not None and moment.tzinfo is None:
                raise RequestError("a moment without a zone; write for example 2025-03-30T09:00:00+02:00")


class RecordPage(msgspec.Struct, frozen=True):
    """Some records, newest first.

    Attributes:
        records: The records.
        next_cursor: For the next page; ``None`` if this is the last.
    """

    records: list[ContactRecord]
    next_cursor: str | None
