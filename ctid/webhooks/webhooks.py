"""All webhooks of a site: the stream's way in, a sender for each, and what operators see and do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from yarl import URL

from ctid.errors import ConflictError, NotFoundError, OverloadedError
from ctid.model.commands import Publish
from ctid.model.webhook import DeadLetter, DeadLetterPage, Delivery, WebhookState
from ctid.spec.webhook import WebhookSpec
from ctid.telemetry.metrics import Metrics
from ctid.webhooks.feed import Again, Feed
from ctid.webhooks.ports import Outbox
from ctid.webhooks.sender import Sender, utc_ms
from ctid.webhooks.steadfast import until_done

REVIVE_AT_ONCE: Final = 500


class Webhooks:
    """The webhooks of one site. Methods for operators raise ``StoreError`` while the database is away."""

    def __init__(
        self,
        specs: Mapping[str, WebhookSpec],
        outbox: Outbox,
        metrics: Metrics,
        *,
        epoch: str,
        present: int,
        release: str,
        render: Callable[[Publish], tuple[str, str]],
        again: Again,
    ) -> None:
        """Take the configuration and what it needs.

        Args:
            specs: By name.
            outbox: What is written down.
            metrics: Where deliveries are counted.
            epoch: Of the published stream.
            present: Where the stream stands.
            release: Version of ctid.
            render: Gives an event's id, and the event as it is posted.
            again: Reads events again from the journal.
        """
        self._outbox = outbox
        self._epoch = epoch
        self._present = present
        self._senders = {name: Sender(name, spec, outbox, metrics, release) for name, spec in specs.items()}
        self._feed = Feed(specs, outbox, render, again, self._written, self._takes, metrics, present)

    def publish(self, event: Publish) -> None:
        """Take in a published event. Never waits."""
        self._feed.publish(event)

    async def run(self) -> None:
        """Write down and send until cancelled."""
        standings = await until_done(lambda: self._outbox.open(list(self._senders), self._epoch, self._present), "open")
        if not self._senders:
            return
        for name, sender in self._senders.items():
            sender.open(standings[name], await until_done(partial(self._outbox.waiting, name), "open"))
        async with asyncio.TaskGroup() as group:
            for name, sender in self._senders.items():
                group.create_task(sender.run(), name=f"webhook-{name}")
            await self._feed.run({name: standing.taken_seq for name, standing in standings.items()})

    async def flush(self, seconds: float) -> None:
        """Write down all that was published, within a bounded time."""
        await self._feed.flush(seconds)

    def _takes(self, name: str) -> bool:
        return not self._senders[name].disabled

    async def _written(self, deliveries: Sequence[Delivery]) -> None:
        ordered = sorted(deliveries, key=lambda each: (each.webhook, each.number))
        for name, own in groupby(ordered, key=lambda each: each.webhook):
            await self._senders[name].add(list(own))

    # ---- what operators see and do ------------------------------------------------------------------------------

    def states(self) -> list[WebhookState]:
        """All webhooks, in the order of the configuration."""
        return [self._state(sender) for sender in self._senders.values()]

    def state(self, name: str) -> WebhookState:
        """One webhook.

        Raises:
            NotFoundError: It is not in the configuration.
        """
        return self._state(self._sender(name))

    async def enable(self, name: str) -> WebhookState:
        """Send to a webhook again that was disabled; to one that is not, at once instead of after its rest."""
        await self._opened(name).set_disabled(False)
        return self.state(name)

    async def dead_letters(self, name: str, *, limit: int, cursor: str | None) -> DeadLetterPage:
        """Dead letters, that of the newest event first."""
        return await self._outbox.dead_letters(self._sender(name).name, limit=limit, cursor=cursor)

    async def dead_letter(self, name: str, event_id: str) -> tuple[DeadLetter, str]:
        """A dead letter, and the event as it would be posted."""
        found = await self._outbox.dead_letter(self._sender(name).name, event_id)
        if found is None:
            raise NotFoundError("there is no such dead letter")
        return found

    async def retry(self, name: str, event_id: str) -> WebhookState:
        """Have a dead letter wait again, behind what waits for the same contact."""
        if not await self._revive(self._opened(name), event_id, utc_ms()):
            raise NotFoundError("there is no such dead letter")
        return self.state(name)

    async def retry_all(self, name: str) -> tuple[WebhookState, int]:
        """Have dead letters wait again, oldest first, as many as there is room for; tell how many."""
        sender, count, now_ms = self._opened(name), 0, utc_ms()
        # Some may be refused again before all are back.
        while revived := await self._revive(sender, None, now_ms):
            count += revived
        return self.state(name), count

    async def remove(self, name: str, event_id: str) -> DeadLetter:
        """Delete a dead letter."""
        sender = self._opened(name)
        letter = await self._outbox.remove(name, event_id)
        if letter is None:
            raise NotFoundError("there is no such dead letter")
        sender.removed(1)
        return letter

    async def _revive(self, sender: Sender, event_id: str | None, died_before_ms: int) -> int:
        room = sender.spec.capacity - len(sender)
        if room <= 0:
            if event_id is None:
                return 0
            raise ConflictError("as many events wait already as may")
        revived = await self._outbox.revive(
            sender.name, event_id, died_before_ms=died_before_ms, at_most=min(room, REVIVE_AT_ONCE)
        )
        sender.removed(len(revived))
        await sender.add(revived)
        return len(revived)

    def _sender(self, name: str) -> Sender:
        if name not in self._senders:
            raise NotFoundError("there is no such webhook")
        return self._senders[name]

    def _opened(self, name: str) -> Sender:
        sender = self._sender(name)
        if not sender.opened:
            raise OverloadedError("the database has not been there yet; try again")
        return sender

    def _state(self, sender: Sender) -> WebhookState:
        spec = sender.spec
        return WebhookState(
            name=sender.name,
            url=str(URL(spec.url).with_query(None)),
            events=spec.events,
            queues=spec.queues,
            enabled=not sender.disabled,
            waiting=len(sender) if sender.opened else None,
            dead_letters=sender.dead_letters if sender.opened else None,
            delivered_at_ms=sender.delivered_at_ms,
            failed_at_ms=sender.failed_at_ms,
            failure=sender.failure,
            resting_until_ms=sender.resting_until_ms,
        )
