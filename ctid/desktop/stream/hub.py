"""Fans the published stream out to desktops: each event is serialised once, no desktop ever waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ctid.desktop.identity.auth import Principal
from ctid.desktop.stream.audience import Audience, TeamOf
from ctid.desktop.stream.client import Client
from ctid.desktop.stream.close_codes import CloseCode
from ctid.desktop.stream.frames import EventMessage
from ctid.desktop.stream.recent import Recent
from ctid.model.commands import Publish
from ctid.telemetry.metrics import Metrics

_POLL_SECONDS: Final = 0.001

_AFTERWARDS: Final = ("recording.", "voicemail.")
"""Types of events that may be told of a contact whose end was told: the store takes its time."""


class Hub:
    """The connected desktops of a site and the events they may have missed.

    Attributes:
        epoch: Of the published stream.
        team_of: Tells an agent's team, for those who may see some teams only; the server knows it.
        recent: The events that desktops may have missed.
    """

    def __init__(self, site: str, epoch: str, replay_events: int, metrics: Metrics) -> None:
        """Make a hub without desktops.

        Args:
            site: Name of the site.
            epoch: Of the stream to be published.
            replay_events: How many events are kept for desktops that come back.
            metrics: Where desktops are counted.
        """
        self.epoch: Final = epoch
        self.team_of: TeamOf = _no_team
        self._site = site
        self._metrics = metrics
        self.recent: Final = Recent(replay_events)
        self._queues: dict[str, str] = {}
        self._clients: set[Client] = set()
        self._audiences: dict[Audience, set[Client]] = {}
        self._desktops: dict[str, Client] = {}
        self._seats: dict[tuple[str, str], Client] = {}

    @property
    def clients(self) -> Iterable[Client]:
        """The desktops connected now."""
        return tuple(self._clients)

    @property
    def audiences(self) -> Mapping[Audience, set[Client]]:
        """The desktops connected now, by what they hear of."""
        return self._audiences

    @property
    def seq(self) -> int | None:
        """Position of the newest event, ``None`` before the first of this process."""
        return self.recent.last

    def publish(self, command: Publish) -> None:
        """Send an event to all desktops it is for. Never waits."""
        message = EventMessage(command, self._site, self.epoch, self._queues_of(command))
        self.recent.add(message)
        seq = message.seq
        # Every audience may ask for them.
        team_of = {agent_id: self.team_of(agent_id) for agent_id in message.agent_ids}.__getitem__
        # A desktop that overflows leaves while we are at it.
        for audience, clients in tuple(self._audiences.items()):
            if audience.hears(message, team_of):
                for client in tuple(clients):
                    # The snapshot of a desktop that just came may know the event already.
                    if client.seq < seq and not client.is_kept_from(message):
                        client.seq = seq
                        client.send(message)
        for agent_id in message.agent_ids:
            own = self._desktops.get(agent_id)
            if own is None or own.is_kept_from(message):
                continue
            if own.seq < seq:
                own.seq = seq
                own.send(message)
            if command.type == "offer.created":
                # A phone waits to ring until its agent has been told, so this need not wait for the end of the turn.
                own.flush()

    def missed(self, client: Client, seq: int, present: int) -> list[EventMessage] | None:
        """What a desktop that was served up to ``seq`` has missed.

        Args:
            client: The desktop.
            seq: Where it has got to.
            present: Position of the engine's state, which may be ahead of what was published.

        Returns:
            The events it may see, or ``None`` if the buffer was passed or there never was such a position.
        """
        if seq > present:
            return None
        first = self.recent.first
        if first is None:
            return [] if seq == present else None
        if seq < first - 1:
            return None
        since = self.recent.since(seq, client.audience, client.agent_id, self.team_of)
        return [message for message in since if not client.is_kept_from(message)]

    def rivals(self, client: Client) -> tuple[Client | None, Client | None]:
        """Whose places a new desktop would take: its own former connection's, and that of its agent's other desktop."""
        former = self._seats.get(client.seat) if client.client_id else None
        other = self._desktops.get(client.agent_id)
        return former, None if other is former else other

    def join(self, client: Client, seq: int) -> None:
        """Serve a desktop from now on with what comes after ``seq``."""
        client.seq = seq
        self._clients.add(client)
        self._audiences.setdefault(client.audience, set()).add(client)
        if client.agent_id:
            self._desktops[client.agent_id] = client
        if client.client_id:
            self._seats[client.seat] = client
        self._metrics.desktop_clients.set(len(self._clients))

    def leave(self, client: Client) -> None:
        """Forget a desktop."""
        self._clients.discard(client)
        hearing = self._audiences.get(client.audience)
        if hearing is not None:
            hearing.discard(client)
            if not hearing:
                del self._audiences[client.audience]
        if self._desktops.get(client.agent_id) is client:
            del self._desktops[client.agent_id]
        if self._seats.get(client.seat) is client:
            del self._seats[client.seat]
        self._metrics.desktop_clients.set(len(self._clients))

    def cut(self, client: Client, code: CloseCode) -> None:
        """Close a desktop's socket from our side."""
        self.leave(client)
        self._metrics.desktop_cut_off(code.name.lower())
        client.close(code)

    def cut_slow(self, client: Client) -> None:
        """Close the socket of a desktop that does not keep up."""
        self.cut(client, CloseCode.TOO_SLOW)

    def sign_out(self, whom: Callable[[Principal], bool]) -> None:
        """Close the sockets of all principals that this is true of: their sign-in ended, or they may no longer."""
        for client in self.clients:
            if whom(client.principal):
                self.cut(client, CloseCode.SIGNED_OUT)

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
        waited_for = [self._desktops[agent_id] for agent_id in agent_ids if agent_id in self._desktops]
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

    def _queues_of(self, command: Publish) -> frozenset[str]:
        """The event's queue and its contact's last one: who sees only some queues is told of what leaves them, too."""
        last = self._queues.get(command.contact_id, "")
        if command.type == "contact.closed":
            self._queues.pop(command.contact_id, None)
        elif command.queue and command.contact_id and not command.type.startswith(_AFTERWARDS):
            self._queues[command.contact_id] = command.queue
        return frozenset(name for name in (command.queue, last) if name)


def _no_team(_: str) -> str:
    return ""
