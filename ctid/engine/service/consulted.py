"""The legs of those whom ctid calls about a contact: dialled, ringing, handed the contact, gone."""

from __future__ import annotations

from ctid.engine.agent import consultations, devices, holding, phones
from ctid.engine.contact import recordings
from ctid.engine.service import transfers
from ctid.engine.turn import Turn
from ctid.model.commands import DialConsulted, HangUpLeg, MuteLeg
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.events import TransferParty
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.states import ConsultationState, LegState, Party
from ctid.routing.emergency import is_emergency

RING_MS = 60_000
"""How long who is asked is rung; the agent ends it when they like."""


def dial(turn: Turn, consultation: Consultation, agent: Leg, conference: str = "") -> None:
    """Call who is asked.

    Args:
        turn: The turn.
        consultation: Nobody has been called for it yet.
        agent: The leg of who asks; who answers is bridged with it.
        conference: Which they enter instead: the caller's channel.
    """
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
        emergency=asked is None
        and is_emergency(consultation.number, turn.site.country, turn.site.own_calls.emergency_numbers),
    )
    leg.unique_id = consultation.leg_id = leg.id
    turn.legs.add(leg)
    turn.state.consulted[leg.id] = leg.agent_id
    if leg.emergency:
        phones.may_be_called_back(turn, consultation.from_agent)
    turn.emit(
        DialConsulted(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            device=asked.device if asked is not None else "",
            number=consultation.number,
            peer_unique_id=agent.unique_id,
            caller_number=devices.extension_of(asking.device) if asking is not None else "",
            caller_name=asking.name if asking is not None else "",
            timeout_ms=RING_MS,
            conference=conference,
            record=recordings.arm(turn, turn.state.contacts[leg.contact_id], leg) if asked is not None else "",
        )
    )


def alerting(turn: Turn, leg: Leg) -> None:
    """The phone of who is asked rings."""
    consultation = consultations.by_leg(turn, leg)
    if consultation is not None and consultation.state is ConsultationState.INITIATED:
        consultations.move(turn, consultation, ConsultationState.ALERTING)


def end_stray(turn: Turn, leg: Leg) -> None:
    """End the leg of somebody who is not to be asked any more: our hang-up came before the PBX had made the channel."""
    if consultations.by_leg(turn, leg) is None and not leg.emergency:
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))


def hand_over(turn: Turn, contact: Contact, consultation: Consultation, asked: Leg) -> None:
    """The caller talks to who was asked, and the agent is out."""
    agent, caller = holding.agent_leg(turn, contact), turn.state.legs[contact.caller_leg]
    turn.cancel_timer(f"join:{contact.id}")
    if contact.on_hold:
        holding.unpark(turn, contact, "given_on")
    if asked.muted:
        turn.emit(MuteLeg(pbx=asked.pbx, unique_id=asked.unique_id, on=False))
    # From here on it is a leg like any other: that of the agent who has the contact, or none of ours.
    forget(turn, asked)
    consultation.leg_id = ""
    spec = turn.site.agents.get(consultation.to_agent)
    device = spec.device if spec is not None else ""
    party = TransferParty(unique_id=asked.unique_id, device=device)
    transfers.hand_over(turn, contact, caller, party, recording=asked.recording)
    if agent is not None:
        turn.emit(HangUpLeg(pbx=agent.pbx, unique_id=agent.unique_id))


def gone(turn: Turn, leg: Leg, cause: OfferCause) -> None:
    """Who was asked has hung up, or could not be reached.

    Args:
        turn: The turn.
        leg: Of who was asked.
        cause: Why, if they did not answer.
    """
    consultation = consultations.by_leg(turn, leg)
    recordings.end(turn, leg)
    forget(turn, leg)
    if leg.emergency:
        _let_agent_go(turn, leg)
    if consultation is not None:
        reached = consultation.state not in consultations.DIALLED
        consultations.end(turn, consultation, "ended" if reached else cause)


def _let_agent_go(turn: Turn, leg: Leg) -> None:
    """An emergency service is gone: an agent who had nobody else on the line any more is let go."""
    contact = turn.state.contacts.get(leg.contact_id)
    theirs = contact.offer_ids if contact is not None and contact.ended_at is None else []
    for offer in turn.state.offers.values():
        agent = turn.legs.get(offer.leg_id) if offer.contact_id == leg.contact_id else None
        if agent is not None and offer.id not in theirs:
            turn.emit(HangUpLeg(pbx=agent.pbx, unique_id=agent.unique_id))


def forget(turn: Turn, leg: Leg) -> None:
    """The leg is nobody's any more who was asked."""
    turn.legs.remove(leg)
    turn.state.consulted.pop(leg.id, None)
    if leg.agent_id in turn.state.agents:
        turn.touch_agent(leg.agent_id)
