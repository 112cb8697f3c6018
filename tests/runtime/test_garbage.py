"""Old objects are looked through when nothing happens, or after a long wait for such a moment."""

from __future__ import annotations

import asyncio
import gc
import itertools
import weakref
from collections.abc import Callable

import pytest

from ctid.runtime.garbage import EVERY_SECONDS, PATIENCE_SECONDS, QUIET_SECONDS, collect, old_objects_left_alone
from ctid.telemetry.metrics import Metrics


class Ring:
    """Refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.own = self


def grown_old() -> weakref.ref[Ring]:
    """Garbage that the collector has met alive twice."""
    ring = Ring()
    found = weakref.ref(ring)
    gc.collect(0)
    gc.collect(1)
    return found


async def waits_until_freed(happened: Callable[[], object]) -> list[float]:
    """How long it waited, piece by piece, until the old garbage was freed."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        if waits and seconds == EVERY_SECONDS:
            raise asyncio.CancelledError
        waits.append(seconds)

    with old_objects_left_alone():
        ring = grown_old()
        for _ in range(50_000):
            Ring()
        assert ring() is not None, "the youngest were looked through often, the old not"
        with pytest.raises(asyncio.CancelledError):
            await collect(happened, Metrics("test"), sleep=sleep)
        assert ring() is None
    return waits


async def test_in_the_first_quiet_moment() -> None:
    told = itertools.chain([1, 2, 3], itertools.repeat(3))
    assert await waits_until_freed(lambda: next(told)) == [EVERY_SECONDS, *[QUIET_SECONDS] * 3]


async def test_after_a_long_wait_also_when_it_is_never_quiet() -> None:
    told = itertools.count()
    waits = await waits_until_freed(lambda: next(told))
    assert waits[0] == EVERY_SECONDS
    assert sum(waits[1:]) == pytest.approx(PATIENCE_SECONDS, abs=2 * QUIET_SECONDS)


def test_all_is_as_before_at_the_end() -> None:
    before = gc.get_threshold()
    with old_objects_left_alone():
        assert gc.get_threshold() != before
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
