"""What desktops ask of talks: hold, transfer, mute, hang up. Each is carried out whole, or refused with a reason."""

from __future__ import annotations

import re

from ctid.engine import outage
from ctid.engine.agent import answering, consultations, holding, offers, own_calls, phone_calls
from ctid.engine.call import journey
from ctid.engine.contact import contacts, leg_states, voicemail
from ctid.engine.flow import flows
from ctid.engine.service import transfers
from ctid.engine.service.in_talk import at_hand, in_talk, party, talker
from ctid.engine.service.requests import compare, live_contact, pending_offer
from ctid.engine.service.takers import check_flow, check_number, check_queue, follow
from ctid.engine.service.transfers import Target
from ctid.engine.shown.allowed_actions import contact_actions, offer_actions
from ctid.engine.shown.views import View, offer_view
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, RequestError
from ctid.model.commands import HangUpLeg, MuteLeg, SendDigits
from ctid.model.contact import Contact
from ctid.model.events import (
    AnswerRequested,
    DetourRequested,
    DigitsRequested,
    HangUpRequested,
    HoldRequested,
    LegClearRequested,
    MuteRequested,
    RetrieveRequested,
    TransferRequested,
)
from ctid.model.leg import Leg
from ctid.model.states import ConsultationState, Party
from ctid.spec.agent import VOICE

MAX_DIGITS = 32


DIGITS = re.compile(f"[0-9*#A-D]{{1,{MAX_DIGITS}}}")
"""What can be sent at once."""


def transfer(turn: Turn, request: TransferRequested) -> View:
    """Give a contact in talk on without asking first."""
    contact, caller = in_talk(turn, request.contact_id, "transfer")
    compare(contact.version, request, contact.state)
    target = Target(
        queue=request.queue,
        agent=request.agent,
        number=request.number,
        voicemail_queue=request.voicemail_queue,
        voicemail_agent=request.voicemail_agent,
        flow=request.flow,
    )
    if sum(map(bool, target)) != 1:
        raise RequestError("a transfer goes to one of queue, agent, number, voicemail, flow")
    if target.queue:
        check_queue(turn, contact, target.queue)
    elif target.agent:
        target = follow(turn, contact, target)
    elif target.number:
        check_number(turn, target.number)
    elif target.flow:
        check_flow(turn, target.flow)
    else:
        voicemail.check(turn, target.voicemail_agent, target.voicemail_queue)
    on_hold_with_us = contact.on_hold and caller.has_agi
    transfers.send_on(turn, contact, target)
    if not on_hold_with_us:
        transfers.fetch(turn, caller)
    return contacts.answer(turn, contact)


def hang_up(turn: Turn, request: HangUpRequested) -> View:
    """End the agent's leg; what follows is as if they had hung up their phone."""
    contact = live_contact(turn, request.contact_id)
    if contact.watched:
        compare(contact.version, request, contact.state)
        return _hang_up_watched(turn, contact, request.by_agent)
    if own_calls.is_being_placed(contact):
        compare(contact.version, request, contact.state)
        own_calls.give_up(turn, contact)
        return contacts.answer(turn, contact)
    contact, _ = in_talk(turn, request.contact_id, "hang_up")
    compare(contact.version, request, contact.state)
    for offer_id in contact.offer_ids:
        offers.hang_up(turn, turn.state.offers[offer_id])
    return contacts.answer(turn, contact)


def hold(turn: Turn, request: HoldRequested) -> View:
    """Put the caller on hold, for a phone that is not told to do it itself."""
    contact, caller = in_talk(turn, request.contact_id, "hold")
    compare(contact.version, request, contact.state)
    agent = talker(turn, contact, caller)
    holding.park(turn, contact, agent, caller)
    return contacts.answer(turn, contact)


def send_to_menu(turn: Turn, request: DetourRequested) -> View:
    """Have the caller go through a flow; the agent waits, and gets them back when it has come to its end."""
    contact, caller = in_talk(turn, request.contact_id, "send_to_menu")
    compare(contact.version, request, contact.state)
    check_flow(turn, request.flow)
    agent = at_hand(turn, contact) if contact.on_hold else talker(turn, contact, caller)
    if not contact.on_hold:
        holding.park(turn, contact, agent, caller)
    journey.enter_flow(turn, contact, request.flow)
    return contacts.answer(turn, contact)


def retrieve(turn: Turn, request: RetrieveRequested) -> View:
    """Have the agent talk again to the caller on hold; whom they talk to meanwhile is hung up on, who waits is not."""
    contact, caller = in_talk(turn, request.contact_id, "retrieve")
    compare(contact.version, request, contact.state)
    agent = at_hand(turn, contact)
    for consultation in consultations.of(turn, contact):
        if consultation.state is not ConsultationState.HELD:
            consultations.end(turn, consultation, "withdrawn")
    flows.left(turn, contact, "taken_back")
    holding.retrieve(turn, contact, agent, caller)
    return contacts.answer(turn, contact)


def mute(turn: Turn, request: MuteRequested) -> View:
    """Keep what the agent, or somebody else in the talk, says from the others, or let them hear it again."""
    contact = live_contact(turn, request.contact_id)
    if contact.watched:
        agent = _watched_agent(turn, contact, "mute")
    else:
        contact, _ = in_talk(turn, request.contact_id, "mute")
        agent = at_hand(turn, contact)
    compare(contact.version, request, contact.state)
    leg = party(turn, contact, request.leg_id) if request.leg_id else agent
    if leg is not agent and not holding.together(leg, agent):
        raise ConflictError("only who is in the talk just now can be muted", current=leg.state)
    if leg.muted is not request.on:
        leg.muted = request.on
        contact.version += 1
        turn.emit(MuteLeg(pbx=leg.pbx, unique_id=leg.unique_id, on=request.on))
        leg_states.tell(turn, leg, "leg.muted" if request.on else "leg.unmuted")
        contacts.publish(turn, contact, "contact.updated")
    return contacts.answer(turn, contact)


def clear(turn: Turn, request: LegClearRequested) -> View:
    """End one party's part: the agent's, the caller's, or that of somebody who was asked or called in."""
    contact, caller = in_talk(turn, request.contact_id, "hang_up")
    compare(contact.version, request, contact.state)
    leg = party(turn, contact, request.leg_id)
    match leg.party:
        case Party.AGENT:
            offers.hang_up(turn, turn.state.offers[turn.state.agents[leg.agent_id].offer_id])
        case Party.CONSULTED:
            for consultation in consultations.of(turn, contact):
                if consultation.leg_id == leg.id:
                    consultations.end(turn, consultation, "withdrawn")
        case _:
            turn.emit(HangUpLeg(pbx=caller.pbx, unique_id=caller.unique_id))
    return contacts.answer(turn, contact)


def send_digits(turn: Turn, request: DigitsRequested) -> View:
    """Send digits to whom the agent talks to."""
    contact = live_contact(turn, request.contact_id)
    others: list[Leg | None]
    if contact.watched:
        agent = _watched_agent(turn, contact, "send_digits")
        others = [leg for leg in phone_calls.legs_of(turn, contact) if leg is not agent]
    else:
        contact, caller = in_talk(turn, request.contact_id, "send_digits")
        agent = at_hand(turn, contact)
        others = [caller, *(turn.legs.get(each.leg_id) for each in consultations.of(turn, contact))]
    if not DIGITS.fullmatch(request.digits):
        raise RequestError(f"give 1 to {MAX_DIGITS} digits of 0 to 9, *, #, A to D")
    other = next((leg for leg in others if leg is not None and holding.together(agent, leg)), None)
    if other is None:
        raise ConflictError("nobody is on the other end just now", current=contact.state)
    turn.emit(SendDigits(pbx=other.pbx, unique_id=other.unique_id, digits=request.digits))
    return contacts.answer(turn, contact)


def answer(turn: Turn, request: AnswerRequested) -> View:
    """Have the agent's phone answer, which rings for an offer."""
    offer = pending_offer(turn, request.offer_id, request.agent_id)
    contact, leg = turn.state.contacts[offer.contact_id], turn.legs.get(offer.leg_id)
    hindrance = ""
    if leg is None or contact.channel != VOICE:
        hindrance = "no phone rings for this offer; it is accepted"
    elif not outage.is_up(turn, leg.pbx):
        hindrance = "the PBX can't be reached now; the call may have been answered"
    elif offer.agent_id not in turn.site.agents:
        hindrance = "the agent is no longer in the configuration"
    if hindrance:
        raise ConflictError(hindrance, current=offer.state, allowed_actions=tuple(offer_actions(offer)))
    answering.have_answered(turn, offer, contact)
    return {"offer": offer_view(turn.state, offer, turn.now, turn.floor)}


def _hang_up_watched(turn: Turn, contact: Contact, by_agent: str) -> View:
    """End an agent's part in a call that ctid only watches; one to an emergency service is only ever ended by them."""
    if contact.emergency and by_agent != contact.agent_id:
        raise ConflictError("a call to an emergency service is ended by who has made it", current=contact.state)
    legs = [leg for leg in phone_calls.legs_of(turn, contact) if leg.agent_id]
    leg = next((each for each in legs if each.agent_id == by_agent), legs[0] if legs else None)
    if leg is None or not outage.is_up(turn, leg.pbx):
        raise ConflictError("the PBX can't be reached now", current=contact.state)
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    return contacts.answer(turn, contact)


def _watched_agent(turn: Turn, contact: Contact, action: str) -> Leg:
    """The leg of the agent in a call that ctid only watches."""
    legs = [leg for leg in phone_calls.legs_of(turn, contact) if leg.agent_id == contact.agent_id]
    if not legs or action not in contact_actions(turn.state, contact) or not outage.is_up(turn, legs[0].pbx):
        raise ConflictError(
            "nobody talks yet, or the PBX can't be reached",
            current=contact.state,
            allowed_actions=tuple(contact_actions(turn.state, contact)),
        )
    return legs[0]
