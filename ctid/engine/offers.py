"""Offers: made, answered, missed, refused, rescinded; and the reservation, which lasts as long as the agent's leg."""

from __future__ import annotations

from ctid.engine import (
    agents,
    callbacks,
    consultations,
    contacts,
    detours,
    flows,
    outage,
    own_calls,
    phones,
    queueing,
    recordings,
    returning,
    ringing,
    segments,
    supervisions,
    surveys,
    tasks,
    today,
    treatment,
    wrap_up,
)
from ctid.engine.turn import Turn, ms
from ctid.engine.views import offer_view
from ctid.model.agent import Agent
from ctid.model.commands import HangUpLeg, ReleaseLeg
from ctid.model.contact import Contact, OfferResult, Segment
from ctid.model.instant import Instant
from ctid.model.leg import Leg
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import AgentState, ContactState, LegState, OfferState, Outcome, Party
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
        _settle(turn, offer, OfferState.ACCEPTED)


def answered(turn: Turn, offer: Offer) -> None:
    """The agent's phone was answered. A caller who waits is bridged by the PBX; a customer to be called is dialled."""
    if offer.ring_again:
        # Just as we had it stop, to ring again.
        return
    accept(turn, offer)
    contact = turn.state.contacts.get(offer.contact_id)
    if offer.state is OfferState.ACCEPTED and contact is not None and callbacks.awaits_agent(contact):
        # Whoever answers first has the contact: there is no caller to be bridged who would decide it later.
        _rescind_others(turn, offer, contact)
        contact.agent_id = offer.agent_id
        turn.state.agents[offer.agent_id].misses = 0
        callbacks.dial(turn, contact, turn.state.legs[offer.leg_id])
        turn.start_timer(f"lease:{offer.id}", callbacks.patience_ms(turn, contact) + _lease_ms(turn))


def take(turn: Turn, offer: Offer, contact: Contact) -> None:
    """The agent took the contact at the desktop: by one decision, so nobody else has it.

    A call rings their phone now; anything else is at hand from now on, and the agent is free for more.
    """
    _settle(turn, offer, OfferState.ACCEPTED)
    _rescind_others(turn, offer, contact)
    contact.agent_id = offer.agent_id
    if contact.channel == VOICE:
        ringing.ring(turn, offer, contact, answer=True)
        turn.start_timer(f"lease:{offer.id}", ms(turn.site.queues[offer.queue].ring_seconds) + _lease_ms(turn))
        return
    contact.offer_ids = []
    agent = turn.state.agents[offer.agent_id]
    agent.misses = 0
    tasks.begin(turn, agent, contact)
    _release(turn, offer)


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


def have_answered(turn: Turn, offer: Offer, contact: Contact) -> None:
    """Have the agent's phone answer that rings: it stops, and is rung again, told to answer by itself.

    There is no other order that phones of all makers obey, and no right that the PBX would have to give us for it.
    """
    _settle(turn, offer, OfferState.ACCEPTED)
    _rescind_others(turn, offer, contact)
    contact.agent_id = offer.agent_id
    offer.ring_again = True
    leg = turn.state.legs[offer.leg_id]
    turn.emit(
        HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id, cause=ringing.HANG_UP_CAUSES[OfferCause.ANSWERED_ELSEWHERE])
    )
    turn.start_timer(f"lease:{offer.id}", _lease_ms(turn))


def _lease_ms(turn: Turn) -> int:
    return ms(turn.site.policy.lease_seconds)


def _rescind_others(turn: Turn, winner: Offer, contact: Contact) -> None:
    others = [turn.state.offers[each] for each in contact.offer_ids if each != winner.id]
    contact.offer_ids = [winner.id]
    for other in others:
        if other.state is OfferState.PENDING or other.state is OfferState.ACCEPTED:
            _settle(turn, other, OfferState.RESCINDED, OfferCause.ANSWERED_ELSEWHERE)
        hang_up(turn, other)


def connect(turn: Turn, offer: Offer, contact: Contact) -> None:
    """Both legs are in one bridge: they talk."""
    accept(turn, offer)
    callbacks.connected(turn, contact)
    agent = turn.state.agents[offer.agent_id]
    turn.cancel_timer(f"lease:{offer.id}")
    _rescind_others(turn, offer, contact)
    agent.misses = 0
    contact.agent_id = offer.agent_id
    contact.connected_at = contact.connected_at or turn.now
    contact.given_by = ""
    segments.begin(turn, contact, agent.id)
    recordings.begin(turn, contact, turn.legs.get(offer.leg_id))
    contacts.move(turn, contact, ContactState.CONNECTED)
    contacts.publish(turn, contact, "contact.connected")
    tasks.interrupt(turn, agent)
    agents.move(turn, agent, AgentState.BUSY)


def adopt(turn: Turn, agent: Agent, contact: Contact, unique_id: str, bridge_id: str, recording: str = "") -> None:
    """A colleague's phone has transferred the contact to the agent, who was talking to them: they are connected.

    The agent's channel is one that we did not ring. It holds them like that of an offer they accepted.

    Args:
        turn: The turn.
        agent: Whose phone it is; nothing is offered to them.
        contact: The contact; nobody else talks to it.
        unique_id: Of the agent's channel.
        bridge_id: The bridge that it shares with the caller, if it does.
        recording: What the PBX records on that channel; empty for nothing.
    """
    caller = turn.state.legs[contact.caller_leg]
    leg = Leg(
        id=turn.mint("lg"),
        pbx=caller.pbx,
        unique_id=unique_id,
        contact_id=contact.id,
        party=Party.AGENT,
        agent_id=agent.id,
        state=LegState.CONNECTED,
        since_ms=turn.now.mono_ms,
        bridge_id=bridge_id,
        recording=recording,
    )
    turn.legs.add(leg)
    offer = Offer(
        id=turn.mint("of"),
        contact_id=contact.id,
        agent_id=agent.id,
        queue=contact.queue,
        leg_id=leg.id,
        state=OfferState.ACCEPTED,
        created_at=turn.now,
        expires_at=turn.now,
        lease_ms=turn.now.mono_ms,
        ended_at=turn.now,
    )
    turn.state.offers[offer.id] = offer
    agent.offer_id, agent.contact_id, agent.misses = offer.id, contact.id, 0
    contact.offer_ids, contact.agent_id = [offer.id], agent.id
    segments.begin(turn, contact, agent.id)
    recordings.begin(turn, contact, leg)
    contacts.change_span(turn, contact)
    tasks.interrupt(turn, agent)
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
    _settle(turn, offer, state, cause)


def hang_up(turn: Turn, offer: Offer) -> None:
    """Ask the PBX to end the agent's leg; the lease sees to it that the agent is freed even without word of it.

    An offer that never rang a phone is over at once.
    """
    leg = turn.legs.get(offer.leg_id)
    if leg is None:
        _release(turn, offer)
        return
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id, cause=ringing.HANG_UP_CAUSES.get(offer.cause, 16)))
    turn.start_timer(f"lease:{offer.id}", _lease_ms(turn))


def leg_gone(turn: Turn, offer: Offer, cause: OfferCause, *, outcome: Outcome = Outcome.HANDLED) -> None:
    """The agent's leg is gone, so the reservation is too.

    Args:
        turn: The turn.
        offer: The offer the leg belonged to.
        cause: Why, if the offer was still out.
        outcome: Of the contact, if it was connected.
    """
    leg = turn.state.legs[offer.leg_id]
    recordings.end(turn, leg)
    turn.legs.remove(leg)
    contact = turn.state.contacts.get(offer.contact_id)
    if contact is not None and offer.id not in contact.offer_ids:
        # It has gone on without this agent.
        contact = None
    offered = contact is not None and contact.state is ContactState.OFFERED
    if contact is not None and offered and offer.ring_again and outage.is_up(turn, _pbx_of(turn, offer)):
        offer.ring_again = False
        ringing.ring(turn, offer, contact, answer=True)
        turn.start_timer(f"lease:{offer.id}", ms(turn.site.queues[offer.queue].ring_seconds) + _lease_ms(turn))
        return
    if contact is not None and offered and cause is OfferCause.ANSWERED_ELSEWHERE:
        withdraw(turn, offer, contact)
    elif offer.state is OfferState.PENDING:
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
            _agent_left(turn, contact, outcome)
        elif contact.state is ContactState.OFFERED:
            # Of a phone that was rung after its agent had accepted, the cause tells; one that was answered just ended.
            told = cause if cause in (OfferCause.NO_ANSWER, OfferCause.BUSY, OfferCause.UNREACHABLE) else None
            decline(turn, offer, OfferState.CANCELED, told or OfferCause.FAILED)
        elif own_calls.is_being_placed(contact):
            own_calls.agent_gone(turn, contact, outcome, cause)
    _release(turn, offer)


def _pbx_of(turn: Turn, offer: Offer) -> str:
    spec = turn.site.agents.get(offer.agent_id)
    return spec.pbx if spec is not None else ""


def talk_over(turn: Turn, contact: Contact, outcome: Outcome = Outcome.HANDLED) -> None:
    """The customer's part ended, whoever ended it: who talked wraps up, or all is done."""
    apart = consultations.is_apart(turn, contact) and not consultations.has_emergency(turn, contact)
    alone = list(contact.offer_ids) if apart else []
    flows.left(turn, contact, "lost" if outcome is Outcome.FAILED else "hung_up")
    contacts.end(turn, contact, outcome)
    consultations.over(turn, contact)
    contact.on_hold = False
    for segment in segments.talking(contact):
        leave_talk(turn, contact, segment, "ended")
    contacts.settle(turn, contact)
    for offer_id in alone:
        # No bridge with the caller ends with which the agent's channel would.
        offer = turn.state.offers.get(offer_id)
        if offer is not None and offer.leg_id in turn.state.legs:
            hang_up(turn, offer)
    caller = turn.legs.get(contact.caller_leg)
    if caller is not None and caller.has_agi:
        # They came back to us before the PBX told of the talk they come from; nobody else would let them go.
        turn.emit(ReleaseLeg(pbx=caller.pbx, unique_id=caller.unique_id, next="hangup"))


def survey(turn: Turn, contact: Contact) -> None:
    """The talk is over and its caller is with us, to be asked about it."""
    surveys.begin(turn, contact)
    consultations.over(turn, contact)
    for segment in segments.talking(contact):
        leave_talk(turn, contact, segment, "ended")
    turn.cancel_timer(f"parted:{contact.id}")
    contact.on_hold, contact.offer_ids = False, []
    contacts.move(turn, contact, ContactState.CREATED)
    contacts.publish(turn, contact, "contact.updated")


PARTED_MS = 2_000
"""What a caller does whose agent has left, the PBX tells within far less: they come to us, hang up, are transferred."""


def _agent_left(turn: Turn, contact: Contact, outcome: Outcome) -> None:
    """The leg of the agent who talks has ended, which ends their part; the contact's, only the caller's leg can end.

    A caller who is still in a bridge may be about to leave it. Or the phone has transferred them, of which the PBX
    tells before or after the end of its leg. Or a supervisor is about to have them.
    """
    caller = turn.legs.get(contact.caller_leg)
    if detours.is_on_one(contact) and caller is not None and outcome is Outcome.HANDLED:
        for segment in segments.talking(contact):
            leave_talk(turn, contact, segment, "transferred")
        consultations.over(turn, contact)
        detours.agent_left(turn, contact)
        return
    away = caller is None or caller.has_agi or not caller.bridge_id
    if away and outcome is Outcome.HANDLED and surveys.is_due(turn, contact, caller):
        away = False
    if (away and not supervisions.is_taken_over(turn, contact)) or outcome is not Outcome.HANDLED:
        talk_over(turn, contact, outcome)
        return
    for segment in segments.talking(contact):
        leave_talk(turn, contact, segment, "ended")
    contact.offer_ids = []
    contact.version += 1
    turn.start_timer(f"parted:{contact.id}", PARTED_MS)


def leave_talk(turn: Turn, contact: Contact, segment: Segment, result: str) -> None:
    """An agent's talk is over: their wrap-up begins before anything else, or their work is done."""
    agent = turn.state.agents[segment.agent_id]
    segments.leave(turn, segment, result)
    served = contact.outcome in (None, Outcome.HANDLED, Outcome.TRANSFERRED)
    if served and segment.queue and wrap_up.is_due(turn.site.queues[segment.queue]):
        wrap_up.begin(turn, agent, segment)
    else:
        agents.end_work(turn, agent)
    offer = turn.state.offers.get(agent.offer_id)
    if offer is not None and offer.leg_id in turn.state.legs and not consultations.has_emergency(turn, contact):
        turn.start_timer(f"lease:{offer.id}", _lease_ms(turn))


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
    leg = turn.legs.get(offer.leg_id)
    if leg is None:
        # No phone was rung yet, and after a restart the end of the time to accept may be told after this.
        if offer.state is OfferState.PENDING:
            decline(turn, offer, OfferState.TIMED_OUT, OfferCause.NO_ANSWER)
        _release(turn, offer)
        return
    turn.note("lease-expired", offer.id)
    offer.ring_again = False
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    leg_gone(turn, offer, OfferCause.LEASE_EXPIRED)


def _unknowable(turn: Turn, offer: Offer, timer_id: str) -> bool:
    """Whether the agent's leg is on a PBX that is away: they may be talking by now, so the decision waits for it."""
    leg = turn.legs.get(offer.leg_id)
    if leg is None or outage.is_up(turn, leg.pbx):
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
    for index, told in enumerate(contact.offers):
        if told.offer_id == offer.id:
            contact.offers[index] = result
            break
    else:
        contact.offers.append(result)
    publish(turn, offer, f"offer.{state}")


def withdraw(turn: Turn, offer: Offer, contact: Contact) -> None:
    """The PBX tells that another agent answered first; whose bridge it was, it tells as well."""
    _settle(turn, offer, OfferState.RESCINDED, OfferCause.ANSWERED_ELSEWHERE)
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


def _release(turn: Turn, offer: Offer) -> None:
    """Give up the reservation. One place decides what the agent does next."""
    turn.cancel_timer(f"lease:{offer.id}")
    turn.cancel_timer(f"offer:{offer.id}")
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
