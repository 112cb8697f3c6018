"""Callbacks that are asked for by desktops and integrators, and taken back."""

from __future__ import annotations

from ctid.engine.agent import offers
from ctid.engine.call import dialling
from ctid.engine.contact import contacts
from ctid.engine.queue import callbacks, queueing
from ctid.engine.service.requests import MAX_ATTRIBUTES, MAX_VALUE
from ctid.engine.shown.views import View
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, NotFoundError, RequestError
from ctid.model.commands import LookUpCustomer
from ctid.model.contact import Contact
from ctid.model.events import CallbackCanceled, CallbackRequested
from ctid.model.offer import OfferCause
from ctid.model.states import ContactState
from ctid.spec.agent import VOICE

MAX_AHEAD_MS = 30 * 86_400_000
"""How far ahead a callback may be asked for."""


def ask(turn: Turn, request: CallbackRequested) -> View:
    """Have a waiting contact, or somebody new, called back."""
    not_before_ms = _not_before(turn, request)
    if not request.contact_id:
        contact = _new(turn, request, not_before_ms)
    else:
        contact = _waiting(turn, request.contact_id)
        number = request.number or contact.ani
        _check(turn, contact.queue, number)
        caller = turn.state.legs[contact.caller_leg]
        contacts.unpark(turn, contact, "moved")
        callbacks.ask(turn, contact, contact.queue, number, not_before_ms)
        dialling.say_goodbye(turn, caller, callbacks.spec_of(turn, contact).prompts)
    return contacts.answer(turn, contact)


def cancel(turn: Turn, request: CallbackCanceled) -> View:
    """Give a callback up, be it while phones ring; who is on the line already is not hung up on."""
    contact = turn.state.contacts.get(request.contact_id)
    if contact is None or contact.callback is None:
        raise NotFoundError("there is no such callback")
    if contact.state not in (ContactState.QUEUED, ContactState.OFFERED) or callbacks.is_on_the_line(contact):
        raise ConflictError("the customer has been reached already", current=contact.state)
    _take_back(turn, contact, "canceled")
    return contacts.answer(turn, contact)


def reloaded(turn: Turn) -> None:
    """Whom the configuration blocks by now is not called back; who is on the line already is not hung up on."""
    for contact_id in [each for queue in turn.state.callbacks.values() for each in queue]:
        contact = turn.state.contacts[contact_id]
        barred = contact.callback is not None and callbacks.is_not_to_be_dialled(turn, contact.callback.number)
        waits = contact.state in (ContactState.QUEUED, ContactState.OFFERED)
        if barred and waits and not callbacks.is_on_the_line(contact):
            _take_back(turn, contact, "blocked")


def _take_back(turn: Turn, contact: Contact, why: str) -> None:
    """Give a callback up whose customer has not been reached, and stop the phones that ring for it."""
    assert contact.callback is not None
    if contact.state is ContactState.OFFERED:
        offers.rescind_all(turn, contact, OfferCause.NOT_REACHED)
        queueing.requeue(turn, contact)
    if contact.callback.leg_id:
        callbacks.leave(turn, contact, why)
    else:
        callbacks.give_up(turn, contact, why)


def _waiting(turn: Turn, contact_id: str) -> Contact:
    contact = turn.state.contacts.get(contact_id)
    if contact is None:
        raise NotFoundError("there is no such live contact")
    if contact.callback is not None:
        raise ConflictError("the contact is to be called back already", current=contact.state)
    if contact.state is not ContactState.QUEUED:
        raise ConflictError(f"a contact that is {contact.state} does not wait in a queue", current=contact.state)
    if contact.channel != VOICE:
        raise ConflictError(f"nobody is on the phone in a contact of channel {contact.channel}", current=contact.state)
    return contact


def _new(turn: Turn, request: CallbackRequested, not_before_ms: int) -> Contact:
    if request.queue not in turn.site.queues:
        raise RequestError(f"there is no queue {request.queue!r}")
    if any(len(value) > MAX_VALUE for value in request.attributes.values()):
        raise RequestError(f"an attribute's value is longer than {MAX_VALUE} characters")
    if len(request.attributes) > MAX_ATTRIBUTES:
        raise RequestError(f"a contact takes {MAX_ATTRIBUTES} attributes at most")
    _check(turn, request.queue, request.number)
    turn.state.arrivals += 1
    contact = Contact(
        id=turn.mint("ct"),
        seq=turn.state.arrivals,
        ani=callbacks.number_of(turn, request.number),
        attributes={key: value for key, value in request.attributes.items() if value},
        priority=request.priority,
        created_at=turn.now,
    )
    turn.state.contacts[contact.id] = contact
    contacts.begin_span(turn, contact)
    contacts.publish(turn, contact, "contact.created")
    turn.emit(LookUpCustomer(contact_id=contact.id, ani=contact.ani))
    callbacks.ask(turn, contact, request.queue, request.number, not_before_ms)
    return contact


def _check(turn: Turn, queue: str, number: str) -> None:
    match callbacks.refusal(turn, queue, number):
        case "":
            pass
        case "unavailable":
            raise ConflictError(f"queue {queue} has no callbacks", current="unavailable")
        case "duplicate":
            standing = callbacks.standing(turn, queue, number)
            there = standing.id if standing is not None else ""
            raise ConflictError(f"contact {there} is to be called back at this number already", current="duplicate")
        case "blocked":
            raise RequestError("this number is not to be dialled: own_calls.blocked, or an emergency service")
        case "full":
            raise ConflictError("too many callbacks wait already", current="full")
        case _:
            raise RequestError("this is no number that can be called back; write for example +4930123456")


def _not_before(turn: Turn, request: CallbackRequested) -> int:
    if not request.not_before_utc_ms:
        return 0
    in_ms = request.not_before_utc_ms - turn.now.utc_ms
    if in_ms > MAX_AHEAD_MS:
        raise RequestError(f"not_before is more than {MAX_AHEAD_MS // 86_400_000} days ahead")
    return turn.now.mono_ms + max(0, in_ms)
