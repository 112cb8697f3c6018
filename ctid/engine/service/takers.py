"""Who may be called, asked or given a contact: a queue, a flow, an agent, a number; or the refusal with its reason."""

from __future__ import annotations

import msgspec

from ctid.acd.profile import serves
from ctid.engine import outage
from ctid.engine.agent import consultations, devices, own_calls, phones, supervisions
from ctid.engine.queue import queueing, ways_out
from ctid.engine.service.transfers import NUMBER, Target
from ctid.engine.state import alias_key
from ctid.engine.turn import Turn
from ctid.engine.waiting.requirement import pbx_of
from ctid.errors import ConflictError, RequestError
from ctid.model.contact import Contact
from ctid.model.states import AgentState
from ctid.routing.emergency import is_emergency
from ctid.routing.numbers import is_blocked
from ctid.spec.agent import VOICE, AgentSpec
from ctid.spec.flow import flow_name

TAKES_TRANSFERS = (AgentState.READY, AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP)
"""An agent in one of these will be offered a contact that is transferred to them, if they are free soon enough."""


def check_queue(turn: Turn, contact: Contact, name: str) -> None:
    """Raise if the queue would not take the contact: it stays with the agent, who can say so."""
    if name not in turn.site.queues:
        raise RequestError(f"there is no queue {name!r}; there is: {', '.join(sorted(turn.site.queues))}")
    newcomer = msgspec.structs.replace(contact, steps=[], queue=name)
    queueing.choose(turn, newcomer, name)
    way = ways_out.on_entering(turn, newcomer, name)
    if way is not None:
        raise ConflictError(f"queue {name} does not take the contact now: {way.result}", current=contact.state)


def check_flow(turn: Turn, name: str) -> None:
    """Raise if there is no such flow."""
    # Earlier versions of flows are kept for those who are in them, and for nobody else.
    there_is = [each for each in turn.site.flows if each == flow_name(each)]
    if name not in there_is:
        raise RequestError(f"there is no flow {name!r}; there is: {', '.join(sorted(there_is)) or 'none at all'}")


def follow(turn: Turn, contact: Contact, target: Target) -> Target:
    """Give whom a contact reaches that is given to an agent, a colleague or a number; raise if nobody takes it soon."""
    colleague(turn, contact, target.agent)
    agent_id, number = (target.agent, "") if contact.channel != VOICE else phones.reach(turn, target.agent)
    if agent_id:
        _check_agent(turn, contact, agent_id)
    return Target(agent=agent_id, number=number)


def _check_agent(turn: Turn, contact: Contact, agent_id: str) -> None:
    spec = colleague(turn, contact, agent_id)
    agent = turn.state.agents[agent_id]
    if agent.state not in TAKES_TRANSFERS:
        raise ConflictError(f"agent {agent_id} is {agent.state}", current=agent.state)
    elsewhere = contact.channel == VOICE and spec.pbx != pbx_of(turn, contact)
    if elsewhere or (contact.queue and not serves(turn.floor.roster.profiles[agent_id], contact.queue)):
        raise ConflictError(f"agent {agent_id} does not serve queue {contact.queue} at this PBX", current=agent.state)
    if contact.channel == VOICE:
        check_reachable(turn, agent_id, spec)


def colleague(turn: Turn, contact: Contact, agent_id: str) -> AgentSpec:
    """Give another agent than the one who has the contact, or raise."""
    spec = turn.site.agents.get(agent_id)
    if spec is None:
        raise RequestError(f"there is no agent {agent_id!r}")
    if agent_id == contact.agent_id:
        raise RequestError(f"agent {agent_id} talks to the contact already")
    return spec


def check_reachable(turn: Turn, agent_id: str, spec: AgentSpec) -> None:
    """Raise if the agent's phone can't be reached."""
    if not outage.is_up(turn, spec.pbx):
        raise ConflictError("the PBX can't be reached now", current=turn.state.agents[agent_id].state)
    if not turn.state.devices.get(alias_key(spec.pbx, spec.device), True):
        raise ConflictError(
            f"the phone of agent {agent_id} can't be reached", current=turn.state.agents[agent_id].state
        )


def check_takes_calls(turn: Turn, agent_id: str) -> None:
    """Raise if the agent has a call, or is about to: nobody's phone rings for two."""
    agent = turn.state.agents[agent_id]
    if agent.state in (AgentState.RESERVED, AgentState.BUSY) or agent.offer_id:
        raise ConflictError(f"agent {agent_id} is {agent.state}", current=agent.state)
    rung = consultations.is_asked(turn, agent_id) or supervisions.is_supervising(turn, agent_id)
    own = devices.in_own_call(turn, turn.site.agents[agent_id]) or own_calls.block(turn, agent)
    if own or rung:
        raise ConflictError(f"the phone of agent {agent_id} is in a call", current=agent.state)


def check_number(turn: Turn, number: str) -> None:
    """Raise if it is none that can be dialled, or may be."""
    own = turn.site.own_calls
    if not NUMBER.fullmatch(number):
        raise RequestError(f"{number!r} is no number that can be dialled; give digits, * and #, after + if you like")
    if is_emergency(number, turn.site.country, own.emergency_numbers):
        return
    colleagues = (devices.extension_of(device) for _, device in turn.site.phones)
    if number not in colleagues and is_blocked(number, turn.site.country, own.blocked):
        raise RequestError(f"{number} begins with what is not to be dialled: own_calls.blocked")
