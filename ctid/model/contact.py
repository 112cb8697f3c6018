"""A contact: one customer interaction from arrival to close, through every transfer and restart."""

from __future__ import annotations

from typing import Any

import msgspec

from ctid.model.customer import Customer, RecentContact
from ctid.model.history import Decision, OfferResult, PathStep, Segment, Span, Visit
from ctid.model.instant import Instant
from ctid.model.position import Callback, IvrPosition, MessagePosition, Park, Treatment
from ctid.model.recording import RecordingState
from ctid.model.states import ContactState, Direction, Outcome


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """That a contact which was given on was not taken.

    Attributes:
        by: Whom it was meant for: an agent, or a number.
        cause: Why, in one word.
    """

    by: str
    cause: str


class ContactRecording(msgspec.Struct, frozen=True, kw_only=True):
    """The recording that is made of the present agent's talk.

    Attributes:
        id: The recording.
        state: What becomes of the words that are said now.
    """

    id: str
    state: RecordingState


class Contact(msgspec.Struct, kw_only=True):
    """One customer interaction; keeps its id through every transfer and restart.

    Attributes:
        id: Minted by ctid; Asterisk's ids are aliases.
        seq: Order of arrival, the tie-break of all orders.
        channel: ``voice``, or another one that the agents' ``capacity`` names.
        direction: Who called whom. Only ``inbound`` ones with an entry or a queue are work of the ACD; see
            ``ctid.engine.agent.own_calls`` and ``ctid.engine.agent.phone_calls`` for agents' own calls.
        called: The colleague who is called by an own call.
        emergency: Whether an emergency service is called: no rule of ours touches it.
        cause: Why nobody was reached by an own call, in one word; empty if somebody was.
        watched: Legs of a call that the dialplan connects by itself and ctid only watches.
        state: Where it is on its way.
        outcome: How it ended; set once.
        ani: Number calling, E.164 where it could be normalised, else as received; empty if withheld.
        dnis: Number dialled, as received.
        entry: Name of the entry that took it.
        caller_leg: Leg id of the customer; empty once it ended.
        customer: Found in the directory, if it was.
        recent: Earlier contacts of the same customer or number, newest first, as they were at arrival.
        attributes: Attached data; survives every transfer.
        path: Way through entries, flows, keys and queues.
        spans: Every state with its time.
        visits: Every stay in a queue.
        offers: What became of each offer.
        segments: Each agent's part, in order.
        ivr: Position in the IVR while in it.
        ahead: A key that they pressed in the flow that led them to another one, which asks for it.
        treatment: What its caller has been told while they wait, where the queue tells them anything.
        message: Set while its caller leaves a message.
        queue: The queue waited in or served from.
        priority: Its own, from flows and entries; its queue's is added while it waits there. Higher goes first.
        queued_at: When the contact entered its first queue; kept over restarts and failed offers.
        place_ms: Monotonic moment that its place in the order counts from: its first queue, or that of a call before
            whose place it regained.
        requirement: Index into the queue's ``requirements``; -1 for the queue's own ``steps``.
        steps: A requirement of its own that goes before the queue's, as plain data of ``StepSpec``; empty for none.
        meant_for: The agent it was transferred to, while it waits for them alone.
        given_by: The agent who gave it on, until it was taken.
        returned: Who did not take it when it was given on to them; empty once it is given on again.
        on_hold: Whether ctid has taken the caller out of the bridge with their agent, who has put them on hold.
        conference: The bridge in which all three hear each other, or did: who was asked may have left it.
        consultation_ids: Those about it that are not over, in order.
        conferring: The consultation whose party is to be in the conference into which its channels were ordered last;
            empty if that was no conference.
        recording: What is made of the present agent's talk; ``None`` if it is not recorded.
        park: Set while an agent has it parked, and until it is served again after that.
        parting_leg: The leg of the agent who gave it on, until its channel has ended: nobody else is bridged before.
        step: Index of the requirement's step in force; it never falls while the contact waits in one queue.
        delay_ms: The longest delay of a helping agent (``MembershipSpec``) that the contact has waited for.
        promised_ms: Monotonic moment by which service was last promised to the caller; 0 if nothing was.
        callback: Set once the customer is to be called back.
        offer_ids: The offers that are out; the accepted one while an agent serves it.
        decisions: Why each agent was chosen, in order.
        excluded: Agents not to be tried again before the given monotonic moment.
        agent_id: The agent who serves or served it.
        connected_at: First bridge with an agent, or when one took it; empty again once they gave it back.
        served_ms: Time with agents who gave it back to its queue, which was no waiting.
        ended_at: When the customer's part ended.
        closed_at: When the wrap-up ended too.
        disposition: Coded result: of the last agent who gave one.
        notes: Text: of the last agent who gave one.
        version: Raised with every change, for ``If-Match``.
    """

    id: str
    seq: int
    channel: str = "voice"
    direction: Direction = Direction.INBOUND
    called: str = ""
    emergency: bool = False
    cause: str = ""
    watched: list[str] = []
    state: ContactState = ContactState.CREATED
    outcome: Outcome | None = None
    ani: str = ""
    dnis: str = ""
    entry: str = ""
    caller_leg: str = ""
    customer: Customer | None = None
    recent: list[RecentContact] = []
    attributes: dict[str, str] = {}
    path: list[PathStep] = []
    spans: list[Span] = []
    visits: list[Visit] = []
    offers: list[OfferResult] = []
    segments: list[Segment] = []
    ivr: IvrPosition | None = None
    ahead: str = ""
    treatment: Treatment | None = None
    message: MessagePosition | None = None
    queue: str = ""
    priority: int = 0
    created_at: Instant
    queued_at: Instant | None = None
    place_ms: int = 0
    requirement: int = -1
    steps: list[dict[str, Any]] = []
    meant_for: str = ""
    given_by: str = ""
    returned: Returned | None = None
    on_hold: bool = msgspec.field(default=False, name="parked")
    conference: str = ""
    consultation_ids: list[str] = []
    conferring: str = ""
    recording: ContactRecording | None = None
    park: Park | None = None
    parting_leg: str = ""
    step: int = 0
    delay_ms: int = 0
    promised_ms: int = 0
    callback: Callback | None = None
    offer_ids: list[str] = []
    decisions: list[Decision] = []
    excluded: dict[str, int] = {}
    agent_id: str = ""
    connected_at: Instant | None = None
    served_ms: int = 0
    ended_at: Instant | None = None
    closed_at: Instant | None = None
    disposition: str = ""
    notes: str = ""
    version: int = 0
