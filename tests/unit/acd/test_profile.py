"""The profile in force: the configuration's, or what was set while running."""

from __future__ import annotations

import pytest

from ctid.acd.profile import profile
from ctid.model.agent import Agent
from ctid.model.instant import Instant
from ctid.spec.agent import AgentSpec, MembershipSpec

pytestmark = pytest.mark.unit

SPEC = AgentSpec.model_validate(
    {"name": "Alice", "device": "PJSIP/1001", "pbx": "main", "skills": {"sales": 8}, "queues": {"sales": {}}}
)


def agent(**fields: object) -> Agent:
    made = Agent(id="alice", since=Instant(0, 0), idle_since_ms=0)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def test_without_changes_it_is_the_configuration_itself() -> None:
    assert profile(agent(), SPEC) is SPEC


def test_skills_set_while_running_replace_the_configured_ones() -> None:
    found = profile(agent(skills={"support": 3}), SPEC)
    assert (found.skills, found.queues, found.device) == ({"support": 3}, SPEC.queues, SPEC.device)
    assert profile(agent(skills={}), SPEC).skills == {}
    assert SPEC.skills == {"sales": 8}


def test_queues_set_while_running_replace_the_configured_ones() -> None:
    found = profile(agent(queues={"support": {"priority": 5, "delay_seconds": 2.5}}), SPEC)
    assert found.queues == {"support": MembershipSpec(priority=5, delay_seconds=2.5)}
    assert found.skills == SPEC.skills
