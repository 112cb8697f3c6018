"""Waiting contacts meet free agents; runs whenever a capacity or an eligibility changed."""

from __future__ import annotations

from collections.abc import Iterator

from ctid.acd.eligibility import Candidate
from ctid.acd.matching import Waiting, match
from ctid.acd.profile import profile
from ctid.acd.steps import steps_of
from ctid.engine import offers, outage
from ctid.engine.state import alias_key
from ctid.engine.turn import Turn
from ctid.model.states import AgentState, ContactState


def assign(turn: Turn) -> None:
    """Match waiting contacts with free agents and make the offers."""
    if turn.state.draining:
        return
    # Mostly there is nothing of the one or of the other, and one look tells.
    if not any(agent.state is AgentState.READY for agent in turn.state.agents.values()):
        return
    waiting = list(_waiting(turn))
    if not waiting:
        return
    for found in list(match(waiting, _candidates(turn), turn.now)):
        offers.make(turn, found.contact, [found.candidate.agent])


def _candidates(turn: Turn) -> Iterator[Candidate]:
    for agent in turn.state.agents.values():
        if agent.state is not AgentState.READY:
            continue
        spec = turn.site.agents.get(agent.id)
        if spec is not None:
            phone = alias_key(spec.pbx, spec.device)
            in_call = turn.site.policy.non_acd_calls == "block" and phone in turn.state.devices_in_use
            yield Candidate(agent, profile(agent, spec), turn.state.devices.get(phone, True), in_call)


def _waiting(turn: Turn) -> Iterator[Waiting]:
    for contact in turn.state.contacts.values():
        if contact.state is not ContactState.QUEUED:
            continue
        leg = turn.legs.get(contact.caller_leg)
        if leg is None or not outage.is_up(turn, leg.pbx) or f"unseen:{leg.id}" in turn.state.timers:
            continue
        queue = turn.site.queues[contact.queue]
        yield Waiting(contact, leg.pbx, steps_of(queue, contact)[contact.step], queue.priority)
