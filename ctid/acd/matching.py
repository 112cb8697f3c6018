"""Pairs of contact and agent: never a queue's head, so nobody blocks those behind who can be served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ctid.acd.eligibility import Candidate, excluded, unavailable, unfit
from ctid.acd.order import Strategy, contact_order, longest_idle
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.spec.requirement import StepSpec


class Waiting(NamedTuple):
    """A waiting contact with what it needs now.

    Attributes:
        contact: The contact.
        pbx: The PBX that has the caller's leg.
        step: The requirement's step in force.
        queue_priority: What its queue adds to its own priority.
    """

    contact: Contact
    pbx: str
    step: StepSpec
    queue_priority: int = 0


class Match(NamedTuple):
    """A contact and the agent it is to be offered to."""

    contact: Contact
    candidate: Candidate


def match(
    waiting: Iterable[Waiting],
    candidates: Iterable[Candidate],
    now: Instant,
    strategy: Strategy = longest_idle,
) -> Iterator[Match]:
    """Pair waiting contacts, in their order, each with the best able agent that is left.

    Afterwards no available agent and contact they may serve are both left over.
    """
    free = [each for each in candidates if unavailable(each, now) is None]
    if not free:
        return
    # Contacts that need the same are mostly many and agents too: who is fit for what is found out once for all of them.
    fit: dict[tuple[str, int], list[Candidate]] = {}
    taken: set[str] = set()
    for each in sorted(waiting, key=lambda item: contact_order(item.contact, item.queue_priority)):
        kind = (each.pbx, id(each.step))
        if kind not in fit:
            fit[kind] = [candidate for candidate in free if unfit(candidate, each.pbx, each.step) is None]
        able = [c for c in fit[kind] if c.agent.id not in taken and excluded(c, each.contact, now) is None]
        if able:
            best = min(able, key=strategy)
            taken.add(best.agent.id)
            fit[kind] = [candidate for candidate in fit[kind] if candidate is not best]
            yield Match(each.contact, best)
        if len(taken) == len(free):
            return
