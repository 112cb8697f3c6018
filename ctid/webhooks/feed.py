"""Takes the published stream into the outbox, each event once; what it missed is read again from the journal.

An event counts as taken once it is in the database, together with its place in the stream. While the database is away
some events wait in memory; those beyond, and all of a process that was killed, are found again by running the journal:
the same inputs lead to the same events.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final

import structlog

from ctid.errors import StoreError
from ctid.model.commands import Publish
from ctid.model.webhook import Delivery, Posted
from ctid.spec.webhook import WebhookSpec, fits
from ctid.telemetry.metrics import Metrics
from ctid.webhooks.ports import Outbox
from ctid.webhooks.steadfast import until_done

BUFFER: Final = 5_000
"""Events that wait in memory for the database."""

BATCH: Final = 200
SKIPPED: Final = 1_000
"""So many events that no webhook wants are noted at once: after a kill the journal is run for them in vain, no more."""

READ_PAUSE_SECONDS: Final = 0.004
"""Between two pieces of the journal: what is late already shall not hold up calls."""

Again = Callable[[int, int], Iterator[list[Publish]]]
"""Events after one place up to another, in order, in small pieces; ends early where the journal does not reach."""

_log = structlog.get_logger()


class Feed:
    """From the stream to the outbox.

    Attributes:
        position: Events up to here are in the outbox, or nobody wants them.
    """

    def __init__(
        self,
        specs: Mapping[str, WebhookSpec],
        outbox: Outbox,
        render: Callable[[Publish], tuple[str, str]],
        again: Again,
        taken: Callable[[Sequence[Delivery]], Awaitable[None]],
        wanted: Callable[[str], bool],
        metrics: Metrics,
        present: int,
    ) -> None:
        """Take what it ties together.

        Args:
            specs: The webhooks.
            outbox: Where events go.
            render: Gives an event's id, and the event as it is posted.
            again: Reads events again.
            taken: Is told what was written.
            wanted: Whether a webhook takes anything at all now.
            metrics: Where lost events are counted.
            present: Where the stream stood when the process began.
        """
        self.position = present
        self._specs = specs
        self._outbox = outbox
        self._render = render
        self._again = again
        self._taken = taken
        self._wanted = wanted
        self._metrics = metrics
        self._begin: Mapping[str, int] = {}
        self._head = present
        self._written = present
        self._waiting: deque[Publish] = deque(maxlen=BUFFER)
        self._filled = asyncio.Event()
        self._idle = asyncio.Event()

    def publish(self, event: Publish) -> None:
        """Take in an event. Never waits."""
        if self._specs:
            self._waiting.append(event)
            self._head = event.seq
            self._filled.set()

    async def run(self, taken: Mapping[str, int]) -> None:
        """Write until cancelled.

        Args:
            taken: How far the outbox has taken in the stream before, for each webhook.
        """
        self._begin = taken
        self.position = self._written = min(taken.values())
        while True:
            self._filled.clear()
            while self.position < self._head:
                self._idle.clear()
                upto = self._waiting[0].seq - 1 if self._waiting else self._head
                if self.position < upto:
                    await self._catch_up(upto)
                else:
                    await self._take([self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))])
            self._idle.set()
            await self._filled.wait()

    async def flush(self, seconds: float) -> None:
        """Wait until all is written, for a bounded time; what is left is found in the journal at the next start."""
        try:
            async with asyncio.timeout(seconds):
                while self.position < self._head:
                    self._idle.clear()
                    await self._idle.wait()
                if self._written < self.position:
                    await self._outbox.take([], self.position)
        except (TimeoutError, StoreError):
            _log.info("webhook.unflushed", events=self._head - self._written)

    async def _catch_up(self, upto: int) -> None:
        """Write what was missed up to a place."""
        _log.info("webhook.catching_up", events=upto - self.position)
        pieces = self._again(self.position, upto)
        while (events := await asyncio.to_thread(next, pieces, None)) is not None:
            await self._take(events)
            await asyncio.sleep(READ_PAUSE_SECONDS)
        lost = upto - self.position
        if lost:
            self.position = upto
            for name in self._specs:
                self._metrics.webhook_lost(name, "not-in-journal", lost)
            _log.error("webhook.lost", events=lost, detail="neither the database nor the journal has them")

    async def _take(self, events: Sequence[Publish]) -> None:
        batch = [posted for event in events if event.seq > self.position for posted in self._posted(event)]
        upto = max([self.position, *(event.seq for event in events)])
        if batch or upto - self._written >= SKIPPED:
            written = await until_done(lambda: self._outbox.take(batch, upto), "take")
            self._written = upto
            await self._taken(written)
        self.position = upto

    def _posted(self, event: Publish) -> Iterator[Posted]:
        names = [
            name
            for name, spec in self._specs.items()
            if event.seq > self._begin[name] and self._wanted(name) and wants(spec, event)
        ]
        if not names:
            return
        event_id, body = self._render(event)
        for name in names:
            yield Posted(
                delivery=Delivery(
                    webhook=name, id=event_id, type=event.type, lane=lane_of(event), at_ms=event.at.utc_ms
                ),
                body=body,
            )


def wants(spec: WebhookSpec, event: Publish) -> bool:
    """Whether the event is one that the webhook is configured for."""
    if spec.queues and event.queue not in spec.queues:
        return False
    return any(fits(pattern, event.type) for pattern in spec.events)


def lane_of(event: Publish) -> str:
    """What the event is about, as far as order is concerned: its contact, else its agent, else the site."""
    if event.contact_id:
        return f"contacts/{event.contact_id}"
    return f"agents/{event.agent_ids[0]}" if event.agent_ids else "site"
