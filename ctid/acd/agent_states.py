"""The agent state machine as a table, and what a request for another state means in each state."""

from __future__ import annotations

from enum import StrEnum

from ctid.errors import IllegalTransitionError
from ctid.model.states import AgentState

LOGGED_OUT, NOT_READY, READY = AgentState.LOGGED_OUT, AgentState.NOT_READY, AgentState.READY
RESERVED, BUSY, WRAP_UP = AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP

TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    LOGGED_OUT: frozenset({NOT_READY, READY}),
    NOT_READY: frozenset({LOGGED_OUT, READY, NOT_READY, RESERVED, BUSY}),
    READY: frozenset({LOGGED_OUT, NOT_READY, RESERVED, BUSY}),
    RESERVED: frozenset({LOGGED_OUT, NOT_READY, READY, BUSY}),
    BUSY: frozenset({LOGGED_OUT, NOT_READY, READY, WRAP_UP}),
    WRAP_UP: frozenset({LOGGED_OUT, NOT_READY, READY}),
}
"""Every legal move; NOT_READY to itself is a change of reason. Without being reserved an agent becomes BUSY by the
transfer of a colleague whom they talk to. On a break nobody is reserved but by what they pick up themselves."""


class Effect(StrEnum):
    """What asking for a state does."""

    NOTHING = "nothing"
    MOVE = "move"
    PEND = "pend"
    UNPEND = "unpend"
    END_WRAP_UP = "end_wrap_up"


REQUESTS: dict[AgentState, dict[AgentState, Effect]] = {
    LOGGED_OUT: {LOGGED_OUT: Effect.NOTHING, NOT_READY: Effect.MOVE, READY: Effect.MOVE},
    NOT_READY: {LOGGED_OUT: Effect.MOVE, NOT_READY: Effect.MOVE, READY: Effect.MOVE},
    READY: {LOGGED_OUT: Effect.MOVE, NOT_READY: Effect.MOVE, READY: Effect.NOTHING},
    RESERVED: {LOGGED_OUT: Effect.PEND, NOT_READY: Effect.PEND, READY: Effect.UNPEND},
    BUSY: {LOGGED_OUT: Effect.PEND, NOT_READY: Effect.PEND, READY: Effect.UNPEND},
    WRAP_UP: {LOGGED_OUT: Effect.END_WRAP_UP, NOT_READY: Effect.END_WRAP_UP, READY: Effect.END_WRAP_UP},
}
"""State, then state asked for, to effect. RESERVED, BUSY and WRAP_UP can't be asked for: the system sets them."""


def effect_of(present: AgentState, asked: AgentState) -> Effect:
    """What asking for a state does now.

    Raises:
        IllegalTransitionError: The state can't be asked for.
    """
    effect = REQUESTS[present].get(asked)
    if effect is None:
        raise IllegalTransitionError(
            f"{asked} can't be asked for; the system sets it",
            current=present,
            allowed_actions=tuple(REQUESTS[present]),
        )
    return effect
