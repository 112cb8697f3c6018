"""Waiting contacts meet free agents: what a turn touched is brought to the floor, and its pairs become offers."""

from __future__ import annotations

from ctid.acd.eligibility import Candidate, free_for
from ctid.acd.floor import Floor, Match
from ctid.acd.order import place
from ctid.acd.profile import profile
from ctid.engine import outage
from ctid.engine.agent import consultations, devices, offers, own_calls, supervisions
from ctid.engine.contact import unseen
from ctid.engine.queue import callbacks, queueing
from ctid.engine.shown.parked import is_parked
from ctid.engine.state import SiteState, alias_key
from ctid.engine.turn import Turn
from ctid.engine.waiting.requirement import line_key, pbx_of
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.history import Decision
from ctid.model.states import ContactState
from ctid.spec.agent import VOICE
from ctid.spec.site import SiteSpec

MAX_DECISIONS = 100
"""Decisions kept of one contact; the oldest are dropped."""


def empty_floor(state: SiteState, site: SiteSpec) -> Floor:
    """A floor of all agents of the configuration, with nobody free and nobody waiting yet."""
    there = {agent_id: state.agents[agent_id] for agent_id in site.agents if agent_id in state.agents}
    floor = Floor(site, there, {agent_id: profile(agent, site.agents[agent_id]) for agent_id, agent in there.items()})
    for agent in there.values():
        # Who is logged in counts at once: a step that nobody there meets is not waited for.
        floor.set_duty(agent.id, agent.state)
    return floor


def settle(turn: Turn) -> None:
    """Bring what the turn touched to the floor, match, and make the offers."""
    while turn.touched_agents or turn.touched_contacts:
        agents, contacts = list(turn.touched_agents), list(turn.touched_contacts)
        turn.touched_agents.clear()
        turn.touched_contacts.clear()
        place_all(turn, agents, contacts)
        if not turn.state.draining:
            for match in turn.floor.matches(contacts, agents):
                _offer(turn, match)


def place_all(turn: Turn, agents: list[str], contacts: list[str]) -> None:
    """Bring agents and contacts to the floor as they are now."""
    for agent_id in agents:
        agent = turn.state.agents.get(agent_id)
        if agent is not None and agent_id in turn.site.agents:
            turn.floor.set_duty(agent_id, agent.state)
            turn.floor.set_free(agent_id, free_for(candidate_of(turn, agent)))
    for contact_id in contacts:
        contact = turn.state.contacts.get(contact_id)
        if contact is None or not awaits(turn, contact):
            turn.floor.leave(contact_id)
            continue
        key = line_key(turn, contact, pbx_of(turn, contact))
        queue = turn.site.queues[contact.queue]
        turn.floor.wait(key, place(contact, queue, turn.site.policy), contact.excluded)


def candidate_of(turn: Turn, agent: Agent) -> Candidate:
    """An agent of the configuration with what the PBX says of their phone."""
    spec = turn.site.agents[agent.id]
    phone = alias_key(spec.pbx, spec.device)
    # The floor keeps profiles in force; they change only through it.
    return Candidate(
        agent,
        turn.floor.roster.profiles[agent.id],
        turn.state.devices.get(phone, True),
        devices.in_own_call(turn, spec)
        or own_calls.block(turn, agent)
        or consultations.is_asked(turn, agent.id)
        or supervisions.is_supervising(turn, agent.id),
    )


def awaits(turn: Turn, contact: Contact) -> bool:
    """Whether the contact waits for an agent and can be connected to one now."""
    return contact.state is ContactState.QUEUED and not is_parked(contact) and is_connectable(turn, contact)


def is_connectable(turn: Turn, contact: Contact) -> bool:
    """Whether a contact in a queue can be connected to an agent now: its caller is with us, or its customer dialled."""
    if contact.channel != VOICE:
        return True
    if contact.callback is not None and not callbacks.is_on_the_line(contact):
        return callbacks.is_agent_first(turn, contact) and callbacks.is_due(turn, contact)
    leg = turn.legs.get(contact.caller_leg)
    if leg is None or leg.coming or contact.parting_leg:
        # An agent's leg that ends takes its caller out of a bridge, and only then are they anybody else's.
        return False
    return outage.is_up(turn, leg.pbx) and not unseen.is_unseen(turn, leg)


def _offer(turn: Turn, match: Match) -> None:
    contact = turn.state.contacts[match.contact_id]
    waited_ms = queueing.waited(turn, contact)
    made = offers.make(turn, contact, [turn.state.agents[each.agent_id] for each in match.agents])
    contact.decisions += [
        Decision(
            at=turn.now,
            queue=contact.queue,
            agent_id=chosen.agent_id,
            offer_id=offer.id,
            trigger="freed" if match.freed else "arrival",
            step=contact.step,
            waited_ms=waited_ms,
            strategy=turn.site.queues[contact.queue].strategy,
            able=match.able,
            fit=chosen.fit,
            turn=chosen.turn,
            runner_up=match.runner_up.agent_id if match.runner_up else "",
            runner_up_fit=match.runner_up.fit if match.runner_up else 0,
            runner_up_turn=match.runner_up.turn if match.runner_up else 0,
            by=by,
        )
        for chosen, by, offer in zip(match.agents, match.by, made, strict=True)
    ]
    del contact.decisions[:-MAX_DECISIONS]
