"""The expected wait as a formula, the promise made of it, and both against a simulated queue."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctid.acd.expected_wait import MILLI, expected_wait_ms, promise_ms, told_ms

pytestmark = pytest.mark.unit

MINUTE = 60_000


@pytest.mark.parametrize(
    ("ahead", "able", "handling", "free", "expected"),
    [
        (0, 1, MINUTE, 0, MINUTE),
        (0, 10, MINUTE, 0, 6_000),
        (9, 10, MINUTE, 0, MINUTE),
        (0.5, 1, MINUTE, 0, 90_000),
        (0, 3, MINUTE, 1, 0),
        (1, 3, MINUTE, 2, 0),
        (2, 3, MINUTE, 2, 20_000),
        (0, 3, 0, 1, 0),
        (0, 3, 0, 0, None),
        (0, 0, MINUTE, 0, None),
    ],
)
def test_the_formula(ahead: float, able: int, handling: int, free: int, expected: int | None) -> None:
    assert expected_wait_ms(round(ahead * MILLI), able, handling, free=free) == expected


@pytest.mark.parametrize("ahead", [0, 1, 5, 50, 500, 5_000])
@pytest.mark.parametrize("patience", [MINUTE, 10 * MINUTE])
def test_impatient_callers_ahead_shorten_the_wait_as_the_sum_over_them_says(ahead: int, patience: int) -> None:
    able, handling = 20, 3 * MINUTE
    exact = sum(1 / (able / handling + before / patience) for before in range(ahead + 1))
    estimate = expected_wait_ms(ahead * MILLI, able, handling, abandons=100, waited_ms=100 * patience)
    assert estimate == pytest.approx(exact, rel=0.02)


def test_a_few_who_gave_up_tell_nothing_of_patience() -> None:
    assert expected_wait_ms(9_000, 1, MINUTE, abandons=3, waited_ms=3_000) == 10 * MINUTE


@given(
    ahead=st.integers(0, 10**7),
    able=st.integers(1, 5_000),
    handling=st.integers(1, 10**7),
    free=st.integers(0, 10),
    abandons=st.integers(0, 300),
    waited=st.integers(0, 10**10),
)
def test_who_stands_further_back_waits_no_less(
    ahead: int, able: int, handling: int, free: int, abandons: int, waited: int
) -> None:
    def at(place: int) -> int:
        found = expected_wait_ms(place, able, handling, free=free, abandons=abandons, waited_ms=waited)
        assert found is not None
        return found

    assert at(ahead + MILLI) >= at(ahead) * 98 // 100 - 50
    assert 0 <= at(ahead) <= (ahead + MILLI) * handling // (able * MILLI) + 1


def test_a_promise_is_made_bettered_and_never_taken_back() -> None:
    assert promise_ms(1_000, 0, None) == 0
    assert promise_ms(1_000, 0, 60_000) == 61_000
    assert promise_ms(2_000, 61_000, None) == 61_000
    assert promise_ms(2_000, 61_000, 500_000) == 61_000
    assert promise_ms(2_000, 61_000, 50_000) == 61_000
    assert promise_ms(2_000, 61_000, 20_000) == 22_000


def test_what_is_told_is_what_is_left_of_the_promise_or_nothing() -> None:
    assert told_ms(1_000, 0, 60_000) is None
    assert told_ms(1_000, 61_000, None) is None
    assert told_ms(1_000, 61_000, 60_000) == 60_000
    assert told_ms(11_000, 61_000, 10_000) == 50_000
    assert told_ms(11_000, 61_000, 66_000) == 50_000
    assert told_ms(11_000, 61_000, 67_000) is None
    assert told_ms(60_000, 61_000, 6_000) == 1_000
    assert told_ms(61_001, 61_000, 0) is None


@given(st.lists(st.tuples(st.integers(0, 30_000), st.none() | st.integers(0, 600_000)), max_size=50))
def test_expected_wait(steps: list[tuple[int, int | None]]) -> None:
    """Whatever the estimates do, the wait that is told never rises, and falls at least as fast as time goes."""
    now, promised = 1, 0
    told: list[tuple[int, int]] = []
    for elapsed, expected in steps:
        now += elapsed
        promised = promise_ms(now, promised, expected)
        wait = told_ms(now, promised, expected)
        if wait is not None:
            told.append((now, wait))
    assert all(then + later <= before + wait for (before, wait), (then, later) in pairwise(told))


# ---- against a simulated queue ----------------------------------------------------------------------------------


@dataclass
class Caller:
    """A caller of the simulated queue: what was told on arrival, and what came of it."""

    arrived: int
    told: int
    leaves: int
    waited: int = -1


def queue_with(agents: int, load: float, handling: int, patience: int | None, calls: int, seed: int) -> list[Caller]:
    """M/M/n or, with patience, M/M/n+M: every caller is told an estimate on arriving; those served come back."""
    dice = Random(seed)
    busy: list[int] = []
    line: list[Caller] = []
    served: list[Caller] = []
    now = 0
    abandons = waited = 0

    def run(until: int) -> None:
        nonlocal abandons, waited
        while busy and busy[0] <= until:
            at = heapq.heappop(busy)
            while line and line[0].leaves <= at:
                gone = line.pop(0)
                abandons, waited = abandons + 1, waited + gone.leaves - gone.arrived
            if line:
                caller = line.pop(0)
                caller.waited = at - caller.arrived
                waited += caller.waited
                served.append(caller)
                heapq.heappush(busy, at + round(dice.expovariate(1 / handling)))
        for caller in [caller for caller in line if caller.leaves <= until]:
            line.remove(caller)
            abandons, waited = abandons + 1, waited + caller.leaves - caller.arrived

    for _ in range(calls):
        now += round(dice.expovariate(load * agents / handling))
        run(now)
        if len(busy) < agents:
            heapq.heappush(busy, now + round(dice.expovariate(1 / handling)))
            continue
        told = expected_wait_ms(len(line) * MILLI, agents, handling, abandons=abandons, waited_ms=waited)
        assert told is not None
        leaves = now + (10**12 if patience is None else round(dice.expovariate(1 / patience)))
        line.append(Caller(now, told, leaves))
    run(10**15)
    return served


@pytest.mark.parametrize(("agents", "load"), [(1, 0.8), (5, 0.9), (50, 0.97)])
def test_on_average_callers_wait_as_long_as_they_were_told(agents: int, load: float) -> None:
    callers = queue_with(agents, load, 3 * MINUTE, None, 60_000, seed=1)
    assert len(callers) > 5_000
    told, waited = fmean(caller.told for caller in callers), fmean(caller.waited for caller in callers)
    assert told == pytest.approx(waited, rel=0.03)
    # It holds for short waits and long ones alike, not only on average over all of them.
    callers.sort(key=lambda caller: caller.told)
    for part in (callers[: len(callers) // 2], callers[len(callers) // 2 :]):
        assert fmean(each.told for each in part) == pytest.approx(fmean(each.waited for each in part), rel=0.06)


def test_with_impatient_callers_ahead_it_holds_for_the_patient() -> None:
    """Who stays to the end waits as told; the line before them gets shorter by those who give up."""
    callers = queue_with(20, 1.3, 3 * MINUTE, 5 * MINUTE, 100_000, seed=2)
    # Those who stay are, by their staying, the ones whose line moved faster: the more so the longer it was.
    told, waited = fmean(caller.told for caller in callers), fmean(caller.waited for caller in callers)
    naive = fmean(caller.told for caller in queue_with(20, 1.3, 3 * MINUTE, 10**12, 3_000, seed=2))
    assert waited * 0.97 < told < waited * 1.12
    assert naive > 2 * told
