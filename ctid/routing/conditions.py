"""Conditions over a contact: which of a queue's requirements is for it.

A condition may name ``attributes`` (a map), ``ani``, ``dnis``, ``entry``, ``channel``, ``queue``, ``priority`` and
``customer`` with ``id``, ``name``, ``tier``, ``language`` (empty for a caller nobody knows) and ``attributes``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctid.model.contact import Contact
from ctid.model.customer import Customer
from ctid.spec.condition import holds
from ctid.spec.requirement import RequirementSpec

NOBODY = Customer(id="", name="")
OWN_STEPS = -1
"""Stands for the queue's own steps, where none of its requirements is for the contact."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which requirement a contact has.

    Attributes:
        index: Into the queue's requirements, or ``OWN_STEPS``.
        untold: Requirements whose condition could not be evaluated, and therefore does not hold.
    """

    index: int = OWN_STEPS
    untold: tuple[int, ...] = ()


def facts(contact: Contact, queue: str) -> Mapping[str, Any]:
    """What conditions may name, of a contact that waits in the queue or is about to."""
    customer = contact.customer or NOBODY
    return {
        "attributes": contact.attributes,
        "ani": contact.ani,
        "dnis": contact.dnis,
        "entry": contact.entry,
        "channel": contact.channel,
        "queue": queue,
        "priority": contact.priority,
        "customer": {
            "id": customer.id,
            "name": customer.name,
            "tier": customer.tier,
            "language": customer.language,
            "attributes": customer.attributes,
        },
    }


def choose(requirements: Sequence[RequirementSpec], contact: Contact, queue: str) -> Chosen:
    """Choose the first requirement whose condition holds."""
    if not requirements:
        return Chosen()
    about = facts(contact, queue)
    untold: list[int] = []
    for index, requirement in enumerate(requirements):
        answer = holds(requirement.when, about)
        if answer:
            return Chosen(index, tuple(untold))
        if answer is None:
            untold.append(index)
    return Chosen(untold=tuple(untold))
