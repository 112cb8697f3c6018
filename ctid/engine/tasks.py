"""Contacts of interruptible channels: at hand beside voice work, put aside during a call, never lost."""

from __future__ import annotations

from ctid.engine import contacts, offers
from ctid.engine.turn import Turn
from ctid.model.agent import Task
from ctid.model.contact import Contact
from ctid.model.offer import Offer
from ctid.model.states import ContactState


def begin(turn: Turn, offer: Offer, contact: Contact) -> None:
    """The agent takes the contact: it is at hand from now on, and the agent is free for more."""
    offers.take(turn, offer, contact)
    agent = turn.state.agents[offer.agent_id]
    agent.misses = 0
    contact.offer_ids = []
    contact.connected_at = contact.connected_at or turn.now
    agent.tasks[contact.id] = Task(contact_id=contact.id, channel=contact.channel, since_ms=turn.now.mono_ms)
    contacts.move(turn, contact, ContactState.CONNECTED)
    contacts.publish(turn, contact, "contact.connected")
    offers.hang_up(turn, offer)
