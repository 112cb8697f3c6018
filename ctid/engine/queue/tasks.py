"""Contacts of interruptible channels: at hand beside voice work, put aside during a call, never lost."""

from __future__ import annotations

from ctid.engine import segments, today
from ctid.engine.contact import contacts
from ctid.engine.queue import queueing
from ctid.engine.turn import Turn
from ctid.model.agent import Agent, Task
from ctid.model.contact import Contact
from ctid.model.states import ContactState


def begin(turn: Turn, agent: Agent, contact: Contact) -> None:
    """The agent has the contact at hand from now on."""
    contact.connected_at = turn.now
    segments.begin(turn, contact, agent.id).disposition_required = turn.site.queues[contact.queue].disposition_required
    agent.tasks[contact.id] = Task(contact_id=contact.id, channel=contact.channel, since_ms=turn.now.mono_ms)
    today.of_agent(turn, agent.id).contacts += 1
    contacts.move(turn, contact, ContactState.CONNECTED)
    contacts.publish(turn, contact, "contact.connected")


def put_down(turn: Turn, agent: Agent, contact: Contact) -> None:
    """The agent no longer has the contact at hand, and has room for another."""
    del agent.tasks[contact.id]
    turn.touch_agent(agent.id)


def give_back(turn: Turn, agent: Agent) -> None:
    """What the agent has at hand goes back to its queues, each contact to the place it had."""
    for contact_id in list(agent.tasks):
        contact = turn.state.contacts[contact_id]
        put_down(turn, agent, contact)
        segment = segments.of(contact, agent.id)
        if segment is not None:
            # Whoever takes it next owes the disposition.
            segment.disposition_required = False
            segments.finish(turn, segment, "returned")
        if contact.connected_at is not None:
            contact.served_ms += turn.now.mono_ms - contact.connected_at.mono_ms
        contact.connected_at, contact.agent_id = None, ""
        queueing.arm_step(turn, contact)
        queueing.requeue(turn, contact)


def interrupt(turn: Turn, agent: Agent) -> None:
    """A call has the agent's attention."""
    _set_interrupted(turn, agent, interrupted=True)


def resume(turn: Turn, agent: Agent) -> None:
    """The call and its wrap-up are over."""
    _set_interrupted(turn, agent, interrupted=False)


def _set_interrupted(turn: Turn, agent: Agent, *, interrupted: bool) -> None:
    for task in agent.tasks.values():
        if task.interrupted is not interrupted:
            task.interrupted = interrupted
            contact = turn.state.contacts[task.contact_id]
            contacts.publish(turn, contact, "contact.interrupted" if interrupted else "contact.resumed")
