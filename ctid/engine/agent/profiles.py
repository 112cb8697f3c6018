"""Agents' skills and queues changed while running, checked against the configuration in force."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import ValidationError

from ctid.acd.profile import profile
from ctid.engine.agent import agents
from ctid.engine.queue import queueing
from ctid.engine.shown.views import View, agent_view
from ctid.engine.turn import Turn
from ctid.errors import ConflictError, NotFoundError, RequestError, VersionMismatchError
from ctid.model.events import AgentProfileSet
from ctid.model.states import WAITING
from ctid.spec.agent import AgentSpec, MembershipSpec

MAX_LEVEL = 10


def change(turn: Turn, request: AgentProfileSet) -> View:
    """Set what was given, keep the rest, and match again; offers and contacts at hand stay as they are."""
    agent, configured = turn.state.agents.get(request.agent_id), turn.site.agents.get(request.agent_id)
    if agent is None:
        raise NotFoundError(f"there is no agent {request.agent_id!r}")
    if configured is None:
        raise ConflictError("the agent is no longer in the configuration", current=agent.state)
    if request.if_version is not None and request.if_version != agent.version:
        raise VersionMismatchError(f"the version is {agent.version} now, not {request.if_version}", current=agent.state)
    present = profile(agent, configured)
    skills, queues = agent.skills, agent.queues
    if request.skills is not msgspec.UNSET:
        skills = None if request.skills is None else _skills(turn, present, request.skills)
    if request.queues is not msgspec.UNSET:
        queues = None if request.queues is None else _queues(turn, present, request.queues)
    if (skills, queues) != (agent.skills, agent.queues):
        agent.skills, agent.queues = skills, queues
        turn.floor.change_profile(agent.id, profile(agent, configured))
        if request.queues is not msgspec.UNSET:
            _look_at_delays(turn)
        turn.deserted = True
        agents.changed(turn, agent, "agent.updated")
    return {"agent": agent_view(turn.state, turn.site, agent, turn.now)}


def _look_at_delays(turn: Turn) -> None:
    """Somebody may help out after another time than before: who waits is to be shown to them at that time."""
    for contact in turn.state.contacts.values():
        if contact.state in WAITING:
            queueing.arm_step(turn, contact)


def _skills(turn: Turn, present: AgentSpec, coming: dict[str, int | None]) -> dict[str, int]:
    _known("skill", coming, turn.site.skills)
    for skill, level in coming.items():
        if level is not None and not 1 <= level <= MAX_LEVEL:
            raise RequestError(f"skill {skill!r}: a level is 1 to {MAX_LEVEL}, not {level}")
    merged = {**present.skills, **coming}
    return {skill: level for skill, level in sorted(merged.items()) if level is not None}


def _queues(turn: Turn, present: AgentSpec, coming: dict[str, dict[str, float] | None]) -> dict[str, dict[str, float]]:
    _known("queue", coming, turn.site.queues)
    # Who serves every queue without naming any goes on serving those that are not mentioned.
    named = present.queues or {name: MembershipSpec() for name in turn.site.queues}
    merged: dict[str, Any] = {**named, **coming}
    if not any(each is not None for each in merged.values()):
        raise RequestError("this would leave the agent no queue, which means every queue; make them NOT_READY instead")
    try:
        found = {name: MembershipSpec.model_validate(each) for name, each in merged.items() if each is not None}
    except ValidationError as error:
        raise RequestError(f"a queue takes priority and delay_seconds: {error.errors()[0]['msg']}") from error
    # All as floating-point numbers, as they come back from a snapshot: the same state has the same bytes.
    return {
        name: {"priority": float(each.priority), "delay_seconds": float(each.delay_seconds)}
        for name, each in sorted(found.items())
    }


def _known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    there = sorted(known)
    for name in names:
        if name not in there:
            raise RequestError(f"there is no {kind} {name!r}; there is: {', '.join(there) or 'none at all'}")
