"""Pick up (CSTA Pickup Call): an agent takes a contact that waits, or that others are being offered, by their choice.

Skills, order and back-off say whom ctid offers a contact to. Here a human has decided: what counts is that the agent
serves the queue, and is at no other call.
"""

from __future__ import annotations

from ctid.acd.profile import serves
from ctid.engine import outage
from ctid.engine.agent import agents, assignment, offers
from ctid.engine.agent import wrap_up as after_call
from ctid.engine.agent.assignment import MAX_DECISIONS, candidate_of
from ctid.engine.contact import contacts
from ctid.engine.queue import queueing
from ctid.engine.service.requests import NO_DISPOSITION, compare, live_contact
from ctid.engine.shown.allowed_actions import contact_actions
from ctid.engine.shown.decision_view import PICKED_UP
from ctid.engine.shown.parked import may_fetch
from ctid.engine.shown.views import View, park_view, wait_ms
from ctid.engine.turn import Turn
from ctid.engine.waiting.requirement import pbx_of
from ctid.errors import ConflictError, InTransitError, RequestError
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.events import PickUpRequested
from ctid.model.history import Decision
from ctid.model.states import WAITING, AgentState, ContactState
from ctid.spec.agent import VOICE

FREE_TO = (AgentState.READY, AgentState.NOT_READY, AgentState.WRAP_UP)
"""Who has nothing to do, or may put off what they do. A break is gone back to afterwards; a wrap-up ends."""

_SOON = "; try again"
"""Ends the hindrances that are over by themselves in a moment."""

MOST = 100
"""Contacts told of that may be picked up; who looks at more of them has no hand free."""


def pick_up(turn: Turn, request: PickUpRequested) -> View:
    """Have the agent's phone rung, told to answer by itself; a contact of another channel is at hand at once."""
    contact = live_contact(turn, request.contact_id)
    compare(contact.version, request, contact.state)
    _check_contact(turn, contact)
    agent = _check_agent(turn, contact, request.agent_id)
    agents.engage(turn, agent)
    offer = offers.pick_up(turn, contact, agent)
    contact.decisions.append(
        Decision(
            at=turn.now,
            queue=contact.queue,
            agent_id=agent.id,
            offer_id=offer.id,
            trigger=PICKED_UP,
            step=contact.step,
            waited_ms=queueing.waited(turn, contact),
            strategy=turn.site.queues[contact.queue].strategy,
            able=0,
            fit=0,
            turn=0,
        )
    )
    del contact.decisions[:-MAX_DECISIONS]
    return contacts.answer(turn, contact)


def waiting_for(turn: Turn, agent_id: str) -> list[View]:
    """What waits in the queues that an agent serves and may be picked up, who waits longest first.

    Args:
        turn: Of a look at the site; nothing is changed.
        agent_id: An agent of the configuration.
    """
    agent = turn.state.agents[agent_id]
    profile = turn.floor.roster.profiles[agent_id]
    found = [
        contact
        for contact in turn.state.contacts.values()
        if contact.state in WAITING
        and (serves(profile, contact.queue) or may_fetch(turn.floor, contact, agent_id))
        and "pick_up" in contact_actions(turn.state, contact)
    ]
    found.sort(key=lambda contact: (contact.place_ms, contact.seq))
    return [_waiting_view(turn, contact, agent) for contact in found[:MOST]]


def _waiting_view(turn: Turn, contact: Contact, agent: Agent) -> View:
    now = not _hindrance_of_contact(turn, contact) and not _hindrance_of_agent(turn, contact, agent)
    return {
        "id": contact.id,
        "channel": contact.channel,
        "state": contact.state,
        "queue": contact.queue,
        "ani": contact.ani or None,
        "customer": contact.customer.name if contact.customer is not None else None,
        "wait_ms": wait_ms(contact, turn.now),
        "park": park_view(contact.park, turn.now),
        "offered_to": [turn.state.offers[offer_id].agent_id for offer_id in contact.offer_ids],
        "version": contact.version,
        "allowed_actions": ["pick_up"] if now else [],
    }


def _check_contact(turn: Turn, contact: Contact) -> None:
    """Raise if nobody can have the contact now."""
    if "pick_up" not in contact_actions(turn.state, contact):
        raise ConflictError(
            "only a contact whose customer waits, and that nobody has taken, can be picked up",
            current=contact.state,
            allowed_actions=tuple(contact_actions(turn.state, contact)),
        )
    hindrance = _hindrance_of_contact(turn, contact)
    if hindrance:
        raise _refusal(hindrance, contact.state)


def _refusal(hindrance: str, current: str) -> ConflictError:
    kind = InTransitError if hindrance.endswith(_SOON) else ConflictError
    return kind(hindrance, current=current)


def _hindrance_of_contact(turn: Turn, contact: Contact) -> str:
    """Why nobody can have a contact that may be picked up just now; empty if somebody can."""
    if turn.state.draining:
        return "ctid is about to stop; nobody is rung any more"
    if contact.channel == VOICE and not outage.is_up(turn, pbx_of(turn, contact)):
        return "the PBX can't be reached now"
    if contact.state is ContactState.QUEUED and not assignment.is_connectable(turn, contact):
        return f"the caller is just on the way to ctid{_SOON}"
    return ""


def _check_agent(turn: Turn, contact: Contact, agent_id: str) -> Agent:
    """Give the agent, who can have the contact now; else raise."""
    if agent_id not in turn.site.agents:
        raise RequestError(f"there is no agent {agent_id!r}")
    agent = turn.state.agents[agent_id]
    hindrance = _hindrance_of_agent(turn, contact, agent)
    if hindrance:
        raise _refusal(hindrance, agent.state)
    return agent


def _hindrance_of_agent(turn: Turn, contact: Contact, agent: Agent) -> str:
    """Why the agent cannot have the contact now; empty if they can."""
    candidate, channel = candidate_of(turn, agent), contact.channel
    at_hand = sum(task.channel == channel for task in agent.tasks.values())
    if agent.offer_id and agent.contact_id == contact.id and agent.state is AgentState.RESERVED:
        return f"the contact is being offered to agent {agent.id} already"
    if agent.state not in FREE_TO:
        return f"agent {agent.id} is {agent.state}"
    if agent.offer_id:
        return f"the last call of agent {agent.id} is just being ended{_SOON}"
    if after_call.owes(turn, agent):
        return NO_DISPOSITION.format(queue=turn.state.contacts[agent.contact_id].queue)
    if not serves(candidate.profile, contact.queue) and not may_fetch(turn.floor, contact, agent.id):
        return f"agent {agent.id} does not serve queue {contact.queue}"
    if channel == VOICE and candidate.profile.pbx != pbx_of(turn, contact):
        return f"agent {agent.id} has their phone at another PBX"
    if at_hand >= candidate.profile.capacity.get(channel, 0):
        return f"agent {agent.id} has no room for one more contact of channel {channel}"
    if channel == VOICE and not candidate.reachable:
        return f"the phone of agent {agent.id} can't be reached"
    if candidate.in_call:
        return f"the phone of agent {agent.id} is in a call"
    return ""
