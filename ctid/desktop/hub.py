"""Fans the published stream out to desktops: each event is serialised once, no desktop ever waits for another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

from ctid.desktop.auth import Principal
from ctid.desktop.client import Client, CloseCode
from ctid.desktop.frames import EventMessage, Message
from ctid.model.commands import Publish
from ctid.telemetry.metrics import Metrics

_POLL_SECONDS: Final = 0.001


class Hub:
    """The connected desktops of a site and the events they may have missed."""

    def __init__(self, site: str, epoch: str, replay_events: int, metrics: Metrics) -> None:
        """Make a hub without desktops.

        Args:
            site: Name of the site.
            epoch: Of the stream to be published.
            replay_events: How many events are kept for desktops that come back.
            metrics: Where desktops are counted.
        """
        self.epoch: Final = epoch
        self._site = site
        self._metrics = metrics
        self._recent: deque[EventMessage] = deque(maxlen=replay_events)
        self._clients: set[Client] = set()
        self._seeing_all: set[Client] = set()
        self._by_agent: dict[str, set[Client]] = {}

    @property
    def clients(self) -> Iterable[Client]:
        """The desktops connected now."""
        return tuple(self._clients)

    @property
    def seq(self) -> int | None:
        """Position of the newest event, ``None`` before the first of this process."""
        return self._recent[-1].seq if self._recent else None

    def publish(self, command: Publish) -> None:
        """Send an event to all desktops it is for. Never waits."""
        message = EventMessage(command, self._site, self.epoch)
        self._recent.append(message)
        if message.for_all:
            receivers: Iterable[Client] = self.clients
        elif not message.agent_ids:
            receivers = tuple(self._seeing_all)
        else:
            own = (self._by_agent.get(agent_id, ()) for agent_id in message.agent_ids)
            receivers = self._seeing_all.union(*own)
        seq = message.seq
        for client in receivers:
            # The snapshot of a desktop that just came may know the event already.
            if client.seq < seq:
                client.seq = seq
                client.send(message)
        if command.type == "offer.created":
            # A phone waits to ring until its agent has been told, so these need not wait for the end of the turn.
            for agent_id in command.agent_ids:
                for client in self._by_agent.get(agent_id, ()):
                    client.flush()

    def broadcast(self, message: Message) -> None:
        """Send what is no part of the stream to everybody."""
        for client in self.clients:
            client.send(message)

    def missed(self, principal: Principal, seq: int, present: int) -> list[EventMessage] | None:
        """What a desktop that was served up to ``seq`` has missed.

        Args:
            principal: Whose desktop it is.
            seq: Where it has got to.
            present: Position of the engine's state, which may be ahead of what was published.

        Returns:
            The events it may see, or ``None`` if the buffer was passed or there never was such a position.
        """
        if seq > present:
            return None
        if not self._recent:
            return [] if seq == present else None
        first = self._recent[0].seq
        if seq < first - 1:
            return None
        newer = islice(self._recent, seq - first + 1, None)
        return [message for message in newer if _is_for(message, principal)]

    def join(self, client: Client, seq: int) -> None:
        """Serve a desktop from now on with what comes after ``seq``."""
        client.seq = seq
        self._clients.add(client)
        if client.principal.sees_all:
            self._seeing_all.add(client)
        if client.principal.agent_id:
            self._by_agent.setdefault(client.principal.agent_id, set()).add(client)
        self._metrics.desktop_clients.set(len(self._clients))

    def leave(self, client: Client) -> None:
        """Forget a desktop."""
        self._clients.discard(client)
        self._seeing_all.discard(client)
        own = self._by_agent.get(client.principal.agent_id)
        if own is not None:
            own.discard(client)
            if not own:
                del self._by_agent[client.principal.agent_id]
        self._metrics.desktop_clients.set(len(self._clients))

    def cut(self, client: Client, code: CloseCode) -> None:
        """Close a desktop's socket from our side."""
        self.leave(client)
        self._metrics.desktop_cut_off(code.name.lower())
        client.close(code)

    def cut_slow(self, client: Client) -> None:
        """Close the socket of a desktop that does not keep up."""
        self.cut(client, CloseCode.TOO_SLOW)

    def close_all(self, code: CloseCode) -> None:
        """Close every desktop's socket."""
        for client in self.clients:
            self.leave(client)
            client.close(code)

    async def flush_offer(self, agent_ids: Iterable[str], timeout: float = 0.05) -> bool:
        """Wait until what was published has been handed to the kernel for these agents' desktops.

        The phone shall ring after the screen pop, but a desktop that does not read must not hold it back.

        Args:
            agent_ids: The agents.
            timeout: Seconds to wait at most.

        Returns:
            Whether all of it is on its way.
        """
        waited_for = [client for agent_id in agent_ids for client in self._by_agent.get(agent_id, ())]
        for client in waited_for:
            client.flush()
        if all(client.flushed for client in waited_for):
            return True
        try:
            async with asyncio.timeout(timeout):
                # uvloop writes at the end of the turn of its loop: mostly one turn is all there is to wait for.
                await asyncio.sleep(0)
                while not all(client.flushed for client in waited_for):  # noqa: ASYNC110 - nothing tells of it
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            return False
        return True


def _is_for(message: EventMessage, principal: Principal) -> bool:
    return principal.sees_all or message.for_all or principal.agent_id in message.agent_ids
