"""The talk that something is asked of: the contact, its caller, the agent at hand; or the refusal with its reason."""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.agent import consultations, holding
from ctid.engine.service.requests import live_contact
from ctid.engine.shown.allowed_actions import contact_actions
from ctid.engine.shown.contact_legs import legs_of
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, InTransitError, NotFoundError
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.states import LegState


def in_talk(turn: Turn, contact_id: str, action: str) -> tuple[Contact, Leg]:
    """The contact with its caller's leg, of which the action may be asked now; or the refusal."""
    contact = live_contact(turn, contact_id)
    caller = turn.legs.get(contact.caller_leg)
    allowed = contact_actions(turn.state, contact)
    if caller is None or action not in allowed:
        why = "only a call in which an agent talks can be given on, asked about or ended"
        if caller is not None and "hang_up" in allowed:
            why = _why_not(turn, contact, action)
        # What has been asked for before may make it fit: hold pressed right behind retrieve.
        kind = InTransitError if holding.is_joining(turn, contact) else ConflictError
        raise kind(why, current=contact.state, allowed_actions=tuple(allowed))
    if not outage.is_up(turn, caller.pbx):
        raise ConflictError("the PBX can't be reached now", current=contact.state)
    return contact, caller


def talker(turn: Turn, contact: Contact, caller: Leg) -> Leg:
    """The leg of the agent who is in a bridge with the caller, or the refusal that nobody is just now."""
    agent = at_hand(turn, contact)
    if not holding.together(agent, caller):
        raise InTransitError("the talk is just being set up or ended; try again", current=contact.state)
    return agent


def at_hand(turn: Turn, contact: Contact) -> Leg:
    """The leg of the agent who has the contact, unless it is just being moved from one bridge to another."""
    agent = holding.agent_leg(turn, contact)
    if agent is None or holding.is_joining(turn, contact):
        raise InTransitError("the call is just being connected; try again", current=contact.state)
    return agent


def party(turn: Turn, contact: Contact, leg_id: str) -> Leg:
    """The leg of that id in the contact, or the refusal."""
    leg = next((each for each in legs_of(turn.state, contact) if each.id == leg_id), None)
    if leg is None:
        raise NotFoundError("there is no such leg in this contact now")
    return leg


def _why_not(turn: Turn, contact: Contact, action: str) -> str:
    """Why something can't be done in a talk, which can be done in others."""
    agent = holding.agent_leg(turn, contact)
    if consultations.is_shared(turn, contact):
        return "the caller is in a conference, or about to be connected"
    if agent is not None and agent.state is LegState.HELD and not contact.on_hold:
        return "the agent's phone has put the caller on hold itself; it takes them back"
    match action:
        case "retrieve":
            return "the caller is not on hold"
        case "hold" | "add_party" if contact.on_hold:
            return "the caller is on hold; retrieve them first"
        case _:
            return "somebody is being asked about the call; that comes to its end first"
