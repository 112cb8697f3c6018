"""A contact: one customer interaction from arrival to close, and what is known of its customer."""

from __future__ import annotations

from typing import Any

import msgspec

from ctid.model.flow import FlowPosition
from ctid.model.instant import Instant
from ctid.model.recording import RecordingState
from ctid.model.states import ConsultationState, ContactState, Direction, Outcome


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case of a customer's, such as a ticket or an order, as the directory has it.

    Attributes:
        id: The directory's key.
        title: What it is about.
        state: Free text of the site ("open").
        url: Where it can be read, http or https.
    """

    id: str
    title: str
    state: str = ""
    url: str | None = None


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer directory knows of a caller; the ids are the directory's own.

    Attributes:
        id: The directory's key.
        name: As an agent should see it.
        tier: Service tier, free text of the site ("gold").
        language: BCP 47 tag, for example ``en`` or ``zh-CN``.
        attributes: Whatever else the directory holds, as strings.
        cases: Open cases, those to be shown first in front.
    """

    id: str
    name: str
    tier: str = ""
    language: str = ""
    attributes: dict[str, str] = {}
    cases: list[Case] = []


class RecentContact(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier contact of the same customer or number, as far as an agent needs it at the next one.

    Attributes:
        contact_id: The contact.
        at_utc_ms: When it arrived.
        channel: Its channel.
        queue: The last queue; empty if it never reached one.
        agent_id: Who served it last; empty if nobody.
        outcome: How it ended.
        disposition: The wrap-up's code; empty if none was given.
        notes: The agent's text, or its beginning.
    """

    contact_id: str
    at_utc_ms: int
    channel: str
    queue: str
    agent_id: str
    outcome: str
    disposition: str
    notes: str


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a contact's way through entries, flows and queues.

    Attributes:
        at: When it was entered.
        kind: ``entry``, ``queue``, ``announcement``, ``number``, ``voicemail``, ``message``,
            ``phone``, ``callback``, ``transfer``, ``park`` or ``call`` (of an agent's own); in flows ``flow``,
            ``node``, ``key``, ``digits``, ``confirm``, ``fetch``, ``record`` or ``end``: see ``ctid.ivr.effects``;
            ``left`` when they are in no flow any more, with the node as ``flow/node`` and how (``FlowVisit.result``).
        name: Name of the entry, flow or queue; for ``key`` the key pressed; the number or mailbox it was sent on to
            or that an agent called; for ``transfer`` the agent, empty if it was to nobody we know; for ``park`` the
            agent, empty for anybody.
        result: What came of it: ``open``, ``closed``, ``timeout``, ``invalid``; for a queue that did not take the
            contact ``closed``, ``full``, ``nobody`` or ``overflow``, for one that did ``regained`` (an old place),
            ``moved`` (by somebody's decision) or ``returned`` (it was parked, and nobody fetched it); for ``callback``
            why it was refused, why the customer was not reached or why it was given up; for ``call`` why nobody was
            reached; or empty.
        title: Of a flow or its node, for people; empty if it has none.
    """

    at: Instant
    kind: str
    name: str
    result: str = ""
    title: str = ""


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


class Visit(msgspec.Struct, kw_only=True):
    """A contact's stay in one queue: what service level, live numbers and statistics are all counted from.

    Attributes:
        queue: The queue.
        at: When it entered.
        result: ``handled``, ``abandoned``, ``short_abandoned``, ``overflowed`` (it left for another destination),
            ``failed`` or ``callback`` (given up); empty while it waits.
        callback: Whether the customer was to be called back: theirs is no wait, so neither service level nor the mean
            wait looks at it.
        wait_ms: Time in this queue, offers that came to nothing included.
        within: Served within the queue's ``service_level_seconds``, as they were then.
        handling_ms: Talk that followed, and its wrap-up; not that of an agent who sent the contact on.
        finished: Whether that is over.
    """

    queue: str
    at: Instant
    result: str = ""
    callback: bool = False
    wait_ms: int = 0
    within: bool = False
    handling_ms: int = 0
    finished: bool = False


class Segment(msgspec.Struct, kw_only=True):
    """One agent's part in a contact: their talk, and the wrap-up that is theirs alone.

    Attributes:
        agent_id: The agent.
        queue: The queue it was served from.
        began_at: When they were connected.
        left_at: When their talk ended; ``None`` while it lasts.
        done_at: When their wrap-up ended too; ``None`` while the contact is theirs to work on.
        result: How the talk ended for them: ``ended``, ``transferred``, ``parked``, ``taken_over`` by a supervisor or
            ``returned`` to the queue; empty while it lasts.
        disposition: Their coded result.
        disposition_required: Whether their work on it is not over without one.
        notes: Their text.
    """

    agent_id: str
    queue: str
    began_at: Instant
    left_at: Instant | None = None
    done_at: Instant | None = None
    result: str = ""
    disposition: str = ""
    disposition_required: bool = False
    notes: str = ""


class Consultation(msgspec.Struct, kw_only=True):
    """An agent's enquiry with somebody about a contact; the phones carry it out, or ctid does.

    Attributes:
        id: Minted by ctid.
        contact_id: What it is about.
        from_agent: Who asks.
        to_agent: Who is asked; empty if it is nobody of ours.
        number: What the asking agent's phone dials, or ctid for it.
        created_at: When it was announced.
        state: See ``ConsultationState``.
        leg_id: Of who is asked, once ctid has dialled them.
        joins: Whether they are called into the talk itself, without being asked first.
        then: What is to follow as soon as the agent's channel has left the caller: ``alternate``, ``complete`` or
            ``confer``; empty for nothing.
    """

    id: str
    contact_id: str
    from_agent: str
    to_agent: str
    number: str
    created_at: Instant
    state: ConsultationState = ConsultationState.ANNOUNCED
    leg_id: str = ""
    joins: bool = False
    then: str = ""


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


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Why one agent was chosen for the contact, as far as it is known only at that moment.

    Attributes:
        at: When.
        queue: In which queue.
        agent_id: Who was chosen.
        offer_id: The offer that was made.
        trigger: What made the decision possible: ``arrival`` (the contact found a free agent), ``freed`` (the agent
            found a waiting contact) or ``picked_up`` (the agent decided it themselves; then nothing was measured).
        step: Index of the requirement's step in force.
        waited_ms: How long the contact had waited.
        strategy: The queue's strategy then.
        able: Free agents who were able, the chosen one among them.
        fit: How well the chosen one fits, in the strategy's own measure; less is better.
        turn: Whose turn it was, in the strategy's own measure; less is earlier.
        runner_up: Who would have been next; empty if nobody.
        runner_up_fit: As ``fit``, of the runner-up.
        runner_up_turn: As ``turn``, of the runner-up.
        by: What the chosen one goes before the runner-up by: ``alone`` ``priority`` ``preferred`` ``fit`` ``turn``
            ``id``.
    """

    at: Instant
    queue: str
    agent_id: str
    offer_id: str
    trigger: str
    step: int
    waited_ms: int
    strategy: str
    able: int
    fit: int
    turn: int
    runner_up: str = ""
    runner_up_fit: int = 0
    runner_up_turn: int = 0
    by: str = ""


class Callback(msgspec.Struct, kw_only=True):
    """That the contact's customer is to be called back.

    Attributes:
        number: To be dialled, E.164.
        pbx: Where.
        requested_at: When it was asked for.
        expires_ms: Monotonic moment it is given up.
        attempts: How often the customer was dialled, but for tries that failed for no reason of theirs.
        not_before_ms: No try before this monotonic moment.
        held: Whether it waits for the queue to open.
        leg_id: The customer's leg while it is being dialled, waits or talks. The leg of the call in which they asked
            for the callback is only the contact's ``caller_leg``.
        ending: Why we are hanging up on that leg, whose end the PBX has yet to tell; empty if we are not.
        last_cause: Why the last try failed, or why the callback was given up, in one word.
    """

    number: str
    pbx: str
    requested_at: Instant
    expires_ms: int
    attempts: int = 0
    not_before_ms: int = 0
    held: bool = False
    leg_id: str = ""
    ending: str = ""
    last_cause: str = ""


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


class MessagePosition(msgspec.Struct, kw_only=True):
    """That the contact's caller leaves a message.

    Attributes:
        agent_id: For this agent; empty if it is for a queue.
        queue: For whoever serves this queue; empty if it is for an agent.
        token: Names what is played or recorded now; an answer with another token is late and is dropped.
        recording_id: What it is recorded as; empty if nothing can be recorded, and the caller is being told so.
        begun: Whether the beep has come.
    """

    agent_id: str
    queue: str
    token: str
    recording_id: str = ""
    begun: bool = False


class Park(msgspec.Struct, frozen=True, kw_only=True):
    """That an agent has parked the contact: its caller waits to be fetched, and is offered to nobody.

    Attributes:
        by: Who parked it.
        agent: The colleague who is to fetch it; empty for anybody who serves its queue.
        at: When.
        until_ms: Monotonic moment at which it goes back.
        returned: Whether nobody has fetched it in time, so that it waits like any other, for who parked it first.
    """

    by: str
    agent: str
    at: Instant
    until_ms: int
    returned: bool = False


class Treatment(msgspec.Struct, kw_only=True):
    """What a waiting caller has been told, and what they may press.

    Attributes:
        token: Names what is played or listened for now; an answer with another token is late and is dropped.
        announcing: Whether an announcement plays, instead of music.
        position: The place in the queue that they were told last; 0 if none.
        message: How many messages they have heard.
    """

    token: str = ""
    announcing: bool = False
    position: int = 0
    message: int = 0


class IvrPosition(msgspec.Struct, kw_only=True):
    """Where a contact is in the IVR.

    Attributes:
        node: ``play:<place>`` or ``flow:<name>``: what is being played; ``known:<place>`` while it is waited to
            know who they are.
        token: Names the one prompt being played; an answer with another token is late and is dropped.
        then: For an announcement, the destination that follows, as its key in the configuration.
        flow: Where in the flow, while in one.
    """

    node: str
    token: str
    then: str = ""
    flow: FlowPosition | None = None


class Contact(msgspec.Struct, kw_only=True):
    """One customer interaction; keeps its id through every transfer and restart.

    Attributes:
        id: Minted by ctid; Asterisk's ids are aliases.
        seq: Order of arrival, the tie-break of all orders.
        channel: ``voice``, or another one that the agents' ``capacity`` names.
        direction: Who called whom. Only ``inbound`` ones with an entry or a queue are work of the ACD; see
            ``ctid.engine.own_calls`` and ``ctid.engine.phone_calls`` for agents' own calls.
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
