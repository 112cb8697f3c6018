"""The hub's heartbeat: pings, silent desktops, expired tokens, live numbers of queues, lateness of the event loop."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any, Final

from ctid.desktop.client import CloseCode
from ctid.desktop.frames import Message
from ctid.desktop.hub import Hub
from ctid.desktop.ports import Site
from ctid.engine.views import queue_view

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
        self._site = site
        self._hub = hub
        self._heartbeat = heartbeat_seconds
        self._beat = min(_BEAT_SECONDS, heartbeat_seconds / 4)
        self._counts: dict[str, tuple[tuple[str, int], ...]] = {}
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
                self._publish_queue_stats()

    def _visit(self, now: float) -> None:
        utc = time.time()
        for client in self._hub.clients:
            if client.principal.expires_at <= utc:
                self._hub.cut(client, CloseCode.TOKEN_EXPIRED)
                continue
            # While we stalled, nobody's sign of life could be heard.
            client.heard_at += self.lag
            if now - client.heard_at > 2 * self._heartbeat:
                self._hub.cut(client, CloseCode.SILENT)
            elif now - client.pinged_at >= self._heartbeat:
                client.ping(now)

    def _publish_queue_stats(self) -> None:
        state, spec = self._site.state, self._site.spec
        counts: dict[str, Counter[str]] = {name: Counter() for name in spec.queues}
        for contact in state.contacts.values():
            if contact.queue in counts:
                counts[contact.queue][contact.state.value] += 1
        present = {name: tuple(sorted(count.items())) for name, count in counts.items()}
        changed = [name for name in present if present[name] != self._counts.get(name, ())]
        self._counts = present
        if not changed:
            return
        now = self._site.now()
        for name in changed:
            stats: dict[str, Any] = {
                "specversion": "1.0",
                "id": f"{self._hub.epoch}-stats-{name}-{now.mono_ms}",
                "source": f"/sites/{spec.site}",
                "type": "queue.stats",
                "time": now.iso(),
                "datacontenttype": "application/json",
                "subject": f"queues/{name}",
                "epoch": self._hub.epoch,
                "data": queue_view(state, spec, name, now, self._site.floor),
            }
            self._hub.broadcast(Message(stats))
