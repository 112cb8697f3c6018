"""Arrivals: callers who come to ctid, for the first time or again: after a cut, out of a talk, for a decision."""

from __future__ import annotations

import msgspec

from ctid.engine import outage, segments
from ctid.engine.agent import consultations, holding, leaving, own_calls, phone_calls, supervisions
from ctid.engine.call import dialling, journey, talks
from ctid.engine.contact import contacts, early_ends, unseen, voicemail
from ctid.engine.flow import decisions, flows, surveys
from ctid.engine.queue import queueing
from ctid.engine.turn import Turn
from ctid.model.commands import AnswerLeg, LookUpCustomer, ReleaseLeg, SetVariable
from ctid.model.contact import Contact
from ctid.model.events import (
    CallArrived,
    CallerReturned,
    CustomerLookedUp,
    DecisionAsked,
)
from ctid.model.leg import Leg
from ctid.model.position import IvrPosition
from ctid.model.states import ContactState, LegState, Outcome, Party
from ctid.routing.entry import choose_entry
from ctid.routing.numbers import to_e164

DECISION = "decision"
"""What a call that the PBX deals with waits for, to know who it is: the flow that decides."""

AWAITING = "known"
"""A caller's position while it is waited for the directory to tell who they are."""

KNOWN_MS = 500
"""How long it is waited; then they are nobody we know, until we do."""


LAST_AGENT, LAST_QUEUE = "last_agent", "last_queue"
"""Attributes that tell who served the caller last and where: the customer's, or the contact's if nobody knows them."""


def arrived(turn: Turn, event: CallArrived) -> None:
    """A caller's leg is with us: a new contact, or one that we had before a crash or a cut connection."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is not None and leg.watched:
        # Nobody of those whom the dialplan rang for them has answered: it has them come to us.
        phone_calls.gone_on(turn, turn.state.contacts[leg.contact_id])
        leg = None
    if leg is not None:
        leg.has_agi, leg.coming = True, False
        unseen.end(turn, leg)
        turn.touch_contact(leg.contact_id)
        resume(turn, leg)
        return
    contact, leg = newcomer(turn, event)
    choice = choose_entry(turn.site, event.dnis, turn.now)
    if choice is None:
        contacts.publish(turn, contact, "contact.created")
        turn.note("no-entry", "a call came for a number that no entry takes")
        leaving.hand_off(turn, contact, leg)
        return
    contact.entry = choice.entry
    contacts.step(turn, contact, "entry", choice.entry, "open" if choice.open else "closed")
    contacts.publish(turn, contact, "contact.created")
    if early_ends.take(turn, event.pbx, event.unique_id):
        journey.caller_gone(turn, leg, None, "unknown")
        return
    turn.emit(AnswerLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    if contact.ani:
        turn.emit(LookUpCustomer(contact_id=contact.id, ani=contact.ani))
    if contact.ani and choice.destination.flow is not None:
        _await_customer(turn, contact, choice.place)
    else:
        journey.go(turn, contact, choice.place)


def known_or_not(turn: Turn, contact: Contact) -> None:
    """Go on with a caller of whom it was waited to know who they are."""
    if contact.ivr is None or not contact.ivr.node.startswith(f"{AWAITING}:"):
        return
    turn.cancel_timer(f"known:{contact.id}")
    kind, _, flow = contact.ivr.then.partition(":")
    if kind == DECISION:
        _decide_by(turn, contact, flow)
    else:
        journey.go(turn, contact, contact.ivr.then)


def _await_customer(turn: Turn, contact: Contact, then: str) -> None:
    """Their first words may be in the caller's language, and the first decision about who they are."""
    contact.ivr = IvrPosition(node=f"{AWAITING}:{then}", token="", then=then)
    turn.start_timer(f"known:{contact.id}", KNOWN_MS)


def newcomer(turn: Turn, event: CallArrived | DecisionAsked) -> tuple[Contact, Leg]:
    """A new contact, and its caller's leg."""
    turn.state.arrivals += 1
    contact = Contact(
        id=turn.mint("ct"),
        seq=turn.state.arrivals,
        ani=to_e164(event.ani, turn.site.country),
        dnis=event.dnis,
        attributes=dict(event.attributes),
        created_at=turn.now,
    )
    leg = Leg(
        id=turn.mint("lg"),
        pbx=event.pbx,
        unique_id=event.unique_id,
        contact_id=contact.id,
        party=Party.CALLER,
        state=LegState.CONNECTED,
        since_ms=turn.now.mono_ms,
        has_agi=True,
    )
    contact.caller_leg = leg.id
    turn.state.contacts[contact.id] = contact
    turn.legs.add(leg)
    contacts.begin_span(turn, contact)
    outage.bear(turn, leg.pbx)
    turn.emit(SetVariable(pbx=leg.pbx, unique_id=leg.unique_id, name="CTID_CONTACT", value=contact.id))
    return contact, leg


def decide(turn: Turn, event: DecisionAsked) -> None:
    """Go through a flow for a call that the PBX deals with, and tell it what came of it."""
    known = turn.legs.find(event.pbx, event.unique_id)
    if known is not None:
        contact = turn.state.contacts.get(known.contact_id)
        position = contact.ivr.flow if contact is not None and contact.ivr is not None else None
        known.has_agi = True
        if contact is not None and position is not None and decisions.is_one(contact):
            journey.go_on(turn, contact, flows.again(turn, contact, position))
        elif contact is not None and f"known:{contact.id}" in turn.state.timers:
            pass
        else:
            decisions.tell_nothing(turn, known)
        return
    contact, leg = newcomer(turn, event)
    contacts.publish(turn, contact, "contact.created")
    if early_ends.take(turn, event.pbx, event.unique_id):
        journey.caller_gone(turn, leg, None, "unknown")
    elif event.flow in turn.site.flows and contact.ani:
        turn.emit(LookUpCustomer(contact_id=contact.id, ani=contact.ani))
        _await_customer(turn, contact, f"{DECISION}:{event.flow}")
    else:
        _decide_by(turn, contact, event.flow)


def _decide_by(turn: Turn, contact: Contact, flow: str) -> None:
    if flow in turn.site.flows:
        journey.go_on(turn, contact, flows.begin(turn, contact, flow, decision=True))
        return
    contact.ivr = None
    turn.note("flow-lost", "flow_gone")
    leg = turn.legs.get(contact.caller_leg)
    if leg is not None:
        decisions.tell(turn, contact, leg, decisions.UNDECIDED)
        leaving.let_go(turn, contact, leg, Outcome.FAILED)


def resume(turn: Turn, leg: Leg, *, from_bridge: bool = False) -> None:
    """A known caller is with us again: go on where they were."""
    contact = turn.state.contacts.get(leg.contact_id)
    if contact is not None and leaving.leaves(contact):
        leaving.release_to(turn, contact, leg)
        return
    if contact is not None and contact.message is not None:
        voicemail.resume(turn, contact, leg)
        return
    if contact is None or (contact.outcome is not None and not surveys.is_in_one(contact)):
        leaving.release(turn, leg)
    elif own_calls.is_being_placed(contact):
        # The agent they were to talk to left as they answered.
        leaving.release(turn, leg)
    elif contact.callback is not None and contact.state in (ContactState.QUEUED, ContactState.OFFERED):
        dialling.arrived(turn, contact, leg, from_bridge=from_bridge)
    elif contact.state is ContactState.CONNECTED and contact.ivr is None:
        if _is_on_the_way(turn, contact) or (contact.on_hold and not _is_left(turn, contact)):
            queueing.play_music(turn, contact)
        else:
            returned(turn, CallerReturned(pbx=leg.pbx, unique_id=leg.unique_id))
    elif contact.ivr is not None:
        replay(turn, contact, contact.ivr)
    else:
        queueing.play_music(turn, contact)


def replay(turn: Turn, contact: Contact, position: IvrPosition) -> None:
    """Lead the caller back into the flow or announcement they were in."""
    kind, _, name = position.node.partition(":")
    if position.flow is not None:
        journey.go_on(turn, contact, flows.again(turn, contact, position.flow))
    elif kind != AWAITING:
        journey.go(turn, contact, name)


def returned(turn: Turn, event: CallerReturned) -> None:
    """The agent's leg left the bridge and the caller's is with us: the talk is over, or it never began."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is None:
        turn.emit(ReleaseLeg(pbx=event.pbx, unique_id=event.unique_id, next="hangup"))
        return
    leg.has_agi, leg.coming, leg.bridge_id = True, False, ""
    turn.touch_contact(leg.contact_id)
    # While the PBX is away, its snapshot has yet to say what they come from.
    leg.returned |= outage.is_up(turn, leg.pbx)
    contact = turn.state.contacts.get(leg.contact_id)
    if contact is not None and contact.state is ContactState.CONNECTED and not _is_on_the_way(turn, contact):
        if surveys.is_due(turn, contact, leg):
            talks.survey(turn, contact)
            journey.enter_flow(turn, contact, turn.site.queues[contact.queue].survey or "", survey=True)
        else:
            talks.over(turn, contact)
    else:
        resume(turn, leg, from_bridge=True)


def agent_gone(turn: Turn, contact: Contact | None) -> None:
    """The agent's leg has ended. A caller whom they had on hold is with us already, and comes from nowhere else."""
    leg = turn.legs.get(contact.caller_leg) if contact is not None else None
    if contact is not None and leg is not None and leg.has_agi and contact.on_hold and _is_left(turn, contact):
        returned(turn, CallerReturned(pbx=leg.pbx, unique_id=leg.unique_id))


def _is_left(turn: Turn, contact: Contact) -> bool:
    """Whether the agent who talked to the caller has gone, and nobody else has them or is about to."""
    expected = supervisions.is_taken_over(turn, contact) or consultations.is_handing_over(turn, contact)
    return contact.state is ContactState.CONNECTED and not segments.talking(contact) and not expected


def _is_on_the_way(turn: Turn, contact: Contact) -> bool:
    """Whether a caller comes to us from their agent, to go on to somebody else or into a conference."""
    if consultations.is_to_hand_over(turn, contact) or holding.is_conferring(turn, contact):
        return True
    return contact.on_hold and supervisions.is_taken_over(turn, contact)


def looked_up(turn: Turn, event: CustomerLookedUp) -> None:
    """The directory's answer, in time for the pop or as an update to it."""
    contact = turn.state.contacts.get(event.contact_id)
    if event.failure:
        turn.note("lookup-failed", event.failure)
    _learn(turn, contact, event)
    if contact is not None:
        known_or_not(turn, contact)


def _learn(turn: Turn, contact: Contact | None, event: CustomerLookedUp) -> None:
    nothing = event.customer is None and event.last_call is None and not event.recent
    if contact is None or nothing or contact.state is ContactState.CLOSED:
        return
    last = {} if event.last_call is None else {LAST_AGENT: event.last_call.agent_id, LAST_QUEUE: event.last_call.queue}
    if event.customer is None:
        contact.attributes = {**last, **contact.attributes}
    elif LAST_AGENT in event.customer.attributes:
        contact.customer = event.customer
    else:
        attributes = {**event.customer.attributes, **last}
        contact.customer = msgspec.structs.replace(event.customer, attributes=attributes)
    contact.recent = event.recent or contact.recent
    contact.version += 1
    queueing.reconsider(turn, contact)
    contacts.publish(turn, contact, "contact.updated")
