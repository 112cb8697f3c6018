"""What desktops ask of calls: hold, transfer, hang up, dial. Each is carried out whole, or refused with a reason."""

from __future__ import annotations

import re

import msgspec

from ctid.acd.profile import serves
from ctid.engine import (
    conferences,
    consultations,
    consulting,
    contacts,
    devices,
    flows,
    holding,
    journey,
    leg_states,
    offers,
    outage,
    own_calls,
    phone_calls,
    phones,
    queueing,
    supervisions,
    transfers,
    voicemail,
    ways_out,
    wrap_up,
)
from ctid.engine.requests import compare, live_contact, merged, pending_offer
from ctid.engine.requirement import pbx_of
from ctid.engine.state import alias_key
from ctid.engine.transfers import NUMBER, Target
from ctid.engine.turn import Turn
from ctid.engine.views import (
    View,
    agent_actions,
    consultation_actions,
    consultation_view,
    contact_actions,
    contact_view,
    legs_of,
    offer_actions,
    offer_view,
)
from ctid.errors import ConflictError, NotFoundError, RequestError
from ctid.model.agent import Agent
from ctid.model.commands import HangUpLeg, MuteLeg, SendDigits
from ctid.model.contact import Consultation, Contact
from ctid.model.events import (
    AlternateRequested,
    AnswerRequested,
    CallRequested,
    ConferenceRequested,
    ConsultationCompleted,
    ConsultationRequested,
    ConsultationWithdrawn,
    DetourRequested,
    DigitsRequested,
    HangUpRequested,
    HoldRequested,
    LegClearRequested,
    MuteRequested,
    PartyRequested,
    RetrieveRequested,
    TransferRequested,
)
from ctid.model.leg import Leg
from ctid.model.offer import OfferCause
from ctid.model.states import AgentState, ConsultationState, LegState, OfferState, Party
from ctid.routing.emergency import is_emergency
from ctid.spec.agent import VOICE, AgentSpec
from ctid.spec.flow import flow_name

MAX_DIGITS = 32
DIGITS = re.compile(f"[0-9*#A-D]{{1,{MAX_DIGITS}}}")
"""What can be sent at once."""

TAKES_TRANSFERS = (AgentState.READY, AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP)
"""An agent in one of these will be offered a contact that is transferred to them, if they are free soon enough."""


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
        _check_flow(turn, target.flow)
    else:
        voicemail.check(turn, target.voicemail_agent, target.voicemail_queue)
    on_hold_with_us = contact.on_hold and caller.has_agi
    transfers.send_on(turn, contact, target)
    if not on_hold_with_us:
        transfers.fetch(turn, caller)
    return _contact(turn, contact)


def hang_up(turn: Turn, request: HangUpRequested) -> View:
    """End the agent's leg; what follows is as if they had hung up their phone."""
    contact = live_contact(turn, request.contact_id)
    if contact.watched:
        compare(contact.version, request, contact.state)
        return _hang_up_watched(turn, contact, request.by_agent)
    if own_calls.is_being_placed(contact):
        compare(contact.version, request, contact.state)
        own_calls.give_up(turn, contact)
        return _contact(turn, contact)
    contact, _ = in_talk(turn, request.contact_id, "hang_up")
    compare(contact.version, request, contact.state)
    for offer_id in contact.offer_ids:
        offers.hang_up(turn, turn.state.offers[offer_id])
    return _contact(turn, contact)


def hold(turn: Turn, request: HoldRequested) -> View:
    """Put the caller on hold, for a phone that is not told to do it itself."""
    contact, caller = in_talk(turn, request.contact_id, "hold")
    compare(contact.version, request, contact.state)
    agent = _talker(turn, contact, caller)
    holding.park(turn, contact, agent, caller)
    return _contact(turn, contact)


def send_to_menu(turn: Turn, request: DetourRequested) -> View:
    """Have the caller go through a flow; the agent waits, and gets them back when it has come to its end."""
    contact, caller = in_talk(turn, request.contact_id, "send_to_menu")
    compare(contact.version, request, contact.state)
    _check_flow(turn, request.flow)
    agent = _at_hand(turn, contact) if contact.on_hold else _talker(turn, contact, caller)
    if not contact.on_hold:
        holding.park(turn, contact, agent, caller)
    journey.enter_flow(turn, contact, request.flow)
    return _contact(turn, contact)


def retrieve(turn: Turn, request: RetrieveRequested) -> View:
    """Have the agent talk again to the caller on hold; whom they talk to meanwhile is hung up on, who waits is not."""
    contact, caller = in_talk(turn, request.contact_id, "retrieve")
    compare(contact.version, request, contact.state)
    agent = _at_hand(turn, contact)
    for consultation in consultations.of(turn, contact):
        if consultation.state is not ConsultationState.HELD:
            consultations.end(turn, consultation, "withdrawn")
    flows.left(turn, contact, "taken_back")
    holding.retrieve(turn, contact, agent, caller)
    return _contact(turn, contact)


def mute(turn: Turn, request: MuteRequested) -> View:
    """Keep what the agent, or somebody else in the talk, says from the others, or let them hear it again."""
    contact = live_contact(turn, request.contact_id)
    if contact.watched:
        agent = _watched_agent(turn, contact, "mute")
    else:
        contact, _ = in_talk(turn, request.contact_id, "mute")
        agent = _at_hand(turn, contact)
    compare(contact.version, request, contact.state)
    leg = _party(turn, contact, request.leg_id) if request.leg_id else agent
    if leg is not agent and not holding.together(leg, agent):
        raise ConflictError("only who is in the talk just now can be muted", current=leg.state)
    if leg.muted is not request.on:
        leg.muted = request.on
        contact.version += 1
        turn.emit(MuteLeg(pbx=leg.pbx, unique_id=leg.unique_id, on=request.on))
        leg_states.tell(turn, leg, "leg.muted" if request.on else "leg.unmuted")
        contacts.publish(turn, contact, "contact.updated")
    return _contact(turn, contact)


def clear(turn: Turn, request: LegClearRequested) -> View:
    """End one party's part: the agent's, the caller's, or that of somebody who was asked or called in."""
    contact, caller = in_talk(turn, request.contact_id, "hang_up")
    compare(contact.version, request, contact.state)
    leg = _party(turn, contact, request.leg_id)
    match leg.party:
        case Party.AGENT:
            offers.hang_up(turn, turn.state.offers[turn.state.agents[leg.agent_id].offer_id])
        case Party.CONSULTED:
            for consultation in consultations.of(turn, contact):
                if consultation.leg_id == leg.id:
                    consultations.end(turn, consultation, "withdrawn")
        case _:
            turn.emit(HangUpLeg(pbx=caller.pbx, unique_id=caller.unique_id))
    return _contact(turn, contact)


def send_digits(turn: Turn, request: DigitsRequested) -> View:
    """Send digits to whom the agent talks to."""
    contact = live_contact(turn, request.contact_id)
    others: list[Leg | None]
    if contact.watched:
        agent = _watched_agent(turn, contact, "send_digits")
        others = [leg for leg in phone_calls.legs_of(turn, contact) if leg is not agent]
    else:
        contact, caller = in_talk(turn, request.contact_id, "send_digits")
        agent = _at_hand(turn, contact)
        others = [caller, *(turn.legs.get(each.leg_id) for each in consultations.of(turn, contact))]
    if not DIGITS.fullmatch(request.digits):
        raise RequestError(f"give 1 to {MAX_DIGITS} digits of 0 to 9, *, #, A to D")
    other = next((leg for leg in others if leg is not None and holding.together(agent, leg)), None)
    if other is None:
        raise ConflictError("nobody is on the other end just now", current=contact.state)
    turn.emit(SendDigits(pbx=other.pbx, unique_id=other.unique_id, digits=request.digits))
    return _contact(turn, contact)


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
    offers.have_answered(turn, offer, contact)
    return {"offer": offer_view(turn.state, offer, turn.now, turn.floor)}


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
        agent = _at_hand(turn, contact) if contact.on_hold else _talker(turn, contact, caller)
        if agent.state is LegState.HELD and not contact.on_hold:
            raise ConflictError("the agent's phone has put the caller on hold; it takes them back", current=agent.state)
        if to_agent:
            _check_takes_calls(turn, to_agent)
        consultation = consulting.begin(turn, contact, to_agent, number)
    return {"consultation": consultation_view(consultation)}


def add_party(turn: Turn, request: PartyRequested) -> View:
    """Call somebody into the talk of caller and agent, or into their conference."""
    contact, caller = in_talk(turn, request.contact_id, "add_party")
    compare(contact.version, request, contact.state)
    to_agent, number = _whom(turn, contact, caller, request.agent, request.number, dial=True)
    agent = _talker(turn, contact, caller)
    if to_agent:
        _check_takes_calls(turn, to_agent)
    if sum(bool(each.leg_id) for each in consultations.of(turn, contact)) >= conferences.MAX_PARTIES:
        raise ConflictError(f"{conferences.MAX_PARTIES} others are in the call already", current=contact.state)
    consultation = conferences.add(turn, contact, agent, caller, to_agent, number)
    return {"consultation": consultation_view(consultation)}


def alternate(turn: Turn, request: AlternateRequested) -> View:
    """Have the agent talk to the other of the two: the caller, or who was asked."""
    consultation = _consultation(turn, request.consultation_id, "alternate")
    contact, caller = in_talk(turn, consultation.contact_id, "hang_up")
    consulting.alternate(turn, contact, consultation, _at_hand(turn, contact), caller)
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
    consulting.complete(turn, contact, consultation, _at_hand(turn, contact), caller)
    return {"consultation": consultation_view(consultation)}


def confer(turn: Turn, request: ConferenceRequested) -> View:
    """Have caller, agent and who was asked hear each other."""
    consultation = _consultation(turn, request.consultation_id, "confer")
    contact, caller = in_talk(turn, consultation.contact_id, "hang_up")
    consulting.confer(turn, contact, consultation, _at_hand(turn, contact), caller)
    return {"consultation": consultation_view(consultation)}


def call(turn: Turn, request: CallRequested) -> View:
    """Call somebody for an agent; a call of their own."""
    spec, agent = turn.site.agents.get(request.agent_id), turn.state.agents.get(request.agent_id)
    if spec is None or agent is None:
        raise NotFoundError(f"there is no agent {request.agent_id!r}")
    check_number(turn, request.number)
    if request.caller_id and request.caller_id not in (turn.site.own_calls.caller_id, *turn.site.own_calls.caller_ids):
        raise RequestError(f"{request.caller_id} is none of the numbers that may be shown: own_calls.caller_ids")
    if request.queue and request.queue not in turn.site.queues:
        raise RequestError(f"there is no queue {request.queue!r}; there is: {', '.join(sorted(turn.site.queues))}")
    attributes = merged({}, request.attributes)
    if is_emergency(request.number, turn.site.country, turn.site.own_calls.emergency_numbers):
        # No rule touches it: the phone dials by itself, whatever the agent is at, and nothing is shown but their place.
        if (offer := turn.state.offers.get(agent.offer_id)) is not None and offer.state is OfferState.PENDING:
            # Their phone is free for it.
            offers.decline(turn, offer, OfferState.REJECTED, OfferCause.REJECTED)
            offers.hang_up(turn, offer)
        contact = phone_calls.place(turn, agent.id, request.number)
        return {"number": request.number, **_contact(turn, contact)}
    _check_may_call(turn, agent, spec)
    number, called = request.number, devices.agent_at(turn, spec.pbx, f"PJSIP/{request.number}")
    if called:
        called, number = _check_called(turn, agent, called)
    contact = own_calls.place(
        turn,
        agent,
        number,
        called=called,
        caller_id="" if called else request.caller_id or turn.site.own_calls.caller_id or "",
        queue=request.queue,
        attributes=attributes,
    )
    return {"number": request.number, **_contact(turn, contact)}


def _hang_up_watched(turn: Turn, contact: Contact, by_agent: str) -> View:
    """End an agent's part in a call that ctid only watches; one to an emergency service is only ever ended by them."""
    if contact.emergency and by_agent != contact.agent_id:
        raise ConflictError("a call to an emergency service is ended by who has made it", current=contact.state)
    legs = [leg for leg in phone_calls.legs_of(turn, contact) if leg.agent_id]
    leg = next((each for each in legs if each.agent_id == by_agent), legs[0] if legs else None)
    if leg is None or not outage.is_up(turn, leg.pbx):
        raise ConflictError("the PBX can't be reached now", current=contact.state)
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    return _contact(turn, contact)


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


def _check_may_call(turn: Turn, agent: Agent, spec: AgentSpec) -> None:
    """Raise if the agent can have no call now that ctid places."""
    _check_reachable(turn, agent.id, spec)
    if turn.state.draining:
        raise ConflictError("ctid is about to stop; dial at the phone", current=agent.state)
    if agent.state is AgentState.LOGGED_OUT:
        raise ConflictError("log in first, or dial at the phone", current=agent.state, allowed_actions=("log_in",))
    if agent.state is AgentState.WRAP_UP and wrap_up.owes(turn, agent):
        raise ConflictError(
            "give the disposition of the last contact first: a call ends its wrap-up",
            current=agent.state,
            allowed_actions=tuple(agent_actions(turn.state, agent)),
        )
    _check_takes_calls(turn, agent.id)


def _check_called(turn: Turn, agent: Agent, called: str) -> tuple[str, str]:
    """Give the colleague whom a call for one reaches, if it is one, and what is dialled; raise if they can't be."""
    if called == agent.id:
        raise RequestError("nobody calls themselves")
    reached, number = phones.reach(turn, called)
    if not reached:
        return "", number
    if reached == agent.id:
        raise ConflictError(f"the phone of agent {called} is forwarded to who calls", current=agent.state)
    spec = turn.site.agents[reached]
    _check_reachable(turn, reached, spec)
    _check_takes_calls(turn, reached)
    return reached, devices.extension_of(spec.device)


def in_talk(turn: Turn, contact_id: str, action: str) -> tuple[Contact, Leg]:
    """The contact with its caller's leg, of which the action may be asked now; or the refusal."""
    contact = live_contact(turn, contact_id)
    caller = turn.legs.get(contact.caller_leg)
    allowed = contact_actions(turn.state, contact)
    if caller is None or action not in allowed:
        why = "only a call in which an agent talks can be given on, asked about or ended"
        if caller is not None and "hang_up" in allowed:
            why = _why_not(turn, contact, action)
        raise ConflictError(why, current=contact.state, allowed_actions=tuple(allowed))
    if not outage.is_up(turn, caller.pbx):
        raise ConflictError("the PBX can't be reached now", current=contact.state)
    return contact, caller


def _talker(turn: Turn, contact: Contact, caller: Leg) -> Leg:
    """The leg of the agent who is in a bridge with the caller, or the refusal that nobody is just now."""
    agent = _at_hand(turn, contact)
    if not holding.together(agent, caller):
        raise ConflictError("the talk is just being set up or ended; try again", current=contact.state)
    return agent


def _at_hand(turn: Turn, contact: Contact) -> Leg:
    """The leg of the agent who has the contact, unless it is just being moved from one bridge to another."""
    agent = holding.agent_leg(turn, contact)
    if agent is None or holding.is_joining(turn, contact):
        raise ConflictError("the call is just being connected; try again", current=contact.state)
    return agent


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


def _party(turn: Turn, contact: Contact, leg_id: str) -> Leg:
    leg = next((each for each in legs_of(turn.state, contact) if each.id == leg_id), None)
    if leg is None:
        raise NotFoundError("there is no such leg in this contact now")
    return leg


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
        _colleague(turn, contact, to_agent)
        to_agent, number = phones.reach(turn, to_agent)
    return to_agent, _check_consulted(turn, contact, caller, to_agent) if to_agent else number


def _check_consulted(turn: Turn, contact: Contact, caller: Leg, agent_id: str) -> str:
    """Give the extension of the colleague, who can be asked; else raise."""
    spec = _colleague(turn, contact, agent_id)
    if spec.pbx != caller.pbx:
        raise ConflictError(f"agent {agent_id} has their phone at another PBX", current=contact.state)
    _check_reachable(turn, agent_id, spec)
    if turn.state.agents[agent_id].state is AgentState.LOGGED_OUT:
        raise ConflictError(f"agent {agent_id} is not logged in", current=AgentState.LOGGED_OUT)
    return devices.extension_of(spec.device)


def _check_takes_calls(turn: Turn, agent_id: str) -> None:
    """Raise if the agent has a call, or is about to: nobody's phone rings for two."""
    agent = turn.state.agents[agent_id]
    if agent.state in (AgentState.RESERVED, AgentState.BUSY) or agent.offer_id:
        raise ConflictError(f"agent {agent_id} is {agent.state}", current=agent.state)
    rung = consultations.is_asked(turn, agent_id) or supervisions.is_supervising(turn, agent_id)
    own = devices.in_own_call(turn, turn.site.agents[agent_id]) or own_calls.block(turn, agent)
    if own or rung:
        raise ConflictError(f"the phone of agent {agent_id} is in a call", current=agent.state)


def _check_flow(turn: Turn, name: str) -> None:
    # Earlier versions of flows are kept for those who are in them, and for nobody else.
    there_is = [each for each in turn.site.flows if each == flow_name(each)]
    if name not in there_is:
        raise RequestError(f"there is no flow {name!r}; there is: {', '.join(sorted(there_is)) or 'none at all'}")


def _contact(turn: Turn, contact: Contact) -> View:
    return {"contact": contact_view(turn.state, contact, turn.now, turn.floor)}


def check_queue(turn: Turn, contact: Contact, name: str) -> None:
    """Raise if the queue would not take the contact: it stays with the agent, who can say so."""
    if name not in turn.site.queues:
        raise RequestError(f"there is no queue {name!r}; there is: {', '.join(sorted(turn.site.queues))}")
    newcomer = msgspec.structs.replace(contact, steps=[], queue=name)
    queueing.choose(turn, newcomer, name)
    way = ways_out.on_entering(turn, newcomer, name)
    if way is not None:
        raise ConflictError(f"queue {name} does not take the contact now: {way.result}", current=contact.state)


def follow(turn: Turn, contact: Contact, target: Target) -> Target:
    """Give whom a contact reaches that is given to an agent, a colleague or a number; raise if nobody takes it soon."""
    _colleague(turn, contact, target.agent)
    agent_id, number = (target.agent, "") if contact.channel != VOICE else phones.reach(turn, target.agent)
    if agent_id:
        _check_agent(turn, contact, agent_id)
    return Target(agent=agent_id, number=number)


def _check_agent(turn: Turn, contact: Contact, agent_id: str) -> None:
    spec = _colleague(turn, contact, agent_id)
    agent = turn.state.agents[agent_id]
    if agent.state not in TAKES_TRANSFERS:
        raise ConflictError(f"agent {agent_id} is {agent.state}", current=agent.state)
    elsewhere = contact.channel == VOICE and spec.pbx != pbx_of(turn, contact)
    if elsewhere or (contact.queue and not serves(turn.floor.roster.profiles[agent_id], contact.queue)):
        raise ConflictError(f"agent {agent_id} does not serve queue {contact.queue} at this PBX", current=agent.state)
    if contact.channel == VOICE:
        _check_reachable(turn, agent_id, spec)


def _colleague(turn: Turn, contact: Contact, agent_id: str) -> AgentSpec:
    spec = turn.site.agents.get(agent_id)
    if spec is None:
        raise RequestError(f"there is no agent {agent_id!r}")
    if agent_id == contact.agent_id:
        raise RequestError(f"agent {agent_id} talks to the contact already")
    return spec


def _check_reachable(turn: Turn, agent_id: str, spec: AgentSpec) -> None:
    if not outage.is_up(turn, spec.pbx):
        raise ConflictError("the PBX can't be reached now", current=turn.state.agents[agent_id].state)
    if not turn.state.devices.get(alias_key(spec.pbx, spec.device), True):
        raise ConflictError(
            f"the phone of agent {agent_id} can't be reached", current=turn.state.agents[agent_id].state
        )


def check_number(turn: Turn, number: str) -> None:
    """Raise if it is none that can be dialled, or may be."""
    own = turn.site.own_calls
    if not NUMBER.fullmatch(number):
        raise RequestError(f"{number!r} is no number that can be dialled; give digits, * and #, after + if you like")
    if is_emergency(number, turn.site.country, own.emergency_numbers):
        return
    colleagues = (devices.extension_of(device) for _, device in turn.site.phones)
    if any(number.startswith(prefix) for prefix in own.blocked) and number not in colleagues:
        raise RequestError(f"{number} begins with what is not to be dialled: own_calls.blocked")
