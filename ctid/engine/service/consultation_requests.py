"""What agents ask for who have others in a talk: to consult them, call them in, go between them and the caller."""

from __future__ import annotations

from ctid.engine.agent import consultations, devices, phones
from ctid.engine.service import conferences, consulting
from ctid.engine.service.in_talk import at_hand, in_talk, talker
from ctid.engine.service.requests import compare
from ctid.engine.service.takers import check_number, check_reachable, check_takes_calls, colleague
from ctid.engine.shown.allowed_actions import consultation_actions
from ctid.engine.shown.views import View, consultation_view
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, NotFoundError, RequestError
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.events import (
    AlternateRequested,
    ConferenceRequested,
    ConsultationCompleted,
    ConsultationRequested,
    ConsultationWithdrawn,
    PartyRequested,
)
from ctid.model.leg import Leg
from ctid.model.states import AgentState, ConsultationState, LegState


def consult(turn: Turn, request: ConsultationRequested) -> View:
    """Announce to a colleague that they are about to be called, or call whoever is to be asked."""
    contact, caller = in_talk(turn, request.contact_id, "consult" if request.dial else "announce_consultation")
    compare(contact.version, request, contact.state)
    to_agent, number = _whom(turn, contact, caller, request.agent, request.number, dial=request.dial)
    if request.number and not request.dial:
        raise RequestError("only a colleague is shown what they are called about; a number is dialled")
    if not request.dial:
        consultation = consultations.announce(turn, contact, to_agent, number, ConsultationState.ANNOUNCED)
    else:
        agent = at_hand(turn, contact) if contact.on_hold else talker(turn, contact, caller)
        if agent.state is LegState.HELD and not contact.on_hold:
            raise ConflictError("the agent's phone has put the caller on hold; it takes them back", current=agent.state)
        if to_agent:
            check_takes_calls(turn, to_agent)
        consultation = consulting.begin(turn, contact, to_agent, number)
    return {"consultation": consultation_view(consultation)}


def add_party(turn: Turn, request: PartyRequested) -> View:
    """Call somebody into the talk of caller and agent, or into their conference."""
    contact, caller = in_talk(turn, request.contact_id, "add_party")
    compare(contact.version, request, contact.state)
    to_agent, number = _whom(turn, contact, caller, request.agent, request.number, dial=True)
    agent = talker(turn, contact, caller)
    if to_agent:
        check_takes_calls(turn, to_agent)
    if sum(bool(each.leg_id) for each in consultations.of(turn, contact)) >= conferences.MAX_PARTIES:
        raise ConflictError(f"{conferences.MAX_PARTIES} others are in the call already", current=contact.state)
    consultation = conferences.add(turn, contact, agent, caller, to_agent, number)
    return {"consultation": consultation_view(consultation)}


def alternate(turn: Turn, request: AlternateRequested) -> View:
    """Have the agent talk to the other of the two: the caller, or who was asked."""
    consultation = _consultation(turn, request.consultation_id, "alternate")
    contact, caller = in_talk(turn, consultation.contact_id, "hang_up")
    consulting.alternate(turn, contact, consultation, at_hand(turn, contact), caller)
    return {"consultation": consultation_view(consultation)}


def withdraw(turn: Turn, request: ConsultationWithdrawn) -> View:
    """Whoever was asked is not asked any more; a caller on hold stays there."""
    consultation = _consultation(turn, request.consultation_id, "withdraw")
    consultations.end(turn, consultation, "withdrawn")
    return {"consultation": consultation_view(consultation)}


def complete(turn: Turn, request: ConsultationCompleted) -> View:
    """Connect the caller with who was asked, without the agent."""
    consultation = _consultation(turn, request.consultation_id, "complete")
    contact, caller = in_talk(turn, consultation.contact_id, "hang_up")
    consulting.complete(turn, contact, consultation, at_hand(turn, contact), caller)
    return {"consultation": consultation_view(consultation)}


def confer(turn: Turn, request: ConferenceRequested) -> View:
    """Have caller, agent and who was asked hear each other."""
    consultation = _consultation(turn, request.consultation_id, "confer")
    contact, caller = in_talk(turn, consultation.contact_id, "hang_up")
    consulting.confer(turn, contact, consultation, at_hand(turn, contact), caller)
    return {"consultation": consultation_view(consultation)}


def _consultation(turn: Turn, consultation_id: str, action: str) -> Consultation:
    consultation = turn.state.consultations.get(consultation_id)
    if consultation is None:
        raise NotFoundError("there is no such consultation now")
    allowed = consultation_actions(consultation)
    if action not in allowed:
        raise ConflictError(
            f"a consultation that is {consultation.state} is not to {action}",
            current=consultation.state,
            allowed_actions=tuple(allowed),
        )
    return consultation


def _whom(turn: Turn, contact: Contact, caller: Leg, agent: str, number: str, *, dial: bool) -> tuple[str, str]:
    """The agent, if it is one, and the number of somebody to be called about the contact; raise if it can't be.

    Where ctid dials, it is whoever the call will reach.
    """
    if bool(agent) == bool(number):
        raise RequestError("it is with one of agent, number")
    if number:
        check_number(turn, number)
    to_agent = agent or devices.agent_at(turn, caller.pbx, f"PJSIP/{number}")
    if to_agent and dial:
        colleague(turn, contact, to_agent)
        to_agent, number = phones.reach(turn, to_agent)
    return to_agent, _check_consulted(turn, contact, caller, to_agent) if to_agent else number


def _check_consulted(turn: Turn, contact: Contact, caller: Leg, agent_id: str) -> str:
    """Give the extension of the colleague, who can be asked; else raise."""
    spec = colleague(turn, contact, agent_id)
    if spec.pbx != caller.pbx:
        raise ConflictError(f"agent {agent_id} has their phone at another PBX", current=contact.state)
    check_reachable(turn, agent_id, spec)
    if turn.state.agents[agent_id].state is AgentState.LOGGED_OUT:
        raise ConflictError(f"agent {agent_id} is not logged in", current=AgentState.LOGGED_OUT)
    return devices.extension_of(spec.device)
