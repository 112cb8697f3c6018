"""What is counted in one replication: contacts per queue from their records, time per agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ctid.acd.needs import Single, meeting, resolve, skills_of
from ctid.model.record import ContactRecord
from ctid.model.states import ContactState, Outcome
from ctid.spec.site import SiteSpec

_WITH_AGENT = (ContactState.OFFERED, ContactState.CONNECTED, ContactState.WRAP_UP)


@dataclass(slots=True)
class QueueTally:
    """The contacts of one queue, each counted where it was last; times in milliseconds.

    Attributes:
        offered: All that entered.
        served: Talked to an agent.
        abandoned: Hung up before.
        diverted: Neither: led out of the queue, by its overflow for example.
        waited: Were not offered to an agent at once.
        wait_ms: Time in queues, of all.
        served_wait_ms: Of those served.
        in_time: Served within the queue's target.
        late_abandoned: Abandoned after it.
        longest_ms: The longest wait.
        primary: Served by an agent whose primary queue this is.
    """

    offered: int = 0
    served: int = 0
    abandoned: int = 0
    diverted: int = 0
    waited: int = 0
    wait_ms: int = 0
    served_wait_ms: int = 0
    in_time: int = 0
    late_abandoned: int = 0
    longest_ms: int = 0
    primary: int = 0


@dataclass(slots=True)
class AgentTally:
    """One agent's time; in milliseconds.

    Attributes:
        staffed_ms: There: from login to logout, and what work took longer.
        busy_ms: Rung, talking or in wrap-up.
        served: Contacts talked to.
    """

    staffed_ms: int = 0
    busy_ms: int = 0
    served: int = 0


@dataclass(slots=True)
class Sample:
    """What one replication gave.

    Attributes:
        queues: By name, as far as contacts came there.
        agents: By id.
        busy_lines: Callers who found no line.
        unqueued: Contacts that never reached a queue.
        unfinished: Callers who were still there at the very end.
        contacts: All contacts simulated, counted or not.
    """

    queues: dict[str, QueueTally] = field(default_factory=dict)
    agents: dict[str, AgentTally] = field(default_factory=dict)
    busy_lines: int = 0
    unqueued: int = 0
    unfinished: int = 0
    contacts: int = 0


class Tally:
    """Counts one replication.

    Args:
        site: The configuration simulated.
        from_ms: Contacts that arrive before this monotonic moment are not counted, nor is agents' time.
    """

    def __init__(self, site: SiteSpec, from_ms: int) -> None:
        self.sample = Sample(agents={agent_id: AgentTally() for agent_id in site.agents})
        self._from_ms = from_ms
        self._target_ms = {name: round(queue.service_level_seconds * 1000) for name, queue in site.queues.items()}
        self._primary = primary_queues(site)

    def add(self, record: ContactRecord) -> None:
        """Count a contact that is over."""
        sample, from_ms = self.sample, self._from_ms
        sample.contacts += 1
        waited: bool | None = None
        for span in record.spans:
            if span.state is ContactState.QUEUED and waited is None:
                waited = bool(span.duration_ms)
            elif span.state in _WITH_AGENT and span.agent_id:
                begin = max(span.at.mono_ms, from_ms)
                end = span.at.mono_ms + (span.duration_ms or 0)
                if end > begin:
                    self._agent(span.agent_id).busy_ms += end - begin
        if record.created_at.mono_ms < from_ms:
            return
        if waited is None:
            sample.unqueued += 1
            return
        queue = sample.queues.get(record.queue)
        if queue is None:
            queue = sample.queues[record.queue] = QueueTally()
        wait_ms = record.wait_ms
        queue.offered += 1
        queue.waited += waited
        queue.wait_ms += wait_ms
        queue.longest_ms = max(queue.longest_ms, wait_ms)
        in_time = wait_ms <= self._target_ms.get(record.queue, 0)
        if record.connected_at is not None:
            queue.served += 1
            queue.served_wait_ms += wait_ms
            queue.in_time += in_time
            queue.primary += record.queue in self._primary.get(record.agent_id, ())
            self._agent(record.agent_id).served += 1
        elif record.outcome in (Outcome.ABANDONED, Outcome.SHORT_ABANDON):
            queue.abandoned += 1
            queue.late_abandoned += not in_time
        else:
            queue.diverted += 1

    def staffed(self, agent_id: str, begin_ms: int, end_ms: int) -> None:
        """Count time that an agent was there, between two monotonic moments."""
        counted_ms = end_ms - max(begin_ms, self._from_ms)
        self._agent(agent_id).staffed_ms += max(0, counted_ms)

    def _agent(self, agent_id: str) -> AgentTally:
        """The agent's tally; a recording may have agents whom a reload brought."""
        found = self.sample.agents.get(agent_id)
        if found is None:
            found = self.sample.agents[agent_id] = AgentTally()
        return found

    def found_busy(self, at_ms: int) -> None:
        """Count a caller who found no line at this monotonic moment."""
        self.sample.contacts += 1
        if at_ms >= self._from_ms:
            self.sample.busy_lines += 1


def primary_queues(site: SiteSpec) -> Mapping[str, frozenset[str]]:
    """The queues each agent serves first: of those they are able for at once, by priority for them, then by level."""
    needs = {name: resolve(queue.steps[0], lambda _: "") for name, queue in site.queues.items()}
    found: dict[str, frozenset[str]] = {}
    for agent_id, agent in site.agents.items():
        ranks = {}
        for name, need in needs.items():
            if meeting(need, Single(agent_id, agent)) and (not agent.queues or name in agent.queues):
                priority = agent.queues[name].priority if name in agent.queues else 0
                ranks[name] = (priority, sum(agent.skills.get(skill, 0) for skill in skills_of(need)))
        best = max(ranks.values(), default=None)
        found[agent_id] = frozenset(name for name, rank in ranks.items() if rank == best)
    return found
