"""The engine, driven by the simulator, gives what theory and published studies give.

Seeds are fixed. A figure is right if the expected one lies in its confidence interval, or, where that is an estimate
too, in the interval of their difference. The confidence of each test as a whole is 95 %: each of its n comparisons is
made at 1 - 0.05 / n (Bonferroni). A second bound on the intervals keeps a test from passing by knowing nothing.
"""

from __future__ import annotations

import math

import pytest

from benchmarks.proofs import (
    ERLANG,
    MSK,
    MSK_OCCUPANCY,
    POOL_WAIT,
    POOLING,
    Erlang,
    Published,
    case,
    pairs,
    pooling,
    simple_msk,
)
from ctid.simulation.intervals import CONFIDENCE, Estimate, ratio
from ctid.simulation.kpi import occupancy_pairs
from ctid.simulation.tally import Sample

pytestmark = pytest.mark.simulation


def each_of(count: int) -> float:
    """The confidence of each of so many comparisons."""
    return 1 - (1 - CONFIDENCE) / count


@pytest.mark.parametrize("system", ERLANG, ids=str)
def test_erlang(system: Erlang) -> None:
    replications, contacts = 8, 6_000
    simulated = case(system.scenario(contacts))
    samples = [simulated.run(number) for number in range(replications)]
    for figure, expected in system.expected.items():
        estimate = ratio(pairs(samples, figure), each_of(len(ERLANG) * len(system.expected)))
        assert estimate.holds(expected), (figure, estimate, expected)
    waited = ratio(pairs(samples, "waited_share"))
    assert waited.half_width < 0.15 * waited.value


def agrees(estimate: Estimate, published: Published, comparisons: int) -> bool:
    """Whether the interval of the difference of two estimates holds nothing."""
    widening = each_of_normal(comparisons)
    published_half = published.half_width * widening
    return abs(estimate.value - published.value) <= math.hypot(estimate.half_width, published_half)
