"""The systems whose answer theory or published studies know, as scenarios for the simulator.

- Erlang A and C: one queue, agents who are all alike, Poisson arrivals, exponential service and patience; exact.
- SimpleMSK of the ContactCenters library (P. L'Ecuyer and E. Buist): three types, two groups, three periods, all of a
  day's arrivals multiplied by one Gamma draw; means over 1,000 days with their 95 % intervals.
- Resource pooling (R. B. Wallace and W. Whitt, 2005): six types, ninety agents with one to six skills, 120 lines.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ctid.simulation.generated import GeneratedWorkload
from ctid.simulation.intervals import CONFIDENCE, Estimate, Pair, ratio, student
from ctid.simulation.kpi import QUEUE_KPIS, queue_pairs
from ctid.simulation.scenario import ScenarioSpec
from ctid.simulation.study import GeneratedCase
from ctid.simulation.tally import Sample

WARM_UP_SERVICES: Final = 4

_KPIS: Final = {kpi.name: kpi for kpi in QUEUE_KPIS}


def case(scenario: Mapping[str, Any]) -> GeneratedCase:
    """A scenario that holds its own site."""
    spec = ScenarioSpec.model_validate(scenario)
    assert spec.site is not None
    return GeneratedCase(spec, spec.site)


def pairs(samples: Sequence[Sample], figure: str) -> list[Pair]:
    """A figure of all queues together, replication by replication."""
    return queue_pairs(samples, _KPIS[figure])


def offered_work(simulated: GeneratedCase, replications: int, mean_seconds: float) -> list[Control]:
    """Seconds of talk that the counted callers of each replication ask for, whether they get them or not."""
    warm_up_ms = simulated.spec.warm_up_seconds * 1000
    asked = []
    for replication in range(replications):
        calls = GeneratedWorkload(simulated.spec, simulated.site, replication).calls()
        asked.append(sum(call.handling_ms for call in calls if call.at_ms >= warm_up_ms) / 1000)
    return [Control(asked, mean_seconds)]


class Control(NamedTuple):
    """Something counted in each replication whose mean is known exactly."""

    values: Sequence[float]
    mean: float


def controlled(figure: Sequence[Pair], controls: Sequence[Control], confidence: float = CONFIDENCE) -> Estimate:
    """The figure's estimate with the help of other things that were counted (control variates).

    Where more callers came than are to be expected, waits were longer than is to be expected too: how much, regression
    tells, and that much is taken off. The interval is that of the regression.
    """
    plain = ratio(figure)
    below = statistics.fmean(pair.below for pair in figure)
    rest = [(pair.above - plain.value * pair.below) / below for pair in figure]
    value, spread = plain.value, 1 / len(rest)
    before: list[tuple[list[float], float, float]] = []
    for values, mean in controls:
        average = statistics.fmean(values)
        column, off = [each - average for each in values], average - mean
        for other, other_off, other_square in before:
            share = _product(column, other) / other_square
            column, off = _less(column, share, other), off - share * other_off
        square = _product(column, column)
        before.append((column, off, square))
        slope = _product(column, rest) / square
        rest, value, spread = _less(rest, slope, column), value - slope * off, spread + off * off / square
    freedom = len(rest) - 1 - len(controls)
    return Estimate(value, student(freedom, confidence) * math.sqrt(_product(rest, rest) / freedom * spread))


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _less(one: Sequence[float], times: float, other: Sequence[float]) -> list[float]:
    return [a - times * b for a, b in zip(one, other, strict=True)]


def _exponential(mean_seconds: float) -> dict[str, Any]:
    return {"distribution": "exponential", "mean_seconds": mean_seconds}


# ---- Erlang ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Erlang:
    """One line of the table.

    Attributes:
        per_minute: Arrivals.
        service_seconds: Mean service.
        patience_seconds: Mean patience; ``None``: nobody hangs up.
        agents: How many.
        waited: The share that has to wait.
        mean_wait: Of all, in seconds.
        in_time: Served within 20 s, of all.
        abandoned: The share that hangs up.
    """

    per_minute: float
    service_seconds: float
    patience_seconds: float | None
    agents: int
    waited: float
    mean_wait: float
    in_time: float
    abandoned: float

    @property
    def expected(self) -> dict[str, float]:
        """What theory says, by the figure's name."""
        return {
            "waited_share": self.waited,
            "mean_wait": self.mean_wait,
            "in_time": self.in_time,
            "abandoned_share": self.abandoned,
        }

    def scenario(self, contacts: int, seed: int = 1) -> dict[str, Any]:
        """About so many counted contacts; as many as the load are there at the start, so that the warm-up is short."""
        warm_up = WARM_UP_SERVICES * self.service_seconds
        seconds = warm_up + contacts * 60 / self.per_minute
        patience = {} if self.patience_seconds is None else {"patience": _exponential(self.patience_seconds)}
        callers = {
            "queue": "line",
            "per_interval": [self.per_minute * seconds / 60],
            "at_start": round(self.per_minute * self.service_seconds / 60),
            "handling": _exponential(self.service_seconds),
            **patience,
        }
        return {
            "site": {"site": "erlang", "country": "DE", "entries": {}, "queues": {"line": {"steps": [{}]}}},
            "seed": seed,
            "interval_seconds": seconds,
            "warm_up_seconds": warm_up,
            "streams": {"callers": callers},
            "crews": {"agents": {"count": self.agents}},
        }


ERLANG: Final = (
    Erlang(48, 60, 120, 50, 0.4678, 3.709, 0.9430, 0.0309),
    Erlang(48, 60, 120, 45, 0.7869, 10.03, 0.7648, 0.0836),
    Erlang(20, 300, 180, 100, 0.4516, 8.084, 0.8019, 0.0449),
    Erlang(200, 300, 180, 1000, 0.4412, 2.559, 0.9828, 0.0142),
    Erlang(20, 300, None, 107, 0.3835, 16.44, 0.7595, 0.0),
)


# ---- SimpleMSK -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Published:
    """A published mean and the half width of its 95 % interval."""

    value: float
    half_width: float


MSK: Final = {
    "served": Published(4297.3, 27.2),
    "abandoned": Published(910.3, 34.2),
    "service_level": Published(0.501, 0.0075),
}
MSK_OCCUPANCY: Final = Published(0.881, 0.0035)
"""Of group g0."""

_MSK_ARRIVALS: Final = ((4.2, 5.3, 3.2), (5.1, 4.3, 4.8), (6.3, 5.2, 4.8))
_MSK_BUSYNESS: Final = 28.7
_MSK_SERVICE: Final = (0.5, 0.6, 0.4)
_MSK_PATIENCE: Final = (0.3, 0.4, 0.2)
_MSK_GROUPS: Final = (["g0"], ["g0", "g1"], ["g1"])
_MSK_AGENTS: Final = {"g0": (12, 18, 9), "g1": (15, 20, 11)}


def simple_msk(seed: int = 1) -> dict[str, Any]:
    """One day; type 1 prefers g0, a freed agent takes the longest waiting they can serve.

    Those of the last period stay until the last caller has gone.
    """
    hours = ("08:00-10:00", "10:00-12:00", "12:00-24:00")
    queues = {
        f"type{number}": {"steps": [{"groups": groups, "prefer": {"groups": groups[:1]}}]}
        for number, groups in enumerate(_MSK_GROUPS)
    }
    streams = {
        f"type{number}": {
            "queue": f"type{number}",
            "per_interval": [rate * 120 for rate in rates],
            "handling": [_exponential(60 / rate) for rate in _MSK_SERVICE],
            "patience": [_exponential(60 / rate) for rate in _MSK_PATIENCE],
        }
        for number, rates in enumerate(_MSK_ARRIVALS)
    }
    site = {"site": "msk", "country": "DE", "groups": ["g0", "g1"], "entries": {}, "queues": queues}
    return {
        "site": site,
        "seed": seed,
        "start": "2026-03-02 08:00",
        "interval_seconds": 7_200,
        "busyness": _MSK_BUSYNESS,
        "streams": streams,
        "crews": {name: {"count": max(counts), "groups": [name]} for name, counts in _MSK_AGENTS.items()},
        "shifts": [
            {"crew": name, "count": count, "hours": period}
            for name, counts in _MSK_AGENTS.items()
            for count, period in zip(counts, hours, strict=True)
        ],
    }


def msk_arrivals(samples: Sequence[Sample]) -> list[Control]:
    """Each day's arrivals and their squares: what a day gives bends with how busy it is."""
    mean = 120 * sum(map(sum, _MSK_ARRIVALS))
    counts = [float(sample.contacts) for sample in samples]
    square = mean + mean * mean * (1 + 1 / _MSK_BUSYNESS)
    return [Control(counts, mean), Control([count * count for count in counts], square)]


# ---- pooling ---------------------------------------------------------------------------------------------------

POOL_WAIT: Final = 0.4500 * 60
"""Mean wait of those let in, of the exact pool (M/M/90/120), in seconds."""

POOLING: Final = {1: 3.0 * 60, 2: 0.60 * 60, 6: 0.46 * 60}
"""Published mean waits by the number of skills, in seconds."""

_TYPES: Final = 6


def pooling(skills: int, contacts: int, seed: int = 1, *, head_start_seconds: float = 86_400) -> dict[str, Any]:
    """Ninety agents, fifteen by primary skill, the other skills spread evenly.

    Args:
        skills: How many each agent has.
        contacts: About so many are counted, after a warm-up.
        seed: Of chance.
        head_start_seconds: So much longer than a caller of the next skill in the agent's order must one have waited to
            go first; a day is never: strictly in order of the agent's skills.
    """
    per_minute, warm_up = 8.4, WARM_UP_SERVICES * 600
    seconds = warm_up + contacts * 60 / per_minute
    names = [f"type{number}" for number in range(_TYPES)]
    crews = {}
    for first in range(_TYPES):
        for turn in range(_TYPES - 1):
            others = [(first + 1 + (turn + step) % (_TYPES - 1)) % _TYPES for step in range(skills - 1)]
            order = [names[number] for number in (first, *others)]
            crews[f"{names[first]}-{turn}"] = {
                "count": 3,
                "skills": {name: 10 - rank for rank, name in enumerate(order)},
                "queues": {name: {"priority": -rank} for rank, name in enumerate(order)},
                "team": names[first],
            }
    site = {
        "site": "pooling",
        "country": "DE",
        "skills": names,
        "policy": {"priority_seconds": head_start_seconds},
        "entries": {},
        "queues": {name: {"steps": [{"skills": {name: 1}}], "strategy": "highest_skill"} for name in names},
    }
    callers = {
        "per_interval": [per_minute / _TYPES * seconds / 60],
        "at_start": round(per_minute / _TYPES * 10),
        "handling": _exponential(600),
    }
    return {
        "site": site,
        "seed": seed,
        "interval_seconds": seconds,
        "warm_up_seconds": warm_up,
        "lines": 120,
        "streams": {name: {**callers, "queue": name} for name in names},
        "crews": crews,
    }
