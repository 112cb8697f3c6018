"""The engine's timers on the event loop: a timer that is due is an event like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ctid.model.events import TimerFired
from ctid.runtime.clock import SiteClock


class Timers:
    """Fires ``TimerFired`` at the monotonic moments the engine asked for."""

    def __init__(self, clock: SiteClock, emit: Callable[[TimerFired], None]) -> None:
        self._clock = clock
        self._emit = emit
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def start(self, timer_id: str, due_ms: int) -> None:
        """Set a timer, in place of one of the same id."""
        self.cancel(timer_id)
        delay_s = max(0, due_ms - self._clock.now().mono_ms) / 1000
        loop = asyncio.get_running_loop()
        self._handles[timer_id] = loop.call_later(delay_s, self._fire, timer_id, due_ms)

    def cancel(self, timer_id: str) -> None:
        """Forget a timer; there need be none."""
        handle = self._handles.pop(timer_id, None)
        if handle is not None:
            handle.cancel()

    def close(self) -> None:
        """Forget all timers."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _fire(self, timer_id: str, due_ms: int) -> None:
        # The loop's clock is finer than ours and may be a fraction of a millisecond early by it.
        if self._clock.now().mono_ms < due_ms:
            self.start(timer_id, due_ms)
            return
        self._handles.pop(timer_id, None)
        self._emit(TimerFired(timer_id=timer_id))
