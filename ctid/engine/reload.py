"""A configuration comes into force, at the start or while contacts are live."""

from __future__ import annotations

from typing import Any

from ctid.engine import today
from ctid.engine.agent import agents, assignment, phones
from ctid.engine.flow import flow_versions
from ctid.engine.queue import callbacks, queueing
from ctid.engine.service import callback_requests
from ctid.engine.state import Pbx, SiteState
from ctid.engine.turn import Turn
from ctid.model.agent import Agent
from ctid.model.states import AgentState, ContactState, SystemReason
from ctid.spec.menus import written_out
from ctid.spec.site import SiteSpec


def parse(spec: dict[str, Any]) -> SiteSpec:
    """Plain data of a configuration that was checked before."""
    return SiteSpec.model_validate(_written_out(spec))


def load(turn: Turn, spec: dict[str, Any]) -> SiteSpec:
    """Bring the configuration into force without touching live contacts.

    Queues that vanish while a contact is in them stay as they were, until a reload finds them empty. So do flows that
    change: who is in one goes through it as it was.
    """
    state = turn.state
    spec = _carry_over(state, _written_out(spec))
    site = parse(spec)
    state.spec = spec
    turn.site = site
    today.begin(state, site.timezone, turn.now)
    for name in {agent.pbx for agent in site.agents.values()}:
        state.pbxes.setdefault(name, Pbx())
    for agent_id in site.agents:
        if agent_id not in state.agents:
            state.agents[agent_id] = Agent(id=agent_id, since=turn.now, idle_since_ms=turn.now.mono_ms)
    for agent in list(state.agents.values()):
        if agent.id not in site.agents:
            _remove(turn, agent)
        elif agent.pending_reason == SystemReason.CONFIG_REMOVED:
            agents.pend(turn, agent, None)
    turn.floor = assignment.empty_floor(state, site)
    for name in state.pbxes:
        phones.tell(turn, name)
    for contact in state.contacts.values():
        if contact.state in (ContactState.QUEUED, ContactState.OFFERED):
            queueing.reconsider(turn, contact)
            queueing.arm_step(turn, contact)
    callback_requests.reloaded(turn)
    for queue in state.callbacks:
        callbacks.hold(turn, queue)
        callbacks.arm_pulse(turn, queue)
    turn.publish("config.loaded", {"site": site.site})
    turn.touch_all()
    return site


def _written_out(spec: dict[str, Any]) -> dict[str, Any]:
    """Journals of earlier releases have menus in their configurations."""
    return written_out(spec).data


def _carry_over(state: SiteState, spec: dict[str, Any]) -> dict[str, Any]:
    before: Any = state.spec.get("queues") or {}
    queues = spec.get("queues") or {}
    kept = {name: before[name] for name in sorted(_queues_in_use(state)) if name not in queues and name in before}
    whole = {
        **spec,
        "queues": {**queues, **kept},
        "flows": flow_versions.carry_over(state, spec.get("flows") or {}),
    }
    for name in state.callbacks:
        if not whole["queues"][name].get("callback"):
            # Those who were promised a call get it; a queue without callbacks takes none once the last one is over.
            whole["queues"][name] = {**whole["queues"][name], "callback": before[name]["callback"]}
    return whole


def _queues_in_use(state: SiteState) -> set[str]:
    """Where contacts are, or were served by somebody who wraps them up."""
    used = {contact.queue for contact in state.contacts.values() if contact.queue}
    return used | {each.queue for contact in state.contacts.values() for each in contact.segments if not each.done_at}


def _remove(turn: Turn, agent: Agent) -> None:
    if agent.state in agents.AT_WORK:
        agents.pend(turn, agent, AgentState.LOGGED_OUT, SystemReason.CONFIG_REMOVED)
    elif agent.state is not AgentState.LOGGED_OUT:
        agents.move(turn, agent, AgentState.LOGGED_OUT, SystemReason.CONFIG_REMOVED)
    elif not agent.offer_id:
        del turn.state.agents[agent.id]
