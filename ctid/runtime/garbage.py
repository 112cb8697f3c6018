"""Garbage: old objects are looked through in quiet moments only, because nobody is served meanwhile.

Nearly all memory is freed by counting references. What Python's collector is for, objects that refer to each other in a
circle, mostly is young when it dies; looking for that takes a fraction of a millisecond. But now and then it looks
through everything there is, and the whole process stands still for so long: 250 ms with 2,000 desktops, every few
seconds, was what their slowest events waited for. So that is done here, seldom, and when nothing happens.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from ctid.telemetry.metrics import Metrics

YOUNG, MIDDLE, NEVER = 1_000, 5, 1 << 30
"""After how many new objects the youngest are looked through, after how many times of that the next older, and those
the oldest: see ``gc.set_threshold``."""

EVERY_SECONDS = 600.0
"""How often all are looked through: connections that have ended leave some 10 kB each until then."""

QUIET_SECONDS = 0.2
"""Nothing has happened for so long: it is a quiet moment."""

PATIENCE_SECONDS = 60.0
"""How long a quiet moment is waited for; a site that has none is held up once in ten minutes."""


@contextmanager
def old_objects_left_alone() -> Iterator[None]:
    """What is there now is never looked through again, and what grows old not by itself; as before at the end."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def collect(
    happened: Callable[[], object],
    metrics: Metrics,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Look through all objects in quiet moments, until cancelled.

    Args:
        happened: Gives something that is another whenever anything has happened since.
        metrics: Where to tell how long it took.
        sleep: Waits.
    """
    while True:
        await sleep(EVERY_SECONDS)
        waited = 0.0
        last, now = object(), happened()
        while now != last and waited < PATIENCE_SECONDS:
            last = now
            await sleep(QUIET_SECONDS)
            waited += QUIET_SECONDS
            now = happened()
        began = time.perf_counter()
        gc.collect()
        metrics.garbage.observe(time.perf_counter() - began)
