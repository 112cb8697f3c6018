"""Consultations that ctid carries out, for phones of every kind: it holds, calls, connects, alternates, hands over.

The agent's channel waits in the dialplan while who is asked is called. Their channel, once answered, bridges with the
agent's; it is taken to the caller when the agent transfers. Each step is done when the PBX tells who is in a bridge
with whom, never before.
"""

from __future__ import annotations

from ctid.engine.agent import consultations, holding
from ctid.engine.contact import leg_states
from ctid.engine.service import conferences, consulted
from ctid.engine.turn import Turn
from ctid.model.commands import Alternate, HangUpLeg, JoinLegs, LetWait, RejoinConsulted
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.events import CallArrived, CallerReturned
from ctid.model.leg import Leg
from ctid.model.states import ConsultationState, LegState

CONFER = "confer"
"""What is to follow where all three are to hear each other."""


def begin(turn: Turn, contact: Contact, to_agent: str, number: str) -> Consultation:
    """Put the caller on hold and call who is to be asked, as soon as the agent's channel is free for it.

    Args:
        turn: The turn.
        contact: In talk.
        to_agent: The colleague; empty for somebody else.
        number: Whom to dial; a colleague's extension is shown only.
    """
    consultation = consultations.announce(turn, contact, to_agent, number, ConsultationState.INITIATED)
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    if agent is not None and caller is not None:
        if not contact.on_hold:
            holding.park(turn, contact, agent, caller)
        if not agent.bridge_id:
            _call(turn, consultation, agent)
    return consultation


def unbridged(turn: Turn, leg: Leg) -> None:
    """A leg has left its bridge: what waits for an agent's to be free is done now."""
    contact = turn.state.contacts.get(leg.contact_id)
    consultation = consultations.enquiry(turn, contact)
    if contact is None or consultation is None or not contact.on_hold or holding.agent_leg(turn, contact) is not leg:
        return
    if consultation.then:
        _go_on(turn, contact, consultation)
    elif consultation.state is ConsultationState.INITIATED and not consultation.leg_id:
        _call(turn, consultation, leg)


def caller_came(turn: Turn, event: CallArrived | CallerReturned) -> None:
    """A caller's channel is with us: what waits for it is done now."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    contact = turn.state.contacts.get(leg.contact_id) if leg is not None else None
    if contact is None:
        return
    for consultation in consultations.of(turn, contact):
        if consultation.then:
            _go_on(turn, contact, consultation)
            return
    conferences.caller_came(turn, contact)


def _call(turn: Turn, consultation: Consultation, agent: Leg) -> None:
    turn.emit(LetWait(pbx=agent.pbx, unique_id=agent.unique_id, ringing=True))
    consulted.dial(turn, consultation, agent)


def bridged(turn: Turn, contact: Contact) -> None:
    """A leg of a contact in talk is in a bridge: who talks to whom now tells how far the consultation is."""
    consultation = consultations.enquiry(turn, contact)
    asked = turn.legs.get(consultation.leg_id) if consultation is not None else None
    if consultation is None or asked is None:
        return
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    if holding.is_conferring(turn, contact) or holding.together(asked, agent, caller):
        # Of conferences is told elsewhere.
        return
    if holding.together(asked, caller):
        if consultation.state is ConsultationState.TRANSFERRING:
            consulted.hand_over(turn, contact, consultation, asked)
    elif holding.together(asked, agent):
        _talk(turn, contact, consultation, asked)
    elif holding.together(agent, caller):
        _apart(turn, consultation, asked)


def _apart(turn: Turn, consultation: Consultation, asked: Leg) -> None:
    """The agent talks to the caller, and who was asked waits."""
    consultation.then = ""
    if consultation.state is ConsultationState.CONNECTED:
        leg_states.change(turn, asked, LegState.HELD, "leg.held")
        consultations.move(turn, consultation, ConsultationState.HELD)


def _talk(turn: Turn, contact: Contact, consultation: Consultation, asked: Leg) -> None:
    """The agent talks to who is asked, for the first time or again."""
    if consultation.state is ConsultationState.HELD:
        turn.cancel_timer(f"join:{contact.id}")
        leg_states.change(turn, asked, LegState.CONNECTED, "leg.retrieved")
    elif consultation.state in consultations.DIALLED:
        leg_states.change(turn, asked, LegState.CONNECTED, "leg.connected")
    else:
        return
    consultations.move(turn, consultation, ConsultationState.CONNECTED)


def alternate(turn: Turn, contact: Contact, consultation: Consultation, agent: Leg, caller: Leg) -> None:
    """Have the agent talk to the other of the two; done when the PBX tells of their bridge."""
    if consultation.state is ConsultationState.HELD:
        _leave_caller(turn, contact, consultation, agent, caller, "alternate")
        return
    asked = turn.state.legs[consultation.leg_id]
    holding.joining(turn, contact)
    turn.emit(
        Alternate(
            pbx=agent.pbx,
            unique_id=caller.unique_id,
            agent_unique_id=agent.unique_id,
            consulted_unique_id=asked.unique_id,
        )
    )


def complete(turn: Turn, contact: Contact, consultation: Consultation, agent: Leg, caller: Leg) -> None:
    """Connect the caller with who was asked; the agent is out when the PBX tells that they talk."""
    if consultation.state is ConsultationState.CONFERENCED:
        # They talk already.
        turn.emit(HangUpLeg(pbx=agent.pbx, unique_id=agent.unique_id))
    elif consultation.state is ConsultationState.HELD:
        _leave_caller(turn, contact, consultation, agent, caller, consultations.COMPLETE)
    else:
        _connect(turn, contact, consultation, caller)


def confer(turn: Turn, contact: Contact, consultation: Consultation, agent: Leg, caller: Leg) -> None:
    """Have all three hear each other."""
    if consultation.state is ConsultationState.HELD:
        _leave_caller(turn, contact, consultation, agent, caller, CONFER)
    else:
        asked = turn.state.legs[consultation.leg_id]
        conferences.begin(turn, contact, consultation.id, agent, caller, asked)


def _leave_caller(turn: Turn, contact: Contact, consultation: Consultation, agent: Leg, caller: Leg, then: str) -> None:
    """Put the caller on hold, if they are not, and go on once both have left their bridge."""
    consultation.then = then
    holding.joining(turn, contact, conferring=consultation.id if then == CONFER else "")
    if not contact.on_hold:
        holding.park(turn, contact, agent, caller)
    _go_on(turn, contact, consultation)


def _go_on(turn: Turn, contact: Contact, consultation: Consultation) -> None:
    """Do what was to follow, once the agent's channel is free and the caller's with us.

    A channel that is put into a bridge while it is on its way out of another would leave that one as well.
    """
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    asked = turn.legs.get(consultation.leg_id)
    # For what the two do without the agent, they may be gone.
    apart = consultation.then == consultations.COMPLETE if agent is None else not agent.bridge_id
    if not apart or caller is None or asked is None or not caller.has_agi:
        return
    then, consultation.then = consultation.then, ""
    if agent is None or then == consultations.COMPLETE:
        _connect(turn, contact, consultation, caller)
    elif then == CONFER:
        conferences.begin(turn, contact, consultation.id, agent, caller, asked)
    else:
        holding.joining(turn, contact)
        turn.emit(RejoinConsulted(pbx=asked.pbx, unique_id=asked.unique_id, peer_unique_id=agent.unique_id))


def _connect(turn: Turn, contact: Contact, consultation: Consultation, caller: Leg) -> None:
    asked = turn.state.legs[consultation.leg_id]
    holding.joining(turn, contact)
    turn.emit(JoinLegs(pbx=asked.pbx, unique_id=asked.unique_id, peer_unique_id=caller.unique_id))
    consultations.move(turn, consultation, ConsultationState.TRANSFERRING)
