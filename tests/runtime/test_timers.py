"""Timers on the event loop, by a clock that is set by hand where it matters."""

from __future__ import annotations

import asyncio
import time

from ctid.model.events import TimerFired
from ctid.runtime.clock import SiteClock
from ctid.runtime.timers import Timers


class Fired:
    """What fired, and a way to wait for it."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    def __call__(self, event: TimerFired) -> None:
        self.ids.append(event.timer_id)
        self._queue.put_nowait(event.timer_id)

    async def next(self) -> str:
        return await asyncio.wait_for(self._queue.get(), 10)


async def test_timers_fire_in_order_of_their_moments_and_never_early() -> None:
    clock, fired = SiteClock(), Fired()
    timers = Timers(clock, fired)
    now = clock.now().mono_ms
    timers.start("late", now + 40)
    timers.start("soon", now + 10)
    assert await fired.next() == "soon"
    assert clock.now().mono_ms >= now + 10
    assert await fired.next() == "late"
    assert clock.now().mono_ms >= now + 40


async def test_a_timer_is_replaced_by_one_of_the_same_id_and_cancelled_for_good() -> None:
    clock, fired = SiteClock(), Fired()
    timers = Timers(clock, fired)
    now = clock.now().mono_ms
    timers.start("offer:1", now + 5)
    timers.start("offer:1", now + 30)
    timers.start("gone", now + 1)
    timers.cancel("gone")
    timers.cancel("never was")
    timers.start("last", now + 50)
    assert [await fired.next(), await fired.next()] == ["offer:1", "last"]
    assert fired.ids == ["offer:1", "last"]


async def test_one_that_is_long_due_fires_at_once_and_none_after_close() -> None:
    clock, fired = SiteClock(), Fired()
    timers = Timers(clock, fired)
    timers.start("due", -5_000)
    assert await fired.next() == "due"
    timers.start("never", clock.now().mono_ms + 5)
    timers.close()
    other = Timers(clock, fired)
    other.start("after", clock.now().mono_ms + 20)
    assert await fired.next() == "after"
    assert fired.ids == ["due", "after"]


async def test_a_clock_behind_the_loop_makes_it_wait_on() -> None:
    """The site's clock may lag behind the loop's, for instance by its coarser grain."""
    slow_from = time.monotonic_ns()
    clock = SiteClock(monotonic_ns=lambda: slow_from + (time.monotonic_ns() - slow_from) // 3)
    fired = Fired()
    timers = Timers(clock, fired)
    timers.start("slow", clock.now().mono_ms + 10)
    assert await fired.next() == "slow"
    assert clock.now().mono_ms >= 10
