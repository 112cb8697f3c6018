"""How many agents of each crew a scenario needs, several queues and skills together: a local search.

It grows the crews until every queue keeps its target, then takes agents away while it is kept, the most costly first,
then exchanges one or two agents for one of another crew. Every trial meets the same callers, so that trials differ by
the agents alone. What is found can't be bettered by one such step; a better plan further away may exist.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

from ctid.errors import RequestError
from ctid.simulation.intervals import Estimate, ratio
from ctid.simulation.kpi import QUEUE_KPIS, queue_pairs
from ctid.simulation.scenario import Scenario
from ctid.simulation.staging import crew_names
from ctid.simulation.study import Case, GeneratedCase, Result, study
from ctid.staffing.plan import Target

Counts = tuple[int, ...]

_KPIS = {kpi.name: kpi for kpi in QUEUE_KPIS}
_STALLED_ROUNDS = 4
_GROWN_TIMES = 64
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class QueueOutcome:
    """What callers of one queue get.

    Attributes:
        in_time: Share of all served within the target's time.
        abandoned: Share of all that hangs up.
        mean_wait: Of all, in seconds.
    """

    in_time: Estimate
    abandoned: Estimate
    mean_wait: Estimate

    def margins(self, target: Target) -> Iterator[float]:
        """By how much each part of the target is kept, the confidence interval's worse end counting.

        Not a number where nobody called: then there is nothing to keep.
        """
        if target.service_level is not None:
            yield self.in_time.value - self.in_time.half_width - target.service_level
        if target.max_abandoned is not None:
            yield target.max_abandoned - self.abandoned.value - self.abandoned.half_width
        if target.max_mean_wait_seconds is not None:
            yield 1 - (self.mean_wait.value + self.mean_wait.half_width) / target.max_mean_wait_seconds


@dataclass(frozen=True, slots=True)
class Trial:
    """One choice of crews, tried.

    Attributes:
        counts: Agents of each crew.
        hours: Agent hours of all crews.
        shortfall: What lacks for the targets, all queues together; 0 if every one is kept.
        margin: The least margin of all queues.
        queues: What callers get.
        lacking: Queues that do not keep the targets.
    """

    counts: Counts
    hours: float
    shortfall: float
    margin: float
    queues: dict[str, QueueOutcome]
    lacking: list[str]


Judge = Callable[[Sequence[Counts]], list[Trial]]


def search(start: Counts, judge: Judge) -> Trial:
    """Find crews that keep the targets and can't be made cheaper by a single step.

    Args:
        start: Where to begin.
        judge: Tries several choices.

    Raises:
        RequestError: No number of agents of these crews keeps the targets.
    """
    trial = _shrunk(_grown(judge([start])[0], judge), judge)
    while cheaper := _exchanged(trial, judge):
        trial = _shrunk(cheaper, judge)
    return trial


def _grown(trial: Trial, judge: Judge) -> Trial:
    limit = _GROWN_TIMES * (sum(trial.counts) + 10)
    stalled = 0
    while trial.shortfall > 0:
        steps = [max(1, count // 8) for count in trial.counts]
        single = [_with(trial.counts, index, step) for index, step in enumerate(steps)]
        every = tuple(count + step for count, step in zip(trial.counts, steps, strict=True))
        *trials, all_raised = judge([*single, every])
        best = max([*trials, all_raised], key=lambda each: _gain(trial, each))
        better = best.shortfall < trial.shortfall
        stalled = 0 if better else stalled + 1
        trial = best if better else all_raised
        if stalled == _STALLED_ROUNDS or sum(trial.counts) > limit:
            raise RequestError(
                f"however many agents these crews have, the targets of {', '.join(trial.lacking)} are not kept: see "
                "who may serve them at which hours, and run more replications if it is a matter of chance"
            )
    return trial


def _gain(before: Trial, after: Trial) -> float:
    """What is gained by an agent hour; never by one that the crew's shift does not have."""
    added = after.hours - before.hours
    return (before.shortfall - after.shortfall) / added if added > 0 else -math.inf


def _shrunk(trial: Trial, judge: Judge) -> Trial:
    size = max(1, max(trial.counts) // 4)
    while size:
        fewer = [_with(trial.counts, index, -size) for index, count in enumerate(trial.counts) if count > size]
        kept = [each for each in judge(fewer) if not each.shortfall]
        if kept:
            trial = min(kept, key=lambda each: (each.hours, -each.margin))
        else:
            size //= 2
    return trial


def _exchanged(trial: Trial, judge: Judge) -> Trial | None:
    """A cheaper choice by one of a crew for one or two others, of one crew or of two."""
    crews = range(len(trial.counts))
    others = []
    for given in crews:
        rest = [crew for crew in crews if crew != given]
        for taken in (*((crew,) for crew in rest), *combinations_with_replacement(rest, 2)):
            counts = _with(trial.counts, given, 1)
            for crew in taken:
                counts = _with(counts, crew, -1)
            if min(counts) > 0:
                others.append(counts)
    kept = [each for each in judge(others) if not each.shortfall and each.hours < trial.hours - 1e-9]
    return min(kept, key=lambda each: (each.hours, -each.margin), default=None)


def _with(counts: Counts, index: int, more: int) -> Counts:
    return (*counts[:index], counts[index] + more, *counts[index + 1 :])


class ScenarioJudge:
    """Tries crews in a scenario; what was tried is known from then on.

    Attributes:
        crews: Names of the crews that are searched for.
        start: As many as the scenario has.
        tried: How many choices were tried.

    Raises:
        RequestError: The scenario has no crew to search for, or too few replications, or the target is no queue's.
    """

    def __init__(
        self, scenario: Scenario, target: Target, replications: int, jobs: int, progress: Callable[[], None]
    ) -> None:
        if replications < 2:
            raise RequestError("a search needs 2 replications or more: without, nothing is known of chance")
        if target.max_occupancy is not None:
            raise RequestError("a search keeps targets of queues; occupancy is none")
        limited = {shift.crew for shift in scenario.spec.shifts if shift.count is not None}
        self.crews = [name for name in scenario.spec.crews if name not in limited]
        if not self.crews:
            raise RequestError("the scenario has no crew whose number could be searched for")
        self.start: Counts = tuple(scenario.spec.crews[name].count for name in self.crews)
        self.tried = 0
        self._scenario = scenario
        self._target = target
        self._replications = replications
        self._jobs = jobs
        self._progress = progress
        self._known: dict[Counts, Trial] = {}
        self._hours: list[float] = []

    def __call__(self, choices: Sequence[Counts]) -> list[Trial]:
        """Try choices that were not tried yet, and tell what came of all of them."""
        new = [choice for choice in dict.fromkeys(choices) if choice not in self._known]
        cases: dict[str, Case] = {repr(choice): self._case(choice) for choice in new}
        for choice, result in zip(new, study(cases, self._replications, self._jobs, self._progress), strict=True):
            # An agent's hours are those of the first trial: how long the last calls take is no reason for a choice.
            self._hours = self._hours or self._hours_of_an_agent(choice, result)
            self._known[choice] = self._trial(choice, result)
            self.tried += 1
        return [self._known[choice] for choice in choices]

    def _case(self, counts: Counts) -> GeneratedCase:
        spec = self._scenario.spec
        crews = dict(spec.crews)
        for name, count in zip(self.crews, counts, strict=True):
            crews[name] = crews[name].model_copy(update={"count": count})
        return GeneratedCase(spec.model_copy(update={"crews": crews}), self._scenario.site)

    def _hours_of_an_agent(self, counts: Counts, result: Result) -> list[float]:
        hours = []
        for name, count in zip(self.crews, counts, strict=True):
            members = crew_names(name, self._scenario.spec.crews[name].model_copy(update={"count": count}))
            staffed = sum(sample.agents[agent].staffed_ms for sample in result.samples for agent in members)
            hours.append(staffed / count / len(result.samples) / _HOUR_MS)
        return hours

    def _trial(self, counts: Counts, result: Result) -> Trial:
        queues = {
            queue: QueueOutcome(
                *(
                    ratio(queue_pairs(result.samples, _KPIS[name], queue))
                    for name in ("in_time", "abandoned_share", "mean_wait")
                )
            )
            for queue in sorted({queue for sample in result.samples for queue in sample.queues})
        }
        margins = {
            queue: [margin for margin in outcome.margins(self._target) if not math.isnan(margin)]
            for queue, outcome in queues.items()
        }
        known = [margin for of_queue in margins.values() for margin in of_queue]
        return Trial(
            counts=counts,
            hours=sum(count * hours for count, hours in zip(counts, self._hours, strict=True)),
            shortfall=sum(max(0.0, -margin) for margin in known),
            margin=min(known, default=math.inf),
            queues=queues,
            lacking=[queue for queue, of_queue in margins.items() if min(of_queue, default=0) < 0],
        )


def with_service_time(scenario: Scenario, seconds: float) -> Scenario:
    """The scenario with this time as every queue's to be served within."""
    queues = {
        name: queue.model_copy(update={"service_level_seconds": seconds})
        for name, queue in scenario.site.queues.items()
    }
    return replace(scenario, site=scenario.site.model_copy(update={"queues": queues}))
