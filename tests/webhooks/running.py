"""Webhooks on a real database, with a stream that the tests write."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

from ctid.desktop.stream.frames import posted
from ctid.model.commands import Publish
from ctid.model.instant import Instant
from ctid.spec.webhook import WebhookSpec
from ctid.store.database import Database
from ctid.store.outbox import Outbox
from ctid.telemetry.metrics import Metrics
from ctid.webhooks.webhooks import Webhooks
from sip_test_rig.eventually import eventually
from tests.webhooks.receiver import SECRET, Receiver

EPOCH = "e1"


def spec(receiver: Receiver | str, **more: Any) -> WebhookSpec:
    url = receiver if isinstance(receiver, str) else receiver.url
    settings = {
        "url": url,
        "secret": SECRET,
        "events": ["*"],
        "backoff_max_seconds": 0.05,
        "timeout_seconds": 30,
        **more,
    }
    return WebhookSpec.model_validate({**settings, **more})


class Stream:
    """A published stream, kept whole as a journal would.

    Attributes:
        kept: What can be read again.
        seq: How far it is.
    """

    def __init__(self) -> None:
        self.kept: list[Publish] = []
        self.seq = 0
        self.read_again: list[tuple[int, int]] = []

    def event(self, contact: str = "ct-1", type_: str = "contact.updated", queue: str = "sales") -> Publish:
        self.seq += 1
        event = Publish(
            seq=self.seq,
            at=Instant(self.seq, 1_700_000_000_000 + self.seq),
            type=type_,
            data={"contact": {"id": contact, "ani": "+4917612345678"}},
            contact_id=contact,
            queue=queue,
        )
        self.kept.append(event)
        return event

    def again(self, after: int, upto: int) -> Iterator[list[Publish]]:
        self.read_again.append((after, upto))
        for event in [event for event in self.kept if after < event.seq <= upto]:
            yield [event]


class Life:
    """One life of a daemon's webhooks."""

    def __init__(self, database: Database, stream: Stream, specs: dict[str, WebhookSpec], epoch: str) -> None:
        self.stream = stream
        self.epoch = epoch
        self.metrics = Metrics("test")
        self.outbox = Outbox(database, "demo")
        self.webhooks = Webhooks(
            specs,
            self.outbox,
            self.metrics,
            epoch=epoch,
            present=stream.seq,
            release="test",
            render=partial(posted, site="demo", epoch=epoch),
            again=stream.again,
        )

    def publish(self, *contacts: str, **more: Any) -> list[str]:
        """Publish an event about each contact; give the events' ids."""
        ids = []
        for contact in contacts:
            event = self.stream.event(contact, **more)
            self.webhooks.publish(event)
            ids.append(f"{self.epoch}-{event.seq}")
        return ids

    async def settled(self) -> None:
        """Until it is noted that all was taken: what ends before that posts it again."""
        await eventually(lambda: all(state.waiting == 0 for state in self.webhooks.states()), "nothing waits")

    def attempts(self, result: str) -> float:
        """How many attempts came to this."""
        return self.figure("ctid_webhook_attempts_total", webhook="crm", result=result)

    def lost(self, cause: str) -> float:
        """How many events were lost for this cause."""
        return self.figure("ctid_webhook_lost_total", webhook="crm", cause=cause)

    def figure(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@contextlib.asynccontextmanager
async def running(
    database: Database, stream: Stream, *, epoch: str = EPOCH, **specs: WebhookSpec
) -> AsyncIterator[Life]:
    """Webhooks that run until the end of the block, and then are killed."""
    life = Life(database, stream, specs, epoch)
    task = asyncio.create_task(life.webhooks.run())
    try:
        yield life
        assert not task.done(), task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
