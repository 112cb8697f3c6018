"""The floor: waiting contacts and free agents, so arranged that a decision looks at few of them.

Contacts that need the same wait in one line; each line knows who is able as a set of bits, each agent in which lines
they are able. Who is free is a set too, and stands in the order of every strategy in use. So an arriving contact meets
the free agents of its line, and a freed agent the heads of their lines, however many of both there are.

Pairs are made in one total order: the contact first whose place is earliest to one of its free agents, and among those
to whom it is equally early the one whom the queue's strategy takes. ``ctid.acd.scan`` does the same by looking at
every pair.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain, islice
from typing import NamedTuple

from ctid.acd.line import Line, LineKey, Waiting
from ctid.acd.needs import touches
from ctid.acd.roster import Roster, numbers
from ctid.acd.strategies import STRATEGIES, Wanted
from ctid.model.agent import Agent
from ctid.model.states import AgentState
from ctid.spec.agent import AgentSpec
from ctid.spec.queue import QueueSpec
from ctid.spec.site import SiteSpec

_NOTHING = Wanted()

SPARE_LINES = 1_024
"""Empty lines that are kept for the next contact who needs the same."""


class Chosen(NamedTuple):
    """An agent chosen for a contact, and how.

    Attributes:
        agent_id: The agent.
        fit: ``Place.fit``.
        turn: ``Place.turn``.
    """

    agent_id: str
    fit: int
    turn: int


class Match(NamedTuple):
    """A contact and the agents it is to be offered to, the best first.

    Attributes:
        contact_id: The contact.
        agents: As many as the queue rings at once.
        runner_up: Who would have been next, if anybody.
        by: For each of the agents, by what they go before the runner-up: ``alone`` (there is none), ``priority`` (they
            give the queue a higher one), ``preferred``, ``fit``, ``turn``, or else ``id``.
        able: How many free agents were able.
        freed: Whether an agent who became free found the contact, not the contact the agent.
    """

    contact_id: str
    agents: list[Chosen]
    runner_up: Chosen | None
    by: list[str]
    able: int
    freed: bool


class Floor:
    """Waiting contacts and free agents of a site.

    Attributes:
        roster: All agents, free or not.
        lines: Every line there is.
        occupied: Queue to its lines in which somebody waits.
        keys: What contacts need, by whatever decides it for most of them; a memory of who fills it.
    """

    def __init__(self, site: SiteSpec, agents: Mapping[str, Agent], profiles: Mapping[str, AgentSpec]) -> None:
        self._site = site
        self._agents = agents
        self.roster = Roster(profiles)
        self.lines: dict[LineKey, Line] = {}
        self.occupied: dict[str, dict[Line, None]] = {}
        self.keys: dict[tuple[str, str, str, int, int, int], LineKey] = {}
        self._spare: dict[Line, None] = {}
        self._unlisted: dict[Line, None] = {}
        self._by_skill: dict[str, dict[Line, None]] = {}
        self._lines_of: dict[str, dict[Line, None]] = {agent_id: {} for agent_id in self.roster.ids}
        self._where: dict[str, tuple[Line, Waiting]] = {}
        self._kept_from: dict[str, int] = {}
        self._free: dict[str, int] = {}
        self._orders: dict[str, list[tuple[int, str, int]]] = {queue.strategy: [] for queue in site.queues.values()}
        self._states: dict[str, AgentState] = {}
        self._turns: dict[str, dict[str, int]] = {}
        self._point_ms = round(site.policy.priority_seconds * 1000)

    # ---- agents ----------------------------------------------------------------------------------------------

    def set_duty(self, agent_id: str, state: AgentState) -> None:
        """Take in whether an agent is logged in, and whether they take contacts."""
        bit, roster = self.roster.named(agent_id), self.roster
        before = self._states.get(agent_id)
        if before is state or not bit:
            return
        self._states[agent_id] = state
        if before is not None:
            roster.in_state[before] &= ~bit
        roster.in_state[state] |= bit
        on_duty = state is not AgentState.LOGGED_OUT
        at_work = on_duty and state is not AgentState.NOT_READY
        roster.on_duty = roster.on_duty | bit if on_duty else roster.on_duty & ~bit
        roster.at_work = roster.at_work | bit if at_work else roster.at_work & ~bit

    def set_free(self, agent_id: str, channels: frozenset[str]) -> None:
        """Take in what an agent is free for now.

        Args:
            agent_id: The agent.
            channels: Those of which one more contact may be offered to them.
        """
        bit = self.roster.bits.get(agent_id)
        if bit is None:
            return
        for channel in channels | self._free.keys():
            free = self._free.get(channel, 0)
            self._free[channel] = free | bit if channel in channels else free & ~bit
        self._stand(agent_id, bit, free=bool(channels))

    def change_profile(self, agent_id: str, profile: AgentSpec) -> None:
        """Give an agent other skills or queues; the lines that it may matter to are looked at."""
        before = self.roster.profiles[agent_id]
        self.roster.change(agent_id, profile)
        skills = {
            skill
            for skill in before.skills.keys() | profile.skills.keys()
            if before.skills.get(skill) != profile.skills.get(skill)
        }
        affected: dict[Line, None] = {}
        if before.queues != profile.queues or before.groups != profile.groups or before.pbx != profile.pbx:
            affected = dict.fromkeys(self.lines.values())
        else:
            for skill in skills:
                affected |= self._by_skill.get(skill, {})
        lines_of, bit = self._lines_of[agent_id], self.roster.bits[agent_id]
        for line in affected:
            line.refresh(self.roster)
            if not line.listed:
                continue
            if line.able & bit:
                lines_of[line] = None
            else:
                lines_of.pop(line, None)
        if agent_id in self._turns:
            self._stand(agent_id, self.roster.bits[agent_id], free=True)

    def _stand(self, agent_id: str, bit: int, *, free: bool) -> None:
        """Give the agent their place in the order of every strategy, or take it away."""
        present = self._turns.pop(agent_id, None)
        if present is not None:
            for strategy, turn in present.items():
                order = self._orders[strategy]
                del order[bisect_left(order, (turn, agent_id, bit))]
        if not free:
            return
        agent, profile = self._agents[agent_id], self.roster.profiles[agent_id]
        turns = self._turns[agent_id] = {}
        for strategy, order in self._orders.items():
            turn = STRATEGIES[strategy].place(agent, profile, _NOTHING, False).turn
            turns[strategy] = turn
            insort(order, (turn, agent_id, bit))

    # ---- contacts --------------------------------------------------------------------------------------------

    def wait(self, key: LineKey, waiting: Waiting, kept_from: Iterable[str] = ()) -> None:
        """A contact waits, or waits otherwise than before.

        Args:
            key: What it needs.
            waiting: Its place.
            kept_from: Agents it is not to be offered to for now.
        """
        contact_id = waiting.contact_id
        present = self._where.get(contact_id)
        if present is None or present[1] != waiting or present[0].key != key:
            if present is not None:
                self.leave(contact_id)
            line = self.line(key)
            line.add(waiting)
            self._spare.pop(line, None)
            if not line.listed:
                self._unlisted[line] = None
            if len(line.contacts) == 1:
                self.occupied.setdefault(key.queue, {})[line] = None
            self._where[contact_id] = (line, waiting)
        kept = 0
        for agent_id in kept_from:
            kept |= self.roster.named(agent_id)
        if kept:
            self._kept_from[contact_id] = kept
        else:
            self._kept_from.pop(contact_id, None)

    def leave(self, contact_id: str) -> None:
        """A contact waits no more."""
        present = self._where.pop(contact_id, None)
        self._kept_from.pop(contact_id, None)
        if present is None:
            return
        line, waiting = present
        line.remove(waiting)
        if not line.contacts:
            self._spare[line] = None
            del self.occupied[line.key.queue][line]

    def all_occupied(self) -> Iterator[Line]:
        """Every line in which somebody waits."""
        return chain.from_iterable(self.occupied.values())

    def waits(self, contact_id: str) -> bool:
        """Whether the contact waits here."""
        return contact_id in self._where

    def where(self, contact_id: str) -> tuple[Line, Waiting] | None:
        """The contact's line and its place there; ``None`` if it does not wait here."""
        return self._where.get(contact_id)

    def free(self, channel: str) -> int:
        """Those of whom one more contact of the channel may be asked now."""
        return self._free.get(channel, 0)

    def queue(self, name: str) -> QueueSpec | None:
        """The queue's specification, if there still is one."""
        return self._site.queues.get(name)

    def line(self, key: LineKey) -> Line:
        """The line of contacts that need this; a new one if there is none."""
        line = self.lines.get(key)
        if line is None:
            # Two at most, so that no contact pays for a crowd that left.
            for _ in range(min(2, len(self._spare) - SPARE_LINES)):
                self._drop(next(iter(self._spare)))
            line = self.lines[key] = Line(key, self._site.queues[key.queue], self.roster)
            self._spare[line] = None
            for skill in _skills_that_matter(key):
                self._by_skill.setdefault(skill, {})[line] = None
        return line

    def _list(self, line: Line) -> None:
        """Have the agents who are able look into the line from now on."""
        line.listed = True
        for number in numbers(line.able):
            self._lines_of[self.roster.ids[number]][line] = None

    def _drop(self, line: Line) -> None:
        del self._spare[line], self.lines[line.key]
        for number in numbers(line.able) if line.listed else ():
            del self._lines_of[self.roster.ids[number]][line]
        for skill in _skills_that_matter(line.key):
            del self._by_skill[skill][line]

    # ---- decisions -------------------------------------------------------------------------------------------

    def matches(self, contacts: Iterable[str], agents: Iterable[str]) -> list[Match]:
        """Pair what changed with what was there.

        Before the change nobody who is free was able to serve anybody who waits, so that every pair has one of those
        that changed in it. Afterwards it is so again. Those paired are taken off the floor.

        Args:
            contacts: Contacts that began to wait, or wait otherwise.
            agents: Agents who became free, or are free for other contacts than before.
        """
        contacts = dict.fromkeys(contacts)
        # Whoever finds somebody at once leaves before any agent would have to look for them.
        for line in [each for each in self._unlisted if any(c.contact_id not in contacts for c in each.contacts)]:
            self._unlisted.pop(line)
            self._list(line)
        # Places only grow as pairs are taken off, so an entry whose place still holds is the first of all.
        heap = [(first, 0, "", contact_id) for contact_id in contacts if (first := self._first_to_any(contact_id))]
        heap += [(first, 0, agent_id, "") for agent_id in agents if (first := self._first_for(agent_id))]
        heapify(heap)
        found: list[Match] = []
        while heap:
            first, as_of, agent_id, contact_id = heappop(heap)
            if as_of != len(found):
                now = self._first_for(agent_id) if agent_id else self._first_to_any(contact_id)
                if now is not None:
                    heappush(heap, (now, len(found), agent_id, contact_id))
                continue
            found.append(self._take(first.contact_id, freed=bool(agent_id)))
            if agent_id:
                # Another one may have been taken for the contact that this one found.
                heappush(heap, (first, 0, agent_id, ""))
        for line in self._unlisted:
            if line.contacts:
                self._list(line)
        self._unlisted.clear()
        return found

    def best(self, contact_id: str, count: int) -> tuple[list[Chosen], int]:
        """The best free agents for a contact, and how many are able."""
        line, _ = self._where[contact_id]
        able = self._able_now(line, contact_id)
        chosen: list[Chosen] = []
        left = able
        while left and len(chosen) < count:
            first = self._first_among(line, left)
            left &= ~first
            chosen += self._choose(line, first, count - len(chosen))
        return chosen, able.bit_count()

    def _take(self, contact_id: str, *, freed: bool) -> Match:
        line = self._where[contact_id][0]
        ring = self._site.queues[line.key.queue].ring
        best, able = self.best(contact_id, ring + 1)
        chosen, runner_up = best[:ring], best[ring] if len(best) > ring else None
        by = [self._advantage(line, each, runner_up) for each in chosen]
        self.leave(contact_id)
        for each in chosen:
            self.set_free(each.agent_id, frozenset())
        return Match(contact_id, chosen, runner_up, by, able, freed)

    def _advantage(self, line: Line, chosen: Chosen, other: Chosen | None) -> str:
        """By what an agent goes before another one for contacts of the line."""
        if other is None:
            return "alone"
        one, two = self.roster.bits[chosen.agent_id], self.roster.bits[other.agent_id]
        for _, agents in self.roster.priorities(line.key.queue):
            if agents & (one | two) and not (agents & one and agents & two):
                return "priority"
            if agents & one:
                break
        if not line.rule.weighs_preference and line.preferred & one and not line.preferred & two:
            return "preferred"
        if chosen.fit + chosen.turn == other.fit + other.turn:
            return "id"
        return "fit" if chosen.fit < other.fit else "turn"

    def _able_now(self, line: Line, contact_id: str) -> int:
        able = line.able & self.free(line.key.channel)
        kept = self._kept_from.get(contact_id)
        return able & ~kept if kept else able

    def _first_to_any(self, contact_id: str) -> Waiting | None:
        """The contact's earliest place to a free agent who is able."""
        present = self._where.get(contact_id)
        if present is None:
            return None
        line, waiting = present
        able = self._able_now(line, contact_id)
        if not able:
            return None
        for priority, agents in self.roster.priorities(line.key.queue):
            if agents & able:
                return Waiting(waiting.place - priority * self._point_ms, waiting.seq, contact_id)
        return None

    def _first_for(self, agent_id: str) -> Waiting | None:
        """The first contact that a free agent may serve, at its place to them."""
        if agent_id not in self._turns:
            return None
        bit, queues = self.roster.bits[agent_id], self.roster.profiles[agent_id].queues
        channels = {channel for channel, free in self._free.items() if free & bit}
        best: Waiting | None = None
        for line in self._lines_of[agent_id]:
            if not line.contacts or line.key.channel not in channels:
                continue
            first = line.contacts[0]
            if self._kept_from and self._kept_from.get(first.contact_id, 0) & bit:
                allowed = (each for each in line.contacts if not self._kept_from.get(each.contact_id, 0) & bit)
                found = next(allowed, None)
                if found is None:
                    continue
                first = found
            if queues:
                first = first._replace(place=first.place - queues[line.key.queue].priority * self._point_ms)
            if best is None or first < best:
                best = first
        return best

    def _first_among(self, line: Line, able: int) -> int:
        """Those of the able who go before all others: by priority given to the queue, then preference."""
        for _, agents in self.roster.priorities(line.key.queue):
            if agents & able:
                able &= agents
                break
        preferred = able & line.preferred
        return preferred if preferred and not line.rule.weighs_preference else able

    def _choose(self, line: Line, able: int, count: int) -> list[Chosen]:
        """Those whom the queue's strategy takes, the first of all first."""
        order = self._orders[line.strategy]
        # Few are compared with each other; of many, some stand near the front of the order.
        if _few(able, order):
            return sorted(self._placed(line, able), key=_place)[:count]
        best: list[Chosen] = []
        for fit, those in line.fits(self.roster, self._agents):
            if len(best) == count and fit + order[0][0] > best[-1].fit + best[-1].turn:
                break
            those &= able
            if _few(those, order):
                found = self._placed(line, those)
            else:
                found = (Chosen(agent_id, fit, turn) for turn, agent_id, bit in order if those & bit)
                found = islice(found, count)
            best = sorted([*best, *found], key=_place)[:count]
        return best

    def _placed(self, line: Line, able: int) -> Iterator[Chosen]:
        for number in numbers(able):
            agent_id = self.roster.ids[number]
            preferred = bool(line.preferred >> number & 1)
            agent, profile = self._agents[agent_id], self.roster.profiles[agent_id]
            yield Chosen(agent_id, *line.rule.place(agent, profile, line.wanted, preferred))


def _few(agents: int, order: Sequence[object]) -> bool:
    """Whether placing them all costs less than walking down the order to one of them."""
    return 16 * agents.bit_count() ** 2 <= len(order)


def _place(chosen: Chosen) -> tuple[int, str]:
    return (chosen.fit + chosen.turn, chosen.agent_id)


def _skills_that_matter(key: LineKey) -> frozenset[str]:
    needs = key.needs if key.prefer is None else (*key.needs, key.prefer)
    return frozenset[str]().union(*map(touches, needs))
