"""What a waiting contact may expect: its position, how long it will wait, and what of that it may be told.

Contacts of other lines that compete for the same agents count as far as those agents are theirs: of a contact whom
four are able to serve, two of whom are able to serve ours, half.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import msgspec

from ctid.acd.expected_wait import MILLI, expected_wait_ms, promise_ms, told_ms
from ctid.acd.floor import Floor
from ctid.acd.line import Line, LineKey, Waiting, able_to_serve
from ctid.acd.order import place
from ctid.acd.steps import steps_of
from ctid.engine.state import SiteState
from ctid.engine.turn import Turn, ms
from ctid.engine.waiting.requirement import line_key, pbx_of
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.model.states import WAITING, ContactState
from ctid.spec.agent import VOICE
from ctid.spec.site import SiteSpec

MAX_LINES = 500
"""With contacts of more different needs than these waiting, nothing is estimated: it would take too long."""


class Outlook(NamedTuple):
    """What is in prospect.

    Attributes:
        able: Agents at work who are able to serve it.
        free: How many of them are free.
        expected_ms: The estimate of the wait from now on; ``None`` if nobody can tell.
    """

    able: int
    free: int
    expected_ms: int | None


class Told(NamedTuple):
    """What of a contact's prospects is shown.

    Attributes:
        position: Its place among those who wait in its queue, from 1; ``None`` while it does not wait.
        expected_wait_ms: What is left of the wait it was promised; ``None`` if that can't be told.
    """

    position: int | None = None
    expected_wait_ms: int | None = None


def told(state: SiteState, floor: Floor, contact: Contact, now: Instant) -> Told:
    """What may be told of a contact's wait: nothing while it is being offered, or does not wait at all."""
    where = floor.where(contact.id)
    if where is None or contact.state is not ContactState.QUEUED:
        return Told()
    line, waiting = where
    before = sum(other.before(waiting) for other in floor.occupied.get(contact.queue, ()))
    outlook = _outlook(state, floor, line.key, waiting, contact)
    return Told(1 + before, told_ms(now.mono_ms, contact.promised_ms, outlook.expected_ms))


def of_waiting(turn: Turn, contact: Contact) -> Outlook:
    """The outlook of a contact that waits in its queue now."""
    where = turn.floor.where(contact.id)
    if where is None:
        return in_queue(turn, contact, contact.queue, contact.step)
    line, waiting = where
    return _outlook(turn.state, turn.floor, line.key, waiting, contact)


def in_queue(turn: Turn, contact: Contact, name: str, step: int = 0) -> Outlook:
    """The outlook of a contact if it waited in the queue, its needs having been chosen."""
    there = msgspec.structs.replace(contact, queue=name, step=step, place_ms=contact.place_ms or turn.now.mono_ms)
    key = line_key(turn, there, pbx_of(turn, contact))
    return _outlook(turn.state, turn.floor, key, place(there, turn.site.queues[name], turn.site.policy), contact)


def of_newcomer(state: SiteState, site: SiteSpec, floor: Floor, name: str, now: Instant) -> Outlook:
    """The outlook of a new call in the queue with no needs of its own, at whatever PBX."""
    queue = site.queues[name]
    nobody = Contact(id="", seq=state.arrivals + 1, queue=name, place_ms=now.mono_ms, created_at=now)
    turn = Turn(state, site, now, floor)
    key = line_key(turn, nobody, "")
    return _outlook(state, floor, key, place(nobody, queue, site.policy), nobody)


def promise(turn: Turn, contact: Contact) -> None:
    """Promise the contact its expected wait, or better what it was promised; not if an agent is there at once."""
    outlook = of_waiting(turn, contact)
    if outlook.expected_ms:
        contact.promised_ms = promise_ms(turn.now.mono_ms, contact.promised_ms, outlook.expected_ms)


def _outlook(state: SiteState, floor: Floor, key: LineKey, waiting: Waiting, contact: Contact) -> Outlook:
    roster = floor.roster
    line = floor.lines.get(key)
    at_work = (line.able if line is not None else able_to_serve(key, roster)) & roster.at_work
    free = at_work & floor.free(key.channel)
    for agent_id in contact.excluded:
        free &= ~roster.named(agent_id)
    able, ahead, work = at_work.bit_count(), 0, 0
    pace = state.paces.get(key.queue)
    own_ms = handling_ms(floor, state, key.queue)
    if key.channel != VOICE or sum(map(len, floor.occupied.values())) > MAX_LINES or able == 0:
        return Outlook(able, free.bit_count(), None)
    for other in floor.all_occupied():
        shared = other.able & at_work
        if not shared or other.key.channel != key.channel:
            continue
        before = other.before(waiting)
        if before:
            theirs = (other.able & roster.at_work).bit_count()
            share = before * MILLI * shared.bit_count() // theirs
            ahead += share
            work += share * (handling_ms(floor, state, other.key.queue) or own_ms)
    mean_ms = (work + own_ms * MILLI) // (ahead + MILLI) if own_ms else 0
    expected = expected_wait_ms(
        ahead,
        able,
        mean_ms,
        free=free.bit_count(),
        abandons=pace.abandons if pace is not None else 0,
        waited_ms=pace.waited_ms if pace is not None else 0,
    )
    return Outlook(able, free.bit_count(), expected)


def handling_ms(floor: Floor, state: SiteState, queue: str) -> int:
    """Talk and wrap-up of a contact of the queue: as measured, or else as configured; 0 if nobody knows."""
    pace = state.paces.get(queue)
    if pace is not None and pace.handled:
        return pace.handling_ms
    spec = floor.queue(queue)
    return ms(spec.handling_seconds) if spec is not None else 0


# ---- rules that look at the expected wait -------------------------------------------------------------------------


def matters(turn: Turn, contact: Contact) -> bool:
    """Whether something of the contact in its queue depends on the expected wait still."""
    return contact.state in WAITING and contact.queue in turn.site.queues and _least_limit(turn, contact) is not None


def too_long(turn: Turn, name: str) -> list[tuple[Contact, int]]:
    """The contacts of a queue whose expected wait is beyond the least that anything depends on, with that wait.

    In one line, who stands further back waits longer; so of each line only those are looked at who have something to
    gain, from the first whose wait is too long.
    """
    found: list[tuple[Contact, int]] = []
    for line in list(turn.floor.occupied.get(name, ())):
        those = [turn.state.contacts[waiting.contact_id] for waiting in line.contacts]
        least = min((limit for contact in those if (limit := _least_limit(turn, contact)) is not None), default=None)
        if least is None:
            continue

        def wait_of(index: int, line: Line = line, those: list[Contact] = those) -> int:
            outlook = _outlook(turn.state, turn.floor, line.key, line.contacts[index], those[index])
            return outlook.expected_ms or 0

        first = bisect_right(range(len(those)), least, key=wait_of)
        found += [(those[index], wait_of(index)) for index in range(first, len(those)) if matters(turn, those[index])]
    # In their own order, not the lines': those stand as they came to be, which after a restart is another order.
    return sorted(found, key=lambda each: each[0].seq)


def _least_limit(turn: Turn, contact: Contact) -> int | None:
    queue = turn.site.queues[contact.queue]
    limits = [step.expected_wait_seconds for step in steps_of(queue, contact)[contact.step + 1 :]]
    limits += [rule.expected_wait_seconds for rule in queue.overflow]
    return min((ms(limit) for limit in limits if limit is not None), default=None)
