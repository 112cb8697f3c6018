"""Calls that the dialplan connects by itself: dialled at an agent's phone, or ringing there of anybody's doing.

ctid only watches them: their legs are ``watched``, and the contact lives from the first ring to the end. Whoever talks
can hang up, be muted and send digits by ctid; nothing else is done to them. The agent's state stays what it is; the
site's policy decides whether anything is offered meanwhile (``own_calls.block``). An enquiry is such a call too, until
the phone transfers: then the contact that it was about goes on, and the enquiry has ended.
"""

from __future__ import annotations

from ctid.engine import segments, today
from ctid.engine.agent import agents, own_calls, phones, ringing
from ctid.engine.contact import contacts, leg_states
from ctid.engine.turn import Turn
from ctid.model.commands import LookUpCustomer, PlaceCall
from ctid.model.contact import Contact
from ctid.model.events import CallTransferred, DialEnded, LegDialled
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.states import ContactState, Direction, LegState, Outcome, Party
from ctid.routing.emergency import is_emergency
from ctid.routing.numbers import to_e164

MAX_LEGS = 20
"""Phones that one call is watched at; a dialplan may ring more."""


LEFT = (OfferCause.CALLER_LEFT, OfferCause.AGENT_LEFT)
"""Who called did not wait for an answer."""

SAID_NO = (OfferCause.BUSY, OfferCause.REJECTED, OfferCause.UNREACHABLE, OfferCause.FORWARDED)
"""What a phone or a network has said itself; it goes before what the dialplan makes of it."""


# ---- beginning --------------------------------------------------------------------------------------------------


def place(turn: Turn, agent_id: str, number: str) -> Contact:
    """Have an agent's phone dial by itself: nothing of ours is between them and whom they call."""
    spec = turn.site.agents[agent_id]
    contact = _begin(turn, Direction.OUTBOUND, agent_id, "", number)
    leg = _watch(turn, contact, spec.pbx, turn.mint("ow"), agent_id)
    _tell_of(turn, contact)
    turn.emit(
        PlaceCall(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            device=spec.device,
            number=number,
            headers={"X-Ctid-Contact": contact.id, **ringing.AUTO_ANSWER},
        )
    )
    return contact


def dialled(turn: Turn, event: LegDialled) -> None:
    """The dialplan rings somebody for a channel; one of the two may be an agent's phone."""
    caller = turn.legs.find(event.pbx, event.unique_id)
    if turn.legs.find(event.pbx, event.called_unique_id) is not None or (caller is not None and not caller.watched):
        return
    phones = turn.site.phones
    maker, taker = phones.get((event.pbx, event.device), ""), phones.get((event.pbx, event.called_device), "")
    if caller is not None:
        contact = turn.state.contacts[caller.contact_id]
        if len(contact.watched) < MAX_LEGS:
            _watch(turn, contact, event.pbx, event.called_unique_id, taker)
    elif maker or taker:
        kind = Direction.INBOUND if not maker else Direction.INTERNAL if taker else Direction.OUTBOUND
        number = event.number if maker else to_e164(event.number, turn.site.country)
        contact = _begin(turn, kind, maker or taker, number, event.extension)
        contact.called = taker if maker else ""
        _watch(turn, contact, event.pbx, event.unique_id, maker)
        _watch(turn, contact, event.pbx, event.called_unique_id, taker)
        _tell_of(turn, contact)


def _begin(turn: Turn, direction: Direction, agent_id: str, ani: str, number: str) -> Contact:
    contact = own_calls.new(turn, direction, agent_id, number)
    contact.ani = ani
    outbound = direction is not Direction.INBOUND
    contact.emergency = outbound and is_emergency(number, turn.site.country, turn.site.own_calls.emergency_numbers)
    if contact.emergency:
        phones.may_be_called_back(turn, agent_id)
    return contact


def _watch(turn: Turn, contact: Contact, pbx: str, unique_id: str, agent_id: str) -> Leg:
    leg = Leg(
        id=unique_id if unique_id.startswith("ow-") else turn.mint("ow"),
        pbx=pbx,
        unique_id=unique_id,
        contact_id=contact.id,
        party=Party.AGENT if agent_id else Party.CALLER,
        agent_id=agent_id,
        state=LegState.INITIATED,
        since_ms=turn.now.mono_ms,
        watched=True,
    )
    turn.legs.add(leg)
    contact.watched.append(leg.id)
    agent = turn.state.agents.get(agent_id)
    if agent is not None:
        agent.own_calls.append(contact.id)
        today.of_agent(turn, agent_id).own_calls += 1
        agents.changed(turn, agent, "agent.updated")
    return leg


def _tell_of(turn: Turn, contact: Contact) -> None:
    contacts.publish(turn, contact, "contact.created")
    if customer := contacts.customer_number(turn, contact):
        turn.emit(LookUpCustomer(contact_id=contact.id, ani=customer))


# ---- going on ---------------------------------------------------------------------------------------------------


def legs_of(turn: Turn, contact: Contact) -> list[Leg]:
    """The legs that are watched."""
    return [turn.state.legs[leg_id] for leg_id in contact.watched]


def answered(turn: Turn, leg: Leg) -> None:
    """A phone was answered; whom they talk to, their bridge tells."""
    if leg.state in (LegState.INITIATED, LegState.ALERTING):
        leg_states.change(turn, leg, LegState.CONNECTED, "leg.connected")


def bridged(turn: Turn, leg: Leg) -> None:
    """A leg entered a bridge: with another of the call in it they talk, if they did not before."""
    contact = turn.state.contacts[leg.contact_id]
    together = [each for each in legs_of(turn, contact) if each.bridge_id == leg.bridge_id]
    if len(together) < 2 or contact.state is not ContactState.CREATED:
        return
    there = [each.agent_id for each in together if each.agent_id]
    contact.cause, contact.connected_at = "", turn.now
    if contact.agent_id not in there and there:
        contact.agent_id = there[0]
    for agent_id in dict.fromkeys(there):
        segments.begin(turn, contact, agent_id)
    contacts.move(turn, contact, ContactState.CONNECTED)
    contacts.publish(turn, contact, "contact.connected")


def dial_ended(turn: Turn, event: DialEnded) -> None:
    """The dialplan rings somebody no more; why, as far as the end of their channel does not tell it."""
    leg = turn.legs.find(event.pbx, event.called_unique_id)
    contact = turn.state.contacts.get(leg.contact_id) if leg is not None and leg.watched else None
    if contact is None or contact.state is not ContactState.CREATED:
        return
    left = OfferCause.CALLER_LEFT if contact.direction is Direction.INBOUND else OfferCause.AGENT_LEFT
    contact.cause = {"CANCEL": left, "NOANSWER": OfferCause.NO_ANSWER}.get(event.status, "")


# ---- the end ----------------------------------------------------------------------------------------------------


def ended(turn: Turn, leg: Leg, cause: str, outcome: Outcome | None = None, *, was: LegState) -> None:
    """A leg is gone: the call is over with that of who made it or of who answered, or with the last one that it rang.

    Args:
        turn: The turn.
        leg: The leg.
        was: Its state before.
        cause: Why, as far as the PBX knows.
        outcome: Of the contact, where the manner of the end decides it.
    """
    contact = turn.state.contacts[leg.contact_id]
    first = contact.watched[0] == leg.id
    talked = contact.state is ContactState.CONNECTED
    answered = was in (LegState.CONNECTED, LegState.HELD)
    _unwatch(turn, contact, leg)
    if talked and leg.agent_id and (segment := segments.of(contact, leg.agent_id)) is not None:
        segments.finish(turn, segment)
    if not (first or len(contact.watched) < 2 or (talked and answered)):
        return
    left = contact.cause in LEFT
    if not talked and (not contact.cause or (cause in SAID_NO and not left)):
        contact.cause = cause
    over(turn, contact, outcome or (Outcome.HANDLED if talked else Outcome.ABANDONED if left else Outcome.NOT_REACHED))


def over(turn: Turn, contact: Contact, outcome: Outcome) -> None:
    """The call is over, or has become something else; what is left of its legs is watched no more."""
    for leg in legs_of(turn, contact):
        _unwatch(turn, contact, leg)
    for segment in contact.segments:
        if segment.done_at is None:
            segments.finish(turn, segment, "transferred" if outcome is Outcome.TRANSFERRED else "ended")
    if contact.cause:
        contacts.step(turn, contact, "call", contact.dnis, contact.cause)
    contacts.close(turn, contact, outcome)


def gone_on(turn: Turn, contact: Contact) -> None:
    """Nobody answered, and the dialplan has sent the caller on to us: AGI may tell it before AMI does."""
    contact.cause = contact.cause or OfferCause.NO_ANSWER
    over(turn, contact, Outcome.NOT_REACHED)


def transferred(turn: Turn, event: CallTransferred) -> None:
    """A phone has joined two calls: those of them that are watched are over, whatever goes on."""
    for unique_id in event.transferers:
        leg = turn.legs.find(event.pbx, unique_id)
        if leg is not None and leg.watched:
            over(turn, turn.state.contacts[leg.contact_id], Outcome.TRANSFERRED)


def _unwatch(turn: Turn, contact: Contact, leg: Leg) -> None:
    turn.legs.remove(leg)
    contact.watched.remove(leg.id)
    agent = turn.state.agents.get(leg.agent_id)
    if agent is not None and contact.id in agent.own_calls:
        agent.own_calls.remove(contact.id)
        agents.changed(turn, agent, "agent.updated")
