"""What is drawn has the mean and the spread that were asked for."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from pydantic import TypeAdapter

from ctid.simulation.distributions import Distribution, draw
from ctid.simulation.intervals import Pair, ratio

pytestmark = pytest.mark.simulation

MANY = 20_000


def drawn(spec: dict[str, Any]) -> list[int]:
    chance, one = Random(7), draw(TypeAdapter(Distribution).validate_python(spec))
    return [one(chance) for _ in range(MANY)]


@pytest.mark.parametrize(
    ("spec", "mean_ms", "sd_ms"),
    [
        ({"distribution": "exponential", "mean_seconds": 60}, 60_000, 60_000),
        ({"distribution": "lognormal", "mean_seconds": 200, "sd_seconds": 120}, 200_000, 120_000),
        ({"distribution": "gamma", "mean_seconds": 90, "sd_seconds": 30}, 90_000, 30_000),
        ({"distribution": "deterministic", "seconds": 4.5}, 4_500, 0),
        ({"distribution": "empirical", "values_seconds": [1, 2, 6]}, 3_000, math.sqrt(14 / 3) * 1000),
    ],
)
def test_mean_and_deviation_are_what_was_asked_for(spec: dict[str, Any], mean_ms: float, sd_ms: float) -> None:
    values = drawn(spec)
    assert abs(ratio([Pair(each, 1) for each in values], 0.999).value - mean_ms) <= max(
        1e-9, ratio([Pair(each, 1) for each in values], 0.999).half_width
    )
    squares = ratio([Pair((each - mean_ms) ** 2, 1) for each in values], 0.999)
    assert abs(squares.value - sd_ms**2) <= max(1e-9, squares.half_width)


def test_the_exponentials_tail_is_exponential() -> None:
    beyond = ratio(
        [Pair(each > 120_000, 1) for each in drawn({"distribution": "exponential", "mean_seconds": 60})], 0.999
    )
    assert beyond.holds(math.exp(-2))
