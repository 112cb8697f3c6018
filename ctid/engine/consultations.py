"""Consultations: an agent asks a colleague about a contact. The phones carry it out; ctid shows the colleague whose."""

from __future__ import annotations

from ctid.engine.turn import Turn
from ctid.engine.views import consultation_view, screen_pop
from ctid.model.contact import Consultation, Contact


def announce(turn: Turn, contact: Contact, from_agent: str, to_agent: str, number: str) -> Consultation:
    """Show the contact to the colleague; an enquiry with somebody else before is over."""
    _end_all(turn, contact, "withdrawn")
    consultation = Consultation(
        id=turn.mint("co"),
        contact_id=contact.id,
        from_agent=from_agent,
        to_agent=to_agent,
        number=number,
        created_at=turn.now,
    )
    turn.state.consultations[consultation.id] = consultation
    _publish(turn, contact, consultation, "consultation.created", pop=screen_pop(contact, turn.now, turn.floor))
    return consultation


def withdraw(turn: Turn, consultation: Consultation) -> None:
    """The colleague is not asked any more."""
    _end(turn, turn.state.contacts[consultation.contact_id], consultation, "withdrawn")


def over(turn: Turn, contact: Contact, taker: str = "") -> None:
    """The talk about which a colleague was asked is over, or the contact is the colleague's now."""
    for consultation in of(turn, contact):
        _end(turn, contact, consultation, "transferred" if consultation.to_agent == taker else "ended")


def of(turn: Turn, contact: Contact) -> list[Consultation]:
    """Those about the contact; one at most."""
    return [each for each in turn.state.consultations.values() if each.contact_id == contact.id]


def _end_all(turn: Turn, contact: Contact, result: str) -> None:
    for consultation in of(turn, contact):
        _end(turn, contact, consultation, result)


def _end(turn: Turn, contact: Contact, consultation: Consultation, result: str) -> None:
    del turn.state.consultations[consultation.id]
    _publish(turn, contact, consultation, "consultation.ended", result=result)


def _publish(turn: Turn, contact: Contact, consultation: Consultation, type_: str, **more: object) -> None:
    turn.publish(
        type_,
        {"consultation": consultation_view(consultation), **more},
        contact_id=contact.id,
        agent_ids=[consultation.from_agent, consultation.to_agent],
        queue=contact.queue,
    )
