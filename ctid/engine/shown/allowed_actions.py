"""What may be asked now of agents, offers, contacts and consultations."""

from __future__ import annotations

from ctid.engine import segments
from ctid.engine.shown.contact_legs import consultations_of, legs_of
from ctid.engine.state import SiteState
from ctid.model.agent import Agent
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.offer import Offer
from ctid.model.recording import RecordingState
from ctid.model.states import (
    WAITING,
    AgentState,
    ConsultationState,
    ContactState,
    Direction,
    LegState,
    OfferState,
    Party,
)
from ctid.spec.agent import VOICE

RECORDING_ACTIONS = {
    RecordingState.ARMED: "record",
    RecordingState.RECORDING: "pause_recording",
    RecordingState.HELD: "pause_recording",
    RecordingState.PAUSED: "resume_recording",
}


def agent_actions(state: SiteState, agent: Agent) -> list[str]:
    """What may be asked of the agent's state now."""
    match agent.state:
        case AgentState.LOGGED_OUT:
            return ["log_in"]
        case AgentState.NOT_READY:
            return ["ready", "not_ready", "log_out"]
        case AgentState.READY:
            return ["not_ready", "log_out"]
        case AgentState.RESERVED:
            offer = state.offers.get(agent.offer_id)
            pending = [] if offer is None else offer_actions(offer)
            return [*pending, "pend_ready", "pend_not_ready", "pend_log_out"]
        case AgentState.BUSY:
            return ["wrap_up", "pend_ready", "pend_not_ready", "pend_log_out"]
        case AgentState.WRAP_UP:
            contact = state.contacts.get(agent.contact_id)
            segment = segments.of(contact, agent.id) if contact is not None else None
            owes = segment is not None and segments.owes_disposition(segment)
            over = [] if owes else ["ready", "not_ready", "log_out"]
            longer = ["extend_wrap_up"] if agent.wrap_up_until_ms < agent.wrap_up_max_ms else []
            return ["wrap_up", *longer, *over]


def offer_actions(offer: Offer) -> list[str]:
    """What may be done with the offer at the desktop now."""
    if offer.state is not OfferState.PENDING:
        return []
    return ["accept_offer" if offer.at_desktop else "answer_offer", "reject_offer", "deflect_offer"]


def contact_actions(state: SiteState, contact: Contact) -> list[str]:
    """What may be asked of the contact now."""
    if contact.state is ContactState.CLOSED:
        return []
    allowed = ["set_attributes"]
    if contact.state in WAITING:
        allowed.append("set_routing")
        allowed += ["pick_up"] if _is_to_be_had(contact) else []
    if at_work := [each for each in contact.segments if each.done_at is None]:
        allowed.append("wrap_up")
        over = [each for each in at_work if contact.channel != VOICE or each.left_at is not None]
        # Each ends their own: what another has left undone keeps nobody from it.
        allowed += [] if all(map(segments.owes_disposition, over)) else ["complete_wrap_up"]
    if contact.channel != VOICE:
        allowed.append("withdraw")
    elif contact.watched:
        allowed += ["mute", "send_digits", "hang_up"] if contact.state is ContactState.CONNECTED else ["hang_up"]
    elif contact.direction is not Direction.INBOUND and contact.state is ContactState.CREATED and contact.offer_ids:
        allowed.append("hang_up")
    elif contact.state is ContactState.CONNECTED and segments.talking(contact):
        allowed += [*_talk_actions(state, contact), "mute", "send_digits", "transfer", "hang_up", "supervise"]
        allowed += ["park"] if contact.queue else []
        allowed += [RECORDING_ACTIONS[contact.recording.state]] if contact.recording is not None else []
    return allowed


def _talk_actions(state: SiteState, contact: Contact) -> list[str]:
    """What may be asked of a talk for now, as it depends on who else takes part and who is on hold."""
    asked = consultations_of(state, contact)
    if any(map(is_with_caller, asked)):
        # Whoever is in a conference stays there; more may be called in.
        transferring = any(each.state is ConsultationState.TRANSFERRING for each in asked)
        return [] if transferring else ["add_party"]
    if contact.on_hold:
        return [
            "retrieve",
            "consult",
            "announce_consultation",
            *([] if asked or contact.ivr is not None else ["send_to_menu"]),
        ]
    legs = [leg for leg in legs_of(state, contact) if leg.party is Party.AGENT]
    if any(leg.state is LegState.HELD for leg in legs):
        # By the phone itself; it asks somebody by itself, too.
        return ["announce_consultation"]
    alone = [] if any(each.leg_id for each in asked) else ["send_to_menu", "add_party"]
    return ["hold", "consult", "announce_consultation", *alone]


def is_with_caller(consultation: Consultation) -> bool:
    """Whether who was asked, or called in, is with the caller, or about to be."""
    return consultation.joins or consultation.state in (ConsultationState.TRANSFERRING, ConsultationState.CONFERENCED)


def _is_to_be_had(contact: Contact) -> bool:
    """Whether an agent may pick a waiting contact up: there is somebody to talk to, and nobody has taken it."""
    callback, out = contact.callback, contact.offer_ids
    if contact.state is ContactState.QUEUED and callback is not None:
        return bool(callback.leg_id) and callback.leg_id == contact.caller_leg and not callback.ending
    return not any(told.offer_id in out and told.state == OfferState.ACCEPTED for told in contact.offers)


def consultation_actions(consultation: Consultation) -> list[str]:
    """What may be asked of the consultation now."""
    match consultation.state:
        case ConsultationState.CONNECTED | ConsultationState.HELD:
            return ["alternate", "complete", "confer", "withdraw"]
        case ConsultationState.CONFERENCED:
            return ["complete", "withdraw"]
        case ConsultationState.TRANSFERRING:
            return []
        case _:
            return ["withdraw"]
