"""Sends what waits for one webhook: again and again what fails, to the dead letters what cannot be sent."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from typing import Final

import structlog
from msgspec.structs import replace

from ctid.model.webhook import Delivery, Standing
from ctid.spec.webhook import WebhookSpec
from ctid.telemetry.metrics import Metrics
from ctid.webhooks.lanes import Lanes
from ctid.webhooks.patience import Rest, backoff_seconds
from ctid.webhooks.ports import Outbox
from ctid.webhooks.poster import Outcome, Poster, Result
from ctid.webhooks.steadfast import until_done

OVERFLOW: Final = "overflow"

_log = structlog.get_logger()


class Sender:
    """The way to one receiver. It waits for nobody else's.

    Attributes:
        name: Of the webhook.
        spec: Its configuration.
        disabled: The receiver said that it is gone; nothing is sent, and nothing taken in for it.
        opened: Whether the outbox has told what waits.
        dead_letters: How many are kept.
        delivered_at_ms: When one was taken last.
        failed_at_ms: When an attempt failed last.
        failure: Why.
    """

    def __init__(self, name: str, spec: WebhookSpec, outbox: Outbox, metrics: Metrics, release: str) -> None:
        self.name = name
        self.spec = spec
        self.disabled = False
        self.opened = False
        self.dead_letters = 0
        self.delivered_at_ms: int | None = None
        self.failed_at_ms: int | None = None
        self.failure: str | None = None
        self._outbox = outbox
        self._metrics = metrics
        self._release = release
        self._lanes = Lanes()
        self._rest = Rest(spec.backoff_max_seconds, random.random)
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def resting_until_ms(self) -> int | None:
        """When the receiver is tried again, if it is left alone now."""
        left = self._rest.until_s - asyncio.get_running_loop().time()
        return utc_ms() + round(left * 1_000) if left > 0 else None

    def open(self, standing: Standing, waiting: Sequence[Delivery]) -> None:
        """Go on where the last process ended."""
        self.disabled, self.dead_letters, self.opened = standing.disabled, standing.dead_letters, True
        # A clock that was set back must not hold anything up for longer than it would have waited anyway.
        latest = utc_ms() + round(self.spec.backoff_max_seconds * 1_000)
        self._lanes.add(replace(each, due_ms=min(each.due_ms, latest)) for each in waiting)
        self._count()
        self._woken.set()

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        """Send these too, which are written; of more than may wait, the oldest become dead letters."""
        self._lanes.add(deliveries)
        if (excess := len(self._lanes) - self.spec.capacity) > 0:
            oldest = self._lanes.take_oldest(excess)
            await self._bury(oldest, OVERFLOW)
        self._count()
        self._woken.set()

    async def set_disabled(self, disabled: bool) -> None:
        """Stop, or go on, sending and taking in.

        Raises:
            StoreError: The database refuses; nothing has changed.
        """
        await self._outbox.set_disabled(self.name, disabled)
        self.disabled = disabled
        if not disabled:
            self._rest.taken()
            self._woken.set()

    def removed(self, count: int) -> None:
        """So many dead letters are there no longer."""
        self.dead_letters -= count
        self._count()

    async def run(self) -> None:
        """Send until cancelled."""
        loop = asyncio.get_running_loop()
        async with Poster(self.spec, self._release) as poster, asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                while (delivery := self._next(loop.time())) is not None:
                    group.create_task(self._deliver(poster, delivery), name=f"webhook-{self.name}")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause(loop.time())):
                        await self._woken.wait()

    @property
    def _full(self) -> bool:
        """Whether as many are under way as may be."""
        return self._lanes.under_way >= (1 if self._rest.cautious else self.spec.max_parallel)

    def _next(self, now_s: float) -> Delivery | None:
        if self.disabled or self._full or now_s < self._rest.until_s:
            return None
        return self._lanes.start(utc_ms())

    def _pause(self, now_s: float) -> float | None:
        """How long nothing can be done unless something happens."""
        due_ms = self._lanes.next_due_ms()
        if self.disabled or due_ms is None or self._full:
            return None
        # Not less than a moment: the two clocks are not the same one.
        return max((due_ms - utc_ms()) / 1_000, self._rest.until_s - now_s, 0.001)

    async def _deliver(self, poster: Poster, delivery: Delivery) -> None:
        body = await until_done(lambda: self._outbox.body(delivery.number), "read")
        if body is None:
            self._lanes.finish(delivery)
        else:
            began = time.perf_counter()
            outcome = await poster.post(delivery.id, body.encode())
            self._metrics.webhook_attempt.labels(webhook=self.name).observe(time.perf_counter() - began)
            await self._settle(delivery, outcome)
        self._count()
        self._woken.set()

    async def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        now_ms = utc_ms()
        if outcome.result is Result.TAKEN:
            self.delivered_at_ms = now_ms
            self._rest.taken()
            self._metrics.webhook_attempted(self.name, "taken")
            await until_done(lambda: self._outbox.delivered(delivery.number), "settle")
            self._lanes.finish(delivery)
            return
        self.failed_at_ms, self.failure = now_ms, outcome.cause
        tried = replace(delivery, attempts=delivery.attempts + 1, tried_at_ms=delivery.tried_at_ms or now_ms)
        if outcome.result is Result.FAILED:
            self._rest.failed(delivery.lane, asyncio.get_running_loop().time(), outcome.retry_after_s)
            if now_ms - tried.tried_at_ms < self.spec.give_up_after_seconds * 1_000:
                await self._try_again(tried, outcome, now_ms)
                return
        else:
            # It is there and answers; what it thinks of this one event says nothing of others.
            self._rest.taken()
        _log.warning("webhook.given_up", webhook=self.name, id=delivery.id, type=delivery.type, cause=outcome.cause)
        if outcome.result is Result.GONE:
            _log.error("webhook.disabled", webhook=self.name, detail="the receiver answered 410 Gone")
            await until_done(lambda: self.set_disabled(True), "disable")
        await self._bury([tried], outcome.cause)
        self._lanes.finish(delivery)

    async def _try_again(self, tried: Delivery, outcome: Outcome, now_ms: int) -> None:
        wait_s = backoff_seconds(tried.attempts, self.spec.backoff_max_seconds, random.random)
        again = replace(tried, due_ms=now_ms + round(max(wait_s, outcome.retry_after_s) * 1_000))
        self._metrics.webhook_attempted(self.name, "failed")
        _log.info(
            "webhook.failed", webhook=self.name, id=again.id, type=again.type, cause=outcome.cause, tries=again.attempts
        )
        await until_done(lambda: self._outbox.failed(again, outcome.cause), "settle")
        self._lanes.put_back(again)

    async def _bury(self, dead: Sequence[Delivery], cause: str) -> None:
        died_at_ms = utc_ms()
        await until_done(lambda: self._outbox.bury(dead, died_at_ms, cause), "bury")
        self.dead_letters += len(dead)
        self._metrics.webhook_given_up(self.name, OVERFLOW if cause == OVERFLOW else "refused", len(dead))
        if self.dead_letters > self.spec.dead_letters:
            lost = await until_done(lambda: self._outbox.trim(self.name, self.spec.dead_letters), "trim")
            self.dead_letters -= lost
            self._metrics.webhook_lost(self.name, "dead-letters-full", lost)
            _log.warning("webhook.lost", webhook=self.name, events=lost, detail="too many dead letters")

    def _count(self) -> None:
        self._metrics.webhook_waiting.labels(webhook=self.name).set(len(self._lanes))
        self._metrics.webhook_dead_letters.labels(webhook=self.name).set(self.dead_letters)


def utc_ms() -> int:
    """The wall clock, in ms since 1970 UTC: waits are kept over restarts."""
    return time.time_ns() // 1_000_000
