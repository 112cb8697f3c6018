"""What desktops ask of calls: transfer, hang up, consult, dial. Each is carried out whole, or refused with a reason."""

from __future__ import annotations

import msgspec

from ctid.engine import consultations, offers, outage, queueing, transfers, ways_out
from ctid.engine.offers import AUTO_ANSWER
from ctid.engine.requests import compare, live_contact
from ctid.engine.state import alias_key
from ctid.engine.transfers import NUMBER, Target
from ctid.engine.turn import Turn
from ctid.engine.views import View, consultation_view, contact_actions, contact_view
from ctid.errors import ConflictError, NotFoundError, RequestError
from ctid.model.commands import PlaceCall
from ctid.model.contact import Contact
from ctid.model.events import (
    CallRequested,
    ConsultationRequested,
    ConsultationWithdrawn,
    HangUpRequested,
    TransferRequested,
)
from ctid.model.leg import Leg
from ctid.model.states import AgentState
from ctid.spec.agent import AgentSpec

TAKES_TRANSFERS = (AgentState.READY, AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP)
"""An agent in one of these will be offered a contact that is transferred to them, if they are free soon enough."""


def transfer(turn: Turn, request: TransferRequested) -> View:
    """Give a contact in talk on without asking first."""
    contact, caller = _in_talk(turn, request.contact_id, "transfer")
    compare(contact.version, request, contact.state)
    target = Target(request.queue, request.agent, request.number)
    if sum(map(bool, target)) != 1:
        raise RequestError("a transfer goes to one of queue, agent, number")
    if target.queue:
        _check_queue(turn, contact, target.queue)
    elif target.agent:
        _check_agent(turn, contact, target.agent)
    else:
        _check_number(target.number)
    transfers.send_on(turn, contact, target)
    transfers.fetch(turn, caller)
    return {"contact": contact_view(turn.state, contact, turn.now, turn.floor)}


def hang_up(turn: Turn, request: HangUpRequested) -> View:
    """End the agent's leg; what follows is as if they had hung up their phone."""
    contact, _ = _in_talk(turn, request.contact_id, "hang_up")
    compare(contact.version, request, contact.state)
    for offer_id in contact.offer_ids:
        offers.hang_up(turn, turn.state.offers[offer_id])
    return {"contact": contact_view(turn.state, contact, turn.now, turn.floor)}


def consult(turn: Turn, request: ConsultationRequested) -> View:
    """Announce to a colleague that they are about to be called."""
    contact, caller = _in_talk(turn, request.contact_id, "consult")
    compare(contact.version, request, contact.state)
    spec = _colleague(turn, contact, request.agent)
    if spec.pbx != caller.pbx:
        raise ConflictError(f"agent {request.agent} has their phone at another PBX", current=contact.state)
    _check_reachable(turn, request.agent, spec)
    if turn.state.agents[request.agent].state is AgentState.LOGGED_OUT:
        raise ConflictError(f"agent {request.agent} is not logged in", current=AgentState.LOGGED_OUT)
    number = extension_of(spec.device)
    consultation = consultations.announce(turn, contact, contact.agent_id, request.agent, number)
    return {"consultation": consultation_view(consultation)}


def withdraw(turn: Turn, request: ConsultationWithdrawn) -> View:
    """The colleague is not asked any more."""
    consultation = turn.state.consultations.get(request.consultation_id)
    if consultation is None:
        raise NotFoundError("there is no such consultation now")
    consultations.withdraw(turn, consultation)
    return {"consultation": consultation_view(consultation)}


def call(turn: Turn, request: CallRequested) -> View:
    """Have an agent's phone dial; a call of their own."""
    spec = turn.site.agents.get(request.agent_id)
    if spec is None:
        raise NotFoundError(f"there is no agent {request.agent_id!r}")
    _check_number(request.number)
    _check_reachable(turn, request.agent_id, spec)
    turn.emit(
        PlaceCall(
            pbx=spec.pbx,
            unique_id=turn.mint("ow"),
            device=spec.device,
            number=request.number,
            headers=dict(AUTO_ANSWER),
        )
    )
    return {"number": request.number}


def extension_of(device: str) -> str:
    """What phones dial to reach a phone: its name at the PBX."""
    return device.partition("/")[2].partition("@")[0]


def _in_talk(turn: Turn, contact_id: str, action: str) -> tuple[Contact, Leg]:
    contact = live_contact(turn, contact_id)
    caller = turn.legs.get(contact.caller_leg)
    if caller is None or action not in contact_actions(contact):
        raise ConflictError(
            "only a call in which an agent talks can be given on, asked about or ended",
            current=contact.state,
            allowed_actions=tuple(contact_actions(contact)),
        )
    if not outage.is_up(turn, caller.pbx):
        raise ConflictError("the PBX can't be reached now", current=contact.state)
    return contact, caller


def _check_queue(turn: Turn, contact: Contact, name: str) -> None:
    """Raise if the queue would not take the contact: it stays with the agent, who can say so."""
    if name not in turn.site.queues:
        raise RequestError(f"there is no queue {name!r}; there is: {', '.join(sorted(turn.site.queues))}")
    newcomer = msgspec.structs.replace(contact, steps=[], queue=name)
    queueing.choose(turn, newcomer, name)
    way = ways_out.on_entering(turn, newcomer, name)
    if way is not None:
        raise ConflictError(f"queue {name} does not take the contact now: {way.result}", current=contact.state)


def _check_agent(turn: Turn, contact: Contact, agent_id: str) -> None:
    """Raise if the agent will not be offered the contact soon."""
    spec = _colleague(turn, contact, agent_id)
    agent = turn.state.agents[agent_id]
    if agent.state not in TAKES_TRANSFERS:
        raise ConflictError(f"agent {agent_id} is {agent.state}", current=agent.state)
    profile = turn.floor.roster.profiles[agent_id]
    if spec.pbx != turn.state.legs[contact.caller_leg].pbx or (profile.queues and contact.queue not in profile.queues):
        raise ConflictError(f"agent {agent_id} does not serve queue {contact.queue} at this PBX", current=agent.state)
    _check_reachable(turn, agent_id, spec)


def _colleague(turn: Turn, contact: Contact, agent_id: str) -> AgentSpec:
    spec = turn.site.agents.get(agent_id)
    if spec is None:
        raise RequestError(f"there is no agent {agent_id!r}")
    if agent_id == contact.agent_id:
        raise RequestError(f"agent {agent_id} talks to the contact already")
    return spec


def _check_reachable(turn: Turn, agent_id: str, spec: AgentSpec) -> None:
    if not outage.is_up(turn, spec.pbx):
        raise ConflictError("the PBX can't be reached now", current=turn.state.agents[agent_id].state)
    if not turn.state.devices.get(alias_key(spec.pbx, spec.device), True):
        raise ConflictError(
            f"the phone of agent {agent_id} can't be reached", current=turn.state.agents[agent_id].state
        )


def _check_number(number: str) -> None:
    if not NUMBER.fullmatch(number):
        raise RequestError(f"{number!r} is no number that can be dialled; give digits, * and #, after + if you like")
