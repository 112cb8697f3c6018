"""Student's intervals, ratios and paired differences against values from tables and by hand."""

from __future__ import annotations

import math

import pytest

from ctid.simulation.intervals import Pair, difference, ratio, student

pytestmark = pytest.mark.simulation


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062), (2, 4.3027), (5, 2.5706), (9, 2.2622), (30, 2.0423), (120, 1.9799)]
)
def test_students_quantile_is_that_of_the_tables(freedom: int, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, abs=5e-5)


def test_other_confidences_have_their_own_quantiles() -> None:
    assert student(10, 0.99) == pytest.approx(3.1693, abs=5e-5)
    assert student(10, 0.8) == pytest.approx(1.3722, abs=5e-5)


def test_a_mean_has_the_plain_students_interval() -> None:
    estimate = ratio([Pair(value, 1) for value in (2, 4, 6)])
    assert estimate.value == 4
    assert estimate.half_width == pytest.approx(4.3027 * 2 / math.sqrt(3), abs=1e-3)
    assert estimate.holds(6)
    assert not estimate.holds(9)


def test_a_ratio_is_that_of_the_sums_and_days_in_proportion_leave_no_doubt() -> None:
    estimate = ratio([Pair(10, 100), Pair(30, 300)])
    assert estimate.value == pytest.approx(0.1)
    assert estimate.half_width == pytest.approx(0)
    assert ratio([Pair(0, 100), Pair(30, 100)]).value == pytest.approx(0.15)


def test_one_replication_has_a_value_and_no_interval() -> None:
    estimate = ratio([Pair(1, 2)])
    assert estimate.value == 0.5
    assert math.isnan(estimate.half_width)


def test_nothing_to_divide_by_is_not_a_number() -> None:
    assert math.isnan(ratio([Pair(0, 0), Pair(0, 0)]).value)


def test_what_replications_have_in_common_is_not_in_the_differences_interval() -> None:
    first = [Pair(value, 1) for value in (10, 20, 30)]
    second = [Pair(value + 1, 1) for value in (10, 20, 30)]
    gap = difference(first, second)
    assert gap.value == 1
    assert gap.half_width == pytest.approx(0)
    assert ratio(first).half_width > 10
