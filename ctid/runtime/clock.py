"""The site's clock: read here and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable

from ctid.model.instant import Instant


class SiteClock:
    """Gives the two times of ``Instant``.

    The monotonic side goes on over restarts: it begins where the journal's last input left it, plus the time that
    passed since by the wall clock (never less than none), so that a caller's wait counts on while no daemon runs.
    """

    def __init__(
        self,
        last: Instant | None = None,
        *,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Start the clock.

        Args:
            last: The last moment this site knows of.
            monotonic_ns: Source of durations.
            wall_ns: Source of stamps.
        """
        self._monotonic_ns = monotonic_ns
        self._wall_ns = wall_ns
        started_ms = 0 if last is None else last.mono_ms + max(0, wall_ns() // 1_000_000 - last.utc_ms)
        self._offset_ns = started_ms * 1_000_000 - monotonic_ns()

    def now(self) -> Instant:
        """Read both clocks."""
        mono_ms = (self._monotonic_ns() + self._offset_ns) // 1_000_000
        return Instant(mono_ms, self._wall_ns() // 1_000_000)
