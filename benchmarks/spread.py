"""Spread: a sample of durations condensed to the figures that are told of it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any


def spread(seconds: Sequence[float]) -> dict[str, Any]:
    """Condense durations.

    Args:
        seconds: At least two of them.

    Returns:
        Their number ``n``, and in milliseconds ``p50``, ``p95``, ``p99`` and ``max``; percentiles between two values
        are interpolated.

    Raises:
        statistics.StatisticsError: There are fewer than two.
    """
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        "n": len(seconds),
        "p50": _ms(cuts[49]),
        "p95": _ms(cuts[94]),
        "p99": _ms(cuts[98]),
        "max": _ms(max(seconds)),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
