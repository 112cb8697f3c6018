"""Offers: made, answered, missed, refused, rescinded; and the reservation, which lasts as long as the agent's leg."""

from __future__ import annotations

from ctid.acd.eligibility import Candidate
from ctid.engine import agents, contacts, outage, queueing
from ctid.engine.turn import Turn, ms
from ctid.engine.views import offer_view
from ctid.model.commands import HangUpLeg, ReleaseLeg, RingAgent
from ctid.model.contact import Contact, OfferResult
from ctid.model.instant import Instant
from ctid.model.leg import Leg
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import AgentState, ContactState, LegState, OfferState, Outcome, Party

CAUSES: dict[int, OfferCause] = {
    1: OfferCause.UNREACHABLE,
    3: OfferCause.UNREACHABLE,
    16: OfferCause.REJECTED,
    17: OfferCause.BUSY,
    18: OfferCause.NO_ANSWER,
    19: OfferCause.NO_ANSWER,
    20: OfferCause.UNREACHABLE,
    21: OfferCause.REJECTED,
    23: OfferCause.FORWARDED,
    27: OfferCause.UNREACHABLE,
}
"""Q.850 causes of a leg that was never answered, as chan_pjsip maps SIP answers to them; others are ``failed``."""

ORIGINATE_REASONS: dict[int, OfferCause] = {
    0: OfferCause.UNREACHABLE,
    1: OfferCause.NO_ANSWER,
    3: OfferCause.NO_ANSWER,
    5: OfferCause.BUSY,
    8: OfferCause.REJECTED,
}
"""Asterisk's ``OriginateResponse`` reasons (enum ast_control_frame_type); others are ``failed``."""

RING_GRACE_MS = 2_000
"""The PBX rings so much longer than the engine's own timer, which decides; only if ctid is gone does the PBX end it."""


RECHECK_MS = 1_000
"""How often a decision that waits for a PBX is tried again."""


def make(turn: Turn, contact: Contact, candidate: Candidate) -> None:
    """Reserve the agent and offer the contact, in one step. The pop is published before the phone is rung."""
    agent, queue = candidate.agent, turn.site.queues[contact.queue]
    caller = turn.state.legs[contact.caller_leg]
    ring_ms = ms(queue.ring_seconds)
    lease_ms = turn.now.mono_ms + ring_ms + ms(turn.site.policy.lease_seconds)
    offer = Offer(
        id=turn.mint("of"),
        contact_id=contact.id,
        agent_id=agent.id,
        queue=contact.queue,
        leg_id=turn.mint("lg"),
        created_at=turn.now,
        expires_at=Instant(turn.now.mono_ms + ring_ms, turn.now.utc_ms + ring_ms),
        lease_ms=lease_ms,
    )
    turn.state.offers[offer.id] = offer
    turn.legs.add(
        Leg(
            id=offer.leg_id,
            pbx=caller.pbx,
            unique_id=offer.leg_id,
            contact_id=contact.id,
            party=Party.AGENT,
            agent_id=agent.id,
            state=LegState.INITIATED,
            since_ms=turn.now.mono_ms,
        )
    )
    agent.offer_id = offer.id
    agent.contact_id = contact.id
    agents.move(turn, agent, AgentState.RESERVED)
    contact.offer_id, contact.agent_id = offer.id, agent.id
    contacts.move(turn, contact, ContactState.OFFERED)
    publish(turn, offer, "offer.created")
    turn.emit(
        RingAgent(
            pbx=caller.pbx,
            unique_id=offer.leg_id,
            device=candidate.spec.device,
            peer_unique_id=caller.unique_id,
            caller_number=contact.ani,
            caller_name=contact.customer.name if contact.customer else queue.name or contact.queue,
            timeout_ms=ring_ms + RING_GRACE_MS,
            headers={"X-Ctid-Contact": contact.id, "X-Ctid-Offer": offer.id},
            agent_id=agent.id,
        )
    )
    turn.start_timer(f"offer:{offer.id}", ring_ms)
    turn.start_timer(f"lease:{offer.id}", ring_ms + ms(turn.site.policy.lease_seconds))


def publish(turn: Turn, offer: Offer, type_: str) -> None:
    """Publish an event about the offer, with its screen pop."""
    turn.publish(
        type_,
        {"offer": offer_view(turn.state, offer, turn.now)},
        contact_id=offer.contact_id,
        agent_ids=[offer.agent_id],
        queue=offer.queue,
    )


def accept(turn: Turn, offer: Offer) -> None:
    """The agent's phone was answered. Not connected yet: only the bridge says so."""
    if offer.state is not OfferState.PENDING:
        return
    _settle(turn, offer, OfferState.ACCEPTED)


def connect(turn: Turn, offer: Offer, contact: Contact) -> None:
    """Both legs are in one bridge: they talk."""
    accept(turn, offer)
    agent = turn.state.agents[offer.agent_id]
    turn.cancel_timer(f"lease:{offer.id}")
    agent.misses = 0
    contact.agent_id = offer.agent_id
    contact.connected_at = contact.connected_at or turn.now
    contacts.move(turn, contact, ContactState.CONNECTED)
    contacts.publish(turn, contact, "contact.connected")
    agents.move(turn, agent, AgentState.BUSY)


def decline(turn: Turn, offer: Offer, state: OfferState, cause: OfferCause) -> None:
    """The offer came to nothing for a reason of the agent's; the contact goes back to waiting, this agent excluded.

    The agent stays reserved until their leg is gone.
    """
    policy = turn.site.policy
    agent = turn.state.agents[offer.agent_id]
    contact = turn.state.contacts[offer.contact_id]
    _settle(turn, offer, state, cause)
    match cause:
        case OfferCause.NO_ANSWER:
            agent.misses += 1
            back_off = policy.no_answer_backoff_seconds
        case OfferCause.BUSY:
            back_off = policy.busy_backoff_seconds
        case OfferCause.REJECTED | OfferCause.FORWARDED:
            back_off = policy.reject_backoff_seconds
        case _:
            back_off = policy.unreachable_backoff_seconds
    agents.back_off(turn, agent, back_off)
    queueing.exclude(turn, contact, agent.id)
    detach(contact)
    queueing.requeue(turn, contact)


def rescind(turn: Turn, offer: Offer, cause: OfferCause) -> None:
    """The offer is taken back for a reason that is not the agent's: the caller left, the PBX was lost."""
    state = OfferState.RESCINDED if cause is OfferCause.CALLER_LEFT else OfferState.CANCELED
    _settle(turn, offer, state, cause)


def hang_up(turn: Turn, offer: Offer, cause: int = 16) -> None:
    """Ask the PBX to end the agent's leg; the lease sees to it that the agent is freed even without word of it."""
    leg = turn.state.legs[offer.leg_id]
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id, cause=cause))
    turn.start_timer(f"lease:{offer.id}", ms(turn.site.policy.lease_seconds))


def leg_gone(turn: Turn, offer: Offer, cause: OfferCause, *, outcome: Outcome = Outcome.HANDLED) -> None:
    """The agent's leg is gone, so the reservation is too.

    Args:
        turn: The turn.
        offer: The offer the leg belonged to.
        cause: Why, if the offer was still out.
        outcome: Of the contact, if it was connected.
    """
    turn.legs.remove(turn.state.legs[offer.leg_id])
    contact = turn.state.contacts.get(offer.contact_id)
    if offer.state is OfferState.PENDING:
        state = OfferState.TIMED_OUT if cause is OfferCause.NO_ANSWER else OfferState.REJECTED
        if cause in (
            OfferCause.PBX_LOST,
            OfferCause.LEASE_EXPIRED,
            OfferCause.FAILED,
            OfferCause.UNREACHABLE,
        ):
            state = OfferState.CANCELED
        decline(turn, offer, state, cause)
    elif offer.state is OfferState.ACCEPTED and contact is not None:
        if contact.state is ContactState.CONNECTED:
            talk_over(turn, contact, outcome)
        elif contact.state is ContactState.OFFERED:
            decline(turn, offer, OfferState.CANCELED, OfferCause.FAILED)
    _release(turn, offer)


def talk_over(turn: Turn, contact: Contact, outcome: Outcome = Outcome.HANDLED) -> None:
    """The talk ended, whoever ended it: wrap-up begins for contact and agent, or both are done."""
    contacts.end(turn, contact, outcome)
    agent = turn.state.agents[contact.agent_id]
    seconds = turn.site.queues[contact.queue].wrap_up_seconds
    if seconds > 0 and contact.outcome is Outcome.HANDLED:
        contacts.move(turn, contact, ContactState.WRAP_UP)
        contacts.publish(turn, contact, "contact.wrap_up")
        agents.begin_wrap_up(turn, agent, seconds)
    else:
        agents.end_work(turn, agent)
    caller = turn.legs.get(contact.caller_leg)
    if caller is not None and caller.has_agi:
        # They came back to us before the PBX told of the talk they come from; nobody else would let them go.
        turn.emit(ReleaseLeg(pbx=caller.pbx, unique_id=caller.unique_id, next="hangup"))
    offer = turn.state.offers.get(contact.offer_id)
    if offer is not None and offer.leg_id in turn.state.legs:
        turn.start_timer(f"lease:{offer.id}", ms(turn.site.policy.lease_seconds))


def expire(turn: Turn, offer: Offer) -> None:
    """The ringing time is over."""
    if _unknowable(turn, offer, f"offer:{offer.id}"):
        return
    if offer.state is OfferState.PENDING:
        decline(turn, offer, OfferState.TIMED_OUT, OfferCause.NO_ANSWER)
        hang_up(turn, offer)


def lease_over(turn: Turn, offer: Offer) -> None:
    """The PBX never told the end of the agent's leg: try once more to end it, and free the agent all the same."""
    if _unknowable(turn, offer, f"lease:{offer.id}"):
        return
    turn.note("lease-expired", offer.id)
    leg = turn.state.legs[offer.leg_id]
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    leg_gone(turn, offer, OfferCause.LEASE_EXPIRED)


def _unknowable(turn: Turn, offer: Offer, timer_id: str) -> bool:
    """Whether the agent's leg is on a PBX that is away: they may be talking by now, so the decision waits for it."""
    if outage.is_up(turn, turn.state.legs[offer.leg_id].pbx):
        return False
    turn.start_timer(timer_id, RECHECK_MS)
    return True


def _settle(turn: Turn, offer: Offer, state: OfferState, cause: OfferCause | None = None) -> None:
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
    if contact.offers and contact.offers[-1].offer_id == offer.id:
        contact.offers[-1] = result
    else:
        contact.offers.append(result)
    publish(turn, offer, f"offer.{state}")


def detach(contact: Contact) -> None:
    """The offer is no longer the contact's: nobody serves it."""
    contact.offer_id, contact.agent_id = "", ""


def _release(turn: Turn, offer: Offer) -> None:
    """Give up the reservation. One place decides what the agent does next."""
    turn.cancel_timer(f"lease:{offer.id}")
    turn.cancel_timer(f"offer:{offer.id}")
    turn.state.offers.pop(offer.id, None)
    agent = turn.state.agents[offer.agent_id]
    agent.offer_id = ""
    turn.rematch = True
    if agent.state is AgentState.RESERVED:
        agent.contact_id = ""
        agents.free(turn, agent)
    else:
        agents.changed(turn, agent)
