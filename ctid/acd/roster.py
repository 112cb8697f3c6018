"""The roster: who has which skills, groups and queues, as sets with one bit for each agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ctid.model.states import AgentState
from ctid.spec.agent import AgentSpec

LEVELS = 10


class Roster:
    """All agents of the site by what they have. Answers are sets of agents as bits of an ``int``.

    Attributes:
        everybody: All agents.
        ids: Agent id by number of the bit.
        bits: The one bit of each agent.
        profiles: Agent id to profile.
        on_duty: Who is logged in.
        at_work: Who of them takes contacts: READY or with one, not NOT_READY.
        in_state: Who is in each state.
    """

    def __init__(self, profiles: Mapping[str, AgentSpec]) -> None:
        self.ids = list(profiles)
        self.bits = {agent_id: 1 << number for number, agent_id in enumerate(self.ids)}
        self.everybody = (1 << len(self.ids)) - 1
        self.profiles: dict[str, AgentSpec] = {}
        self.on_duty = self.at_work = 0
        self.in_state = dict.fromkeys(AgentState, 0)
        self._skilled: dict[str, list[int]] = {}
        self._grouped: dict[str, int] = {}
        self._at: dict[str, int] = {}
        self._in: dict[str, dict[tuple[int, int], int]] = {}
        self._anywhere = 0
        self._priorities: dict[str, list[tuple[int, int]]] = {}
        for agent_id, profile in profiles.items():
            self._enter(agent_id, profile)

    # ---- sets ------------------------------------------------------------------------------------------------

    def skilled(self, skill: str, level: int) -> int:
        """Those who have the skill at the level or above."""
        levels = self._skilled.get(skill)
        return levels[level] if levels is not None else 0

    def grouped(self, group: str) -> int:
        """Those in the group."""
        return self._grouped.get(group, 0)

    def named(self, agent_id: str) -> int:
        """The one of this id."""
        return self.bits.get(agent_id, 0)

    def at(self, pbx: str) -> int:
        """Those whose phone is at the PBX."""
        return self._at.get(pbx, 0)

    def members(self, queue: str, delay_ms: int | None = None) -> int:
        """Those who serve the queue.

        Args:
            queue: The queue.
            delay_ms: Only those who help out after so long or sooner; ``None`` for all.
        """
        found = self._anywhere
        for (_, delay), agents in self._in.get(queue, {}).items():
            if delay_ms is None or delay <= delay_ms:
                found |= agents
        return found

    def priorities(self, queue: str) -> list[tuple[int, int]]:
        """The priorities that agents give the queue, highest first, each with those who do."""
        known = self._priorities.get(queue)
        if known is None:
            sets: dict[int, int] = {0: self._anywhere}
            for (priority, _), agents in self._in.get(queue, {}).items():
                sets[priority] = sets.get(priority, 0) | agents
            known = self._priorities[queue] = sorted(sets.items(), reverse=True)
        return known

    def delays(self, queue: str) -> list[int]:
        """The delays after which agents help out in the queue, in milliseconds, shortest first."""
        return sorted({delay for _, delay in self._in.get(queue, {})})

    # ---- changes ---------------------------------------------------------------------------------------------

    def change(self, agent_id: str, profile: AgentSpec) -> None:
        """Give an agent another profile."""
        self._leave(agent_id)
        self._enter(agent_id, profile)

    def _enter(self, agent_id: str, profile: AgentSpec) -> None:
        bit = self.bits[agent_id]
        self.profiles[agent_id] = profile
        for skill, level in profile.skills.items():
            levels = self._skilled.setdefault(skill, [0] * (LEVELS + 1))
            for reached in range(level + 1):
                levels[reached] |= bit
        for group in profile.groups:
            self._grouped[group] = self._grouped.get(group, 0) | bit
        self._at[profile.pbx] = self._at.get(profile.pbx, 0) | bit
        for queue, how in profile.queues.items():
            sets = self._in.setdefault(queue, {})
            key = (how.priority, round(how.delay_seconds * 1000))
            sets[key] = sets.get(key, 0) | bit
            self._priorities.pop(queue, None)
        if not profile.queues:
            self._anywhere |= bit
            self._priorities.clear()

    def _leave(self, agent_id: str) -> None:
        others, profile = ~self.bits[agent_id], self.profiles.pop(agent_id)
        for skill in profile.skills:
            self._skilled[skill] = [agents & others for agents in self._skilled[skill]]
        for group in profile.groups:
            self._grouped[group] &= others
        self._at[profile.pbx] &= others
        for queue in profile.queues:
            self._in[queue] = {key: agents & others for key, agents in self._in[queue].items()}
            self._priorities.pop(queue, None)
        if not profile.queues:
            self._anywhere &= others
            self._priorities.clear()


def numbers(agents: int) -> Iterator[int]:
    """The numbers of a set's bits, least first."""
    if agents.bit_count() <= _FEW:
        while agents:
            lowest = agents & -agents
            yield lowest.bit_length() - 1
            agents ^= lowest
        return
    digits = bin(agents)[:1:-1]
    number = digits.find("1")
    while number >= 0:
        yield number
        number = digits.find("1", number + 1)


_FEW = 16
"""Up to so many bits arithmetic is faster than looking for digits."""
