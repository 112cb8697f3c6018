"""An AMI link that runs for the length of a block, with a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ctid.pbx_adapters.ami.supervisor import AmiLink
from ctid.spec.daemon import AmiSpec, NotifySpec
from ctid.telemetry.metrics import Metrics
from tests.adapters.seen import Seen


async def until(condition: Callable[[], object], time_limit_s: float = 30.0) -> None:
    """Wait for what tells of its change in no other way than by being looked at."""
    async with asyncio.timeout(time_limit_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Waits:
    """Stands for the sleep between attempts: notes each wait and makes it as short as can be, or holds it."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.go = asyncio.Event()
        self.go.set()
        self._came = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        self._came.set()
        # Give other tasks their turn even when nothing holds us.
        await asyncio.sleep(0.005)
        await self.go.wait()

    async def count(self, least: int) -> None:
        while len(self.asked) < least:
            self._came.clear()
            await self._came.wait()


def spec(
    port: int,
    *,
    secret: str = "demo-only-ami",
    username: str = "ctid",
    ping_seconds: float = 1,
    action_seconds: float = 2,
) -> AmiSpec:
    return AmiSpec(
        host="127.0.0.1",
        port=port,
        username=username,
        secret=secret,
        connect_timeout_seconds=action_seconds,
        action_timeout_seconds=action_seconds,
        ping_seconds=ping_seconds,
        backoff_max_seconds=8,
    )


class Running:
    """A running link and all that can be seen of it."""

    def __init__(self, to: AmiSpec, seen: Seen, notify: NotifySpec | None) -> None:
        self.seen = seen
        self.metrics = Metrics("0")
        self.waits = Waits()
        self.link = AmiLink("a", to, self.seen, self.metrics, notify=notify, random=lambda: 1.0, sleep=self.waits)

    def reconnects(self, cause: str) -> float:
        labels = {"pbx": "a", "cause": cause}
        return self.metrics.registry.get_sample_value("ctid_pbx_reconnects_total", labels) or 0.0

    @property
    def up(self) -> float | None:
        return self.metrics.registry.get_sample_value("ctid_pbx_up", {"pbx": "a"})

    async def until_ready(self) -> None:
        await until(lambda: self.link.ready)


@asynccontextmanager
async def running(to: AmiSpec, seen: Seen | None = None, *, notify: NotifySpec | None = None) -> AsyncIterator[Running]:
    before = asyncio.all_tasks()
    run = Running(to, seen or Seen(), notify)
    task = asyncio.create_task(run.link.run(), name="ami-link")
    try:
        yield run
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        leaked = {task for task in asyncio.all_tasks() - before if "ami-" in task.get_name()} - {task}
        assert leaked == set()
