"""Callbacks that keep place: asked for, due, dialled, failed, given up. The contact stays one and the same throughout.

A contact to be called back waits in its queue like any other, but without a caller's leg. Agent first: it is offered
when its turn comes, and the customer is dialled as soon as the agent's phone was answered. Customer first: see
``ctid.engine.call.dialling``; once the customer is on the line, the contact is an ordinary waiting caller at its old
place.
"""

from __future__ import annotations

from ctid.engine import outage
from ctid.engine.contact import contacts
from ctid.engine.queue import queueing
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting import places, visits
from ctid.model.commands import DialCustomer, HangUpLeg
from ctid.model.contact import Contact
from ctid.model.leg import Leg
from ctid.model.position import Callback
from ctid.model.states import ContactState, LegState, Outcome, Party
from ctid.routing.calendar import is_open
from ctid.routing.emergency import is_emergency
from ctid.routing.numbers import dialable, is_blocked, writings
from ctid.spec.queue import CallbackSpec, QueueSpec

RING_GRACE_MS = 2_000
"""The PBX rings so much longer than the engine's own timer, which decides; only if ctid is gone does the PBX end it."""

LISTEN_MS = 10_000
"""``AMD()`` has told a machine from a human within this time, at its usual settings in half of it."""

RECHECK_MS = 1_000
"""How often a decision that waits for a PBX, or for the end of a try, is taken up again."""

MAX_CALLBACKS = 10_000
"""Of a whole site; more are refused, so that no flood of requests grows the state without bound."""

HOURS_MS = 60_000
"""Hours begin and end at full minutes: so often it is looked whether a queue has opened or closed."""

AHEAD_MS = 1_000
"""How often it is judged whether a customer is to be dialled ahead of an agent's becoming free."""


# ---- asking ---------------------------------------------------------------------------------------------------


def refusal(turn: Turn, queue: str, number: str) -> str:
    """Why nobody can be called back for the queue at this number, in one word; empty if they can.

    ``unavailable``: the queue has no callbacks; ``withheld``: there is no number; ``number``: it is none that can be
    dialled; ``blocked``: it is not to be, or calls an emergency service; ``duplicate``: it is to be called back for the
    queue already; ``full``: too many wait.
    """
    if queue not in turn.site.queues or turn.site.queues[queue].callback is None:
        return "unavailable"
    if not number:
        return "withheld"
    if not number_of(turn, number):
        return "number"
    if is_not_to_be_dialled(turn, number):
        return "blocked"
    if standing(turn, queue, number) is not None:
        return "duplicate"
    if sum(map(len, turn.state.callbacks.values())) >= MAX_CALLBACKS:
        return "full"
    return ""


def is_not_to_be_dialled(turn: Turn, number: str) -> bool:
    """Whether the configuration blocks the number, or it calls an emergency service."""
    own, country = turn.site.own_calls, turn.site.country
    if any(is_emergency(each, country, own.emergency_numbers) for each in writings(number, country)):
        return True
    return is_blocked(number, country, own.blocked)


def standing(turn: Turn, queue: str, number: str) -> Contact | None:
    """The contact for which this number is to be called back already."""
    wanted = number_of(turn, number)
    for contact_id in turn.state.callbacks.get(queue, ()):
        contact = turn.state.contacts[contact_id]
        if contact.callback is not None and contact.callback.number == wanted:
            return contact
    return None


def ask(turn: Turn, contact: Contact, queue: str, number: str, not_before_ms: int = 0) -> None:
    """The customer is to be called back; the contact waits on in the queue, in its place.

    Args:
        turn: The turn.
        contact: New, in the IVR or waiting; nobody is being rung for it.
        queue: Where it waits from now on; ``refusal`` has nothing against it.
        number: Whom to dial.
        not_before_ms: Monotonic moment of the first try; 0 for as soon as its turn comes.
    """
    spec = _queue(turn, queue).callback
    assert spec is not None
    caller = turn.legs.get(contact.caller_leg)
    start_ms = max(turn.now.mono_ms, not_before_ms)
    contact.callback = Callback(
        number=number_of(turn, number),
        pbx=spec.pbx or (caller.pbx if caller is not None else _first_pbx(turn)),
        requested_at=turn.now,
        expires_ms=start_ms + ms(spec.expire_seconds),
        not_before_ms=not_before_ms,
    )
    contact.ivr = contact.treatment = None
    turn.cancel_timer(f"treat:{contact.id}")
    if contact.queue != queue:
        contact.queue = queue
        contact.step = contact.delay_ms = 0
    if contact.queued_at is None:
        contact.queued_at = turn.now
    if not_before_ms:
        # Who wants to be called tomorrow has not waited since yesterday.
        contact.place_ms = start_ms
    else:
        places.take(turn, contact)
    contacts.step(turn, contact, "callback", queue)
    if contact.state is not ContactState.QUEUED:
        contacts.move(turn, contact, ContactState.QUEUED)
    visits.call_back(turn, contact)
    queueing.choose(turn, contact, queue)
    turn.cancel_timer(f"wait:{contact.id}")
    queueing.arm_step(turn, contact)
    turn.state.callbacks.setdefault(queue, []).append(contact.id)
    hold(turn, queue)
    turn.start_timer(f"expire:{contact.id}", contact.callback.expires_ms - turn.now.mono_ms)
    if not_before_ms > turn.now.mono_ms:
        turn.start_timer(f"retry:{contact.id}", not_before_ms - turn.now.mono_ms)
    arm_pulse(turn, queue)
    contact.version += 1
    publish(turn, contact, "callback.requested")
    turn.touch_contact(contact.id)


def number_of(turn: Turn, number: str) -> str:
    """The number as it is dialled; empty for one that is not."""
    return dialable(number, turn.site.country)


def publish(turn: Turn, contact: Contact, type_: str) -> None:
    """Publish an event about the callback, with the whole contact."""
    contacts.publish(turn, contact, type_)


def _first_pbx(turn: Turn) -> str:
    return next((agent.pbx for agent in turn.site.agents.values()), "")


# ---- waiting --------------------------------------------------------------------------------------------------


def is_saying_goodbye(contact: Contact, leg: Leg) -> bool:
    """Whether the leg is that of the call in which the customer asked to be called back; it only is to end."""
    return contact.callback is not None and contact.caller_leg == leg.id != contact.callback.leg_id


def is_on_the_line(contact: Contact) -> bool:
    """Whether the customer was dialled, answered, and waits with us like any caller."""
    return (
        contact.callback is not None
        and contact.callback.leg_id != "" == contact.callback.ending
        and (contact.caller_leg == contact.callback.leg_id)
    )


def is_agent_first(turn: Turn, contact: Contact) -> bool:
    """Whether the contact is offered to an agent before its customer is dialled."""
    return contact.callback is not None and spec_of(turn, contact).first == "agent"


def spec_of(turn: Turn, contact: Contact) -> CallbackSpec:
    """How the contact's customer is called back; a reload that takes it away leaves it to those who wait."""
    spec = _queue(turn, contact.queue).callback
    assert spec is not None
    return spec


def is_due(turn: Turn, contact: Contact) -> bool:
    """Whether the customer may be dialled now, be it by way of an agent: nobody is on the line, and it is time.

    It looks at the state alone, where timers leave their marks, never at the clock: so the floor can be made anew at
    any moment and be the same.
    """
    callback = contact.callback
    return (
        callback is not None
        and contact.state is ContactState.QUEUED
        and not contact.caller_leg
        and not callback.leg_id
        and not callback.held
        and f"retry:{contact.id}" not in turn.state.timers
        and outage.is_up(turn, callback.pbx)
    )


def _queue(turn: Turn, name: str) -> QueueSpec:
    return turn.site.queues[name]


def hold(turn: Turn, queue: str) -> None:
    """Hold the queue's callbacks back while it is closed, and let them go on when it has opened."""
    calendar = _queue(turn, queue).calendar
    closed = calendar is not None and not is_open(turn.site.calendars[calendar], turn.now)
    for contact_id in turn.state.callbacks.get(queue, ()):
        callback = turn.state.contacts[contact_id].callback
        if callback is not None and callback.held != closed:
            callback.held = closed
            turn.touch_contact(contact_id)


def arm_pulse(turn: Turn, queue: str) -> None:
    """Have the queue's callbacks looked at from time to time, where time alone may make one due."""
    timer, spec = f"callbacks:{queue}", _queue(turn, queue)
    if not turn.state.callbacks.get(queue) or spec.callback is None:
        turn.cancel_timer(timer)
    elif timer not in turn.state.timers:
        if spec.callback.first == "customer":
            turn.start_timer(timer, AHEAD_MS)
        elif spec.calendar is not None:
            turn.start_timer(timer, HOURS_MS - turn.now.utc_ms % HOURS_MS)


# ---- dialling -------------------------------------------------------------------------------------------------


def dial(turn: Turn, contact: Contact, agent_leg: Leg | None) -> None:
    """Dial the customer, to be bridged with the agent who waits for them, or to wait with us."""
    callback, spec = contact.callback, spec_of(turn, contact)
    assert callback is not None
    leg = Leg(
        id=turn.mint("lg"),
        pbx=callback.pbx,
        unique_id="",
        contact_id=contact.id,
        party=Party.CALLER,
        state=LegState.INITIATED,
        since_ms=turn.now.mono_ms,
    )
    leg.unique_id = callback.leg_id = leg.id
    callback.attempts += 1
    turn.legs.add(leg)
    turn.start_timer(f"dial:{contact.id}", ms(spec.ring_seconds))
    contact.version += 1
    publish(turn, contact, "callback.dialled")
    turn.emit(
        DialCustomer(
            pbx=leg.pbx,
            unique_id=leg.unique_id,
            device=spec.dial.replace("{number}", callback.number),
            peer_unique_id=agent_leg.unique_id if agent_leg is not None else "",
            caller_number=spec.caller_id or "",
            timeout_ms=ms(spec.ring_seconds) + RING_GRACE_MS,
            detect_machine=spec.detect_machine and agent_leg is None,
        )
    )


def awaits_agent(contact: Contact) -> bool:
    """Whether the customer is to be dialled as soon as an agent is there for them."""
    callback = contact.callback
    return (
        callback is not None and contact.state is ContactState.OFFERED and not (callback.leg_id or contact.caller_leg)
    )


def patience_ms(turn: Turn, contact: Contact) -> int:
    """How long an agent who has answered may be kept waiting for the customer: not much longer than they are rung."""
    return ms(spec_of(turn, contact).ring_seconds + turn.site.policy.lease_seconds) + RING_GRACE_MS


def answered(turn: Turn, contact: Contact, leg: Leg) -> None:
    """The customer answered; next they are in a bridge or with us, or the PBX owes us word of them."""
    if is_being_left(contact, leg):
        turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
        return
    awaited = contact.state in (ContactState.QUEUED, ContactState.OFFERED)
    if awaited and contact.callback is not None and contact.callback.leg_id == leg.id:
        listen_ms = LISTEN_MS if spec_of(turn, contact).detect_machine else 0
        turn.start_timer(f"dial:{contact.id}", listen_ms + ms(turn.site.policy.lease_seconds))


def is_being_left(contact: Contact, leg: Leg) -> bool:
    """Whether we are hanging up on the customer."""
    return contact.callback is not None and contact.callback.leg_id == leg.id and contact.callback.ending != ""


def leave(turn: Turn, contact: Contact, why: str) -> None:
    """Hang up on the customer; when the PBX tells the end of their leg, the try is over for this reason."""
    callback = contact.callback
    assert callback is not None
    leg = turn.state.legs[callback.leg_id]
    callback.ending = why
    turn.emit(HangUpLeg(pbx=leg.pbx, unique_id=leg.unique_id))
    turn.start_timer(f"dial:{contact.id}", ms(turn.site.policy.lease_seconds))


def connected(turn: Turn, contact: Contact) -> None:
    """The customer talks to an agent."""
    if contact.callback is not None and contact.callback.leg_id:
        contact.caller_leg = contact.callback.leg_id
        for timer in ("dial", "waited", "expire"):
            turn.cancel_timer(f"{timer}:{contact.id}")


def agent_gone(turn: Turn, contact: Contact) -> None:
    """No agent waits for the customer any more: stop their phone, unless they have just answered it."""
    leg = turn.legs.get(contact.callback.leg_id) if contact.callback is not None else None
    if leg is not None and leg.state in (LegState.INITIATED, LegState.ALERTING) and not is_being_left(contact, leg):
        leave(turn, contact, "agent_left")


# ---- the end of a try -----------------------------------------------------------------------------------------


TAKEN_BACK = ("canceled", "blocked")
"""Why a customer is not dialled again after a try that we ended: not wanted any more, or not to be dialled by now."""

NOT_THEIRS = ("agent_left", "unknown")
"""Why a try failed that the customer has no part in: it does not count."""


def try_over(turn: Turn, contact: Contact, cause: str) -> None:
    """The customer's leg ended before they talked to anybody; the contact is waiting again, in its place.

    Args:
        turn: The turn.
        contact: The contact, whose offers are settled.
        cause: Why, as far as the PBX knows; what we meant by hanging up goes before it.
    """
    callback, spec = contact.callback, spec_of(turn, contact)
    assert callback is not None
    cause = callback.ending or cause
    contact.caller_leg = callback.leg_id = callback.ending = ""
    callback.last_cause = cause
    turn.cancel_timer(f"dial:{contact.id}")
    turn.cancel_timer(f"waited:{contact.id}")
    if cause in NOT_THEIRS:
        callback.attempts -= 1
    if cause in TAKEN_BACK:
        give_up(turn, contact, cause)
    elif callback.expires_ms <= turn.now.mono_ms:
        give_up(turn, contact, "expired")
    elif callback.attempts >= spec.attempts:
        give_up(turn, contact, cause)
    else:
        if cause != "agent_left":
            callback.not_before_ms = turn.now.mono_ms + ms(spec.retry_seconds)
            turn.start_timer(f"retry:{contact.id}", ms(spec.retry_seconds))
        contacts.step(turn, contact, "callback", contact.queue, cause)
        contact.version += 1
        publish(turn, contact, "callback.attempted")
        turn.touch_contact(contact.id)


def give_up(turn: Turn, contact: Contact, cause: str) -> None:
    """Nobody calls the customer back any more."""
    assert contact.callback is not None
    contact.callback.last_cause = cause
    contacts.step(turn, contact, "callback", contact.queue, cause)
    type_ = {"expired": "callback.expired", "canceled": "callback.canceled"}.get(cause, "callback.exhausted")
    publish(turn, contact, type_)
    contacts.close(turn, contact, Outcome.CALLBACK)


def expire(turn: Turn, contact: Contact) -> None:
    """The time is over. A try that is under way is waited for: the customer may be about to talk."""
    if contact.callback is None or contact.state not in (ContactState.QUEUED, ContactState.OFFERED):
        return
    if contact.state is ContactState.OFFERED or contact.callback.leg_id:
        turn.start_timer(f"expire:{contact.id}", RECHECK_MS)
    else:
        give_up(turn, contact, "expired")
