"""Park (CSTA Park Call): an agent leaves a caller to a colleague, or to whoever fetches them, and wraps up.

The caller waits with music in the queue that they were served from, and is offered to nobody. Whoever is to see it is
told, and picks it up (``ctid.engine.service.picking_up``). What nobody fetches is offered to who parked it, then to
the queue.
"""

from __future__ import annotations

import msgspec

from ctid.acd.profile import serves
from ctid.engine.agent import consultations, offers
from ctid.engine.contact import contacts
from ctid.engine.queue import queueing
from ctid.engine.service import transfers
from ctid.engine.service.in_talk import in_talk
from ctid.engine.service.requests import compare
from ctid.engine.service.takers import TAKES_TRANSFERS
from ctid.engine.shown.parked import is_parked, watchers
from ctid.engine.shown.views import View, screen_pop
from ctid.engine.turn import Turn, ms
from ctid.errors import ConflictError, RequestError
from ctid.model.contact import Contact
from ctid.model.events import ParkRequested
from ctid.model.leg import Leg
from ctid.model.position import Park
from ctid.model.states import AgentState, ContactState


def park(turn: Turn, request: ParkRequested) -> View:
    """Have the caller of a talk wait to be fetched."""
    contact, caller = in_talk(turn, request.contact_id, "park")
    compare(contact.version, request, contact.state)
    if request.agent:
        _check_colleague(turn, contact, caller, request.agent)
    on_hold_with_us = contact.on_hold and caller.has_agi
    giver, after_ms = transfers.take_from_agent(turn, contact, "parked"), ms(turn.site.policy.park_seconds)
    contact.park = Park(by=giver.agent_id, agent=request.agent, at=turn.now, until_ms=turn.now.mono_ms + after_ms)
    turn.state.parked[contact.id] = request.agent
    turn.start_timer(f"park:{contact.id}", after_ms)
    contacts.step(turn, contact, "park", request.agent)
    queueing.requeue(turn, contact)
    contacts.publish(
        turn,
        contact,
        "contact.parked",
        *watchers(turn.state, turn.floor, contact),
        pop=screen_pop(contact, turn.now, turn.floor),
    )
    consultations.over(turn, contact)
    if on_hold_with_us:
        # In a flow, they hear no music yet.
        queueing.play_music(turn, contact)
    else:
        transfers.fetch(turn, caller)
    return contacts.answer(turn, contact)


def _check_colleague(turn: Turn, contact: Contact, caller: Leg, agent_id: str) -> None:
    """Raise if the colleague could never fetch it; who has a call, or a break, may well do so soon."""
    spec = turn.site.agents.get(agent_id)
    if spec is None:
        raise RequestError(f"there is no agent {agent_id!r}")
    if agent_id == contact.agent_id:
        raise RequestError(f"agent {agent_id} talks to the contact already")
    state = turn.state.agents[agent_id].state
    if state is AgentState.LOGGED_OUT:
        raise ConflictError(f"agent {agent_id} is {state}", current=state)
    if spec.pbx != caller.pbx or not serves(turn.floor.roster.profiles[agent_id], contact.queue):
        raise ConflictError(f"agent {agent_id} does not serve queue {contact.queue} at this PBX", current=state)


def time_over(turn: Turn, contact: Contact) -> None:
    """Nobody has fetched it: it is offered to who parked it, and to its queue's others if they don't take it."""
    if contact.park is None or not is_parked(contact):
        return
    if contact.state is ContactState.OFFERED:
        # Somebody is just about to.
        turn.start_timer(f"park:{contact.id}", offers.RECHECK_MS)
        return
    contacts.step(turn, contact, "queue", contact.queue, "returned")
    contacts.unpark(turn, contact, "unfetched", msgspec.structs.replace(contact.park, returned=True))
    giver = turn.state.agents.get(contact.park.by)
    if giver is not None and giver.id in turn.site.agents and giver.state in TAKES_TRANSFERS:
        queueing.mean_for(turn, contact, giver.id)
    queueing.wait_again(turn, contact)
