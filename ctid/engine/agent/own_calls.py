"""Calls that ctid places for agents: their own phone answers by itself, then whoever they call is rung and bridged.

The topology is that of a callback with the agent first, so that all of call control works on such a call as on any
other: the agent's leg belongs to an offer that they have accepted by asking, and who is called is the caller's leg. The
contact is ``created`` while it rings, then ``connected``; no queue, visit or number of the ACD knows of it unless it is
sent on to one. The agent is BUSY throughout, for the reason ``non-acd-call``.
"""

from __future__ import annotations

from ctid.engine import outage, segments
from ctid.engine.agent import agents, holding, ringing
from ctid.engine.contact import contacts
from ctid.engine.queue import tasks
from ctid.engine.turn import Turn, ms
from ctid.model.agent import Agent
from ctid.model.commands import DialCustomer, HangUpLeg, LookUpCustomer, RingAgent
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.model.leg import Leg
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import AgentState, ContactState, Direction, LegState, OfferState, Outcome, Party, SystemReason

AGENT_RING_MS = 20_000
"""How long the agent's own phone may ring that is told to answer by itself."""

RECHECK_MS = 1_000
"""How often a decision that waits for a PBX is tried again."""


def new(turn: Turn, direction: Direction, agent_id: str, number: str) -> Contact:
    """A contact for a call outside the ACD; nobody is told of it yet."""
    turn.state.arrivals += 1
    contact = Contact(
        id=turn.mint("ct"),
        seq=turn.state.arrivals,
        direction=direction,
        dnis=number,
        agent_id=agent_id,
        created_at=turn.now,
    )
    turn.state.contacts[contact.id] = contact
    contacts.begin_span(turn, contact)
    contacts.step(turn, contact, "call", number)
    return contact


def is_being_placed(contact: Contact) -> bool:
    """Whether ctid is about to connect the agent with whom they call."""
    placed = contact.direction is not Direction.INBOUND and not contact.watched
    # Once they have talked, it is a contact like any other, wherever it has been given on to.
    return placed and contact.state is ContactState.CREATED and contact.outcome is None and not contact.segments


def block(turn: Turn, agent: Agent) -> bool:
    """Whether calls of the agent's own keep everything else from them.

    Those that ctid rings their phone for and those to an emergency service do in any case, others by the site's policy.
    """
    if not agent.own_calls:
        return False
    calls = (turn.state.contacts.get(contact_id) for contact_id in agent.own_calls)
    always = any(each is not None and (each.emergency or not each.watched) for each in calls)
    return always or turn.site.policy.non_acd_calls == "block"


# ---- placing ----------------------------------------------------------------------------------------------------


def place(
    turn: Turn, agent: Agent, number: str, *, called: str, caller_id: str, queue: str, attributes: dict[str, str]
) -> Contact:
    """Ring the agent's phone; who is called is rung when it has answered.

    Args:
        turn: The turn.
        agent: Free of any call, and of the configuration.
        number: Whom to call, as a phone would dial it.
        called: The colleague whose extension that is; empty for somebody else.
        caller_id: What is shown to them; empty for whatever the PBX gives.
        queue: On whose behalf; empty for nobody's.
        attributes: Attached data.
    """
    contact = new(turn, Direction.INTERNAL if called else Direction.OUTBOUND, agent.id, number)
    contact.called, contact.ani, contact.queue, contact.attributes = called, caller_id, queue, attributes
    agents.engage(turn, agent)
    offer = _reserve(turn, contact, agent)
    tasks.interrupt(turn, agent)
    agents.move(turn, agent, AgentState.BUSY, SystemReason.NON_ACD_CALL)
    contacts.publish(turn, contact, "contact.created")
    if customer := contacts.customer_number(turn, contact):
        turn.emit(LookUpCustomer(contact_id=contact.id, ani=customer))
    if called:
        # From now on nobody else's call rings at the colleague's phone.
        turn.state.agents[called].own_calls.append(contact.id)
        agents.changed(turn, turn.state.agents[called], "agent.updated")
    _ring(turn, contact, offer)
    return contact


def _reserve(turn: Turn, contact: Contact, agent: Agent) -> Offer:
    lease_ms = AGENT_RING_MS + _lease_ms(turn)
    offer = Offer(
        id=turn.mint("of"),
        contact_id=contact.id,
        agent_id=agent.id,
        queue=contact.queue,
        state=OfferState.ACCEPTED,
        created_at=turn.now,
        expires_at=Instant(turn.now.mono_ms + AGENT_RING_MS, turn.now.utc_ms + AGENT_RING_MS),
        lease_ms=turn.now.mono_ms + lease_ms,
        ended_at=turn.now,
    )
    turn.state.offers[offer.id] = offer
    contact.offer_ids = [offer.id]
    agent.offer_id, agent.contact_id = offer.id, contact.id
    agent.own_calls.append(contact.id)
    turn.start_timer(f"lease:{offer.id}", lease_ms)
    return offer


def _ring(turn: Turn, contact: Contact, offer: Offer) -> None:
    spec = turn.site.agents[offer.agent_id]
    leg = _leg(turn, contact, spec.pbx, Party.AGENT, offer.agent_id)
    offer.leg_id = leg.id
    turn.emit(
        RingAgent(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            device=spec.device,
            peer_unique_id="",
            caller_number=contact.dnis,
            caller_name=_name_of(turn, contact.called) or contact.dnis,
            timeout_ms=AGENT_RING_MS,
            headers={"X-Ctid-Contact": contact.id, **ringing.AUTO_ANSWER},
            agent_id=offer.agent_id,
            wait_ms=_ring_ms(turn) + _lease_ms(turn) + ringing.RING_GRACE_MS,
        )
    )


def _leg(turn: Turn, contact: Contact, pbx: str, party: Party, agent_id: str) -> Leg:
    leg = Leg(
        id=turn.mint("lg"),
        pbx=pbx,
        unique_id="",
        contact_id=contact.id,
        party=party,
        agent_id=agent_id,
        state=LegState.INITIATED,
        since_ms=turn.now.mono_ms,
    )
    leg.unique_id = leg.id
    turn.legs.add(leg)
    return leg


def agent_answered(turn: Turn, leg: Leg) -> None:
    """An agent's phone was answered: whom they call is rung now, if that is what it was rung for."""
    contact = turn.state.contacts.get(leg.contact_id)
    if contact is None or not is_being_placed(contact) or contact.caller_leg or contact.cause:
        return
    offer = turn.state.offers[contact.offer_ids[0]]
    colleague = turn.site.agents.get(contact.called)
    called = _leg(turn, contact, leg.pbx, Party.CALLER, contact.called)
    contact.caller_leg = called.id
    if contact.called:
        turn.state.consulted[called.id] = contact.called
    turn.start_timer(f"call:{contact.id}", _ring_ms(turn))
    turn.start_timer(f"lease:{offer.id}", _ring_ms(turn) + 2 * _lease_ms(turn) + ringing.RING_GRACE_MS)
    contact.version += 1
    contacts.publish(turn, contact, "contact.updated")
    own = turn.site.agents.get(offer.agent_id)
    extension = own.device.partition("/")[2].partition("@")[0] if own is not None else ""
    turn.emit(
        DialCustomer(
            pbx=called.pbx,
            unique_id=called.unique_id,
            device=colleague.device if colleague is not None else "",
            number=contact.dnis,
            peer_unique_id=leg.unique_id,
            caller_number=contact.ani or extension,
            caller_name=_name_of(turn, offer.agent_id) if contact.called else "",
            timeout_ms=_ring_ms(turn) + ringing.RING_GRACE_MS,
        )
    )


def bridged(turn: Turn, contact: Contact) -> None:
    """A leg of the call entered a bridge; with both in one they talk."""
    if holding.together(turn.legs.get(contact.caller_leg), holding.agent_leg(turn, contact)):
        connect(turn, contact)


def connect(turn: Turn, contact: Contact) -> None:
    """They talk."""
    offer = turn.state.offers[contact.offer_ids[0]]
    for timer in (f"call:{contact.id}", f"lease:{offer.id}"):
        turn.cancel_timer(timer)
    contact.connected_at, contact.cause = turn.now, ""
    segments.begin(turn, contact, offer.agent_id)
    contacts.move(turn, contact, ContactState.CONNECTED)
    contacts.publish(turn, contact, "contact.connected")


# ---- coming to nothing ------------------------------------------------------------------------------------------


def give_up(turn: Turn, contact: Contact) -> None:
    """The agent does not want it any more: their phone is hung up, and with its end all is over."""
    contact.cause = contact.cause or OfferCause.AGENT_LEFT
    leg = holding.agent_leg(turn, contact)
    if leg is not None:
        _hang_up_agent(turn, contact, leg)


def time_over(turn: Turn, contact: Contact) -> None:
    """It rang long enough at who is called, or the PBX owes us word of their leg for too long."""
    leg = turn.legs.get(contact.caller_leg)
    if leg is None or not is_being_placed(contact):
        return
    if not outage.is_up(turn, leg.pbx):
        turn.start_timer(f"call:{contact.id}", RECHECK_MS)
        return
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    if contact.cause:
        turn.note("lease-expired", leg.id)
        forget(turn, leg)
        contact.caller_leg = ""
        not_reached(turn, contact, None, contact.cause)
    else:
        contact.cause = OfferCause.NO_ANSWER
        turn.start_timer(f"call:{contact.id}", _lease_ms(turn))


def not_reached(turn: Turn, contact: Contact, outcome: Outcome | None, cause: str) -> None:
    """The leg of who is called ended before they talked: the agent is free, once their phone has been hung up.

    Args:
        turn: The turn.
        contact: The contact, which has no caller's leg any more.
        outcome: Of the contact, where the manner of the end decides it.
        cause: Why, as far as the PBX knows; what we meant by hanging up goes before it.
    """
    leg = holding.agent_leg(turn, contact)
    _over(turn, contact, outcome or Outcome.NOT_REACHED, contact.cause or cause)
    if leg is not None:
        _hang_up_agent(turn, contact, leg)


def agent_gone(turn: Turn, contact: Contact, outcome: Outcome, cause: OfferCause) -> None:
    """The agent's leg ended before they talked: nobody is rung for them any more.

    Args:
        turn: The turn.
        contact: The contact.
        outcome: ``failed`` where the manner of the end decides it.
        cause: Why their phone was not answered, if it was not.
    """
    called = turn.legs.get(contact.caller_leg)
    if called is not None:
        turn.emit(HangUpLeg(pbx=called.pbx, unique_id=called.unique_id))
    left = called is not None or contact.cause == OfferCause.AGENT_LEFT
    if outcome is not Outcome.FAILED:
        outcome = Outcome.ABANDONED if left else Outcome.FAILED
    _over(turn, contact, outcome, OfferCause.AGENT_LEFT if left else f"agent_{cause}")


def end_stray(turn: Turn, contact: Contact | None, leg: Leg) -> None:
    """End the leg of somebody who is not called any more: our hang-up came before the PBX had made the channel."""
    if leg.id.startswith("lg-") and leg.unique_id == leg.id and (contact is None or _is_over(contact)):
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))


def _is_over(contact: Contact) -> bool:
    return contact.direction is not Direction.INBOUND and contact.state is ContactState.CLOSED


def forget(turn: Turn, leg: Leg) -> None:
    """A caller's leg is gone, or no longer ours: a colleague who was called may be called by others again."""
    turn.legs.remove(leg)
    turn.state.consulted.pop(leg.id, None)
    if leg.agent_id:
        _release(turn, leg.agent_id, leg.contact_id)


def _over(turn: Turn, contact: Contact, outcome: Outcome, cause: str) -> None:
    turn.cancel_timer(f"call:{contact.id}")
    agent = turn.state.agents[contact.agent_id]
    contact.cause = cause
    contact.offer_ids = []
    contacts.step(turn, contact, "call", contact.dnis, cause)
    _release(turn, contact.called, contact.id)
    contacts.close(turn, contact, outcome)
    if agent.contact_id == contact.id:
        agents.end_work(turn, agent)


def _release(turn: Turn, agent_id: str, contact_id: str) -> None:
    """The colleague who is called has no part in the call any more."""
    agent = turn.state.agents.get(agent_id)
    if agent is not None:
        if contact_id in agent.own_calls:
            agent.own_calls.remove(contact_id)
        agents.changed(turn, agent, "agent.updated")


def _hang_up_agent(turn: Turn, contact: Contact, leg: Leg) -> None:
    offer_id = turn.state.agents[leg.agent_id].offer_id
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    turn.start_timer(f"lease:{offer_id}", _lease_ms(turn))


def _name_of(turn: Turn, agent_id: str) -> str:
    spec = turn.site.agents.get(agent_id)
    return spec.name if spec is not None else ""


def _ring_ms(turn: Turn) -> int:
    return ms(turn.site.own_calls.ring_seconds)


def _lease_ms(turn: Turn) -> int:
    return ms(turn.site.policy.lease_seconds)
