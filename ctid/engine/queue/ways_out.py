"""Ways out of a queue: closed, full, nobody able, and the rules by length, wait and expected wait.

On entering, the first that applies keeps the contact out. While it waits, only nobody able, the wait and the expected
wait send it on, never while it is being offered. By length and expected wait a contact is sent on from each queue
once: two crowded queues that point at each other don't throw it back and forth.
"""

from __future__ import annotations

from typing import NamedTuple

from ctid.acd.line import LineKey
from ctid.engine.contact import contacts
from ctid.engine.shown.parked import is_parked
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting import cover, outlook
from ctid.model.contact import Contact
from ctid.model.states import WAITING, ContactState
from ctid.routing.calendar import is_open
from ctid.spec.destination import OverflowSpec


class Way(NamedTuple):
    """A way out.

    Attributes:
        result: Why, in one word, for the contact's path: ``closed``, ``full``, ``nobody`` or ``overflow``.
        place: Where its destination stands in the configuration.
    """

    result: str
    place: str


def on_entering(turn: Turn, contact: Contact, name: str) -> Way | None:
    """The way that a contact goes instead of into the queue; ``None`` if the queue takes it."""
    queue = turn.site.queues[name]
    if queue.calendar is not None and not is_open(turn.site.calendars[queue.calendar], turn.now):
        return Way("closed", f"queues/{name}/closed")
    by_length = queue.full is not None or any(rule.waiting is not None for rule in queue.overflow)
    waiting = _waiting(turn, name) if by_length else 0
    if queue.full is not None and waiting >= queue.max_waiting:
        return Way("full", f"queues/{name}/full")
    if queue.nobody is not None and not cover.anybody(turn, contact, name):
        return Way("nobody", f"queues/{name}/nobody")
    if any(step.kind == "queue" and step.name == name for step in contact.path):
        return None
    looks_ahead = any(rule.expected_wait_seconds is not None for rule in queue.overflow)
    expected_ms = outlook.in_queue(turn, contact, name).expected_ms if looks_ahead else None
    for index, rule in enumerate(queue.overflow):
        if (rule.waiting is not None and waiting >= rule.waiting) or _too_long(rule, expected_ms):
            return Way("overflow", f"queues/{name}/overflow/{index}/to")
    return None


def while_waiting(turn: Turn, contact: Contact) -> Way | None:
    """The way that a waiting contact goes now; ``None`` if it waits on."""
    name = contact.queue
    due = due_ms(turn, contact)
    if due is None or due > turn.now.mono_ms:
        return None
    if _deserted(turn, contact):
        return Way("nobody", f"queues/{name}/nobody")
    rule = expected_rule(turn, contact)
    if rule is None:
        rule = _wait_rule(turn, contact)
    return None if rule is None else Way("overflow", f"queues/{name}/overflow/{rule}/to")


def expected_rule(turn: Turn, contact: Contact, expected_ms: int | None = None) -> int | None:
    """Index of the first rule by which a waiting contact's expected wait is too long.

    Args:
        turn: The turn.
        contact: The contact.
        expected_ms: Its expected wait, where it was estimated just now.
    """
    rules = turn.site.queues[contact.queue].overflow
    if all(rule.expected_wait_seconds is None for rule in rules):
        return None
    if sum(step.kind == "queue" and step.name == contact.queue for step in contact.path) > 1:
        return None
    if expected_ms is None:
        expected_ms = outlook.of_waiting(turn, contact).expected_ms
    return next((index for index, rule in enumerate(rules) if _too_long(rule, expected_ms)), None)


def _too_long(rule: OverflowSpec, expected_ms: int | None) -> bool:
    limit = rule.expected_wait_seconds
    return limit is not None and expected_ms is not None and expected_ms > ms(limit)


def due_ms(turn: Turn, contact: Contact) -> int | None:
    """The monotonic moment at which the contact leaves its queue, as far as is known now; each grants its own wait."""
    if len(contact.path) >= contacts.MAX_STEPS:
        # Sent on for ever: from here on it stays where it is.
        return None
    if is_parked(contact):
        return None
    if contact.callback is not None:
        # There is no caller who could be sent elsewhere, or they have been promised this queue.
        return None
    if _deserted(turn, contact) or expected_rule(turn, contact) is not None:
        return turn.now.mono_ms
    rule = _wait_rule(turn, contact)
    if rule is None:
        return None
    entered = next(step.at for step in reversed(contact.path) if step.kind == "queue")
    return entered.mono_ms + ms(turn.site.queues[contact.queue].overflow[rule].wait_seconds or 0)


def recheck(turn: Turn) -> None:
    """Agents have left: see for whom nobody is able any more; once for all contacts that need the same."""
    known: dict[LineKey, bool] = {}
    for contact in turn.state.contacts.values():
        if contact.state is not ContactState.QUEUED or turn.site.queues[contact.queue].nobody is None:
            continue
        key = cover.widest(turn, contact, contact.queue)
        if key is not None and key not in known:
            known[key] = cover.is_covered(turn, key)
        if key is not None and not known[key]:
            turn.start_timer(f"wait:{contact.id}", 0)


def _deserted(turn: Turn, contact: Contact) -> bool:
    queue = turn.site.queues[contact.queue]
    return queue.nobody is not None and not cover.anybody(turn, contact, contact.queue)


def _wait_rule(turn: Turn, contact: Contact) -> int | None:
    """Index of the queue's rule by which the contact's wait ends first."""
    rules = enumerate(turn.site.queues[contact.queue].overflow)
    limits = [(rule.wait_seconds, index) for index, rule in rules if rule.wait_seconds is not None]
    return min(limits)[1] if limits else None


def _waiting(turn: Turn, name: str) -> int:
    return sum(contact.queue == name and contact.state in WAITING for contact in turn.state.contacts.values())
