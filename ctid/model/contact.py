"""A contact: one customer interaction from arrival to close, and what is known of its customer."""

from __future__ import annotations

import msgspec

from ctid.model.instant import Instant
from ctid.model.states import ContactState, Outcome


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer directory knows of a caller; the ids are the directory's own.

    Attributes:
        id: The directory's key.
        name: As an agent should see it.
        tier: Service tier, free text of the site ("gold").
        language: BCP 47 tag, for example ``en`` or ``zh-CN``.
        attributes: Whatever else the directory holds, as strings.
    """

    id: str
    name: str
    tier: str = ""
    language: str = ""
    attributes: dict[str, str] = {}


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a contact's way through entries, menus and queues.

    Attributes:
        at: When it was entered.
        kind: ``entry``, ``menu``, ``key``, ``queue`` or ``announcement``.
        name: Name of the entry, menu or queue; for ``key`` the key pressed.
        result: What came of it: ``open``, ``closed``, ``timeout``, ``invalid`` or empty.
    """

    at: Instant
    kind: str
    name: str
    result: str = ""


class Span(msgspec.Struct, kw_only=True):
    """A stretch of time that a contact spent in one state.

    Attributes:
        state: The state.
        at: When it began.
        duration_ms: How long, by the monotonic clock; ``None`` while it lasts.
        queue: The queue, where the state has one.
        agent_id: The agent, where the state has one.
    """

    state: ContactState
    at: Instant
    duration_ms: int | None = None
    queue: str = ""
    agent_id: str = ""


class OfferResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one offer of the contact, for its record.

    Attributes:
        offer_id: The offer.
        agent_id: Whom it was made to.
        at: When.
        rang_ms: How long it was out.
        state: Its last state.
        cause: Why, in one word of ``OfferCause``.
    """

    offer_id: str
    agent_id: str
    at: Instant
    rang_ms: int
    state: str
    cause: str = ""


class MenuPosition(msgspec.Struct, kw_only=True):
    """Where a contact is in the IVR.

    Attributes:
        node: ``menu:<name>`` or ``play:<place>``: what is being played.
        token: Names the one prompt being played; an answer with another token is late and is dropped.
        tries: How often the menu was played without a valid key.
        then: For an announcement, the destination that follows, as its key in the configuration.
    """

    node: str
    token: str
    tries: int = 0
    then: str = ""


class Contact(msgspec.Struct, kw_only=True):
    """One customer interaction; keeps its id through every transfer and restart.

    Attributes:
        id: Minted by ctid; Asterisk's ids are aliases.
        seq: Order of arrival, the tie-break of all orders.
        channel: ``voice`` for now.
        state: Where it is on its way.
        outcome: How it ended; set once.
        ani: Number calling, E.164 where it could be normalised, else as received; empty if withheld.
        dnis: Number dialled, as received.
        entry: Name of the entry that took it.
        caller_leg: Leg id of the customer; empty once it ended.
        customer: Found in the directory, if it was.
        attributes: Attached data; survives every transfer.
        path: Way through entries, menus, keys and queues.
        spans: Every state with its time.
        offers: What became of each offer.
        ivr: Position in the IVR while in it.
        queue: The queue waited in or served from.
        priority: Its own, from menus and entries; its queue's is added while it waits there. Higher goes first.
        queued_at: When the contact entered its first queue; kept over restarts and failed offers.
        step: Index of the requirement's step in force.
        offer_id: The offer that is out, if any.
        excluded: Agents not to be tried again before the given monotonic moment.
        agent_id: The agent who serves or served it.
        connected_at: First bridge with an agent.
        ended_at: When the customer's part ended.
        closed_at: When the wrap-up ended too.
        disposition: Coded result of the wrap-up.
        notes: The agent's text.
        version: Raised with every change, for ``If-Match``.
    """

    id: str
    seq: int
    channel: str = "voice"
    state: ContactState = ContactState.CREATED
    outcome: Outcome | None = None
    ani: str = ""
    dnis: str = ""
    entry: str = ""
    caller_leg: str = ""
    customer: Customer | None = None
    attributes: dict[str, str] = {}
    path: list[PathStep] = []
    spans: list[Span] = []
    offers: list[OfferResult] = []
    ivr: MenuPosition | None = None
    queue: str = ""
    priority: int = 0
    created_at: Instant
    queued_at: Instant | None = None
    step: int = 0
    offer_id: str = ""
    excluded: dict[str, int] = {}
    agent_id: str = ""
    connected_at: Instant | None = None
    ended_at: Instant | None = None
    closed_at: Instant | None = None
    disposition: str = ""
    notes: str = ""
    version: int = 0
