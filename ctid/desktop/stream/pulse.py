"""The hub's heartbeat: pings, silent desktops, expired tokens, live numbers of queues, lateness of the event loop."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Final

from ctid.desktop.ports import Site
from ctid.desktop.stream.close_codes import CloseCode
from ctid.desktop.stream.conversation import stamp
from ctid.desktop.stream.frames import Message
from ctid.desktop.stream.hub import Hub
from ctid.desktop.stream.queue_numbers import QueueNumbers
from ctid.desktop.stream.queue_stats import QueueStats

_BEAT_SECONDS: Final = 1.0
_STALL_SECONDS: Final = 5.0


class Pulse:
    """What has to be done every second."""

    def __init__(self, site: Site, hub: Hub, heartbeat_seconds: float) -> None:
        """Take what it keeps alive.

        Args:
            site: Has the queues.
            hub: Has the desktops.
            heartbeat_seconds: Interval of pings; a desktop silent for twice as long is lost.
        """
        self._hub = hub
        self._heartbeat = heartbeat_seconds
        self._beat = min(_BEAT_SECONDS, heartbeat_seconds / 4)
        self.numbers = QueueNumbers(site)
        self._stats = QueueStats(site, hub, self.numbers)
        self._stats_at = 0.0
        self.lag = 0.0

    @property
    def stalled(self) -> bool:
        """Whether the event loop was last so late that the process has to be called ill."""
        return self.lag > _STALL_SECONDS

    async def run(self) -> None:
        """Beat until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._beat
        while True:
            await asyncio.sleep(due - loop.time())
            now = loop.time()
            self.lag = max(0.0, now - due)
            # Never try to catch up: after a stall one beat is as good as many.
            due = now + self._beat
            self._visit(now)
            if now >= self._stats_at:
                self._stats_at = now + _BEAT_SECONDS
                await self._stats.publish()

    def _visit(self, now: float) -> None:
        utc = time.time()
        for client in self._hub.clients:
            if client.principal.expires_at <= utc:
                self._hub.cut(client, CloseCode.TOKEN_EXPIRED)
                continue
            if client.warn_at <= utc:
                client.warn_at = math.inf
                client.send(Message({"type": "token_expiring", "expires_at": stamp(client.principal.expires_at)}))
            # While we stalled, nobody's sign of life could be heard.
            client.heard_at += self.lag
            if now - client.heard_at > 2 * self._heartbeat:
                self._hub.cut(client, CloseCode.SILENT)
            elif now - client.pinged_at >= self._heartbeat:
                client.ping(now)
