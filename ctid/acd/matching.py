"""Pairs of contact and agent: never a queue's head, so nobody blocks those behind who can be served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ctid.acd.eligibility import Candidate, unable, unavailable
from ctid.acd.order import Strategy, contact_order, longest_idle
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.spec.site import StepSpec


@dataclass(frozen=True, slots=True)
class Waiting:
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


@dataclass(frozen=True, slots=True)
class Match:
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
    free = sorted((each for each in candidates if unavailable(each, now) is None), key=strategy)
    if not free:
        return
    for each in sorted(waiting, key=lambda item: contact_order(item.contact, item.queue_priority)):
        for index, candidate in enumerate(free):
            if unable(candidate, each.contact, each.pbx, each.step, now) is None:
                yield Match(each.contact, candidate)
                del free[index]
                break
        if not free:
            return
