"""How fast a queue moves: how long its contacts keep an agent busy, and how soon its callers give up."""

from __future__ import annotations

from ctid.engine.state import Pace
from ctid.engine.turn import Turn, ms
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.states import Outcome
from ctid.spec.agent import VOICE

RECENT = 64
"""A mean moves with the last so many contacts, about."""

PRIOR = 4
"""What the configuration says of handling counts like so many contacts that were measured."""

MANY_ABANDONS = 256
"""At so many, abandoned contacts and the time waited are halved: what is long ago counts less and less."""


def served(turn: Turn, agent: Agent, channel: str, name: str, worked_ms: int) -> None:
    """Learn from a contact whose talk and wrap-up are over; it counts to the agent as the last of those handled.

    Args:
        turn: The turn.
        agent: The agent.
        channel: Of the contact.
        name: The queue it was served from.
        worked_ms: How long both took.
    """
    agent.handling_ms = _moved(agent.handling_ms, worked_ms, agent.handled)
    queue = turn.site.queues.get(name)
    if channel != VOICE or queue is None:
        return
    pace = turn.state.paces.setdefault(name, Pace())
    if pace.handled == 0 and queue.handling_seconds > 0:
        pace.handling_ms, pace.handled = ms(queue.handling_seconds), PRIOR
    pace.handled = min(RECENT, pace.handled + 1)
    pace.handling_ms = _moved(pace.handling_ms, worked_ms, pace.handled)


def left_queue(turn: Turn, contact: Contact) -> None:
    """Learn from a contact that waits no more, for whatever reason, how patient callers are."""
    entered = next((step.at for step in reversed(contact.path) if step.kind == "queue"), None)
    if contact.channel != VOICE or entered is None or contact.queue not in turn.site.queues:
        return
    if contact.callback is not None:
        # Who waits for a call has no need of patience.
        return
    pace = turn.state.paces.setdefault(contact.queue, Pace())
    pace.waited_ms += turn.now.mono_ms - entered.mono_ms
    pace.abandons += contact.outcome in (Outcome.ABANDONED, Outcome.SHORT_ABANDON)
    if pace.abandons >= MANY_ABANDONS:
        pace.abandons //= 2
        pace.waited_ms //= 2


def _moved(mean_ms: int, worked_ms: int, count: int) -> int:
    return mean_ms + (worked_ms - mean_ms) // max(1, min(RECENT, count))
