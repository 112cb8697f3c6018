"""How long agents are there: from their coming until they have gone and have finished what they had."""

from __future__ import annotations

from collections.abc import Mapping

from ctid.model.agent import Agent
from ctid.model.states import AgentState
from ctid.simulation.tally import Tally

_GONE = (AgentState.LOGGED_OUT, AgentState.NOT_READY)


class Duty:
    """Counts agents' time there.

    Args:
        agents: Their live states.
        tally: Where it is counted.
    """

    def __init__(self, agents: Mapping[str, Agent], tally: Tally) -> None:
        self._agents = agents
        self._tally = tally
        self._since: dict[str, int] = {}
        self.leaving: set[str] = set()

    def __contains__(self, agent_id: str) -> bool:
        """Whether the agent is there, or still at work."""
        return agent_id in self._since

    def begin(self, agent_id: str, at_ms: int) -> None:
        """The agent comes, or stays after all."""
        self._since.setdefault(agent_id, at_ms)
        self.leaving.discard(agent_id)

    def end(self, agent_id: str) -> None:
        """The agent goes, once their work is done."""
        if agent_id in self._since:
            self.leaving.add(agent_id)

    def see_off(self, at_ms: int) -> None:
        """Count the time of those who have gone by now."""
        for agent_id in sorted(self.leaving):
            agent = self._agents.get(agent_id)
            if agent is None or agent.state in _GONE:
                self.leaving.remove(agent_id)
                self._tally.staffed(agent_id, self._since.pop(agent_id), at_ms)

    def close(self, at_ms: int) -> None:
        """Count the time of those who are still there."""
        for agent_id, since_ms in self._since.items():
            self._tally.staffed(agent_id, since_ms, at_ms)
        self._since.clear()
