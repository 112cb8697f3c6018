"""After-call work: it begins with the end of the talk, belongs to the agent, and has an end in any case.

The rules of its queue count as they were at its beginning.
"""

from __future__ import annotations

from ctid.engine import segments
from ctid.engine.agent import agents
from ctid.engine.shown.allowed_actions import agent_actions
from ctid.engine.turn import Turn, ms
from ctid.errors import ConflictError
from ctid.model.agent import Agent
from ctid.model.history import Segment
from ctid.model.states import AgentState
from ctid.spec.queue import QueueSpec


def is_due(queue: QueueSpec) -> bool:
    """Whether contacts of this queue are wrapped up at all."""
    return queue.wrap_up_seconds > 0 or queue.wrap_up_until_ended


def begin(turn: Turn, agent: Agent, segment: Segment) -> None:
    """Begin, at the very end of the agent's talk and before anything else can be offered to them."""
    queue, now = turn.site.queues[segment.queue], turn.now.mono_ms
    segment.disposition_required = queue.disposition_required
    agent.wrap_up_max_ms = now + ms(queue.wrap_up_max_seconds)
    _end_at(turn, agent, agent.wrap_up_max_ms if queue.wrap_up_until_ended else now + ms(queue.wrap_up_seconds))
    agents.move(turn, agent, AgentState.WRAP_UP)


def owes(turn: Turn, agent: Agent) -> bool:
    """Whether the agent's wrap-up lacks the disposition that its queue asks for."""
    contact = turn.state.contacts.get(agent.contact_id)
    segment = segments.of(contact, agent.id) if contact is not None else None
    return segment is not None and segments.owes_disposition(segment)


def extend(turn: Turn, agent: Agent, seconds: int) -> None:
    """Put off the end, to the longest time of all at most.

    Raises:
        ConflictError: It lasts as long as it may already.
    """
    if agent.wrap_up_until_ms >= agent.wrap_up_max_ms:
        raise ConflictError(
            "the wrap-up lasts as long as its queue allows already",
            current=agent.state,
            allowed_actions=tuple(agent_actions(turn.state, agent)),
        )
    _end_at(turn, agent, min(agent.wrap_up_until_ms + ms(seconds), agent.wrap_up_max_ms))
    agents.changed(turn, agent, "agent.updated")


def time_over(turn: Turn, agent: Agent) -> None:
    """End by the clock; only a disposition that is required and missing is still waited for, and not for ever."""
    if owes(turn, agent) and turn.now.mono_ms < agent.wrap_up_max_ms:
        agent.wrap_up_overdue = True
        _end_at(turn, agent, agent.wrap_up_max_ms)
        agents.changed(turn, agent, "agent.updated")
    else:
        agents.end_work(turn, agent)


def disposition_given(turn: Turn, agent: Agent) -> None:
    """End a wrap-up that waited for nothing else."""
    if agent.wrap_up_overdue:
        agents.end_work(turn, agent)


def _end_at(turn: Turn, agent: Agent, mono_ms: int) -> None:
    agent.wrap_up_until_ms = mono_ms
    turn.start_timer(f"wrap:{agent.id}", mono_ms - turn.now.mono_ms)
