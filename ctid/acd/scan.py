"""The straight scan: the same pairs as ``ctid.acd.floor`` makes, by looking at every contact and every agent.

It is what the floor is measured against, and what it must agree with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ctid.acd.eligibility import Candidate, unfit
from ctid.acd.floor import Chosen
from ctid.acd.line import LineKey, Waiting
from ctid.acd.needs import Single, meeting, skills_of
from ctid.acd.strategies import STRATEGIES, Wanted
from ctid.spec.agent import MembershipSpec
from ctid.spec.site import SiteSpec

_USUAL = MembershipSpec()


class Free(NamedTuple):
    """A free agent.

    Attributes:
        candidate: The agent.
        channels: Those of which one more contact may be offered to them.
    """

    candidate: Candidate
    channels: frozenset[str]


class Asking(NamedTuple):
    """A waiting contact.

    Attributes:
        key: What it needs.
        waiting: Its place.
        kept_from: Agents it is not to be offered to for now.
    """

    key: LineKey
    waiting: Waiting
    kept_from: frozenset[str] = frozenset()


class Match(NamedTuple):
    """A contact and the agent it is to be offered to."""

    contact_id: str
    agent: Chosen


def is_able(asking: Asking, free: Free) -> bool:
    """Whether the free agent may serve the contact."""
    key, agent_id = asking.key, free.candidate.agent.id
    return key.channel in free.channels and agent_id not in asking.kept_from and unfit(free.candidate, key) is None


def first_match(site: SiteSpec, contacts: Mapping[str, Asking], agents: Mapping[str, Free]) -> Match | None:
    """The first pair of all: who is taken, and for whom.

    Returns:
        The pair, or ``None`` if nobody free is able to serve anybody waiting.
    """
    point_ms = round(site.policy.priority_seconds * 1000)
    best: tuple[int, int, bool, int, str] | None = None
    found: Match | None = None
    for asking in contacts.values():
        queue = site.queues[asking.key.queue]
        rule = STRATEGIES[queue.strategy]
        asked = frozenset[str]().union(*map(skills_of, asking.key.needs))
        wanted = Wanted(skills=tuple(sorted(asked)), weights=queue.weights)
        for free in agents.values():
            if not is_able(asking, free):
                continue
            agent, profile, prefer = free.candidate.agent, free.candidate.profile, asking.key.prefer
            preferred = prefer is None or bool(meeting(prefer, Single(agent.id, profile)))
            priority = profile.queues.get(asking.key.queue, _USUAL).priority
            fit, turn = rule.place(agent, profile, wanted, preferred)
            behind = not (preferred or rule.weighs_preference)
            rank = (asking.waiting.place - priority * point_ms, asking.waiting.seq, behind, fit + turn, agent.id)
            if best is None or rank < best:
                best, found = rank, Match(asking.waiting.contact_id, Chosen(agent.id, fit, turn))
    return found
