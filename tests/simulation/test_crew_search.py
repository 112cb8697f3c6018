"""The search for crews: the least that keeps the targets, as far as single steps lead; refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ctid.errors import RequestError
from ctid.simulation.crew_search import Counts, ScenarioJudge, Trial, search, with_service_time
from ctid.simulation.scenario import Scenario, ScenarioSpec
from ctid.staffing.erlang import Demand, performance
from ctid.staffing.plan import Target, agents_needed
from tests.simulation.small_site import exponential, scenario, stream

EIGHTY_TWENTY = Target(service_level=0.8, within_seconds=20)


class Known:
    """A floor whose needs are known: 5 who can sell, 7 who can help, 10 in all; the third crew can do both."""

    def __init__(self, hours: tuple[float, float, float] = (8, 8, 8)) -> None:
        self.hours = hours

    def __call__(self, choices: Sequence[Counts]) -> list[Trial]:
        return [self.trial(choice) for choice in choices]

    def trial(self, counts: Counts) -> Trial:
        sellers, helpers, both = counts
        margins = {"sales": sellers + both - 5, "support": helpers + both - 7, "all": sum(counts) - 10}
        return Trial(
            counts=counts,
            hours=sum(count * hours for count, hours in zip(counts, self.hours, strict=True)),
            shortfall=sum(max(0, -margin) for margin in margins.values()),
            margin=min(margins.values()),
            queues={},
            lacking=[name for name, margin in margins.items() if margin < 0],
        )


@pytest.mark.parametrize("start", [(1, 1, 1), (4, 6, 1), (30, 2, 1), (1, 1, 40), (100, 100, 100)])
def test_it_finds_the_least_from_wherever_it_begins(start: Counts) -> None:
    found = search(start, Known())
    assert (found.shortfall, sum(found.counts)) == (0, 10)


def test_dear_agents_are_exchanged_for_others() -> None:
    found = search((1, 1, 12), Known((8, 8, 12)))
    cheapest = min(
        (sellers * 8 + helpers * 8 + both * 12)
        for sellers in range(1, 12)
        for helpers in range(1, 12)
        for both in range(1, 12)
        if sellers + both >= 5 and helpers + both >= 7 and sellers + helpers + both >= 10
    )
    assert found.hours == cheapest


def test_targets_that_no_crew_can_keep_are_told_with_their_queue() -> None:
    def hopeless(choices: Sequence[Counts]) -> list[Trial]:
        return [
            Trial(counts=each, hours=sum(each), shortfall=0.3, margin=-0.3, queues={}, lacking=["support"])
            for each in choices
        ]

    with pytest.raises(RequestError, match="the targets of support are not kept"):
        search((3, 3), hopeless)


def one_line(**more: Any) -> Scenario:
    """30 calls in 10 minutes of a minute each, with two minutes of patience: 3 Erlang."""
    callers = stream([30] * 24, exponential(60), patience=exponential(120))
    spec: ScenarioSpec = scenario({"callers": callers}, interval_seconds=600, warm_up_seconds=600, **more)
    assert spec.site is not None
    return Scenario(spec, spec.site)


def test_for_one_line_it_finds_what_erlang_a_says() -> None:
    demand = Demand(calls_per_hour=180, handling_seconds=60, patience_seconds=120)
    levels = [outcome.service_level for n in (3, 4) if (outcome := performance(demand, n, 5)) is not None]
    # Halfway between what 3 and 4 agents give, so that chance does not decide.
    target = Target(service_level=sum(levels) / 2, within_seconds=5)
    assert agents_needed(demand, target) == 4
    judge = ScenarioJudge(with_service_time(one_line(), 5), target, 8, 1, lambda: None)
    found = search(judge.start, judge)
    assert (judge.crews, judge.start, found.counts) == (["ones"], (1,), (4,))
    outcome = found.queues["first"]
    assert outcome.in_time.value == pytest.approx(levels[1], abs=2 * outcome.in_time.half_width)
    assert found.hours == pytest.approx(4 * (24 * 600 - 600) / 3_600, rel=0.05)


def test_what_was_tried_is_known() -> None:
    days: list[None] = []
    judge = ScenarioJudge(one_line(), EIGHTY_TWENTY, 2, 1, lambda: days.append(None))
    first = judge([(3,), (4,), (3,)])
    assert first[0] is first[2]
    assert judge([(4,)]) == [first[1]]
    assert (judge.tried, len(days)) == (2, 4)


@pytest.mark.parametrize(
    ("more", "target", "replications", "words"),
    [
        ({}, EIGHTY_TWENTY, 1, "2 replications or more"),
        ({}, Target(max_occupancy=0.9), 2, "occupancy is none"),
        ({"shifts": [{"crew": "ones", "count": 1}]}, EIGHTY_TWENTY, 2, "no crew whose number"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    more: dict[str, Any], target: Target, replications: int, words: str
) -> None:
    with pytest.raises(RequestError, match=words):
        ScenarioJudge(one_line(**more), target, replications, 1, lambda: None)
