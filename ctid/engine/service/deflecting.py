"""Deflect (CSTA Deflect Call): an agent sends on, without answering, what they are being offered.

They have missed nothing and rejected nothing; the contact keeps its id, its place and its wait. Where several phones
ring for it, one agent's word counts for all: the others' stop.
"""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.agent import leaving, offers
from ctid.engine.contact import contacts, voicemail
from ctid.engine.queue import queueing
from ctid.engine.service.requests import pending_offer
from ctid.engine.service.takers import check_number, check_queue, follow
from ctid.engine.service.transfers import Target, target_view
from ctid.engine.shown.allowed_actions import offer_actions
from ctid.engine.shown.views import View, offer_view, screen_pop
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, RequestError
from ctid.model.contact import Contact
from ctid.model.events import OfferDeflected
from ctid.model.offer import Offer, OfferCause
from ctid.model.states import ContactState, OfferState, Outcome
from ctid.spec.agent import VOICE


def deflect(turn: Turn, request: OfferDeflected) -> View:
    """Have the contact offered to a colleague, wait in another queue, leave for a number, or leave a message."""
    offer = pending_offer(turn, request.offer_id, request.agent_id)
    contact = turn.state.contacts[offer.contact_id]
    target = Target(request.queue, request.agent, request.number, request.voicemail_queue, request.voicemail_agent)
    if sum(map(bool, target)) != 1:
        raise RequestError("a deflection goes to one of queue, agent, number, voicemail")
    _check_still_theirs(turn, offer, contact)
    target = _check(turn, offer, contact, target)
    _take_back(turn, offer, contact)
    if target.agent or target.queue:
        queueing.exclude(turn, contact, offer.agent_id)
        if target.agent:
            _mean_for(turn, contact, target.agent)
        else:
            _move_to(turn, contact, target.queue)
    else:
        _leave(turn, contact, offer.agent_id, target)
    contacts.publish(
        turn,
        contact,
        "contact.deflected",
        offer.agent_id,
        from_agent=offer.agent_id,
        to=target_view(target),
        pop=screen_pop(contact, turn.now, turn.floor),
    )
    return {"offer": offer_view(turn.state, offer, turn.now, turn.floor)}


def _check_still_theirs(turn: Turn, offer: Offer, contact: Contact) -> None:
    """Raise if somebody has answered, or may have."""
    leg = turn.legs.get(offer.leg_id)
    if leg is not None and not outage.is_up(turn, leg.pbx):
        raise ConflictError("the PBX can't be reached now; the call may have been answered", current=offer.state)
    if any(turn.state.offers[each].state is OfferState.ACCEPTED for each in contact.offer_ids):
        raise ConflictError("another agent has just answered", current=offer.state)


def _check(turn: Turn, offer: Offer, contact: Contact, target: Target) -> Target:
    """Give whom it reaches; raise for what a blind transfer is refused for, or what a contact that waits cannot do."""
    allowed = tuple(offer_actions(offer))
    if target.agent:
        if target.agent == offer.agent_id:
            raise RequestError(f"agent {target.agent} is being offered the contact; it goes to somebody else")
        target = follow(turn, contact, target)
    if target.agent:
        if any(turn.state.offers[each].agent_id == target.agent for each in contact.offer_ids):
            raise ConflictError(
                f"agent {target.agent} is being offered the contact, too", current=offer.state, allowed_actions=allowed
            )
        return target
    if contact.callback is not None:
        raise ConflictError(
            "who is to be called back waits where the callback was asked for",
            current=offer.state,
            allowed_actions=allowed,
        )
    if target.queue:
        if target.queue != contact.queue:
            check_queue(turn, contact, target.queue)
        return target
    if contact.channel != VOICE:
        raise RequestError(f"a contact of channel {contact.channel} has no caller; it goes to an agent or a queue")
    if target.number:
        check_number(turn, target.number)
    else:
        voicemail.check(turn, target.voicemail_agent, target.voicemail_queue)
    return target


def _take_back(turn: Turn, offer: Offer, contact: Contact) -> None:
    """Nobody is offered the contact any more, and their phones stop."""
    out = [turn.state.offers[offer_id] for offer_id in contact.offer_ids]
    contact.offer_ids, contact.agent_id = [], ""
    for each in out:
        offers.rescind(turn, each, OfferCause.DEFLECTED if each is offer else OfferCause.SENT_ELSEWHERE)
        offers.hang_up(turn, each)


def _mean_for(turn: Turn, contact: Contact, agent_id: str) -> None:
    queueing.mean_for(turn, contact, agent_id)
    queueing.restart_steps(turn, contact)
    contacts.step(turn, contact, "transfer", agent_id)
    queueing.requeue(turn, contact)


def _move_to(turn: Turn, contact: Contact, queue: str) -> None:
    contact.given_by = ""
    queueing.mean_for_all(turn, contact)
    if queue == contact.queue:
        queueing.requeue(turn, contact)
        return
    contacts.move(turn, contact, ContactState.QUEUED)
    queueing.change_queue(turn, contact, queue)
    contacts.publish(turn, contact, "contact.queued")


def _leave(turn: Turn, contact: Contact, by: str, target: Target) -> None:
    contacts.move(turn, contact, ContactState.QUEUED)
    for timer in ("step", "wait", "exclude"):
        turn.cancel_timer(f"{timer}:{contact.id}")
    contacts.move(turn, contact, ContactState.CREATED)
    if target.number:
        # One that does not answer gives them back, as one that they were transferred to does.
        contact.given_by, contact.returned = by, None
        leaving.leave_for(turn, contact, "number", target.number, Outcome.TRANSFERRED)
    else:
        contact.given_by = ""
        voicemail.begin(turn, contact, agent_id=target.voicemail_agent, queue=target.voicemail_queue)
