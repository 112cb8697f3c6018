"""Sums that forget, against the same in exact fractions."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from ctid.acd.recency import HALF_LIFE_MS, add, seen

pytestmark = pytest.mark.unit


def weight(at_ms: int) -> Fraction:
    whole, part = divmod(at_ms, HALF_LIFE_MS)
    return Fraction(2) ** whole * (HALF_LIFE_MS + part)


def test_order_is_that_of_the_exact_sums() -> None:
    chance = random.Random(5)
    sums = [(0, Fraction(0)) for _ in range(20)]
    at_ms = 0
    for _ in range(3_000):
        at_ms += chance.randrange(600_000)
        index, amount = chance.randrange(20), chance.randint(1, 3_600_000)
        kept, exact = sums[index]
        sums[index] = add(kept, amount, at_ms), exact + amount * weight(at_ms)
    assert [exact for _, exact in sorted(sums)] == sorted(exact for _, exact in sums)


def test_what_was_long_ago_counts_nothing_and_half_a_life_ago_half() -> None:
    year = 365 * 24 * 3_600_000
    assert add(add(0, 10**12, 0), 1, 10 * year) == add(0, 1, 10 * year)
    assert add(0, 200, 0) == add(0, 100, HALF_LIFE_MS)
    assert add(add(0, 200, 0), 100, HALF_LIFE_MS) == add(0, 200, HALF_LIFE_MS)


def test_more_is_more_at_any_moment() -> None:
    chance = random.Random(6)
    for _ in range(1_000):
        total = add(0, chance.randint(1, 10**7), chance.randrange(10**9))
        at_ms = chance.randrange(10**9, 10**10)
        assert total < add(total, 10**6, at_ms) < add(total, 2 * 10**6, at_ms)


def test_what_is_seen_is_the_exact_sum_as_it_faded() -> None:
    chance = random.Random(7)
    total, exact, at_ms = 0, Fraction(0), 0
    for _ in range(300):
        at_ms += chance.randrange(600_000)
        amount = chance.randint(1, 3_600_000)
        total, exact = add(total, amount, at_ms), exact + amount * weight(at_ms)
        later = at_ms + chance.randrange(4 * HALF_LIFE_MS)
        assert seen(total, later) == pytest.approx(float(1_000 * exact / weight(later)), rel=1e-9, abs=1)
    assert seen(0, at_ms) == 0
    assert seen(add(0, 600_000, 5), 5) == 600_000_000
    assert seen(add(0, 600_000, 5), 5 + HALF_LIFE_MS) == 300_000_000
