"""What a contact needs of an agent, as steps that only ever widen."""

from __future__ import annotations

import itertools
from typing import Annotated, Self

from pydantic import Field, model_validator

from ctid.spec.base import Level, Name, Seconds, Spec
from ctid.spec.condition import Condition
from ctid.spec.destination import AttributeKey


class NeedSpec(Spec):
    """What an agent must be. All that is given must hold; nothing given is anybody.

    Attributes:
        skills: Skill to the lowest level that will do; all are needed.
        groups: In one of these groups.
        agents: One of these agents.
        agent_from: The agent whom this attribute names, of the contact or else of its customer (``last_agent``).
        all: All of these must hold too.
        any: One of these must hold too.
        none: None of these may hold.
    """

    skills: dict[Name, Level] = {}
    groups: list[Name] = []
    agents: list[Name] = []
    agent_from: AttributeKey | None = None
    all: list[NeedSpec] = []
    any: list[NeedSpec] = []
    none: list[NeedSpec] = []


class StepSpec(NeedSpec):
    """One step of a requirement. It adds its agents to those of the steps before; nobody is ever taken away.

    Attributes:
        after_seconds: In force once the contact has waited so long since its first queue.
        expected_wait_seconds: In force, too, once the contact's expected wait is longer than this.
        prefer: Among the able agents, those who are this go first.
        skip_if_absent: The step is not waited for if nobody who is logged in meets it or one before it.
    """

    after_seconds: Seconds = 0
    expected_wait_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    prefer: NeedSpec | None = None
    skip_if_absent: bool = False


Steps = Annotated[list[StepSpec], Field(min_length=1, max_length=32)]


class RequirementSpec(Spec):
    """A requirement for contacts of one kind.

    Attributes:
        when: The contacts it is for.
        steps: What they need.
    """

    when: Condition
    steps: Steps

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_order(self.steps)
        return self


def check_order(steps: list[StepSpec]) -> None:
    """Check that the first step is in force at once and that the others come in order of time.

    Raises:
        ValueError: They don't, or a step adds nobody to the one before.
    """
    if steps[0].after_seconds or steps[0].expected_wait_seconds is not None:
        raise ValueError("the first step must be in force from the start: after_seconds 0")
    reached = 0.0
    for before, after in itertools.pairwise(steps):
        if after.after_seconds:
            if after.after_seconds <= reached:
                raise ValueError("steps must come in order of after_seconds")
            reached = after.after_seconds
        elif after.expected_wait_seconds is None:
            raise ValueError("a later step needs after_seconds, expected_wait_seconds or both")
        if after.prefer is None and _adds_nobody(before, after):
            raise ValueError(
                f"steps only widen: whoever meets the step after {after.after_seconds:g} s "
                f"meets the one before it already"
            )


def _adds_nobody(before: NeedSpec, after: NeedSpec) -> bool:
    """Whether the later need is a part of the earlier one, as far as skills alone tell."""
    if not (_skills_alone(before) and _skills_alone(after)):
        return False
    return all(after.skills.get(skill, 0) >= level for skill, level in before.skills.items())


def _skills_alone(need: NeedSpec) -> bool:
    return not (need.groups or need.agents or need.agent_from or need.all or need.any or need.none)
