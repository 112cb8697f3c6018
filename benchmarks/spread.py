"""Spread: a sample of durations condensed to the figures that are told of it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, Final

_UNITS: Final = {"ms": (1_000, 2), "µs": (1_000_000, 1)}
"""Units in a second, and digits after the point."""


def spread(seconds: Sequence[float], unit: str = "ms") -> dict[str, Any]:
    """Condense durations.

    Args:
        seconds: At least two of them.
        unit: ``ms`` or ``µs``.

    Returns:
        Their number ``n``, and in the unit ``p50``, ``p95``, ``p99`` and ``max``; percentiles between two values
        are interpolated.

    Raises:
        statistics.StatisticsError: There are fewer than two.
    """
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    scale, digits = _UNITS[unit]

    def told(value: float) -> float:
        return round(value * scale, digits)

    return {
        "n": len(seconds),
        "p50": told(cuts[49]),
        "p95": told(cuts[94]),
        "p99": told(cuts[98]),
        "max": told(max(seconds)),
    }
