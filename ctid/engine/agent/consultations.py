"""Consultations: an agent asks somebody about a contact. ctid shows a colleague whose it is; the phones carry it out.

Or ctid does, whatever phones they have (``ctid.engine.service.consulting``), or calls them in
(``ctid.engine.service.conferences``).
"""

from __future__ import annotations

from ctid.engine.agent import holding
from ctid.engine.contact import contacts
from ctid.engine.shown.allowed_actions import is_with_caller
from ctid.engine.shown.contact_legs import consultations_of
from ctid.engine.shown.views import consultation_view, screen_pop
from ctid.engine.turn import Turn
from ctid.model.commands import HangUpLeg, LetWait
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.states import ConsultationState

COMPLETE = "complete"
"""What is to follow where the caller is to be connected with who was asked."""

DIALLED = (ConsultationState.INITIATED, ConsultationState.ALERTING)
"""Who is asked has not answered yet, and the agent who asks hears it ring."""


def announce(
    turn: Turn, contact: Contact, to_agent: str, number: str, state: ConsultationState, *, joins: bool = False
) -> Consultation:
    """Show the contact to the colleague; an enquiry with somebody else before is over, unless more are called in."""
    for before in [] if joins else of(turn, contact):
        end(turn, before, "withdrawn")
    consultation = Consultation(
        id=turn.mint("co"),
        contact_id=contact.id,
        from_agent=contact.agent_id,
        to_agent=to_agent,
        number=number,
        created_at=turn.now,
        state=state,
        joins=joins,
    )
    turn.state.consultations[consultation.id] = consultation
    contact.consultation_ids.append(consultation.id)
    if to_agent:
        turn.touch_agent(to_agent)
    _publish(turn, consultation, "consultation.created", pop=screen_pop(contact, turn.now, turn.floor))
    return consultation


def move(turn: Turn, consultation: Consultation, state: ConsultationState) -> None:
    """The consultation has come further."""
    if consultation.state is not state:
        consultation.state = state
        _publish(turn, consultation, "consultation.updated")


def over(turn: Turn, contact: Contact, taker: str = "") -> None:
    """The talk about which somebody was asked is over, or the contact is the colleague's now."""
    for consultation in of(turn, contact):
        goes_on = bool(taker) and contact.agent_id == taker and consultation.to_agent != taker
        if goes_on and consultation.state is ConsultationState.CONFERENCED:
            # Of several in a conference one has the contact now; the others are in it as before.
            consultation.from_agent = taker
            _publish(turn, consultation, "consultation.updated")
        else:
            end(turn, consultation, "transferred" if consultation.to_agent == taker else "ended")


def of(turn: Turn, contact: Contact) -> list[Consultation]:
    """Those about the contact: one enquiry at most, and any number of those who were called in."""
    return consultations_of(turn.state, contact)


def enquiry(turn: Turn, contact: Contact | None) -> Consultation | None:
    """The one that ctid carries out and in which somebody is asked while the caller does not hear it."""
    if contact is None:
        return None
    asked = (each for each in of(turn, contact) if not each.joins and each.state is not ConsultationState.CONFERENCED)
    return next((each for each in asked if each.state is not ConsultationState.ANNOUNCED), None)


def conferenced(turn: Turn, contact: Contact) -> list[Consultation]:
    """Those whose party is in a conference with the caller."""
    return [each for each in of(turn, contact) if each.state is ConsultationState.CONFERENCED]


def is_shared(turn: Turn, contact: Contact) -> bool:
    """Whether others than the agent are with the caller, or about to be."""
    return any(map(is_with_caller, of(turn, contact)))


def is_handing_over(turn: Turn, contact: Contact) -> bool:
    """Whether the caller is on their way to who was asked, whatever the agent does meanwhile."""
    transferring = any(each.state is ConsultationState.TRANSFERRING for each in of(turn, contact))
    return transferring or is_to_hand_over(turn, contact) or holding.is_conferring(turn, contact)


def is_to_hand_over(turn: Turn, contact: Contact) -> bool:
    """Whether the caller will be connected with who was asked as soon as they are with us."""
    return any(each.then == COMPLETE for each in of(turn, contact))


def by_leg(turn: Turn, leg: Leg) -> Consultation | None:
    """The one whose party's leg it is."""
    contact = turn.state.contacts.get(leg.contact_id)
    about = of(turn, contact) if contact is not None else []
    return next((each for each in about if each.leg_id == leg.id), None)


def is_apart(turn: Turn, contact: Contact) -> bool:
    """Whether the caller is on hold with us, in a conference or on the way: no bridge of two ends with their talk.

    A conference which all others have left is still one to the PBX.
    """
    agent = holding.agent_leg(turn, contact)
    confers = agent is not None and bool(agent.bridge_id) and agent.bridge_id == contact.conference
    confers = confers or holding.is_conferring(turn, contact)
    return contact.on_hold or confers or any(each.leg_id for each in of(turn, contact))


def has_emergency(turn: Turn, contact: Contact) -> bool:
    """Whether an emergency service was asked into the contact and is there still, be the contact's talk over or not."""
    asked = (turn.legs.get(leg_id) for leg_id in turn.state.consulted)
    return any(leg is not None and leg.emergency and leg.contact_id == contact.id for leg in asked)


def is_asked(turn: Turn, agent_id: str) -> bool:
    """Whether ctid calls the agent to be asked, or has, and that call lives: no other one rings them meanwhile."""
    if not turn.state.consultations and not turn.state.consulted:
        return False
    asked = (each for each in turn.state.consultations.values() if each.state is not ConsultationState.ANNOUNCED)
    return agent_id in turn.state.consulted.values() or any(each.to_agent == agent_id for each in asked)


def end(turn: Turn, consultation: Consultation, result: str) -> None:
    """It is over; whom ctid has called for it is hung up on.

    Args:
        turn: The turn.
        consultation: The consultation.
        result: ``withdrawn``, ``transferred``, ``ended``, or why who was asked could not be reached.
    """
    del turn.state.consultations[consultation.id]
    if consultation.to_agent in turn.state.agents:
        turn.touch_agent(consultation.to_agent)
    contact = turn.state.contacts[consultation.contact_id]
    contact.consultation_ids.remove(consultation.id)
    leg = turn.legs.get(consultation.leg_id)
    # Who was called in an emergency is hung up on by the agent alone, who hears it ring until then.
    goes_on = leg is not None and leg.emergency and result != "withdrawn"
    if leg is not None and not goes_on:
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    agent = holding.agent_leg(turn, contact)
    waits = consultation.leg_id and consultation.state in DIALLED and contact.on_hold and not goes_on
    if waits and agent is not None:
        turn.emit(LetWait(pbx=agent.pbx, unique_id=agent.unique_id, ringing=False))
    _publish(turn, consultation, "consultation.ended", result=result)


def _publish(turn: Turn, consultation: Consultation, type_: str, **more: object) -> None:
    contact = turn.state.contacts[consultation.contact_id]
    turn.publish(
        type_,
        {"consultation": consultation_view(consultation), **more},
        contact_id=consultation.contact_id,
        agent_ids=[each for each in (consultation.from_agent, consultation.to_agent) if each],
        queue=contact.queue,
    )
    if consultation.state is not ConsultationState.ANNOUNCED and contact.ended_at is None:
        # What may be asked of the contact is another by now.
        contact.version += 1
        contacts.publish(turn, contact, "contact.updated")
