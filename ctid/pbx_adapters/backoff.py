"""Backoff: how long to wait before the next attempt: growing, capped, and different for each who waits."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Waits that double up to a cap, each drawn from the upper half, so that many don't come back at once."""

    def __init__(self, first_s: float, max_s: float, random: Callable[[], float]) -> None:
        """Make one.

        Args:
            first_s: Upper bound of the first wait, in seconds.
            max_s: Upper bound of every wait, in seconds.
            random: Gives numbers in [0, 1).
        """
        self._first_s = min(first_s, max_s)
        self._max_s = max_s
        self._random = random
        self._ceiling_s = self._first_s

    def next(self) -> float:
        """Tell the next wait in seconds."""
        wait_s = self._ceiling_s * (0.5 + 0.5 * self._random())
        self._ceiling_s = min(self._max_s, self._ceiling_s * 2)
        return wait_s

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._ceiling_s = self._first_s
