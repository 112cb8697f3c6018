"""A line: the waiting contacts that need the same of agents, in the order of their places, and who is able."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from typing import NamedTuple

from ctid.acd.needs import Need, meeting, skills_of
from ctid.acd.roster import Roster, numbers
from ctid.acd.strategies import STRATEGIES, Wanted
from ctid.model.agent import Agent
from ctid.spec.queue import QueueSpec


class LineKey(NamedTuple):
    """What contacts of one line have in common.

    Attributes:
        channel: Their channel.
        pbx: The PBX of their legs; empty for channels without a phone.
        queue: Their queue.
        delay_ms: The longest delay of helping agents that they have waited for.
        needs: The needs of the steps in force; whoever meets one of them is able.
        prefer: Those able who are this go first.
    """

    channel: str
    pbx: str
    queue: str
    delay_ms: int
    needs: tuple[Need, ...]
    prefer: Need | None = None


class Waiting(NamedTuple):
    """A contact's place in its line; the least goes first.

    Attributes:
        place: Monotonic moment its place counts from, less the head start of its priority.
        seq: Order of arrival.
        contact_id: The contact.
    """

    place: int
    seq: int
    contact_id: str


class Line:
    """Contacts that need the same, and the agents who are able to serve them, free or not.

    Attributes:
        key: What they have in common.
        able: Who is able.
        preferred: Who goes first among them.
        listed: Whether the agents who are able look into it.
        contacts: Who waits, in order.
        strategy: Name of the queue's strategy.
        rule: The strategy.
        wanted: What it places agents by.
    """

    __slots__ = ("_fits", "able", "contacts", "key", "listed", "preferred", "rule", "strategy", "wanted")

    def __init__(self, key: LineKey, queue: QueueSpec, roster: Roster) -> None:
        self.key = key
        self.contacts: list[Waiting] = []
        self.listed = False
        self.strategy = queue.strategy
        self.rule = STRATEGIES[queue.strategy]
        asked = frozenset[str]().union(*map(skills_of, key.needs))
        self.wanted = Wanted(skills=tuple(sorted(asked)), weights=queue.weights)
        self.able = self.preferred = 0
        self._fits: list[tuple[int, int]] | None = None
        self.refresh(roster)

    def refresh(self, roster: Roster) -> None:
        """Find out anew who is able."""
        self.able = able_to_serve(self.key, roster)
        prefer = self.key.prefer
        self.preferred = self.able & meeting(prefer, roster) if prefer is not None else self.able
        self._fits = None

    def fits(self, roster: Roster, agents: Mapping[str, Agent]) -> list[tuple[int, int]]:
        """The able agents by how well they fit, best first: ``Place.fit`` and those who have it."""
        if not self.rule.by_fit:
            return [(0, self.able)]
        if self._fits is None:
            sets: dict[int, int] = {}
            for number in numbers(self.able):
                agent_id = roster.ids[number]
                bit = 1 << number
                place = self.rule.place(
                    agents[agent_id], roster.profiles[agent_id], self.wanted, bool(self.preferred & bit)
                )
                sets[place.fit] = sets.get(place.fit, 0) | bit
            self._fits = sorted(sets.items())
        return self._fits

    def add(self, waiting: Waiting) -> None:
        """A contact waits here."""
        insort(self.contacts, waiting)

    def before(self, waiting: Waiting) -> int:
        """How many wait here in earlier places."""
        return bisect_left(self.contacts, waiting)

    def remove(self, waiting: Waiting) -> None:
        """A contact waits here no more."""
        del self.contacts[bisect_left(self.contacts, waiting)]


def able_to_serve(key: LineKey, roster: Roster) -> int:
    """The one definition of who may serve contacts of a kind at all, whatever they do at the moment."""
    found = 0
    for need in key.needs:
        found |= meeting(need, roster)
    found &= roster.members(key.queue, key.delay_ms)
    return found & roster.at(key.pbx) if key.pbx else found
