"""Talks with agents: begun by the bridge, ended by the leg of either; what follows is a wrap-up, or other work."""

from __future__ import annotations

from ctid.engine import segments
from ctid.engine.agent import agents, answering, consultations, detours, offers, own_calls, supervisions, wrap_up
from ctid.engine.contact import contacts, recordings, unseen
from ctid.engine.flow import flows, surveys
from ctid.engine.queue import callbacks, tasks
from ctid.engine.turn import Turn
from ctid.model.agent import Agent
from ctid.model.commands import ReleaseLeg
from ctid.model.contact import Contact
from ctid.model.history import Segment
from ctid.model.leg import Leg
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import AgentState, ContactState, LegState, OfferState, Outcome, Party

PARTED_MS = 2_000
"""What a caller does whose agent has left, the PBX tells within far less: they come to us, hang up, are transferred."""


def connect(turn: Turn, offer: Offer, contact: Contact) -> None:
    """Both legs are in one bridge: they talk."""
    offers.accept(turn, offer)
    callbacks.connected(turn, contact)
    agent = turn.state.agents[offer.agent_id]
    turn.cancel_timer(f"lease:{offer.id}")
    offers.rescind_others(turn, offer, contact)
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
    if contact is not None and offered and answering.ring_again(turn, offer, contact, cause):
        return
    if contact is not None and offered and cause is OfferCause.ANSWERED_ELSEWHERE:
        offers.withdraw(turn, offer, contact)
    elif offer.state is OfferState.PENDING:
        state = OfferState.TIMED_OUT if cause is OfferCause.NO_ANSWER else OfferState.REJECTED
        if cause in (
            OfferCause.PBX_LOST,
            OfferCause.LEASE_EXPIRED,
            OfferCause.FAILED,
            OfferCause.UNREACHABLE,
        ):
            state = OfferState.CANCELED
        offers.decline(turn, offer, state, cause)
    elif offer.state is OfferState.ACCEPTED and contact is not None:
        if contact.state is ContactState.CONNECTED:
            _agent_left(turn, contact, outcome)
        elif contact.state is ContactState.OFFERED:
            # Of a phone that was rung after its agent had accepted, the cause tells; one that was answered just ended.
            told = cause if cause in (OfferCause.NO_ANSWER, OfferCause.BUSY, OfferCause.UNREACHABLE) else None
            offers.decline(turn, offer, OfferState.CANCELED, told or OfferCause.FAILED)
            if told is None:
                _doubt(turn, contact)
        elif own_calls.is_being_placed(contact):
            own_calls.agent_gone(turn, contact, outcome, cause)
    offers.release(turn, offer)


def _doubt(turn: Turn, contact: Contact) -> None:
    """Two agents on end have answered and were not bridged with the caller: the PBX may owe us the news of their end.

    Who has a session lives, and who lives has one again within a second; else agents would be rung for them for ever.
    """
    caller = turn.legs.get(contact.caller_leg)
    if caller is None or caller.has_agi or contact.callback is not None or not unseen.waits(contact):
        return
    if [told.cause for told in contact.offers[-2:]] == [OfferCause.FAILED] * 2:
        unseen.begin(turn, caller)


def over(turn: Turn, contact: Contact, outcome: Outcome = Outcome.HANDLED) -> None:
    """The customer's part ended, whoever ended it: who talked wraps up, or all is done."""
    alone = _alone(turn, contact)
    flows.left(turn, contact, "lost" if outcome is Outcome.FAILED else "hung_up")
    contacts.end(turn, contact, outcome)
    consultations.over(turn, contact)
    contact.on_hold = False
    for segment in segments.talking(contact):
        leave(turn, contact, segment, "ended")
    contacts.settle(turn, contact)
    _let_go(turn, alone)
    caller = turn.legs.get(contact.caller_leg)
    if caller is not None and caller.has_agi:
        # They came back to us before the PBX told of the talk they come from; nobody else would let them go.
        turn.emit(ReleaseLeg(pbx=caller.pbx, unique_id=caller.unique_id, next="hangup"))


def survey(turn: Turn, contact: Contact) -> None:
    """The talk is over and its caller is with us, to be asked about it."""
    alone = _alone(turn, contact)
    surveys.begin(turn, contact)
    consultations.over(turn, contact)
    for segment in segments.talking(contact):
        leave(turn, contact, segment, "ended")
    turn.cancel_timer(f"parted:{contact.id}")
    contact.on_hold, contact.offer_ids = False, []
    contacts.move(turn, contact, ContactState.CREATED)
    _let_go(turn, alone)
    contacts.publish(turn, contact, "contact.updated")


def _alone(turn: Turn, contact: Contact) -> list[str]:
    """The offers of agents whose channels end with no bridge with the caller; who has an emergency service stays."""
    apart = consultations.is_apart(turn, contact) and not consultations.has_emergency(turn, contact)
    return list(contact.offer_ids) if apart else []


def _let_go(turn: Turn, offer_ids: list[str]) -> None:
    for offer_id in offer_ids:
        offer = turn.state.offers.get(offer_id)
        if offer is not None and offer.leg_id in turn.state.legs:
            offers.hang_up(turn, offer)


def _agent_left(turn: Turn, contact: Contact, outcome: Outcome) -> None:
    """The leg of the agent who talks has ended, which ends their part; the contact's, only the caller's leg can end.

    A caller who is still in a bridge may be about to leave it. Or the phone has transferred them, of which the PBX
    tells before or after the end of its leg. Or a supervisor is about to have them, or who was asked about them.
    """
    caller = turn.legs.get(contact.caller_leg)
    if detours.is_on_one(contact) and caller is not None and outcome is Outcome.HANDLED:
        for segment in segments.talking(contact):
            leave(turn, contact, segment, "transferred")
        consultations.over(turn, contact)
        detours.agent_left(turn, contact)
        return
    away = caller is None or caller.has_agi or not caller.bridge_id
    if away and outcome is Outcome.HANDLED and surveys.is_due(turn, contact, caller):
        away = False
    expected = supervisions.is_taken_over(turn, contact) or consultations.is_handing_over(turn, contact)
    if (away and not expected) or outcome is not Outcome.HANDLED:
        over(turn, contact, outcome)
        return
    for segment in segments.talking(contact):
        leave(turn, contact, segment, "ended")
    contact.offer_ids = []
    contact.version += 1
    turn.start_timer(f"parted:{contact.id}", PARTED_MS)


def leave(turn: Turn, contact: Contact, segment: Segment, result: str) -> None:
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
        turn.start_timer(f"lease:{offer.id}", offers.lease_ms(turn))
