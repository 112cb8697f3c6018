"""Detours: an agent has their caller go through a flow, and gets them back when it comes to its end.

Meanwhile the caller is on hold by ctid, and hears the flow instead of music. What the flow sets is set; where it would
send the caller in the end, other than to the next flow, does not count: they go back. If the agent leaves, it counts.
"""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.agent import holding
from ctid.engine.contact import contacts
from ctid.engine.flow import flows
from ctid.engine.queue import queueing
from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.model.states import ContactState


def is_on_one(contact: Contact) -> bool:
    """Whether the caller is in a flow and has an agent who waits for them."""
    return contact.state is ContactState.CONNECTED and contact.ivr is not None


def over(turn: Turn, contact: Contact) -> None:
    """The flow has come to its end: back to the agent; while they can't be had, music."""
    flows.left(turn, contact, "back")
    contact.version += 1
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    busy = agent is None or bool(agent.bridge_id) or holding.is_joining(turn, contact)
    if agent is None or caller is None or busy or not outage.is_up(turn, agent.pbx):
        queueing.play_music(turn, contact)
    else:
        holding.retrieve(turn, contact, agent, caller)
    contacts.publish(turn, contact, "contact.updated")


def agent_left(turn: Turn, contact: Contact) -> None:
    """The agent does not wait for their caller any more, who goes on as if the agent had given them to the flow."""
    contacts.without_agent(turn, contact, turn.now)
    contact.offer_ids, contact.on_hold = [], False
    contacts.move(turn, contact, ContactState.CREATED)
    contacts.publish(turn, contact, "contact.updated")
