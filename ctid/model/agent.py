"""An agent as the ACD sees them while the daemon runs; skills and phone come from the configuration."""

from __future__ import annotations

import msgspec

from ctid.model.instant import Instant
from ctid.model.states import AgentState


class Task(msgspec.Struct, kw_only=True):
    """A contact of an interruptible channel that an agent has at hand beside their voice work.

    Attributes:
        contact_id: The contact.
        channel: Its channel.
        since_ms: Monotonic moment it was accepted.
        interrupted: Whether a call has the agent's attention now.
    """

    contact_id: str
    channel: str
    since_ms: int
    interrupted: bool = False


class Agent(msgspec.Struct, kw_only=True):
    """An agent's live state.

    Attributes:
        id: As in the configuration.
        state: See ``AgentState``.
        reason: Why NOT_READY: a reason code of the site or a ``SystemReason``.
        since: When the state began.
        pending_state: What follows when the present offer, contact or wrap-up ends; empty for the usual course.
        pending_reason: The reason that goes with it.
        idle_since_ms: Monotonic moment the last interaction or wrap-up ended; orders "longest idle". Kept over
            logins, queues and restarts; a mere change of state does not touch it.
        load: Recent time at work (``ctid.acd.recency``), orders "least occupied".
        count: Recent number of contacts in the same measure, orders "fewest contacts".
        last_offer: Position of the agent's last offer among all that were ever made, orders "round robin".
        handled: Contacts served, ever.
        handling_ms: Mean time of talk and wrap-up of the agent's recent contacts; 0 before the first.
        skills: Skill to level as set while running; ``None`` for those of the configuration.
        queues: Queue to ``{priority, delay_seconds}`` as set while running; ``None`` for the configuration's.
        tasks: Contacts of interruptible channels at hand, by contact id.
        misses: Offers missed in a row; an answer or a manual READY sets it back.
        backoff_until_ms: No offer before this monotonic moment.
        offer_id: The offer that reserves them.
        contact_id: The contact they serve or wrap up.
        own_calls: Contacts of calls outside the ACD that they make or take now.
        desktops: Connected desktop sessions.
        desktop_lost_ms: Monotonic moment the last desktop went away; 0 while one is connected or none ever was.
        wrap_up_until_ms: Monotonic moment the wrap-up ends by itself; 0 when not in wrap-up.
        wrap_up_max_ms: Monotonic moment it ends however it is extended; 0 when not in wrap-up.
        wrap_up_overdue: Whether its time is over and only the disposition is waited for.
        do_not_disturb: Nobody else has their phone rung.
        forwarded_to: The number that calls for them go to, and not their phone; empty for none.
        version: Raised with every change, for ``If-Match``.
    """

    id: str
    state: AgentState = AgentState.LOGGED_OUT
    reason: str = ""
    since: Instant
    pending_state: AgentState | None = None
    pending_reason: str = ""
    idle_since_ms: int
    load: int = 0
    count: int = 0
    last_offer: int = 0
    handled: int = 0
    handling_ms: int = 0
    skills: dict[str, int] | None = None
    queues: dict[str, dict[str, float]] | None = None
    tasks: dict[str, Task] = {}
    misses: int = 0
    backoff_until_ms: int = 0
    offer_id: str = ""
    contact_id: str = ""
    own_calls: list[str] = []
    desktops: list[str] = []
    desktop_lost_ms: int = 0
    wrap_up_until_ms: int = 0
    wrap_up_max_ms: int = 0
    wrap_up_overdue: bool = False
    do_not_disturb: bool = False
    forwarded_to: str = ""
    version: int = 0
