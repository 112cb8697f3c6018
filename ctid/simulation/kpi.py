"""Key figures of queues and agents, out of the tallies of replications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from ctid.simulation.intervals import Pair
from ctid.simulation.tally import AgentTally, QueueTally, Sample

TOTAL = ""
"""In place of a queue's name: all of them."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """A key figure: a ratio of two things counted, or something counted per replication.

    Attributes:
        name: For files.
        label: For people.
        unit: ``s``, ``%`` or empty.
        pair: One replication's numerator and denominator.
    """

    name: str
    label: str
    unit: str
    pair: Callable[[QueueTally], Pair]


def _each(count: Callable[[QueueTally], int]) -> Callable[[QueueTally], Pair]:
    return lambda tally: Pair(count(tally), 1)


def _of_offered(count: Callable[[QueueTally], int]) -> Callable[[QueueTally], Pair]:
    return lambda tally: Pair(count(tally), tally.offered)


QUEUE_KPIS: Sequence[Kpi] = (
    Kpi("offered", "offered", "", _each(lambda tally: tally.offered)),
    Kpi("served", "served", "", _each(lambda tally: tally.served)),
    Kpi("abandoned", "abandoned", "", _each(lambda tally: tally.abandoned)),
    Kpi("diverted", "diverted", "", _each(lambda tally: tally.diverted)),
    Kpi("abandoned_share", "abandoned / offered", "%", _of_offered(lambda tally: tally.abandoned)),
    Kpi("waited_share", "had to wait", "%", _of_offered(lambda tally: tally.waited)),
    Kpi("mean_wait", "mean wait of all", "s", lambda tally: Pair(tally.wait_ms / 1000, tally.offered)),
    Kpi("mean_answer", "mean wait of served", "s", lambda tally: Pair(tally.served_wait_ms / 1000, tally.served)),
    Kpi("in_time", "served in target / offered", "%", _of_offered(lambda tally: tally.in_time)),
    Kpi(
        "service_level",
        "served in target / (served + abandoned later)",
        "%",
        lambda tally: Pair(tally.in_time, tally.served + tally.late_abandoned),
    ),
    Kpi("longest_wait", "longest wait", "s", lambda tally: Pair(tally.longest_ms / 1000, 1)),
    Kpi("primary_share", "served by primary agents", "%", lambda tally: Pair(tally.primary, tally.served)),
)
"""What is told of a queue, and of all queues together."""

_SUMMED = [field.name for field in fields(QueueTally) if field.name != "longest_ms"]


def queue_tally(sample: Sample, queue: str = TOTAL) -> QueueTally:
    """One queue's tally, or that of all."""
    if queue != TOTAL:
        return sample.queues.get(queue) or QueueTally()
    tallies = sample.queues.values()
    total = QueueTally(**{name: sum(getattr(tally, name) for tally in tallies) for name in _SUMMED})
    total.longest_ms = max((tally.longest_ms for tally in tallies), default=0)
    return total


def queue_pairs(samples: Sequence[Sample], kpi: Kpi, queue: str = TOTAL) -> list[Pair]:
    """A figure's pair in each replication."""
    return [kpi.pair(queue_tally(sample, queue)) for sample in samples]


def occupancy_pairs(samples: Sequence[Sample], agents: Sequence[str]) -> list[Pair]:
    """Busy time and time there of these agents together, in each replication."""
    return [_occupancy([sample.agents[each] for each in agents if each in sample.agents]) for sample in samples]


def _occupancy(tallies: Sequence[AgentTally]) -> Pair:
    return Pair(sum(tally.busy_ms for tally in tallies), sum(tally.staffed_ms for tally in tallies))
