"""The events of late, kept for desktops that come back: finding what one has missed costs what it has missed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Reversible
from typing import Final

from ctid.desktop.stream.audience import Audience, TeamOf
from ctid.desktop.stream.frames import EventMessage
from ctid.desktop.topics import Topic


class Recent:
    """The newest events of the stream, by position, and again by whom most desktops hear of only.

    Nearly all desktops are agents', who hear of their own work and of the site. When all of them come back at once,
    none may look through everybody else's events.
    """

    def __init__(self, most: int) -> None:
        """Keep so many events."""
        self._most: Final = most
        self._all: deque[EventMessage] = deque()
        self._site: deque[EventMessage] = deque()
        self._own: dict[str, deque[EventMessage]] = {}

    def __iter__(self) -> Iterator[EventMessage]:
        """Go through all of them, the oldest first."""
        return iter(self._all)

    @property
    def first(self) -> int | None:
        """Position of the oldest one kept, ``None`` if there is none."""
        return self._all[0].seq if self._all else None

    @property
    def last(self) -> int | None:
        """Position of the newest one, ``None`` if there is none."""
        return self._all[-1].seq if self._all else None

    def add(self, message: EventMessage) -> None:
        """Keep an event, which comes after all others, and drop the oldest if it is one too many."""
        if len(self._all) == self._most:
            self._drop()
        self._all.append(message)
        if message.topic is Topic.SITE:
            self._site.append(message)
        for agent_id in dict.fromkeys(message.agent_ids):
            self._own.setdefault(agent_id, deque()).append(message)

    def since(self, seq: int, audience: Audience, agent_id: str, team_of: TeamOf) -> list[EventMessage]:
        """The events after a position that a desktop may see, in their order.

        Args:
            seq: The position; nothing after it was dropped yet.
            audience: What the desktop hears of.
            agent_id: The agent whose work is its own; empty for none.
            team_of: Tells an agent's team.
        """
        if audience.supervises:
            seen = [
                message
                for message in _newer(self._all, seq)
                if audience.hears(message, team_of) or (agent_id and agent_id in message.agent_ids)
            ]
            return seen[::-1]
        found = {message.seq: message for message in _newer(self._own.get(agent_id, ()), seq)}
        if Topic.SITE in audience.topics:
            found.update((message.seq, message) for message in _newer(self._site, seq))
        return [found[position] for position in sorted(found)]

    def _drop(self) -> None:
        oldest = self._all.popleft()
        if oldest.topic is Topic.SITE:
            self._site.popleft()
        for agent_id in dict.fromkeys(oldest.agent_ids):
            own = self._own[agent_id]
            own.popleft()
            if not own:
                del self._own[agent_id]


def _newer(messages: Reversible[EventMessage], seq: int) -> Iterator[EventMessage]:
    # From the newest backwards: how many older ones there are makes no difference.
    for message in reversed(messages):
        if message.seq <= seq:
            return
        yield message
