"""What a contact has been through: its way, its states, its queues, its agents, its offers and why they were made."""

from __future__ import annotations

import msgspec

from ctid.model.instant import Instant
from ctid.model.states import ContactState


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a contact's way through entries, menus and queues.

    Attributes:
        at: When it was entered.
        kind: ``entry``, ``menu``, ``key``, ``queue``, ``announcement``, ``number``, ``voicemail``, ``message``,
            ``phone``, ``callback``, ``transfer``, ``park`` or ``call`` (of an agent's own); in flows ``flow``,
            ``node``, ``key``, ``digits``, ``confirm``, ``fetch``, ``record`` or ``end``: see ``ctid.ivr.effects``;
            ``left`` when they are in no flow any more, with the node as ``flow/node`` and how (``FlowVisit.result``).
        name: Name of the entry, menu or queue; for ``key`` the key pressed; the number or mailbox it was sent on to
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
