"""Who is there for a contact: how many of those logged in are able to serve it, now or when its needs have widened."""

from __future__ import annotations

from ctid.acd.eligibility import Candidate, unfit
from ctid.acd.profile import profile
from ctid.acd.steps import steps_of
from ctid.engine.turn import Turn
from ctid.model.contact import Contact
from ctid.model.states import AgentState


def anybody(turn: Turn, contact: Contact, name: str) -> bool:
    """Whether somebody logged in meets any step of what the contact needs in the queue."""
    leg = turn.legs.get(contact.caller_leg)
    if leg is None:
        return True
    steps = steps_of(turn.site.queues[name], contact)
    for agent in turn.state.agents.values():
        spec = turn.site.agents.get(agent.id)
        if spec is None or agent.state is AgentState.LOGGED_OUT:
            continue
        candidate = Candidate(agent, profile(agent, spec), reachable=True)
        if any(unfit(candidate, leg.pbx, step) is None for step in steps):
            return True
    return False
