"""``ctid staff --scenario``: agents of each crew for several queues and skills, by search with the simulator."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ctid.simulation.crew_search import ScenarioJudge, Trial, search, with_service_time
from ctid.simulation.intervals import Estimate
from ctid.simulation.scenario import load_scenario
from ctid.staffing.plan import Target, with_shrinkage


def search_crews(
    path: Path,
    target: Target,
    *,
    own_time: bool,
    shrinkage: float,
    replications: int,
    jobs: int,
    as_json: bool,
    screen: Console,
) -> None:
    """Search, and print what was found.

    Args:
        path: The scenario.
        target: For every queue.
        own_time: Take each queue's own time to be served within, instead of the target's.
        shrinkage: Share of paid time that agents are not at the phones.
        replications: How often each choice is tried; 0 for what the scenario says.
        jobs: Processes.
        as_json: Print JSON instead of tables.
        screen: Where the tables go.

    Raises:
        ConfigError: The scenario has faults.
        RequestError: See ``ScenarioJudge`` and ``search``.
    """
    scenario = load_scenario(path)
    if not own_time:
        scenario = with_service_time(scenario, target.within_seconds)
    columns = (SpinnerColumn(), TextColumn("search: {task.completed} days simulated"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("search", total=None)
        judge = ScenarioJudge(
            scenario,
            target,
            replications or scenario.spec.replications,
            jobs,
            lambda: progress.advance(task),
        )
        found = search(judge.start, judge)
    rosters = [with_shrinkage(count, shrinkage) for count in found.counts]
    if as_json:
        screen.out(_document(judge, found, rosters), highlight=False)
        return
    crews = _table("crew", "agents\nbefore", "agents", *["on\nroster"] * (shrinkage > 0))
    for name, before, count, roster in zip(judge.crews, judge.start, found.counts, rosters, strict=True):
        crews.add_row(name, str(before), str(count), *[str(roster)] * (shrinkage > 0))
    queues = _table("queue", "in time\n%", "mean wait\ns", "abandoned\n%")
    for name, outcome in found.queues.items():
        queues.add_row(name, _cell(outcome.in_time, 100), _cell(outcome.mean_wait, 1), _cell(outcome.abandoned, 100))
    screen.print(crews, queues)
    screen.print(f"agent hours: {found.hours:.1f}; {judge.tried} choices tried", highlight=False)


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=True)
    return table


def _cell(estimate: Estimate, times: float) -> str:
    return f"{estimate.value * times:.1f} ± {estimate.half_width * times:.1f}"


def _document(judge: ScenarioJudge, found: Trial, rosters: list[int]) -> str:
    document = {
        "crews": {
            name: {"before": before, "agents": count, "scheduled": roster}
            for name, before, count, roster in zip(judge.crews, judge.start, found.counts, rosters, strict=True)
        },
        "agent_hours": found.hours,
        "tried": judge.tried,
        "queues": {
            name: {
                "service_level_percent": _view(outcome.in_time, 100),
                "mean_wait_seconds": _view(outcome.mean_wait, 1),
                "abandoned_percent": _view(outcome.abandoned, 100),
            }
            for name, outcome in found.queues.items()
        },
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _view(estimate: Estimate, times: float) -> dict[str, float]:
    return {"value": round(estimate.value * times, 4), "half_width": round(estimate.half_width * times, 4)}
