"""The total order of waiting contacts, and the strategies that choose among able agents."""

from __future__ import annotations

from collections.abc import Callable

from ctid.acd.eligibility import Candidate
from ctid.model.contact import Contact


def contact_order(contact: Contact, queue_priority: int = 0) -> tuple[int, int, int]:
    """Sort key: higher priority first, then whose place is older, then arrival."""
    return (-contact.priority - queue_priority, contact.place_ms or contact.created_at.mono_ms, contact.seq)


def longest_idle(candidate: Candidate) -> tuple[int, str]:
    """Sort key: whose last interaction or wrap-up ended first; the id breaks ties the same way everywhere."""
    return (candidate.agent.idle_since_ms, candidate.agent.id)


Strategy = Callable[[Candidate], tuple[int, str]]
"""A sort key over able agents: the least is taken."""
