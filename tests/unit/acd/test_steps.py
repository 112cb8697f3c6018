"""The steps of a requirement and which of them is in force."""

from __future__ import annotations

import pytest

from ctid.acd.steps import next_step_ms, step_in_force, steps_of
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.spec.queue import QueueSpec
from ctid.spec.requirement import RequirementSpec, StepSpec

pytestmark = pytest.mark.unit

BY_TIME = [
    StepSpec(skills={"vip": 9}),
    StepSpec(after_seconds=20, skills={"vip": 5}),
    StepSpec(after_seconds=60, skills={"vip": 1}),
]
BY_BOTH = [StepSpec(), StepSpec(expected_wait_seconds=90), StepSpec(after_seconds=60, expected_wait_seconds=300)]


@pytest.mark.parametrize(("waited", "step"), [(0, 0), (19_999, 0), (20_000, 1), (59_999, 1), (60_000, 2), (10**9, 2)])
def test_by_time(waited: int, step: int) -> None:
    assert step_in_force(BY_TIME, waited) == step
    assert step_in_force(BY_TIME, waited, 10**9) == step


@pytest.mark.parametrize(
    ("waited", "expected", "step"),
    [
        (0, None, 0),
        (59_999, None, 0),
        (0, 90_000, 0),
        (0, 90_001, 1),
        (0, 300_001, 2),
        (60_000, None, 2),
        (60_000, 0, 2),
    ],
)
def test_by_time_or_expected_wait(waited: int, expected: int | None, step: int) -> None:
    assert step_in_force(BY_BOTH, waited, expected) == step


@pytest.mark.parametrize(("present", "waited", "due"), [(0, 0, 20_000), (0, 5_000, 15_000), (1, 20_000, 40_000)])
def test_the_next_step_by_time(present: int, waited: int, due: int) -> None:
    assert next_step_ms(BY_TIME, present, waited) == due


def test_no_further_step() -> None:
    assert next_step_ms(BY_TIME, 2, 60_000) is None
    assert next_step_ms([StepSpec(), StepSpec(expected_wait_seconds=9)], 0, 0) is None


def test_whose_steps() -> None:
    gold = RequirementSpec(when="customer.tier == 'gold'", steps=[StepSpec(skills={"vip": 1})])
    queue = QueueSpec(steps=BY_TIME, requirements=[gold])
    contact = Contact(id="ct", seq=1, created_at=Instant(0, 0))
    assert steps_of(queue, contact) == BY_TIME
    contact.requirement = 0
    assert steps_of(queue, contact) == gold.steps
    contact.requirement = 1  # a reload took it away
    assert steps_of(queue, contact) == BY_TIME
    contact.steps = [{"skills": {"english": 4}}]
    assert steps_of(queue, contact) == [StepSpec(skills={"english": 4})]
    assert steps_of(queue, contact) is steps_of(queue, contact)
