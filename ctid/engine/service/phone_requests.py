"""What desktops ask of an agent's phone: not to be disturbed, or forwarded."""

from __future__ import annotations

import msgspec

from ctid.engine.agent import devices, phones
from ctid.engine.service.requests import compare
from ctid.engine.service.takers import check_number
from ctid.engine.shown.views import View, agent_view
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, NotFoundError, RequestError
from ctid.model.agent import Agent
from ctid.model.events import AgentPhoneSet
from ctid.routing.emergency import is_emergency
from ctid.spec.agent import AgentSpec


def set_phone(turn: Turn, request: AgentPhoneSet) -> View:
    """Set what was given, keep the rest, and match again."""
    agent, spec = turn.state.agents.get(request.agent_id), turn.site.agents.get(request.agent_id)
    if agent is None:
        raise NotFoundError(f"there is no agent {request.agent_id!r}")
    if spec is None:
        raise ConflictError("the agent is no longer in the configuration", current=agent.state)
    compare(agent.version, request, agent.state)
    do_not_disturb, forwarded_to = agent.do_not_disturb, agent.forwarded_to
    if request.do_not_disturb is not msgspec.UNSET:
        do_not_disturb = request.do_not_disturb
    if request.forwarded_to is not msgspec.UNSET:
        forwarded_to = request.forwarded_to or ""
        _check_target(turn, agent, spec, forwarded_to)
    if request.do_not_disturb is False:
        phones.forgive(turn, agent)
    if (do_not_disturb, forwarded_to) != (agent.do_not_disturb, agent.forwarded_to):
        phones.set_to(turn, agent, do_not_disturb=do_not_disturb, forwarded_to=forwarded_to)
    return {"agent": agent_view(turn.state, turn.site, agent, turn.now)}


def _check_target(turn: Turn, agent: Agent, spec: AgentSpec, number: str) -> None:
    """Raise if calls for the agent can't go there."""
    if not number:
        return
    check_number(turn, number)
    if is_emergency(number, turn.site.country, turn.site.own_calls.emergency_numbers):
        raise RequestError(f"{number} is an emergency service; nobody's calls go there by themselves")
    at = agent.id
    for _ in range(phones.MOST_FORWARDS + 1):
        at = devices.agent_at(turn, spec.pbx, f"PJSIP/{number}")
        if at == agent.id:
            raise RequestError(f"{number} leads back to agent {agent.id}; give a number of somebody else")
        if not at or not (number := turn.state.agents[at].forwarded_to):
            return
    raise RequestError(f"this goes on to more than {phones.MOST_FORWARDS} others; give a number that rings")
