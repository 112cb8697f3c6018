"""Contacts' stays in queues, and the queues' numbers of today: counted together, so that both always say the same.

Service level: of the contacts that wait no more, those served within the queue's ``service_level_seconds`` of entering
it. Short abandons are left out, and those who are called back: theirs is no wait. Everything counts for the day, and in
statistics for the interval, in which the contact entered the queue.
"""

from __future__ import annotations

from typing import Final

from ctid.engine import today
from ctid.engine.turn import Turn, ms
from ctid.model.contact import Contact
from ctid.model.day import QueueDay
from ctid.model.history import Span, Visit
from ctid.model.states import WAITING, ContactState, Outcome

SERVED: Final = (ContactState.CONNECTED, ContactState.WRAP_UP)

_RESULTS: Final = {
    Outcome.ABANDONED: "abandoned",
    Outcome.SHORT_ABANDON: "short_abandoned",
    Outcome.CALLBACK: "callback",
    Outcome.FAILED: "failed",
}
"""What became of the stay of a contact that closes while it waits; else it was sent elsewhere."""


def moves(turn: Turn, contact: Contact, to: ContactState) -> None:
    """The contact changes its state: that may end a stay, or the service that followed one, and begin the next."""
    before = contact.state
    if before in WAITING and to not in WAITING:
        match to:
            case ContactState.CONNECTED:
                leave(turn, contact, "handled")
            case ContactState.CLOSED | ContactState.WRAP_UP if contact.outcome is not None:
                leave(turn, contact, _RESULTS.get(contact.outcome, "overflowed"))
            case _:
                leave(turn, contact, "overflowed")
    elif before in SERVED and to not in SERVED:
        _serve(turn, contact)
    if to in WAITING and before not in WAITING:
        enter(turn, contact)


def enter(turn: Turn, contact: Contact) -> None:
    """The contact enters its queue; one that the queue's own rule had it leave just now has never left."""
    last = _last(contact)
    if last is not None and last.queue == contact.queue and last.result == "overflowed" and _ended_now(turn, last):
        _count(turn, last, -1)
        last.result, last.wait_ms = "", 0
        return
    contact.visits.append(Visit(queue=contact.queue, at=turn.now))
    today.of_queue(turn, contact.queue).offered += 1


def call_back(turn: Turn, contact: Contact) -> None:
    """The contact's customer is to be called back: they wait no more, while the contact keeps its place."""
    visit = _last(contact)
    if visit is not None and not visit.callback:
        visit.callback = True
        if (day := _day(turn, visit)) is not None:
            day.callbacks += 1


def leave(turn: Turn, contact: Contact, result: str) -> None:
    """The contact waits in this queue no more."""
    visit = _last(contact)
    if visit is None:
        return
    visit.result = result
    visit.wait_ms = turn.now.mono_ms - visit.at.mono_ms
    if result == "handled" and not visit.callback:
        visit.within = visit.wait_ms <= ms(turn.site.queues[visit.queue].service_level_seconds)
    _count(turn, visit, 1)


def span_over(contact: Contact, span: Span) -> None:
    """A stretch of service is over."""
    visit = _last(contact)
    if span.state in SERVED and visit is not None and visit.result == "handled" and not visit.finished:
        visit.handling_ms += span.duration_ms or 0


def _last(contact: Contact) -> Visit | None:
    # None there is only of a contact that waited already when an earlier release was running.
    return contact.visits[-1] if contact.visits else None


def _ended_now(turn: Turn, visit: Visit) -> bool:
    return visit.at.mono_ms + visit.wait_ms == turn.now.mono_ms


def _serve(turn: Turn, contact: Contact) -> None:
    visit = _last(contact)
    # A contact that was sent on and has ended meanwhile may yet be wrapped up by who sent it on.
    if visit is None or visit.result != "handled" or visit.finished:
        return
    visit.finished = True
    if (day := _day(turn, visit)) is not None:
        day.finished += 1
        day.handling_ms += visit.handling_ms


def _count(turn: Turn, visit: Visit, by: int) -> None:
    day = _day(turn, visit)
    if day is None:
        return
    match visit.result:
        case "handled":
            day.handled += by
        case "abandoned":
            day.abandoned += by
        case "short_abandoned":
            day.short_abandoned += by
        case "overflowed":
            day.overflowed += by
        case "failed":
            day.failed += by
    if visit.callback:
        return
    if visit.result != "short_abandoned":
        day.judged += by
    if visit.result == "handled":
        day.answered += by
        day.waited_ms += by * visit.wait_ms
        day.within += by * visit.within


def _day(turn: Turn, visit: Visit) -> QueueDay | None:
    """The numbers that the stay counts for; ``None`` if it began before today."""
    if visit.at.mono_ms < turn.state.today.since_mono_ms:
        return None
    return today.of_queue(turn, visit.queue)
