"""A contact's states, their times, and the record they become."""

from __future__ import annotations

from typing import Any

from ctid.engine import segments
from ctid.engine.shown.parked import watchers
from ctid.engine.shown.views import View, contact_view, wait_ms
from ctid.engine.turn import Turn
from ctid.engine.waiting import pace, visits
from ctid.errors import InvariantError
from ctid.model.commands import SaveRecord
from ctid.model.contact import Contact
from ctid.model.history import PathStep, Span
from ctid.model.instant import Instant
from ctid.model.position import Park
from ctid.model.record import ContactRecord
from ctid.model.states import WAITING, ContactState, Direction, Outcome
from ctid.routing.numbers import to_e164

MAX_STEPS = 1_000
"""Steps of one contact's path. A flow that leads to itself and whose prompts are missing would go round for ever."""

TRANSITIONS: dict[ContactState, frozenset[ContactState]] = {
    ContactState.CREATED: frozenset(
        {ContactState.QUEUED, ContactState.CONNECTED, ContactState.WRAP_UP, ContactState.CLOSED}
    ),
    ContactState.QUEUED: frozenset(
        {ContactState.CREATED, ContactState.OFFERED, ContactState.WRAP_UP, ContactState.CLOSED}
    ),
    ContactState.OFFERED: frozenset(
        {ContactState.QUEUED, ContactState.CONNECTED, ContactState.WRAP_UP, ContactState.CLOSED}
    ),
    ContactState.CONNECTED: frozenset(
        {ContactState.CREATED, ContactState.QUEUED, ContactState.WRAP_UP, ContactState.CLOSED}
    ),
    ContactState.WRAP_UP: frozenset({ContactState.CLOSED}),
    ContactState.CLOSED: frozenset(),
}
"""Every legal move of a contact.

Right from ``created`` to ``connected`` go agents' own calls.

Back to ``created`` when it overflows out of a queue into a flow or announcement or is sent on to a number, and from
``connected`` to ``queued`` when an agent transfers it or gives back what they had at hand. ``wrap_up`` is the time
after the customer's part; an agent who transferred a contact may wrap it up wherever it is by then.
"""


def move(turn: Turn, contact: Contact, to: ContactState) -> None:
    """Change the contact's state: ends the present span and begins the next.

    Raises:
        InvariantError: There is no such transition: a bug of ours.
    """
    if to not in TRANSITIONS[contact.state]:
        raise InvariantError(f"contact {contact.id} can't go from {contact.state} to {to}")
    if contact.state in WAITING and to not in WAITING:
        pace.left_queue(turn, contact)
    end_span(turn, contact)
    visits.moves(turn, contact, to)
    contact.state = to
    if to not in WAITING:
        contact.treatment = None
        turn.cancel_timer(f"treat:{contact.id}")
        if contact.meant_for:
            # Wherever it may wait next, it is not for that agent alone.
            contact.meant_for, contact.steps = "", []
        turn.cancel_timer(f"meant:{contact.id}")
    turn.touch_contact(contact.id)
    if to is not ContactState.CLOSED:
        begin_span(turn, contact)
    contact.version += 1
    if to not in WAITING and contact.park is not None:
        unpark(turn, contact, "fetched" if to is ContactState.CONNECTED else "left")


def unpark(turn: Turn, contact: Contact, result: str, park: Park | None = None) -> None:
    """The contact is parked no more, which is told to whom it was shown.

    Args:
        turn: The turn.
        contact: The contact.
        result: ``fetched``, ``left`` (its caller, or it left the queue), ``moved`` (by somebody's decision) or
            ``unfetched``.
        park: What of it is remembered.
    """
    told = watchers(turn.state, turn.floor, contact)
    contact.park = park
    turn.cancel_timer(f"park:{contact.id}")
    if turn.state.parked.pop(contact.id, None) is not None:
        contact.version += 1
        publish(turn, contact, "contact.unparked", *told, result=result)


def is_of_the_acd(contact: Contact) -> bool:
    """Whether it is, or has become, work that a queue gives: an own call is none unless it was sent on to one."""
    return contact.direction is Direction.INBOUND or bool(contact.visits)


def customer_number(turn: Turn, contact: Contact) -> str:
    """The customer's number, E.164 where it could be normalised; empty if withheld or if there is no customer."""
    match contact.direction:
        case Direction.INBOUND:
            return contact.ani
        case Direction.OUTBOUND:
            return "" if contact.emergency else to_e164(contact.dnis, turn.site.country)
        case Direction.INTERNAL:
            return ""


def begin_span(turn: Turn, contact: Contact) -> None:
    """A new stretch of time in the contact's present state."""
    with_agent = contact.state in (ContactState.OFFERED, ContactState.CONNECTED, ContactState.WRAP_UP)
    contact.spans.append(
        Span(
            state=contact.state,
            at=turn.now,
            queue=contact.queue if contact.state is not ContactState.CREATED else "",
            agent_id=contact.agent_id if with_agent else "",
        )
    )


def end_span(turn: Turn, contact: Contact) -> None:
    """The last stretch is over."""
    if contact.spans and contact.spans[-1].duration_ms is None:
        span = contact.spans[-1]
        span.duration_ms = max(0, turn.now.mono_ms - span.at.mono_ms)
        visits.span_over(contact, span)


def change_span(turn: Turn, contact: Contact) -> None:
    """Another queue or agent in the same state."""
    end_span(turn, contact)
    begin_span(turn, contact)
    contact.version += 1


def step(turn: Turn, contact: Contact, kind: str, name: str, result: str = "", title: str = "") -> None:
    """Add a step to the contact's path."""
    contact.path.append(PathStep(at=turn.now, kind=kind, name=name, result=result, title=title))


def answer(turn: Turn, contact: Contact) -> View:
    """Give the contact as it is now, for an answer or an event."""
    return {"contact": contact_view(turn.state, contact, turn.now, turn.floor)}


def publish(turn: Turn, contact: Contact, type_: str, *also: str, **more: Any) -> None:
    """Publish an event about the contact, with the whole contact, to all whose work it is.

    Args:
        turn: The turn.
        contact: The contact.
        type_: Of the event.
        also: Agents whose work it was just now.
        more: What the event's data holds beside the contact.
    """
    if turn.quiet:
        turn.unheard()
        return
    turn.publish(
        type_,
        lambda: {**answer(turn, contact), **more},
        contact_id=contact.id,
        agent_ids=list(
            dict.fromkeys(filter(None, (contact.agent_id, contact.called, *segments.workers(contact), *also)))
        ),
        queue=contact.queue,
    )


def end(turn: Turn, contact: Contact, outcome: Outcome) -> None:
    """The customer's part is over, with this outcome unless it has one already; whoever still talks does not count."""
    if contact.outcome is None:
        contact.outcome = outcome
    if contact.ended_at is None:
        contact.ended_at = turn.now
    for timer in ("step", "wait", "exclude", "parted", "known"):
        turn.cancel_timer(f"{timer}:{contact.id}")
    if contact.callback is not None:
        end_callback(turn, contact)
    contact.ivr = None
    contact.version += 1


def without_agent(turn: Turn, contact: Contact, since: Instant) -> None:
    """No agent has the contact any more, which goes on: to wait, to be asked something, or to leave.

    Args:
        turn: The turn.
        contact: The contact.
        since: When the time that it was served ended, which was no waiting.
    """
    if contact.connected_at is not None:
        contact.served_ms += since.mono_ms - contact.connected_at.mono_ms
    contact.connected_at, contact.agent_id, contact.steps = None, "", []
    contact.given_by, contact.returned = "", None
    if contact.callback is not None:
        # They were reached; from here on they are a caller like any other.
        end_callback(turn, contact)
        contact.callback = None


def end_callback(turn: Turn, contact: Contact) -> None:
    """Nobody is to be called back for the contact any more; the same number may ask again."""
    for timer in ("expire", "retry", "dial", "waited"):
        turn.cancel_timer(f"{timer}:{contact.id}")
    waiting = turn.state.callbacks.get(contact.queue, [])
    if contact.id in waiting:
        waiting.remove(contact.id)
        if not waiting:
            del turn.state.callbacks[contact.queue]
            turn.cancel_timer(f"callbacks:{contact.queue}")


def close(turn: Turn, contact: Contact, outcome: Outcome) -> None:
    """The customer's part is over; the contact closes now, or with the last wrap-up."""
    end(turn, contact, outcome)
    settle(turn, contact)


def settle(turn: Turn, contact: Contact) -> None:
    """Close the contact once its customer's part is over and nobody wraps it up any more.

    Its record is saved, and it is kept until the store says so.
    """
    if contact.ended_at is None or contact.state is ContactState.CLOSED:
        return
    if segments.workers(contact):
        if contact.state is not ContactState.WRAP_UP:
            move(turn, contact, ContactState.WRAP_UP)
            publish(turn, contact, "contact.wrap_up")
        return
    if segments.lacks_disposition(contact):
        turn.note("disposition-missing", contact.id)
    move(turn, contact, ContactState.CLOSED)
    contact.closed_at = turn.now
    publish(turn, contact, "contact.closed")
    turn.emit(SaveRecord(record=record_of(turn, contact)))


def record_of(turn: Turn, contact: Contact) -> ContactRecord:
    """The call-tracking record of a closed contact."""
    if contact.outcome is None or contact.ended_at is None or contact.closed_at is None:
        raise InvariantError(f"contact {contact.id} has no end to record")
    return ContactRecord(
        contact_id=contact.id,
        site=turn.state.site,
        channel=contact.channel,
        ani=contact.ani,
        dnis=contact.dnis,
        entry=contact.entry,
        customer=contact.customer,
        queue=contact.queue,
        agent_id=contact.segments[-1].agent_id if contact.segments else _maker(contact),
        direction=contact.direction,
        cause=contact.cause,
        outcome=contact.outcome,
        disposition=contact.disposition,
        disposition_missing=segments.lacks_disposition(contact),
        notes=contact.notes,
        attributes=dict(contact.attributes),
        path=list(contact.path),
        spans=list(contact.spans),
        offers=list(contact.offers),
        decisions=list(contact.decisions),
        visits=list(contact.visits),
        segments=list(contact.segments),
        created_at=contact.created_at,
        queued_at=contact.queued_at,
        connected_at=contact.segments[0].began_at if contact.segments else None,
        ended_at=contact.ended_at,
        closed_at=contact.closed_at,
        wait_ms=wait_ms(contact, turn.now),
        talk_ms=_spent(contact, ContactState.CONNECTED),
        wrap_up_ms=_spent(contact, ContactState.WRAP_UP),
    )


def _maker(contact: Contact) -> str:
    """Whose own call it is, where nobody was reached; a contact of the ACD that nobody served was nobody's."""
    own = bool(contact.path) and contact.path[0].kind == "call"
    return contact.agent_id if own else ""


def _spent(contact: Contact, state: ContactState) -> int:
    return sum(span.duration_ms or 0 for span in contact.spans if span.state is state)
