"""An agent's profile in force: the configuration's skills and queues, or those set while running instead."""

from __future__ import annotations

from ctid.model.agent import Agent
from ctid.spec.agent import AgentSpec, MembershipSpec


def profile(agent: Agent, spec: AgentSpec) -> AgentSpec:
    """The agent's specification with the skills and queues that count now.

    Args:
        agent: The live state, with what was set while running.
        spec: What the configuration says.
    """
    if agent.skills is None and agent.queues is None:
        return spec
    update: dict[str, object] = {}
    if agent.skills is not None:
        update["skills"] = dict(agent.skills)
    if agent.queues is not None:
        update["queues"] = {name: MembershipSpec.model_validate(each) for name, each in agent.queues.items()}
    return spec.model_copy(update=update)


def serves(agent: AgentSpec, queue: str) -> bool:
    """Whether an agent with this profile serves the queue at all, whatever its contacts need."""
    return not agent.queues or queue in agent.queues
