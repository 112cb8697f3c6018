"""An agent as the ACD sees them while the daemon runs; skills and phone come from the configuration."""

from __future__ import annotations

import msgspec

from ctid.model.instant import Instant
from ctid.model.states import AgentState


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
        misses: Offers missed in a row; an answer or a manual READY sets it back.
        backoff_until_ms: No offer before this monotonic moment.
        offer_id: The offer that reserves them.
        contact_id: The contact they serve or wrap up.
        desktops: Connected desktop sessions.
        desktop_lost_ms: Monotonic moment the last desktop went away; 0 while one is connected or none ever was.
        wrap_up_until_ms: Monotonic moment the wrap-up ends by itself; 0 when not in wrap-up.
        version: Raised with every change, for ``If-Match``.
    """

    id: str
    state: AgentState = AgentState.LOGGED_OUT
    reason: str = ""
    since: Instant
    pending_state: AgentState | None = None
    pending_reason: str = ""
    idle_since_ms: int
    misses: int = 0
    backoff_until_ms: int = 0
    offer_id: str = ""
    contact_id: str = ""
    desktops: list[str] = []
    desktop_lost_ms: int = 0
    wrap_up_until_ms: int = 0
    version: int = 0
