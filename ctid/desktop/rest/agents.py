"""``/v1/agents``: who is there, in which state."""

from __future__ import annotations

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.identity.scope import sees_agent
from ctid.desktop.rest.rights import own_agent
from ctid.desktop.schemas.bodies import AgentProfileBody, AgentsQuery, AgentStateBody
from ctid.engine.shown.views import agent_view
from ctid.errors import NotFoundError
from ctid.model.agent import Agent
from ctid.model.events import AgentProfileSet, AgentStateRequested


async def list_agents(call: Call) -> Answer:
    """The agents that are the principal's to see; for an agent, themselves."""
    query: AgentsQuery = call.query
    site, state, now = call.site.spec, call.site.state, call.site.now()
    views = (
        agent_view(state, site, agent, now)
        for _, agent in sorted(state.agents.items())
        if sees_agent(site, call.principal, agent.id) and (query.state is None or agent.state is query.state)
    )
    return Answer({"items": [view for view in views if query.team is None or view["team"] == query.team]})


async def get_agent(call: Call) -> Answer:
    """One agent."""
    agent = _agent(call)
    view = agent_view(call.site.state, call.site.spec, agent, call.site.now())
    return Answer(view, version=agent.version)


async def set_agent_state(call: Call) -> Answer:
    """Change an agent's state, or what follows the present work."""
    body: AgentStateBody = call.body
    agent = _agent(call)
    result = await call.site.request(
        AgentStateRequested(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            agent_id=agent.id,
            state=body.state,
            reason=body.reason or "",
            forced=agent.id != call.principal.agent_id,
        )
    )
    return accepted(call, result)


async def change_profile(call: Call) -> Answer:
    """Change an agent's skills and queues while running."""
    body: AgentProfileBody = call.body
    given = body.model_dump(include=body.model_fields_set)
    result = await call.site.request(
        AgentProfileSet(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            agent_id=_agent(call).id,
            **given,
        )
    )
    return accepted(call, result)


def _agent(call: Call) -> Agent:
    agent_id = call.params["agent_id"]
    own_agent(call, agent_id)
    agent = call.site.state.agents.get(agent_id)
    if agent is None:
        raise NotFoundError("there is no such agent")
    return agent
