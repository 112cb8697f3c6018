"""Strategies: who of the agents who are able is taken. Each is one function; adding one touches this file alone.

A strategy places an agent: ``fit + turn``, the least goes first, and the agent's id decides between equals. ``fit``
may look at nothing but the agent's profile and what is wanted, ``turn`` at nothing but what the agent has done: so a
queue can keep its agents in order instead of comparing all of them for every contact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ctid.acd import recency
from ctid.model.agent import Agent
from ctid.spec.agent import AgentSpec
from ctid.spec.queue import WeightsSpec

_OVER_ALL_TURNS = 1 << 80
"""More than any two agents' turns can differ by, so that fit goes first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What agents are placed by, beside themselves.

    Attributes:
        skills: Every skill that is asked for.
        weights: The queue's.
    """

    skills: tuple[str, ...] = ()
    weights: WeightsSpec = field(default_factory=WeightsSpec)


class Place(NamedTuple):
    """An agent's place: the least sum goes first.

    Attributes:
        fit: How well they fit what is wanted.
        turn: Whose turn it is.
    """

    fit: int
    turn: int


Strategy = Callable[[Agent, AgentSpec, Wanted, bool], Place]
"""Takes the agent, their profile, what is wanted, and whether the contact's step prefers them."""


Told = Callable[[Place, int], dict[str, int]]
"""Takes a place and the monotonic moment it was looked at; gives what it was made of, by name, in people's units.

A name ends with its unit: ``_ms``, ``_thousandths``, or none for a count.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """A strategy as it is applied.

    Attributes:
        place: The strategy.
        told: What a place was made of.
        by_fit: Agents differ in ``fit``; else it is 0 for all.
        weighs_preference: Preference is one thing among others; else those preferred go before all others.
    """

    place: Strategy
    told: Told
    by_fit: bool = False
    weighs_preference: bool = False


STRATEGIES: dict[str, Rule] = {}
"""Every strategy by its name in the configuration."""


def _strategy(told: Told, *, by_fit: bool = False, weighs_preference: bool = False) -> Callable[[Strategy], Strategy]:
    def register(place: Strategy) -> Strategy:
        STRATEGIES[place.__name__] = Rule(place, told, by_fit, weighs_preference)
        return place

    return register


def _idle(place: Place, at_ms: int) -> dict[str, int]:
    return {"idle_ms": at_ms - place.turn}


def _level_and_idle(place: Place, at_ms: int) -> dict[str, int]:
    return {"level": abs(place.fit) // _OVER_ALL_TURNS, "idle_ms": at_ms - place.turn}


@_strategy(_idle)
def longest_idle(agent: Agent, profile: AgentSpec, wanted: Wanted, preferred: bool) -> Place:
    """Whose last contact or wrap-up ended first."""
    return Place(0, agent.idle_since_ms)


@_strategy(lambda place, at_ms: {"worked_ms": recency.seen(place.turn, at_ms) // 1_000})
def least_occupied(agent: Agent, profile: AgentSpec, wanted: Wanted, preferred: bool) -> Place:
    """Who was least at work of late: time counts half after half an hour."""
    return Place(0, agent.load)


@_strategy(lambda place, at_ms: {"contacts_thousandths": recency.seen(place.turn, at_ms)})
def fewest_contacts(agent: Agent, profile: AgentSpec, wanted: Wanted, preferred: bool) -> Place:
    """Who served the fewest contacts of late: one counts half after half an hour."""
    return Place(0, agent.count)


@_strategy(lambda place, at_ms: {"last_offer": place.turn})
def round_robin(agent: Agent, profile: AgentSpec, wanted: Wanted, preferred: bool) -> Place:
    """Who was offered a contact longest ago, taken or not."""
    return Place(0, agent.last_offer)


@_strategy(_level_and_idle, by_fit=True)
def highest_skill(agent: Agent, profile: AgentSpec, wanted: Wanted, preferred: bool) -> Place:
    """Who has most of the skills asked for, levels summed; then who is longest idle."""
    return Place(-_level(profile, wanted) * _OVER_ALL_TURNS, agent.idle_since_ms)


@_strategy(_level_and_idle, by_fit=True)
def lowest_skill(agent: Agent, profile: AgentSpec, wanted: Wanted, preferred: bool) -> Place:
    """Who can just do it: the specialists are spared for those who need them; then who is longest idle."""
    return Place(_level(profile, wanted) * _OVER_ALL_TURNS, agent.idle_since_ms)


@_strategy(
    lambda place, at_ms: {"worth_ms": -place.fit, "idle_ms": at_ms - place.turn}, by_fit=True, weighs_preference=True
)
def best_match(agent: Agent, profile: AgentSpec, wanted: Wanted, preferred: bool) -> Place:
    """The queue's weights over level, idle time, cost and preference, all in seconds of idle time."""
    weights = wanted.weights
    worth = _level(profile, wanted) * weights.level_seconds - profile.cost * weights.cost_seconds
    worth += weights.prefer_seconds if preferred else 0
    return Place(-worth * 1_000, agent.idle_since_ms)


def _level(profile: AgentSpec, wanted: Wanted) -> int:
    return sum(profile.skills.get(skill, 0) for skill in wanted.skills)
