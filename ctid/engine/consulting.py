"""Consultations that ctid carries out, for phones of every kind: it holds, calls, connects, and joins all three.

The agent's channel waits in the dialplan while who is asked is called. Their channel, once answered, bridges with the
agent's; it is taken to the caller when the agent transfers, or all three into a conference. Each step is done when the
PBX tells who is in a bridge with whom, never before.
"""

from __future__ import annotations

from ctid.engine import consultations, holding, leg_states, ringing, transfers
from ctid.engine.turn import Turn
from ctid.model.commands import Confer, DialConsulted, HangUpLeg, JoinLegs, LetWait
from ctid.model.contact import Consultation, Contact
from ctid.model.events import TransferParty
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.states import ConsultationState, LegState, Party
from ctid.routing.emergency import is_emergency

RING_MS = 60_000
"""How long who is asked is rung; the agent hears it and ends it when they like."""


def begin(turn: Turn, contact: Contact, to_agent: str, number: str) -> Consultation:
    """Put the caller on hold and call who is to be asked, as soon as the agent's channel is free for it.

    Args:
        turn: The turn.
        contact: In talk.
        to_agent: The colleague; empty for somebody else.
        number: Whom to dial; a colleague's extension is shown only.
    """
    consultation = consultations.announce(
        turn, contact, contact.agent_id, to_agent, number, ConsultationState.INITIATED
    )
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    if agent is not None and caller is not None:
        if not contact.parked:
            holding.park(turn, contact, agent, caller)
        if not agent.bridge_id:
            _dial(turn, consultation, agent)
    return consultation


def unbridged(turn: Turn, leg: Leg) -> None:
    """A leg has left its bridge: that of an agent who wants to ask somebody is free for it now."""
    contact = turn.state.contacts.get(leg.contact_id)
    consultation = _of(turn, contact)
    if contact is None or consultation is None or consultation.leg_id or not contact.parked:
        return
    if consultation.state is ConsultationState.INITIATED and holding.agent_leg(turn, contact) is leg:
        _dial(turn, consultation, leg)


def _dial(turn: Turn, consultation: Consultation, agent: Leg) -> None:
    asking = turn.site.agents.get(consultation.from_agent)
    asked = turn.site.agents.get(consultation.to_agent)
    leg = Leg(
        id=turn.mint("lg"),
        pbx=agent.pbx,
        unique_id="",
        contact_id=consultation.contact_id,
        party=Party.CONSULTED,
        agent_id=consultation.to_agent,
        state=LegState.INITIATED,
        since_ms=turn.now.mono_ms,
        emergency=not consultation.to_agent
        and is_emergency(consultation.number, turn.site.country, turn.site.own_calls.emergency_numbers),
    )
    leg.unique_id = consultation.leg_id = leg.id
    turn.legs.add(leg)
    turn.state.consulted[leg.id] = leg.agent_id
    turn.emit(LetWait(pbx=agent.pbx, unique_id=agent.unique_id, ringing=True))
    turn.emit(
        DialConsulted(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            device=asked.device if asked is not None else "",
            number=consultation.number,
            peer_unique_id=agent.unique_id,
            caller_number=transfers.extension_of(asking.device) if asking is not None else "",
            caller_name=asking.name if asking is not None else "",
            timeout_ms=RING_MS,
        )
    )


def alerting(turn: Turn, leg: Leg) -> None:
    """The phone of who is asked rings."""
    consultation = _by_leg(turn, leg)
    if consultation is not None and consultation.state is ConsultationState.INITIATED:
        consultations.move(turn, consultation, ConsultationState.ALERTING)


def end_stray(turn: Turn, leg: Leg) -> None:
    """End the leg of somebody who is not to be asked any more: our hang-up came before the PBX had made the channel."""
    if _by_leg(turn, leg) is None and not leg.emergency:
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))


def bridged(turn: Turn, contact: Contact) -> None:
    """A leg of a contact in talk is in a bridge: who talks to whom now tells how far the consultation is."""
    consultation = _of(turn, contact)
    asked = turn.legs.get(consultation.leg_id) if consultation is not None else None
    if consultation is None or asked is None:
        return
    agent, caller = holding.agent_leg(turn, contact), turn.legs.get(contact.caller_leg)
    if holding.together(asked, agent, caller):
        turn.cancel_timer(f"join:{contact.id}")
        consultations.move(turn, consultation, ConsultationState.CONFERENCED)
    elif holding.together(asked, caller):
        if consultation.state is ConsultationState.TRANSFERRING:
            _hand_over(turn, contact, consultation, asked)
    elif holding.together(asked, agent) and consultation.state in consultations.DIALLED:
        leg_states.change(turn, asked, LegState.CONNECTED, "leg.connected")
        consultations.move(turn, consultation, ConsultationState.CONNECTED)


def complete(turn: Turn, contact: Contact, consultation: Consultation, agent: Leg, caller: Leg) -> None:
    """Connect the caller with who was asked; the agent is out when the PBX tells that they talk."""
    if consultation.state is ConsultationState.CONFERENCED:
        # They talk already.
        turn.emit(HangUpLeg(pbx=agent.pbx, unique_id=agent.unique_id))
        return
    asked = turn.state.legs[consultation.leg_id]
    holding.joining(turn, contact)
    turn.emit(JoinLegs(pbx=asked.pbx, unique_id=asked.unique_id, peer_unique_id=caller.unique_id))
    consultations.move(turn, consultation, ConsultationState.TRANSFERRING)


def confer(turn: Turn, contact: Contact, consultation: Consultation, agent: Leg, caller: Leg) -> None:
    """Have all three hear each other."""
    asked = turn.state.legs[consultation.leg_id]
    holding.joining(turn, contact)
    turn.emit(
        Confer(
            pbx=caller.pbx,
            unique_id=caller.unique_id,
            agent_unique_id=agent.unique_id,
            consulted_unique_id=asked.unique_id,
        )
    )


def agent_gone(turn: Turn, contact: Contact | None) -> None:
    """The agent's leg has ended. Out of a conference, whoever they had asked has the contact now."""
    consultation = _of(turn, contact)
    if contact is None or consultation is None or consultation.state is not ConsultationState.CONFERENCED:
        return
    asked = turn.legs.get(consultation.leg_id)
    if asked is not None and holding.together(asked, turn.legs.get(contact.caller_leg)):
        _hand_over(turn, contact, consultation, asked)


def _hand_over(turn: Turn, contact: Contact, consultation: Consultation, asked: Leg) -> None:
    agent, caller = holding.agent_leg(turn, contact), turn.state.legs[contact.caller_leg]
    turn.cancel_timer(f"join:{contact.id}")
    if contact.parked:
        holding.unpark(contact)
    # From here on it is a leg like any other: that of the agent who has the contact, or none of ours.
    _forget(turn, asked)
    consultation.leg_id = ""
    spec = turn.site.agents.get(consultation.to_agent)
    device = spec.device if spec is not None else ""
    transfers.hand_over(turn, contact, caller, TransferParty(unique_id=asked.unique_id, device=device))
    if agent is not None:
        turn.emit(HangUpLeg(pbx=agent.pbx, unique_id=agent.unique_id))


def gone(turn: Turn, leg: Leg, cause: OfferCause) -> None:
    """Who was asked has hung up, or could not be reached.

    Args:
        turn: The turn.
        leg: Of who was asked.
        cause: Why, if they did not answer.
    """
    consultation = _by_leg(turn, leg)
    _forget(turn, leg)
    if consultation is not None:
        reached = consultation.state not in consultations.DIALLED
        consultations.end(turn, consultation, "ended" if reached else cause)


def _forget(turn: Turn, leg: Leg) -> None:
    turn.legs.remove(leg)
    turn.state.consulted.pop(leg.id, None)
    if leg.agent_id in turn.state.agents:
        turn.touch_agent(leg.agent_id)


def cause_of(cause: int) -> OfferCause:
    """Why somebody could not be reached, from the PBX's cause (Q.850)."""
    return ringing.CAUSES.get(cause, OfferCause.FAILED)


def _of(turn: Turn, contact: Contact | None) -> Consultation | None:
    """The consultation about the contact, if ctid carries it out."""
    if contact is None:
        return None
    carried = (each for each in consultations.of(turn, contact) if each.state is not ConsultationState.ANNOUNCED)
    return next(carried, None)


def _by_leg(turn: Turn, leg: Leg) -> Consultation | None:
    return next((each for each in turn.state.consultations.values() if each.leg_id == leg.id), None)
