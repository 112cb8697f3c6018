"""A study: replications of the same workload under several configurations, on all cores."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from ctid.simulation.generated import GeneratedWorkload
from ctid.simulation.scenario import ScenarioSpec
from ctid.simulation.staging import agent_groups, crew_names, staged
from ctid.simulation.tally import Sample
from ctid.simulation.world import Observer, World
from ctid.spec.site import SiteSpec


class Case(Protocol):
    """A workload under one configuration; sent to other processes, so all of it is plain data."""

    def run(self, replication: int) -> Sample:
        """Run one replication, the same in whatever process."""

    def groups(self) -> dict[str, list[str]]:
        """The groups of agents that figures are told of, with their agents."""


@dataclass(frozen=True)
class GeneratedCase:
    """A scenario under one configuration.

    Attributes:
        spec: The scenario.
        site: The configuration.
    """

    spec: ScenarioSpec
    site: SiteSpec

    def run(self, replication: int, observer: Observer | None = None) -> Sample:
        """Run one replication."""
        spec = self.spec
        start = spec.start.replace(tzinfo=ZoneInfo(self.site.timezone))
        world = World(
            staged(self.site, spec),
            GeneratedWorkload(spec, self.site, replication),
            start_utc_ms=round(start.timestamp() * 1000),
            warm_up_ms=round(spec.warm_up_seconds * 1000),
            lines=spec.lines,
            return_ms=round(spec.return_seconds * 1000),
            lookups=spec.lookups,
            observer=observer,
        )
        return world.run()

    def groups(self) -> dict[str, list[str]]:
        """The scenario's crews, and the configuration's agents by their first group, or their team."""
        found = agent_groups(self.site)
        for name, crew in self.spec.crews.items():
            found.setdefault(name, []).extend(crew_names(name, crew))
        return found


@dataclass
class Result:
    """What one configuration gave.

    Attributes:
        name: Of the configuration.
        case: The configuration with its workload.
        samples: One for each replication, in their order.
    """

    name: str
    case: Case
    samples: list[Sample] = field(default_factory=list)


def study(
    cases: dict[str, Case], replications: int, jobs: int, progress: Callable[[], None] = lambda: None
) -> list[Result]:
    """Run every case as often as asked.

    Args:
        cases: By the name of the configuration.
        replications: How often each.
        jobs: On how many processes.
        progress: Is called after each replication.
    """
    results = [Result(name, case) for name, case in cases.items()]
    tasks = [(index, replication) for replication in range(replications) for index in range(len(results))]
    found: dict[tuple[int, int], Sample] = {}
    for task, sample in _run_all([result.case for result in results], tasks, jobs):
        found[task] = sample
        progress()
    for index, result in enumerate(results):
        result.samples = [found[index, replication] for replication in range(replications)]
    return results


Task = tuple[int, int]
_cases: Sequence[Case] = ()
"""In a worker: what the study is about, given once and not with every task."""


def _run_all(cases: Sequence[Case], tasks: Sequence[Task], jobs: int) -> Iterator[tuple[Task, Sample]]:
    if min(jobs, len(tasks)) < 2:
        for index, replication in tasks:
            yield (index, replication), cases[index].run(replication)
        return
    # Spawned, not forked: the parent has threads (a progress bar), and no other platform could fork.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _take_cases, (cases,)) as pool:
        futures: dict[Any, Task] = {pool.submit(_run_task, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _take_cases(cases: Sequence[Case]) -> None:
    global _cases
    _cases = cases
    gc.freeze()  # what is loaded now stays for good, and need not be looked through again and again


def _run_task(task: Task) -> Sample:
    index, replication = task
    return _cases[index].run(replication)
