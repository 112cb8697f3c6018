"""Offers: made, answered, missed, refused, rescinded; and the reservation, which lasts as long as the agent's leg."""

from __future__ import annotations

from ctid.engine import today
from ctid.engine.agent import agents, phones, returning, ringing
from ctid.engine.contact import contacts
from ctid.engine.queue import callbacks, queueing, tasks, treatment
from ctid.engine.shown.views import offer_view
from ctid.engine.turn import Turn, ms
from ctid.model.agent import Agent
from ctid.model.commands import HangUpLeg
from ctid.model.contact import Contact
from ctid.model.history import OfferResult
from ctid.model.instant import Instant
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import AgentState, ContactState, OfferState
from ctid.spec.agent import VOICE

RECHECK_MS = 1_000
"""How often a decision that waits for a PBX is tried again."""

TAKEN_BACK = (OfferCause.CALLER_LEFT, OfferCause.DEFLECTED, OfferCause.SENT_ELSEWHERE)
"""Why an offer is taken back that was good while it lasted; otherwise it came to nothing."""


def make(turn: Turn, contact: Contact, chosen: list[Agent]) -> list[Offer]:
    """Reserve the agents and offer them the contact, in one step. Pops are published before phones are rung.

    Several are rung at once; the first to be bridged with the caller has the contact.
    """
    contact.agent_id = chosen[0].id if len(chosen) == 1 else ""
    made = [_reserve(turn, contact, agent) for agent in chosen]
    contact.offer_ids = [offer.id for offer in made]
    contacts.move(turn, contact, ContactState.OFFERED)
    treatment.cut(turn, contact)
    for offer in made:
        publish(turn, offer, "offer.created")
    for offer in made:
        if not offer.at_desktop:
            ringing.ring(turn, offer, contact)
    return made


def _reserve(turn: Turn, contact: Contact, agent: Agent) -> Offer:
    ring_ms = ms(turn.site.queues[contact.queue].ring_seconds)
    offer = Offer(
        id=turn.mint("of"),
        contact_id=contact.id,
        agent_id=agent.id,
        queue=contact.queue,
        created_at=turn.now,
        expires_at=Instant(turn.now.mono_ms + ring_ms, turn.now.utc_ms + ring_ms),
        lease_ms=turn.now.mono_ms + ring_ms + ms(turn.site.policy.lease_seconds),
        at_desktop=contact.channel != VOICE or turn.site.agents[agent.id].answer == "desktop",
    )
    turn.state.offers[offer.id] = offer
    turn.state.offers_made += 1
    agent.last_offer = turn.state.offers_made
    agent.offer_id = offer.id
    agent.contact_id = contact.id
    agents.move(turn, agent, AgentState.RESERVED)
    turn.start_timer(f"offer:{offer.id}", ring_ms)
    turn.start_timer(f"lease:{offer.id}", offer.lease_ms - turn.now.mono_ms)
    return offer


def publish(turn: Turn, offer: Offer, type_: str) -> None:
    """Publish an event about the offer, with its screen pop."""
    turn.publish(
        type_,
        lambda: {"offer": offer_view(turn.state, offer, turn.now, turn.floor)},
        contact_id=offer.contact_id,
        agent_ids=[offer.agent_id],
        queue=offer.queue,
    )


def accept(turn: Turn, offer: Offer) -> None:
    """The agent's phone was answered. Not connected yet: only the bridge says so, and until then others ring on."""
    if offer.state is OfferState.PENDING:
        settle(turn, offer, OfferState.ACCEPTED)


def answered(turn: Turn, offer: Offer) -> None:
    """The agent's phone was answered. A caller who waits is bridged by the PBX; a customer to be called is dialled."""
    if offer.ring_again:
        # Just as we had it stop, to ring again.
        return
    if offer.told_to_answer:
        offer.told_to_answer = False
        turn.cancel_timer(f"tell:{offer.id}")
    accept(turn, offer)
    contact = turn.state.contacts.get(offer.contact_id)
    if offer.state is OfferState.ACCEPTED and contact is not None and callbacks.awaits_agent(contact):
        # Whoever answers first has the contact: there is no caller to be bridged who would decide it later.
        rescind_others(turn, offer, contact)
        contact.agent_id = offer.agent_id
        turn.state.agents[offer.agent_id].misses = 0
        callbacks.dial(turn, contact, turn.state.legs[offer.leg_id])
        turn.start_timer(f"lease:{offer.id}", callbacks.patience_ms(turn, contact) + lease_ms(turn))


def take(turn: Turn, offer: Offer, contact: Contact) -> None:
    """The agent took the contact at the desktop: by one decision, so nobody else has it.

    A call rings their phone now; anything else is at hand from now on, and the agent is free for more.
    """
    settle(turn, offer, OfferState.ACCEPTED)
    rescind_others(turn, offer, contact)
    contact.agent_id = offer.agent_id
    if contact.channel == VOICE:
        ringing.ring(turn, offer, contact, answer=True)
        turn.start_timer(f"lease:{offer.id}", ms(turn.site.queues[offer.queue].ring_seconds) + lease_ms(turn))
        return
    contact.offer_ids = []
    agent = turn.state.agents[offer.agent_id]
    agent.misses = 0
    tasks.begin(turn, agent, contact)
    release(turn, offer)


def pick_up(turn: Turn, contact: Contact, agent: Agent) -> Offer:
    """Give a waiting contact to an agent who has decided to take it; whom it is offered to have it no more.

    It is an offer like any other, made and accepted in one step, so that everybody is told what they are told of those.

    Args:
        turn: The turn.
        contact: Waiting, or being offered to others, of whom nobody has taken it.
        agent: Free for it.
    """
    offer = _reserve(turn, contact, agent)
    offer.at_desktop = True
    contact.agent_id = agent.id
    contact.offer_ids = [*contact.offer_ids, offer.id]
    if contact.state is ContactState.OFFERED:
        contacts.change_span(turn, contact)
    else:
        contacts.move(turn, contact, ContactState.OFFERED)
        treatment.cut(turn, contact)
    publish(turn, offer, "offer.created")
    take(turn, offer, contact)
    return offer


def lease_ms(turn: Turn) -> int:
    """How long the agent stays reserved without word of their leg."""
    return ms(turn.site.policy.lease_seconds)


def rescind_others(turn: Turn, winner: Offer, contact: Contact) -> None:
    """One agent has the contact: it is offered to nobody else any more."""
    others = [turn.state.offers[each] for each in contact.offer_ids if each != winner.id]
    contact.offer_ids = [winner.id]
    for other in others:
        if other.state is OfferState.PENDING or other.state is OfferState.ACCEPTED:
            settle(turn, other, OfferState.RESCINDED, OfferCause.ANSWERED_ELSEWHERE)
        hang_up(turn, other)


def decline(turn: Turn, offer: Offer, state: OfferState, cause: OfferCause) -> None:
    """The offer came to nothing for a reason of the agent's; the contact goes back to waiting, this agent excluded.

    The agent stays reserved until their leg is gone.
    """
    policy = turn.site.policy
    agent = turn.state.agents[offer.agent_id]
    contact = turn.state.contacts[offer.contact_id]
    settle(turn, offer, state, cause)
    match cause:
        case OfferCause.NO_ANSWER:
            agent.misses += 1
            today.of_agent(turn, agent.id).missed += 1
            back_off = policy.no_answer_backoff_seconds
        case OfferCause.BUSY:
            back_off = policy.busy_backoff_seconds
        case OfferCause.REJECTED | OfferCause.FORWARDED:
            back_off = policy.reject_backoff_seconds
        case _:
            back_off = policy.unreachable_backoff_seconds
    agents.back_off(turn, agent, back_off * phones.patience(turn, agent.id, cause))
    queueing.exclude(turn, contact, agent.id)
    was_meant = contact.meant_for == agent.id
    if was_meant:
        queueing.mean_for_all(turn, contact)
    contact.offer_ids.remove(offer.id)
    if not contact.offer_ids:
        contact.agent_id = ""
        queueing.requeue(turn, contact)
        callbacks.agent_gone(turn, contact)
        if was_meant:
            returning.not_taken(turn, contact, agent.id, cause)


def rescind(turn: Turn, offer: Offer, cause: OfferCause) -> None:
    """The offer is taken back, which is no miss: the caller left, the PBX was lost, an agent sent the contact on."""
    state = OfferState.RESCINDED if cause in TAKEN_BACK else OfferState.CANCELED
    settle(turn, offer, state, cause)


def hang_up(turn: Turn, offer: Offer) -> None:
    """Ask the PBX to end the agent's leg; the lease sees to it that the agent is freed even without word of it.

    An offer that never rang a phone is over at once.
    """
    leg = turn.legs.get(offer.leg_id)
    if leg is None:
        release(turn, offer)
        return
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id, cause=ringing.HANG_UP_CAUSES.get(offer.cause, 16)))
    turn.start_timer(f"lease:{offer.id}", lease_ms(turn))


def settle(turn: Turn, offer: Offer, state: OfferState, cause: OfferCause | None = None) -> None:
    """Give the offer its last state, and publish it."""
    turn.cancel_timer(f"offer:{offer.id}")
    offer.state, offer.cause, offer.ended_at = state, cause, turn.now
    contact = turn.state.contacts[offer.contact_id]
    result = OfferResult(
        offer_id=offer.id,
        agent_id=offer.agent_id,
        at=offer.created_at,
        rang_ms=turn.now.mono_ms - offer.created_at.mono_ms,
        state=state,
        cause=cause or "",
    )
    for index, told in enumerate(contact.offers):
        if told.offer_id == offer.id:
            contact.offers[index] = result
            break
    else:
        contact.offers.append(result)
    publish(turn, offer, f"offer.{state}")


def withdraw(turn: Turn, offer: Offer, contact: Contact) -> None:
    """The PBX tells that another agent answered first; whose bridge it was, it tells as well."""
    settle(turn, offer, OfferState.RESCINDED, OfferCause.ANSWERED_ELSEWHERE)
    contact.offer_ids.remove(offer.id)
    if not contact.offer_ids:
        contact.agent_id = ""
        queueing.requeue(turn, contact)
        callbacks.agent_gone(turn, contact)


def rescind_all(turn: Turn, contact: Contact, cause: OfferCause) -> None:
    """Take back every offer of the contact that is out, and stop the phones."""
    out = [turn.state.offers[offer_id] for offer_id in contact.offer_ids]
    contact.offer_ids, contact.agent_id = [], ""
    for offer in out:
        rescind(turn, offer, cause)
        hang_up(turn, offer)


def release(turn: Turn, offer: Offer) -> None:
    """Give up the reservation. One place decides what the agent does next."""
    turn.cancel_timer(f"lease:{offer.id}")
    turn.cancel_timer(f"offer:{offer.id}")
    turn.cancel_timer(f"tell:{offer.id}")
    turn.state.offers.pop(offer.id, None)
    agent = turn.state.agents[offer.agent_id]
    agent.offer_id = ""
    if offer.contact_id in agent.own_calls:
        agent.own_calls.remove(offer.contact_id)
    turn.touch_agent(agent.id)
    contact = turn.state.contacts.get(offer.contact_id)
    if contact is not None and contact.parting_leg == offer.leg_id != "":
        contact.parting_leg = ""
        turn.touch_contact(contact.id)
    if agent.state is AgentState.RESERVED:
        agent.contact_id = ""
        agents.free(turn, agent)
    else:
        agents.changed(turn, agent)
