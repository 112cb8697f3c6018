"""How long callers would have waited: the product-limit estimate of Kaplan and Meier (1958).

Whoever was answered did not hang up: their patience is only known to be longer than their wait (it is censored). To
leave them out, or to take their waits for their patience, would make callers look far less patient than they are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable

from ctid.simulation.workload import NEVER


class Patience:
    """The distribution of patience, as far as it was seen.

    Args:
        waits: How long each caller waited, in milliseconds, and whether they hung up then.
    """

    def __init__(self, waits: Iterable[tuple[int, bool]]) -> None:
        left: Counter[int] = Counter()
        seen: Counter[int] = Counter()
        for wait_ms, hung_up in waits:
            seen[wait_ms] += 1
            left[wait_ms] += hung_up
        at_risk = seen.total()
        surviving = 1.0
        self.abandoned = left.total()
        self._times: list[int] = []
        self._gone: list[float] = []
        for wait_ms in sorted(seen):
            if left[wait_ms]:
                surviving *= 1 - left[wait_ms] / at_risk
                self._times.append(wait_ms)
                self._gone.append(1 - surviving)
            at_risk -= seen[wait_ms]

    def gone_by(self, wait_ms: int) -> float:
        """The share of callers whose patience is this or less."""
        index = bisect_right(self._times, wait_ms)
        return self._gone[index - 1] if index else 0.0

    def draw(self, chance: float, beyond_ms: int = NEVER) -> int:
        """A patience in milliseconds.

        Args:
            chance: Even between 0 and 1.
            beyond_ms: It is known to be longer than this.

        Returns:
            The patience, or ``NEVER`` where it is longer than anything that was seen.
        """
        known = self.gone_by(beyond_ms)
        index = bisect_left(self._gone, known + chance * (1 - known), lo=bisect_right(self._times, beyond_ms))
        return self._times[index] if index < len(self._times) else NEVER
