"""Pairs of contact and agent: never a queue's head, so nobody blocks those behind who can be served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ctid.acd.eligibility import Candidate, excluded, unavailable, unfit
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
    # Contacts that need the same are mostly many and agents too: who is fit for what is found out once for all of them.
    fit: dict[tuple[str, int], list[Candidate]] = {}
    taken: set[str] = set()
    for each in sorted(waiting, key=lambda item: contact_order(item.contact, item.queue_priority)):
        kind = (each.pbx, id(each.step))
        if kind not in fit:
            fit[kind] = [candidate for candidate in free if unfit(candidate, each.pbx, each.step) is None]
        for index, candidate in enumerate(fit[kind]):
            if candidate.agent.id not in taken and excluded(candidate, each.contact, now) is None:
                yield Match(each.contact, candidate)
                taken.add(candidate.agent.id)
                del fit[kind][index]
                break
        if len(taken) == len(free):
            return
