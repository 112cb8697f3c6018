"""Means, ratios and paired differences of replications with Student's confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A figure with its confidence interval.

    Attributes:
        value: The estimate; not a number if there was nothing to estimate it from.
        half_width: The interval is ``value`` ± this; not a number with fewer than two replications.
    """

    value: float
    half_width: float

    def holds(self, expected: float) -> bool:
        """Whether the interval contains the value."""
        return abs(self.value - expected) <= self.half_width


class Pair(NamedTuple):
    """One replication's numerator and denominator, for example contacts served in time and contacts offered."""

    above: float
    below: float


def ratio(pairs: Sequence[Pair], confidence: float = CONFIDENCE) -> Estimate:
    """The ratio of the means, with an interval by the delta method; a plain mean if all denominators are 1."""
    whole = sum(pair.below for pair in pairs)
    if not whole:
        return Estimate(math.nan, math.nan)
    value = sum(pair.above for pair in pairs) / whole
    return Estimate(value, _half_width(_deviations(pairs, value), confidence))


def difference(first: Sequence[Pair], second: Sequence[Pair], confidence: float = CONFIDENCE) -> Estimate:
    """How much the second ratio is more than the first, replication by replication with the same chance."""
    one, other = ratio(first), ratio(second)
    if math.isnan(one.value) or math.isnan(other.value):
        return Estimate(math.nan, math.nan)
    deviations = [b - a for a, b in zip(_deviations(first, one.value), _deviations(second, other.value), strict=True)]
    return Estimate(other.value - one.value, _half_width(deviations, confidence))


def _deviations(pairs: Sequence[Pair], value: float) -> list[float]:
    """Each replication's part in the estimate's error; they add up to nothing."""
    mean = sum(pair.below for pair in pairs) / len(pairs)
    return [(pair.above - value * pair.below) / mean for pair in pairs]


def _half_width(deviations: Sequence[float], confidence: float) -> float:
    count = len(deviations)
    if count < 2:
        return math.nan
    variance = sum(each * each for each in deviations) / (count - 1)
    return student(count - 1, confidence) * math.sqrt(variance / count)


@lru_cache(maxsize=1_024)
def student(freedom: int, confidence: float = CONFIDENCE) -> float:
    """Student's quantile: with this many degrees of freedom, ±t holds with this probability."""
    low, high = 0.0, 1.0
    while _within(high, freedom) < confidence:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """P(-t < T < t), by the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    if freedom % 2:
        total, term = 0.0, cosine
        for step in range(1, freedom - 1, 2):
            total += term
            term *= cosine * cosine * (step + 1) / (step + 2)
        return 2 / math.pi * (angle + sine * total)
    total, term = 0.0, 1.0
    for step in range(1, freedom, 2):
        total += term
        term *= cosine * cosine * step / (step + 1)
    return sine * total
