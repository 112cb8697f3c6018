"""What happened in a stretch of time: numbers of queues and agents, since midnight or by quarters of an hour."""

from __future__ import annotations

import msgspec


class QueueDay(msgspec.Struct, kw_only=True):
    """Numbers of the contacts that entered a queue in a day, or a part of it; see ``ctid.engine.waiting.visits``.

    Attributes:
        offered: Entered the queue.
        handled: Served, callbacks among them.
        abandoned: Left while they waited.
        short_abandoned: Left sooner than the queue's ``short_abandon_seconds``.
        overflowed: Left for another destination.
        failed: Lost while they waited.
        callbacks: To be called back, whatever came of it.
        answered: Served, callbacks left out: what the mean wait is of.
        within: Those of ``answered`` served within the service level's time.
        judged: What the service level is a part of: all that wait no more, but for callbacks and short abandons.
        waited_ms: Wait of ``answered``, summed.
        finished: Those of ``handled`` whose talk and wrap-up are over.
        handling_ms: Talk and wrap-up of ``finished``, summed; not the wrap-up of agents who sent a contact on.
    """

    offered: int = 0
    handled: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    overflowed: int = 0
    failed: int = 0
    callbacks: int = 0
    answered: int = 0
    within: int = 0
    judged: int = 0
    waited_ms: int = 0
    finished: int = 0
    handling_ms: int = 0


class Quarter(msgspec.Struct, frozen=True, kw_only=True):
    """What a queue did in a quarter of an hour. Every zone is off UTC by whole quarters.

    Attributes:
        start_utc_ms: When it began.
        queue: The queue.
        numbers: Of the contacts that entered the queue in it, and are closed.
    """

    start_utc_ms: int
    queue: str
    numbers: QueueDay


class AgentDay(msgspec.Struct, kw_only=True):
    """An agent's times and counts of today; the present state is not among the times before it ends.

    Attributes:
        contacts: Contacts they were connected with, of any channel.
        own_calls: Calls outside the ACD, made or taken; no contacts of its.
        missed: Offers they did not answer.
        ready_ms: Time READY.
        reserved_ms: Time that offers took.
        busy_ms: Time BUSY, hold included.
        own_ms: Part of that in calls that they had ctid place.
        held_ms: Time for which they had a caller on hold.
        wrap_up_ms: Time in WRAP_UP.
        not_ready_ms: Time NOT_READY, by reason.
    """

    contacts: int = 0
    own_calls: int = 0
    missed: int = 0
    ready_ms: int = 0
    reserved_ms: int = 0
    busy_ms: int = 0
    own_ms: int = 0
    held_ms: int = 0
    wrap_up_ms: int = 0
    not_ready_ms: dict[str, int] = {}


class Today(msgspec.Struct, kw_only=True):
    """The present day of the site and its numbers.

    Attributes:
        zone: The zone it is a day of.
        since_utc_ms: Its local midnight.
        since_mono_ms: The same moment on the monotonic clock.
        until_utc_ms: The next local midnight.
        queues: Queue to its numbers.
        agents: Agent to theirs.
    """

    zone: str = ""
    since_utc_ms: int = 0
    since_mono_ms: int = 0
    until_utc_ms: int = 0
    queues: dict[str, QueueDay] = {}
    agents: dict[str, AgentDay] = {}
