"""How long to wait for what fails: one event by itself, and a receiver that fails whatever it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_SECONDS: Final = 1.0
REST_MAX_SECONDS: Final = 60.0
"""A receiver that was away shall not wait much longer than a minute once it is back."""

TRIPPED_BY: Final = 3
"""Lanes that fail one after another: that is the receiver, no longer one event that it cannot bear."""


def backoff_seconds(attempts: int, longest: float, random: Callable[[], float]) -> float:
    """The wait after so many attempts: doubling up to the longest, drawn from the upper half.

    Args:
        attempts: How many have failed.
        longest: Upper bound, in seconds.
        random: Gives numbers in [0, 1).
    """
    ceiling = min(longest, FIRST_SECONDS * 2.0 ** min(attempts - 1, 40))
    return ceiling * (0.5 + 0.5 * random())


class Rest:
    """Leaves a receiver alone that fails for several lanes, or asks for it; then tries it with one event at a time.

    Attributes:
        until_s: Nothing is tried before, on the loop's clock.
    """

    def __init__(self, longest: float, random: Callable[[], float]) -> None:
        self.until_s = 0.0
        self._longest = min(longest, REST_MAX_SECONDS)
        self._random = random
        self._failing: set[str] = set()
        self._rests = 0

    @property
    def cautious(self) -> bool:
        """Whether only one attempt may be under way."""
        return len(self._failing) >= TRIPPED_BY

    def taken(self) -> None:
        """The receiver works."""
        self._failing.clear()
        self._rests = 0
        self.until_s = 0.0

    def failed(self, lane: str, now_s: float, asked_s: float) -> None:
        """The receiver failed for this lane, and may have asked to be left alone for so many seconds."""
        if not self.cautious:
            self._failing.add(lane)
        if self.cautious:
            self._rests += 1
            asked_s = max(asked_s, backoff_seconds(self._rests, self._longest, self._random))
        if asked_s:
            self.until_s = max(self.until_s, now_s + asked_s)
