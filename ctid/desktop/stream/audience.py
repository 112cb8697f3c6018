"""What a desktop hears of: the topics it subscribed to, as far as its principal's scope (``scope``) reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from ctid.desktop.identity.auth import Principal, Role
from ctid.desktop.stream.frames import EventMessage
from ctid.desktop.topics import Topic

TeamOf = Callable[[str], str]


_OF_AN_AGENT: Final = frozenset({Topic.OWN, Topic.QUEUES, Topic.SITE})


class Audience(NamedTuple):
    """All desktops that hear of the same, apart from their own agent's work; there are few, however many desktops.

    Attributes:
        topics: Subscribed to.
        supervises: Whether it hears of other people's work at all.
        queues: Contacts of these only; empty for all.
        teams: Agents of these only; empty for all.
    """

    topics: frozenset[Topic]
    supervises: bool
    queues: frozenset[str]
    teams: frozenset[str]

    @classmethod
    def of(cls, principal: Principal, wanted: frozenset[Topic] | None) -> Audience:
        """The audience of a principal that asks for these topics, or for the usual ones of its role."""
        supervises = principal.role is not Role.AGENT
        if wanted is None:
            wanted = frozenset(Topic) if supervises else _OF_AN_AGENT
        return cls(wanted, supervises, frozenset(principal.queues), frozenset(principal.teams))

    def hears(self, message: EventMessage, team_of: TeamOf) -> bool:
        """Whether the event reaches it, be it somebody's own work or not."""
        if message.topic not in self.topics:
            return False
        if message.topic is Topic.SITE:
            return True
        if not self.supervises or (message.by_queue and self.queues and self.queues.isdisjoint(message.queues)):
            return False
        return not (message.by_team and self.teams) or any(team_of(agent) in self.teams for agent in message.agent_ids)

    def sees_queue(self, name: str) -> bool:
        """Whether it is told the queue's numbers."""
        return Topic.QUEUES in self.topics and (not self.queues or name in self.queues)

    def sees_contact(self, queue: str) -> bool:
        """Whether it is shown contacts of this queue, whoever serves them."""
        return self.supervises and self.sees_queue(queue)

    def sees_offer(self, queue: str, agent_id: str, team_of: TeamOf) -> bool:
        """Whether it is shown offers of contacts of this queue to this agent."""
        return self.sees_contact(queue) and (not self.teams or team_of(agent_id) in self.teams)

    def sees_agent(self, agent_id: str, team_of: TeamOf) -> bool:
        """Whether it is shown this agent, be it their own or not."""
        if not self.supervises or Topic.AGENTS not in self.topics:
            return False
        return not self.teams or team_of(agent_id) in self.teams
