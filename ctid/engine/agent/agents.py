"""Agents: their states, and what frees them."""

from __future__ import annotations

from ctid.acd import recency
from ctid.acd.agent_states import TRANSITIONS
from ctid.engine import segments, today
from ctid.engine.contact import contacts
from ctid.engine.queue import tasks
from ctid.engine.shown.views import agent_view
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting import pace
from ctid.errors import InvariantError
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.events import DesktopConnected, DesktopLost
from ctid.model.history import Segment
from ctid.model.states import AgentState, ContactState, SystemReason

AT_WORK = (AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP)


def move(turn: Turn, agent: Agent, to: AgentState, reason: str = "") -> None:
    """Change the agent's state and publish it.

    Raises:
        InvariantError: There is no such transition: a bug of ours.
    """
    if to not in TRANSITIONS[agent.state]:
        raise InvariantError(f"agent {agent.id} can't go from {agent.state} to {to}")
    today.state_ends(turn, agent, to, reason)
    agent.state, agent.reason, agent.since = to, reason, turn.now
    turn.deserted |= to is AgentState.LOGGED_OUT
    turn.floor.set_duty(agent.id, to)
    if to is AgentState.LOGGED_OUT:
        tasks.give_back(turn, agent)
    changed(turn, agent)


def changed(turn: Turn, agent: Agent, type_: str = "agent.state_changed") -> None:
    """Publish the agent as it is now, and look at what they are free for."""
    turn.touch_agent(agent.id)
    agent.version += 1
    turn.publish(
        type_,
        lambda: {"agent": agent_view(turn.state, turn.site, agent, turn.now)},
        contact_id=agent.contact_id,
        agent_ids=[agent.id],
    )


def engage(turn: Turn, agent: Agent) -> None:
    """What the agent was at is put aside: a wrap-up ends; what follows it, or a break, follows the talk to come."""
    state, reason = agent.pending_state, agent.pending_reason
    if agent.state is AgentState.WRAP_UP:
        agent.pending_state, agent.pending_reason, agent.misses = None, "", 0
        end_work(turn, agent)
    elif agent.state is AgentState.NOT_READY and state is None:
        state, reason = AgentState.NOT_READY, agent.reason
    agent.pending_state, agent.pending_reason = state, reason


def pend(turn: Turn, agent: Agent, state: AgentState | None, reason: str = "") -> None:
    """Set or clear what follows the present work."""
    agent.pending_state, agent.pending_reason = state, reason
    changed(turn, agent)


def free(turn: Turn, agent: Agent) -> None:
    """The agent's work is over: to the pending state, or READY, or NOT_READY after too many misses."""
    state, reason = agent.pending_state, agent.pending_reason
    agent.pending_state, agent.pending_reason = None, ""
    if state is not None:
        move(turn, agent, state, reason)
    elif agent.misses >= turn.site.policy.max_misses:
        move(turn, agent, AgentState.NOT_READY, SystemReason.RING_NO_ANSWER)
    else:
        move(turn, agent, AgentState.READY)


def back_off(turn: Turn, agent: Agent, seconds: float) -> None:
    """Offer nothing to the agent for a while, then match again."""
    if seconds > 0:
        agent.backoff_until_ms = turn.now.mono_ms + ms(seconds)
        turn.start_timer(f"backoff:{agent.id}", ms(seconds))
        turn.touch_agent(agent.id)


def back_off_over(turn: Turn, agent: Agent) -> None:
    """The agent may be offered contacts again."""
    agent.backoff_until_ms = 0
    turn.touch_agent(agent.id)


def end_work(turn: Turn, agent: Agent) -> None:
    """Talk and wrap-up are over: the idle clock starts, the agent is free; a contact that waited for them closes."""
    turn.cancel_timer(f"wrap:{agent.id}")
    contact = turn.state.contacts.get(agent.contact_id)
    agent.contact_id, agent.wrap_up_until_ms, agent.wrap_up_max_ms, agent.wrap_up_overdue = "", 0, 0, False
    segment = segments.of(contact, agent.id) if contact is not None else None
    if contact is not None and segment is not None:
        segments.finish(turn, segment)
        interaction_over(turn, agent, contact, segment)
        contact.version += 1
        contacts.settle(turn, contact)
        if contact.state is not ContactState.CLOSED:
            contacts.publish(turn, contact, "contact.updated", agent.id)
    tasks.resume(turn, agent)
    free(turn, agent)


def interaction_over(turn: Turn, agent: Agent, contact: Contact, segment: Segment) -> None:
    """Count what the agent has served, and start the idle clock: whatever follows is no part of it.

    A call of their own for no queue is no work at all; one for a queue is, but tells nothing of how long that queue's
    contacts take.
    """
    if not segment.queue:
        return
    agent.idle_since_ms = turn.now.mono_ms
    worked_ms = turn.now.mono_ms - segment.began_at.mono_ms
    agent.load = recency.add(agent.load, max(1, worked_ms), turn.now.mono_ms)
    agent.count = recency.add(agent.count, 1, turn.now.mono_ms)
    if contacts.is_of_the_acd(contact):
        agent.handled += 1
        pace.served(turn, agent, contact.channel, segment.queue, worked_ms)


def desktop_connected(turn: Turn, event: DesktopConnected) -> None:
    """A desktop of the agent is there: the agent may be offered contacts again."""
    agent = turn.state.agents.get(event.agent_id)
    if agent is None:
        turn.note("unknown-agent", event.agent_id)
        return
    if event.session_id not in agent.desktops:
        agent.desktops.append(event.session_id)
    agent.desktop_lost_ms = 0
    turn.cancel_timer(f"desktop:{agent.id}")
    if agent.pending_reason == SystemReason.CONNECTION_LOST:
        pend(turn, agent, None)
    turn.touch_agent(agent.id)


def desktop_lost(turn: Turn, event: DesktopLost) -> None:
    """A desktop went away; after the last one nothing is offered, and the state is kept for the grace time."""
    agent = turn.state.agents.get(event.agent_id)
    if agent is None or event.session_id not in agent.desktops:
        return
    agent.desktops.remove(event.session_id)
    if not agent.desktops:
        lose_desktop(turn, agent)


def lose_desktop(turn: Turn, agent: Agent) -> None:
    """The agent's last desktop is gone."""
    if agent.state is not AgentState.LOGGED_OUT:
        agent.desktop_lost_ms = turn.now.mono_ms
        turn.touch_agent(agent.id)
        turn.start_timer(f"desktop:{agent.id}", ms(turn.site.policy.desktop_grace_seconds))


def desktop_grace_over(turn: Turn, agent: Agent) -> None:
    """The desktop did not come back: NOT_READY, at once or when the present work ends. Talk is never dropped."""
    if agent.desktop_lost_ms == 0:
        return
    if agent.state in AT_WORK:
        if agent.pending_state is None:
            pend(turn, agent, AgentState.NOT_READY, SystemReason.CONNECTION_LOST)
    elif agent.state is AgentState.READY:
        move(turn, agent, AgentState.NOT_READY, SystemReason.CONNECTION_LOST)
    agent.desktop_lost_ms = 0
