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
from ctid.simulation.intervals import CONFIDENCE, Estimate, ratio, student
from ctid.simulation.intervals import difference as paired
from ctid.simulation.kpi import occupancy_pairs
from ctid.simulation.tally import Sample

pytestmark = pytest.mark.simulation

DAYS_PUBLISHED = 1_000


def each_of(count: int) -> float:
    """The confidence of each of so many comparisons."""
    return 1 - (1 - CONFIDENCE) / count


@pytest.mark.parametrize("system", ERLANG, ids=str)
def test_erlang(system: Erlang) -> None:
    replications, contacts = 8, 3_000
    simulated = case(system.scenario(contacts))
    samples = [simulated.run(number) for number in range(replications)]
    for figure, expected in system.expected.items():
        estimate = ratio(pairs(samples, figure), each_of(len(ERLANG) * len(system.expected)))
        assert estimate.holds(expected), (figure, estimate, expected)
    waited = ratio(pairs(samples, "waited_share"))
    assert waited.half_width < 0.15 * waited.value


def agrees(estimate: Estimate, published: Published, confidence: float) -> bool:
    """Whether no difference lies in the interval of the difference of two independent estimates."""
    theirs = published.half_width * student(DAYS_PUBLISHED - 1, confidence) / student(DAYS_PUBLISHED - 1)
    return abs(estimate.value - published.value) <= math.hypot(estimate.half_width, theirs)


def test_simple_msk() -> None:
    simulated = case(simple_msk())
    samples = [simulated.run(day) for day in range(12)]
    confidence = each_of(len(MSK) + 1)
    estimates = {figure: ratio(pairs(samples, figure), confidence) for figure in MSK}
    for figure, published in MSK.items():
        assert agrees(estimates[figure], published, confidence), (figure, estimates[figure], published)
    occupancy = ratio(occupancy_pairs(samples, simulated.groups()["g0"]), confidence)
    assert agrees(occupancy, MSK_OCCUPANCY, confidence), (occupancy, MSK_OCCUPANCY)
    assert sum(sample.unfinished for sample in samples) == 0
    assert ratio(pairs(samples, "served")).half_width < 0.1 * MSK["served"].value


def pooled(skills: int) -> list[Sample]:
    simulated = case(pooling(skills, contacts=12_000))
    return [simulated.run(number) for number in range(6)]


def test_pooling() -> None:
    """The second skill buys nearly all that all six buy; with all six the mean wait is that of the exact pool."""
    samples = {skills: pooled(skills) for skills in POOLING}
    waits = {skills: ratio(pairs(each, "mean_wait"), each_of(4)) for skills, each in samples.items()}
    assert waits[6].holds(POOL_WAIT), (waits, POOL_WAIT)
    for skills, published in POOLING.items():
        assert waits[skills].holds(published), (waits, published)
    second, others = difference(samples, 1, 2), difference(samples, 2, 6)
    assert second.value - second.half_width > 5 * (others.value + others.half_width)


def difference(samples: dict[int, list[Sample]], fewer: int, more: int) -> Estimate:
    """What more skills save, the same callers compared."""
    return paired(pairs(samples[more], "mean_wait"), pairs(samples[fewer], "mean_wait"))
