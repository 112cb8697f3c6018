"""Which steps a contact's requirement has, and which of them is in force."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from pydantic import TypeAdapter

from ctid.model.contact import Contact
from ctid.spec.queue import QueueSpec
from ctid.spec.requirement import Steps, StepSpec

_STEPS: TypeAdapter[list[StepSpec]] = TypeAdapter(Steps)


def steps_of(queue: QueueSpec, contact: Contact) -> Sequence[StepSpec]:
    """The steps of the contact's requirement: its own, or else that of the queue which was chosen for it."""
    if contact.steps:
        return _parsed(msgspec.json.encode(contact.steps))
    if 0 <= contact.requirement < len(queue.requirements):
        return queue.requirements[contact.requirement].steps
    return queue.steps


@lru_cache(maxsize=4_096)
def _parsed(steps: bytes) -> Sequence[StepSpec]:
    return _STEPS.validate_json(steps)


def step_in_force(steps: Sequence[StepSpec], waited_ms: int, expected_ms: int | None = None) -> int:
    """Index of the last step in force.

    Args:
        steps: The requirement's.
        waited_ms: How long the contact has waited since its first queue.
        expected_ms: Its expected wait, if it is known.
    """
    reached = 0
    for index, step in enumerate(steps):
        after, expected = step.after_seconds, step.expected_wait_seconds
        by_time = after > 0 and round(after * 1000) <= waited_ms
        by_expectation = expected is not None and expected_ms is not None and expected_ms > round(expected * 1000)
        if by_time or by_expectation:
            reached = index
    return reached


def next_step_ms(steps: Sequence[StepSpec], present: int, waited_ms: int) -> int | None:
    """How long until time puts another step in force than the present one; ``None`` if it never will."""
    later = (round(step.after_seconds * 1000) - waited_ms for step in steps[present + 1 :])
    return min((due for due in later if due > 0), default=None)
