"""The engine, driven by the simulator, gives what theory and published studies give.

Seeds are fixed. A figure is right if the expected one lies in its confidence interval or, where that is an estimate
too, if no difference lies in the interval of their difference. Each test as a whole has a confidence of 95 %: each of
its n comparisons is made at 1 - 0.05 / n (Bonferroni). Another bound keeps an interval from being right by being wide.
Long runs of the same are in docs/acd-proof.md.
"""

from __future__ import annotations

import heapq
import math
from collections import deque

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
    controlled,
    msk_arrivals,
    offered_work,
    pairs,
    pooling,
    simple_msk,
)
from ctid.model import commands as cmd
from ctid.simulation.generated import GeneratedWorkload
from ctid.simulation.intervals import CONFIDENCE, Estimate, difference, student
from ctid.simulation.kpi import occupancy_pairs
from ctid.simulation.study import GeneratedCase
from ctid.simulation.world import ORIGIN_MS

pytestmark = pytest.mark.simulation

DAYS_PUBLISHED = 1_000


def each_of(count: int) -> float:
    """The confidence of each of so many comparisons."""
    return 1 - (1 - CONFIDENCE) / count


# ---- Erlang ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("system", ERLANG, ids=lambda system: f"{system.agents}-agents")
def test_erlang(system: Erlang) -> None:
    # A relaxation takes about a service: with ten times the agents, more contacts tell as much.
    replications, contacts = (6, 6_000) if system.agents > 500 else (8, 3_000)
    simulated = case(system.scenario(contacts))
    samples = [simulated.run(number) for number in range(replications)]
    work = offered_work(simulated, replications, contacts * system.service_seconds)
    for figure, expected in system.expected.items():
        estimate = controlled(pairs(samples, figure), work, each_of(len(system.expected)))
        assert estimate.holds(expected), (figure, estimate, expected)
    assert controlled(pairs(samples, "waited_share"), work).half_width < 0.4 * system.waited


@pytest.mark.parametrize("system", [ERLANG[0], ERLANG[4]], ids=lambda system: f"{system.agents}-agents")
def test_every_caller_waits_as_long_as_in_a_queue_of_the_textbook(system: Erlang) -> None:
    """What has no chance in it needs no interval: the same callers wait the same, to the millisecond."""
    simulated = case(system.scenario(5_000))
    told = []

    def note(_at: object, _event: object, commands: list[cmd.Command]) -> None:
        for command in commands:
            if isinstance(command, cmd.SaveRecord):
                record = command.record
                told.append((record.created_at.mono_ms, record.wait_ms, record.connected_at is not None))

    simulated.run(0, note)
    assert sorted(told) == sorted(textbook(simulated, system.agents))


def textbook(simulated: GeneratedCase, agents: int) -> list[tuple[int, int, bool]]:
    """Arrival, wait and whether they were served, of first come, first served with impatient callers."""
    told: list[tuple[int, int, bool]] = []
    busy: list[int] = []
    waiting: deque[tuple[int, int, int]] = deque()

    def serve_until(now: int) -> None:
        while busy and busy[0] <= now and waiting:
            free = heapq.heappop(busy)
            while waiting:
                at, leaves, handling = waiting.popleft()
                if leaves > free:
                    told.append((at, free - at, True))
                    heapq.heappush(busy, free + handling)
                    break
                told.append((at, leaves - at, False))

    for call in GeneratedWorkload(simulated.spec, simulated.site, 0).calls():
        now = ORIGIN_MS + call.at_ms
        serve_until(now)
        while busy and busy[0] <= now:
            heapq.heappop(busy)
        if len(busy) < agents:
            told.append((now, 0, True))
            heapq.heappush(busy, now + call.handling_ms)
        else:
            waiting.append((now, now + call.patience_ms if call.patience_ms >= 0 else 1 << 60, call.handling_ms))
    serve_until(1 << 61)
    return told


# ---- SimpleMSK -------------------------------------------------------------------------------------------------


def agrees(estimate: Estimate, published: Published, confidence: float) -> bool:
    """Whether no difference lies in the interval of the difference of two independent estimates."""
    theirs = published.half_width * student(DAYS_PUBLISHED - 1, confidence) / student(DAYS_PUBLISHED - 1)
    return abs(estimate.value - published.value) <= math.hypot(estimate.half_width, theirs)


def test_simple_msk() -> None:
    simulated = case(simple_msk())
    samples = [simulated.run(day) for day in range(10)]
    arrivals = msk_arrivals(samples)
    confidence = each_of(len(MSK) + 1)
    expected = {**MSK, "occupancy": MSK_OCCUPANCY}
    for name, published in expected.items():
        figures = occupancy_pairs(samples, simulated.groups()["g0"]) if name == "occupancy" else pairs(samples, name)
        estimate = controlled(figures, arrivals, confidence)
        assert agrees(estimate, published, confidence), (name, estimate, published)
        assert estimate.half_width < 0.2 * published.value
    assert sum(sample.unfinished for sample in samples) == 0


# ---- pooling ---------------------------------------------------------------------------------------------------


def test_pooling() -> None:
    """The second skill buys nearly all that all six buy; with all six the mean wait is that of the exact pool."""
    replications, contacts = 8, 2_500
    waits, estimates = {}, {}
    for skills in POOLING:
        simulated = case(pooling(skills, contacts))
        waits[skills] = pairs([simulated.run(number) for number in range(replications)], "mean_wait")
        work = offered_work(simulated, replications, contacts * 600)
        estimates[skills] = controlled(waits[skills], work, each_of(len(POOLING) + 1))
    assert estimates[6].holds(POOL_WAIT), (estimates, POOL_WAIT)
    for skills, published in POOLING.items():
        assert estimates[skills].holds(published), (skills, estimates, published)
    bought, left = difference(waits[2], waits[1]), difference(waits[6], waits[2])
    assert bought.value - bought.half_width > 4 * (left.value + left.half_width), (bought, left)
