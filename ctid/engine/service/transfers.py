"""Transfers: an agent gives the contact on, at the desktop or at the phone; it goes on with its id, they wrap it up.

Without asking first (``send_on``) the caller comes back to us and is queued, offered or let go like any other. With a
consultation at the phone (``completed``) the PBX has joined caller and colleague already, and we follow.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ctid.engine import outage, segments
from ctid.engine.agent import (
    agents,
    consultations,
    devices,
    holding,
    leaving,
    offers,
    own_calls,
    phone_calls,
    phones,
    returning,
)
from ctid.engine.call import arrivals, journey, talks
from ctid.engine.contact import contacts, recordings, unseen, voicemail
from ctid.engine.flow import flows
from ctid.engine.queue import queueing
from ctid.engine.shown.views import View, screen_pop
from ctid.engine.turn import Turn
from ctid.errors import ConflictError
from ctid.model.agent import Agent
from ctid.model.commands import FetchLeg, MuteLeg, ReleaseLeg
from ctid.model.contact import Contact
from ctid.model.events import (
    CallSentOn,
    CallTransferred,
    CallUndelivered,
    LegSeen,
    PbxReconciled,
    TransferParty,
)
from ctid.model.history import Segment
from ctid.model.leg import Leg
from ctid.model.states import AgentState, ContactState, Outcome, Party

NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
"""What can be dialled: an emergency number as well as an international one, and nothing is done to it."""


class Target(NamedTuple):
    """Where a contact is sent on to; one of them is given.

    Attributes:
        queue: A queue.
        agent: An agent.
        number: An extension or a number outside.
        voicemail_queue: To leave a message for whoever serves this queue.
        voicemail_agent: To leave a message for this agent.
        flow: A flow, and on from there.
    """

    queue: str = ""
    agent: str = ""
    number: str = ""
    voicemail_queue: str = ""
    voicemail_agent: str = ""
    flow: str = ""


# ---- without asking first ---------------------------------------------------------------------------------------


def send_on(turn: Turn, contact: Contact, target: Target) -> None:
    """Give a contact in talk on; its caller is on their way to us, or to be fetched.

    Args:
        turn: The turn.
        contact: In talk, or parted from the agent who sent it on.
        target: Where to; it may be an agent who cannot take it, which its queue's others will.
    """
    giver = take_from_agent(turn, contact, "transferred")
    leg = turn.state.legs[contact.caller_leg]
    refused = bool(contact.queue) and phones.refuses(turn, target.agent)
    # Without a queue there is none that it could wait in for who gave it on.
    contact.given_by = giver.agent_id if contact.queue and not target.queue else ""
    if target.agent and not (target.queue or contact.queue):
        # A call that no queue stands behind: it rings at the colleague's phone, and that is all that is done for it.
        contacts.move(turn, contact, ContactState.CREATED)
        phone = devices.extension_of(turn.site.agents[target.agent].device)
        leaving.leave_for(turn, contact, "phone", phone, Outcome.TRANSFERRED)
    elif target.flow:
        contacts.move(turn, contact, ContactState.CREATED)
        journey.enter_flow(turn, contact, target.flow)
    elif target.number:
        contacts.move(turn, contact, ContactState.CREATED)
        leaving.leave_for(turn, contact, "number", target.number, Outcome.TRANSFERRED)
    elif target.voicemail_queue or target.voicemail_agent:
        contacts.move(turn, contact, ContactState.CREATED)
        voicemail.begin(turn, contact, agent_id=target.voicemail_agent, queue=target.voicemail_queue)
    elif not (target.queue or contact.queue):
        contacts.move(turn, contact, ContactState.CREATED)
        contact.outcome = Outcome.TRANSFERRED
        if leg.has_agi:
            leaving.release(turn, leg)
    else:
        queueing.exclude(turn, contact, giver.agent_id)
        if target.agent and not refused:
            queueing.mean_for(turn, contact, target.agent)
        queueing.enqueue(turn, contact, target.queue or contact.queue)
    _publish(turn, contact, giver, target)
    if refused:
        returning.not_taken(turn, contact, target.agent, returning.DO_NOT_DISTURB)


def take_from_agent(turn: Turn, contact: Contact, result: str) -> Segment:
    """Take a contact in talk from its agent, who wraps up; its caller is on their way to us, or to be fetched.

    Args:
        turn: The turn.
        contact: In talk, or parted from the agent; it is about to wait, or to leave.
        result: How the talk has ended for the agent.

    Returns:
        The agent's part in it.
    """
    giver = contact.segments[-1]
    leg = turn.state.legs[contact.caller_leg]
    leg.coming = not leg.has_agi
    _part(turn, contact, giver, result)
    contacts.without_agent(turn, contact, giver.left_at or turn.now)
    return giver


def fetch(turn: Turn, leg: Leg) -> None:
    """Take a caller out of the bridge with the agent who has sent them on."""
    turn.emit(FetchLeg(pbx=leg.pbx, unique_id=leg.unique_id))


def sent_on(turn: Turn, event: CallSentOn) -> None:
    """A phone has sent its caller on; its PBX and the caller's FastAGI session both tell, in either order."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    if leg is not None and leg.watched:
        phone_calls.over(turn, turn.state.contacts[leg.contact_id], Outcome.TRANSFERRED)
        leg = None
    elif leg is not None and leg.party is not Party.CALLER:
        # Somebody who is called by an agent sends that agent on. There is nowhere to go for them.
        if event.arrived:
            turn.emit(ReleaseLeg(pbx=event.pbx, unique_id=event.unique_id, next="hangup"))
        return
    if leg is None:
        if event.arrived:
            # A call of an agent's own: the phone's own dialplan has it.
            turn.emit(ReleaseLeg(pbx=event.pbx, unique_id=event.unique_id, next="phones"))
        return
    contact = turn.state.contacts.get(leg.contact_id)
    in_talk = contact is not None and contact.state is ContactState.CONNECTED and not leg.coming
    if event.arrived:
        leg.has_agi, leg.coming, leg.bridge_id = True, False, ""
        turn.touch_contact(leg.contact_id)
    if contact is not None and in_talk and contact.segments:
        send_on(turn, contact, _target(turn, event.pbx, event.extension))
    if event.arrived:
        arrivals.resume(turn, leg)


def undelivered(turn: Turn, event: CallUndelivered) -> None:
    """The number that a contact was given on to was not reached: it waits again, first for who gave it on."""
    leg = turn.legs.find(event.pbx, event.unique_id)
    contact = turn.state.contacts.get(leg.contact_id) if leg is not None else None
    if leg is None or contact is None:
        turn.emit(ReleaseLeg(pbx=event.pbx, unique_id=event.unique_id, next="fallback"))
        return
    leg.has_agi, leg.bridge_id = True, ""
    if not leaving.is_given(contact):
        arrivals.resume(turn, leg)
        return
    number = contact.path[-1].name
    contact.outcome = None
    queueing.enqueue(turn, contact, contact.queue)
    returning.not_taken(turn, contact, number, event.cause)


def _target(turn: Turn, pbx: str, extension: str) -> Target:
    """What an extension means that an agent's phone dialled: a colleague's phone, or a number outside."""
    agent_id = devices.agent_at(turn, pbx, f"PJSIP/{extension}")
    if agent_id:
        return _reached(turn, agent_id)
    return Target(number=extension) if NUMBER.fullmatch(extension) else Target()


def _reached(turn: Turn, agent_id: str) -> Target:
    """Whom a contact reaches that a phone has given to an agent; one who is not to be disturbed does not take it."""
    try:
        agent, number = phones.reach(turn, agent_id)
    except ConflictError:
        return Target(agent=agent_id)
    return Target(agent=agent, number=number)


# ---- after a consultation at the phone ---------------------------------------------------------------------------


def completed(turn: Turn, event: CallTransferred) -> None:
    """A phone has joined its caller with somebody else and left."""
    phone_calls.transferred(turn, event)
    found = ((turn.legs.find(event.pbx, party.unique_id), party) for party in event.parties)
    callers = [(leg, party) for leg, party in found if leg is not None and leg.party is Party.CALLER]
    if not callers:
        return
    leg, caller = callers[0]
    contact = turn.state.contacts.get(leg.contact_id)
    if contact is None or contact.state is not ContactState.CONNECTED or not _gave(turn, contact, event):
        return
    other = next((party for party in event.parties if party is not caller), None)
    if other is None and event.dialling and devices.agent_at(turn, event.pbx, f"PJSIP/{event.dialling}"):
        # It rang still: they are offered the contact instead, so that it is not lost if they don't answer.
        send_on(turn, contact, _target(turn, event.pbx, event.dialling))
        fetch(turn, leg)
        return
    leg.bridge_id = event.bridge_id or leg.bridge_id
    hand_over(turn, contact, leg, other)


def _gave(turn: Turn, contact: Contact, event: CallTransferred) -> bool:
    """Whether it was the agent who has the contact who transferred; else this was told before."""
    if f"parted:{contact.id}" in turn.state.timers:
        return True
    offer = turn.state.offers.get(turn.state.agents[contact.agent_id].offer_id)
    own = turn.legs.get(offer.leg_id) if offer is not None else None
    return own is not None and own.unique_id in event.transferers


def hand_over(
    turn: Turn,
    contact: Contact,
    caller: Leg,
    other: TransferParty | None,
    *,
    recording: str = "",
    result: str = "transferred",
) -> None:
    """The caller talks to somebody else now: to an agent of ours who can have the contact, or it has left us.

    Args:
        turn: The turn.
        contact: In talk, or parted from its agent.
        caller: The caller's leg.
        other: Whom they talk to, if that is known.
        recording: What the PBX records on the other's channel; empty for nothing.
        result: How the talk ended for the agent who had the contact.
    """
    giver = contact.segments[-1]
    agent_id = devices.agent_at(turn, caller.pbx, other.device) if other is not None else ""
    taker = turn.state.agents.get(agent_id)
    _part(turn, contact, giver, result)
    contacts.step(turn, contact, "transfer", agent_id, "" if result == "transferred" else result)
    if taker is None or other is None or not _can_take(turn, taker):
        if other is not None:
            recordings.leave(turn, recording, other.unique_id)
        _leave_us(turn, contact, caller)
        _publish(turn, contact, giver, Target(agent=agent_id))
        contacts.close(turn, contact, Outcome.TRANSFERRED)
        return
    asked = turn.legs.find(caller.pbx, other.unique_id)
    if asked is not None and asked.watched:
        # The enquiry was a call of its own; what it was about goes on in its place.
        phone_calls.over(turn, turn.state.contacts[asked.contact_id], Outcome.TRANSFERRED)
    agents.engage(turn, taker)
    talks.adopt(turn, taker, contact, other.unique_id, caller.bridge_id, recording)
    _publish(turn, contact, giver, Target(agent=taker.id))


def _part(turn: Turn, contact: Contact, giver: Segment, result: str = "transferred") -> None:
    """The agent is out of the talk, and wraps up from now on; their leg has yet to end."""
    turn.cancel_timer(f"parted:{contact.id}")
    giver.result = result
    offer = turn.state.offers.get(turn.state.agents[giver.agent_id].offer_id)
    if offer is not None and offer.contact_id == contact.id and offer.leg_id in turn.state.legs:
        contact.parting_leg = offer.leg_id
        if consultations.is_apart(turn, contact):
            # No bridge ends with which their channel would.
            offers.hang_up(turn, offer)
    flows.left(turn, contact, "given_on")
    if contact.on_hold:
        holding.unpark(turn, contact, "given_on")
    caller = turn.legs.get(contact.caller_leg)
    if caller is not None and caller.muted:
        caller.muted = False
        turn.emit(MuteLeg(pbx=caller.pbx, unique_id=caller.unique_id, on=False))
    contact.offer_ids = []
    if giver.left_at is None:
        talks.leave(turn, contact, giver, result)


def is_taken_by(turn: Turn, agent_id: str) -> bool:
    """Whether a contact that is given on to whoever it is, is that agent's from then on; else it leaves ctid."""
    agent = turn.state.agents.get(agent_id)
    return agent is not None and _can_take(turn, agent)


def _can_take(turn: Turn, agent: Agent) -> bool:
    """Whether the agent can have the contact: they work, and on nothing else that a call would break."""
    free = (AgentState.READY, AgentState.NOT_READY, AgentState.WRAP_UP)
    return agent.id in turn.site.agents and agent.state in free and not agent.offer_id


def _leave_us(turn: Turn, contact: Contact, caller: Leg) -> None:
    """What becomes of the caller's leg is no longer ours."""
    own_calls.forget(turn, caller)
    unseen.end(turn, caller)
    contact.caller_leg = ""


def target_view(target: Target) -> View:
    """Where a contact goes, for those who are told."""
    message_for = {"agent": target.voicemail_agent or None, "queue": target.voicemail_queue or None}
    return {
        "agent": target.agent or None,
        "queue": target.queue or None,
        "number": target.number or None,
        "flow": target.flow or None,
        "voicemail": message_for if any(message_for.values()) else None,
    }


def _publish(turn: Turn, contact: Contact, giver: Segment, target: Target) -> None:
    contacts.publish(
        turn,
        contact,
        "contact.transferred",
        giver.agent_id,
        target.agent if contact.agent_id == target.agent else "",
        from_agent=giver.agent_id,
        to=target_view(target),
        pop=screen_pop(contact, turn.now, turn.floor),
    )
    consultations.over(turn, contact, target.agent)


# ---- what nobody told --------------------------------------------------------------------------------------------


def parted(turn: Turn, contact: Contact) -> None:
    """The agent has left, and the PBX does not tell what became of the caller."""
    caller = turn.legs.get(contact.caller_leg)
    if contact.state is not ContactState.CONNECTED or segments.talking(contact):
        return
    if caller is not None and not outage.is_up(turn, caller.pbx):
        turn.start_timer(f"parted:{contact.id}", offers.RECHECK_MS)
    elif caller is not None and caller.bridge_id:
        hand_over(turn, contact, caller, None)
    else:
        talks.over(turn, contact)


def reconciled(turn: Turn, event: PbxReconciled) -> None:
    """Find whom callers talk to whose agents have left while nobody looked, and fetch those who were sent on."""
    together: dict[str, list[LegSeen]] = {}
    for seen in event.legs:
        if seen.bridge_id:
            together.setdefault(seen.bridge_id, []).append(seen)
    for contact in list(turn.state.contacts.values()):
        caller = turn.legs.get(contact.caller_leg)
        if caller is None or caller.pbx != event.pbx or not caller.bridge_id:
            continue
        if caller.coming:
            fetch(turn, caller)
        elif f"parted:{contact.id}" in turn.state.timers:
            others = [each for each in together.get(caller.bridge_id, ()) if each.unique_id != caller.unique_id]
            party = TransferParty(unique_id=others[0].unique_id, device=others[0].device) if others else None
            if others:
                hand_over(turn, contact, caller, party)
