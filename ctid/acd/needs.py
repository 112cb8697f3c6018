"""What a contact needs of an agent, resolved and hashable, and the one definition of who meets it.

A set of agents is an ``int`` with one bit for each. Whether a single agent meets a need is the same question asked of
a set of one, so there is no second definition that could differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from ctid.spec.agent import AgentSpec
from ctid.spec.requirement import NeedSpec


class Need(NamedTuple):
    """A ``NeedSpec`` in which every agent is named; all that is given must hold.

    Attributes:
        skills: Skill and lowest level.
        groups: In one of these, if there are any.
        agents: One of these, if there are any.
        vacant: The need names an agent whom nothing names: nobody meets it.
        all: All of these hold.
        any: One of these holds, if there are any.
        none: None of these holds.
    """

    skills: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    vacant: bool = False
    all: tuple[Need, ...] = ()
    any: tuple[Need, ...] = ()
    none: tuple[Need, ...] = ()


class Agents(Protocol):
    """A set of agents that can be asked for those who have something; answers are bits of the set."""

    @property
    def everybody(self) -> int:
        """All of them."""

    def skilled(self, skill: str, level: int) -> int:
        """Those who have the skill at the level or above."""

    def grouped(self, group: str) -> int:
        """Those in the group."""

    def named(self, agent_id: str) -> int:
        """The one of this id."""


class Single:
    """A set of one agent."""

    everybody = 1

    def __init__(self, agent_id: str, profile: AgentSpec) -> None:
        self._id, self._profile = agent_id, profile

    def skilled(self, skill: str, level: int) -> int:
        """1 if the agent has the skill at the level or above."""
        return int(self._profile.skills.get(skill, 0) >= level)

    def grouped(self, group: str) -> int:
        """1 if the agent is in the group."""
        return int(group in self._profile.groups)

    def named(self, agent_id: str) -> int:
        """1 if it is this agent."""
        return int(agent_id == self._id)


def meeting(need: Need, agents: Agents) -> int:
    """Those of the agents who meet the need."""
    found = 0 if need.vacant else agents.everybody
    for skill, level in need.skills:
        found &= agents.skilled(skill, level)
    for each in need.all:
        found &= meeting(each, agents)
    for each in need.none:
        found &= ~meeting(each, agents)
    if need.groups:
        found &= _union(agents.grouped(group) for group in need.groups)
    if need.agents:
        found &= _union(agents.named(agent_id) for agent_id in need.agents)
    if need.any:
        found &= _union(meeting(each, agents) for each in need.any)
    return found


def _union(sets: Iterator[int]) -> int:
    union = 0
    for each in sets:
        union |= each
    return union


def resolve(spec: NeedSpec, named: Callable[[str], str]) -> Need:
    """Put names in place of ``agent_from``.

    Args:
        spec: The need.
        named: The agent id that an attribute holds; empty if none.
    """
    agent_id = named(spec.agent_from) if spec.agent_from is not None else ""
    agents = tuple(spec.agents)
    if agent_id:
        # Both given must both hold: the one named has to be among those listed.
        agents = (agent_id,) if not agents or agent_id in agents else ()
    return Need(
        skills=tuple(sorted(spec.skills.items())),
        groups=tuple(spec.groups),
        agents=agents,
        vacant=spec.agent_from is not None and not (agent_id and agents),
        all=tuple(resolve(each, named) for each in spec.all),
        any=tuple(resolve(each, named) for each in spec.any),
        none=tuple(resolve(each, named) for each in spec.none),
    )


def names_agents(spec: NeedSpec) -> bool:
    """Whether the need differs between contacts, since an attribute of theirs is part of it."""
    inner = (*spec.all, *spec.any, *spec.none)
    return spec.agent_from is not None or any(names_agents(each) for each in inner)


def skills_of(need: Need) -> frozenset[str]:
    """Every skill that the need asks for."""
    inner = (skills_of(each) for each in (*need.all, *need.any))
    return frozenset(skill for skill, _ in need.skills).union(*inner)


def touches(need: Need) -> frozenset[str]:
    """Every skill by which an agent may come to meet the need or cease to."""
    inner = (touches(each) for each in (*need.all, *need.any, *need.none))
    return frozenset(skill for skill, _ in need.skills).union(*inner)
