"""The total order of waiting contacts: the moment each one's place counts from, less its head start."""

from __future__ import annotations

from ctid.acd.line import Waiting
from ctid.model.contact import Contact
from ctid.spec.policy import PolicySpec
from ctid.spec.queue import QueueSpec


def place(contact: Contact, queue: QueueSpec, policy: PolicySpec) -> Waiting:
    """A contact's place among all that wait; the least goes first.

    A point of priority is a head start of ``priority_seconds``: whoever waits so much longer goes first all the same,
    and nobody waits for ever. Ordered by service level, places count from the moment by which the contact should have
    been answered.
    """
    head_start = (contact.priority + queue.priority) * round(policy.priority_seconds * 1000)
    target = round(queue.service_level_seconds * 1000) if policy.order == "service_level" else 0
    return Waiting(contact.place_ms + target - head_start, contact.seq, contact.id)
