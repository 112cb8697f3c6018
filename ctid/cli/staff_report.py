"""What ``ctid staff`` found, as tables, CSV and JSON."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ctid.staffing.day import Interval, Total, agent_hours, total
from ctid.staffing.erlang import Performance, performance
from ctid.staffing.plan import Plan, Target, sensitivity
from ctid.staffing.views import outcome_view, percent, plan_view, target_view, what_if_view

MORE_AGENTS: Final = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Report:
    """A forecast with its plans.

    Attributes:
        target: What was asked for.
        shrinkage: Share of paid time that agents are not at the phones.
        intervals: The forecast.
        plans: One for each interval.
        given: Agents to tell the outcome of; ``None`` for those planned.
    """

    target: Target
    shrinkage: float
    intervals: Sequence[Interval]
    plans: Sequence[Plan]
    given: int | None

    @property
    def agents(self) -> list[int]:
        """Agents that outcomes are told of, by interval."""
        return [plan.agents if self.given is None else self.given for plan in self.plans]

    def outcomes(self, more: int = 0) -> list[Performance | None]:
        """What becomes of the calls, by interval, with so many more agents than ``agents``."""
        return [
            performance(plan.demand, max(0, agents + more), self.target.within_seconds)
            for plan, agents in zip(self.plans, self.agents, strict=True)
        ]


def print_report(console: Console, report: Report) -> None:
    """Print a line for each interval, and the whole if there are several."""
    columns = _columns(report)
    table = _table(_title(report), [*columns, *_OUTCOME])
    for interval, plan, outcome in zip(report.intervals, report.plans, report.outcomes(), strict=True):
        table.add_row(*(cell(interval, plan) for cell in columns.values()), *_outcome_cells(outcome))
    if len(report.intervals) > 1:
        whole = total(report.intervals, report.agents, report.outcomes())
        table.add_section()
        table.add_row("all", f"{whole.calls:.6g}", *[""] * (len(columns) - 2), *_outcome_cells(whole))
    console.print(table)
    if len(report.intervals) > 1:
        hours = agent_hours(report.intervals, [plan.agents for plan in report.plans])
        paid = agent_hours(report.intervals, [plan.scheduled for plan in report.plans])
        roster = f", {paid:.1f} on the roster" if report.shrinkage else ""
        console.print(f"agent hours: {hours:.1f}{roster}", highlight=False)


def print_sensitivity(console: Console, report: Report) -> None:
    """Print what changed assumptions make of the plan, all intervals together."""
    whose = "the agents planned" if report.given is None else f"{report.given} agents"
    table = _table(f"with {whose}, if …", ["change", "agents\nneeded", "agent\nhours", *_OUTCOME])
    for change, needed, whole in _changes(report):
        hours = agent_hours(report.intervals, needed)
        table.add_row(change, str(max(needed)), f"{hours:.1f}", *_outcome_cells(whole))
    table.add_section()
    for more in MORE_AGENTS:
        agents = [max(0, number + more) for number in report.agents]
        whole = total(report.intervals, agents, report.outcomes(more))
        table.add_row(f"agents {more:+d}", "", f"{whole.agent_hours:.1f}", *_outcome_cells(whole))
    console.print(table)


def _columns(report: Report) -> dict[str, Callable[[Interval, Plan], str]]:
    """The columns that tell something, with what stands in them; the first of several intervals is their start."""
    patient = any(plan.demand.patience_seconds is not None for plan in report.plans)
    columns: dict[str, Callable[[Interval, Plan], str]] = {}
    if len(report.intervals) > 1:
        columns["start"] = lambda interval, _: interval.start
    columns["calls"] = lambda interval, _: f"{interval.calls:.6g}"
    columns["handling\ns"] = lambda _, plan: f"{plan.demand.handling_seconds:.4g}"
    if patient:
        columns["patience\ns"] = lambda _, plan: f"{plan.demand.patience_seconds or math.inf:.4g}"
    columns["Erlang"] = lambda _, plan: f"{plan.demand.erlangs:.1f}"
    columns["agents"] = lambda _, plan: str(plan.agents)
    if patient:
        columns["Erlang C\nagents"] = lambda _, plan: str(plan.erlang_c_agents)
    if report.shrinkage:
        columns["on\nroster"] = lambda _, plan: str(plan.scheduled)
    if report.given is not None:
        columns["agents\ngiven"] = lambda *_: str(report.given)
    return columns


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        justify: Literal["left", "right"] = "left" if column in ("start", "change") else "right"
        table.add_column(column, justify=justify, no_wrap=True)
    return table


def _changes(report: Report) -> Iterator[tuple[str, list[int], Total]]:
    """Each change with the agents then needed by interval, and what becomes of the calls with those there are."""
    by_interval = [
        sensitivity(plan.demand, report.target, agents)
        for plan, agents in zip(report.plans, report.agents, strict=True)
    ]
    for what_ifs in zip(*by_interval, strict=True):
        changed = [
            msgspec.structs.replace(interval, demand=what.demand)
            for interval, what in zip(report.intervals, what_ifs, strict=True)
        ]
        whole = total(changed, report.agents, [what.outcome for what in what_ifs])
        yield what_ifs[0].change, [what.agents_needed for what in what_ifs], whole


def _title(report: Report) -> str:
    target = report.target
    parts = []
    if target.service_level is not None:
        parts.append(f"{target.service_level * 100:g} % within {target.within_seconds:g} s")
    for limit, words in (
        (percent(target.max_abandoned), "at most {:g} % abandoned"),
        (target.max_mean_wait_seconds, "mean wait at most {:g} s"),
        (percent(target.max_occupancy), "occupancy at most {:g} %"),
    ):
        if limit is not None:
            parts.append(words.format(limit))
    return "target: " + ", ".join(parts)


_OUTCOME: Final = ("in time\n%", "mean wait\ns", "abandoned\n%", "occupancy\n%")


def _outcome_cells(outcome: Performance | Total | None) -> list[str]:
    if outcome is None or outcome.mean_wait_seconds is None:
        return ["-", "∞", "-", "-"]
    level, abandoned, occupancy = (
        f"{(share or 0) * 100:.1f}" for share in (outcome.service_level, outcome.abandoned, outcome.occupancy)
    )
    return [level, f"{outcome.mean_wait_seconds:.1f}", abandoned, occupancy]


_COLUMNS: Final[dict[str, Callable[[Interval, Plan], Any]]] = {
    "start": lambda interval, _: interval.start,
    "minutes": lambda interval, _: interval.minutes,
    "calls": lambda interval, _: round(interval.calls, 4),
    "handling_seconds": lambda _, plan: round(plan.demand.handling_seconds, 4),
    "patience_seconds": lambda _, plan: plan.demand.patience_seconds and round(plan.demand.patience_seconds, 4),
    "erlangs": lambda _, plan: round(plan.demand.erlangs, 4),
    "agents": lambda _, plan: plan.agents,
    "scheduled": lambda _, plan: plan.scheduled,
    "erlang_c_agents": lambda _, plan: plan.erlang_c_agents,
}


def write_csv(path: Path, report: Report) -> None:
    """Write a line for each interval; an outcome that there is none of, as the line grows without end, is empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        names = list(outcome_view(report.plans[0].outcome) or ())
        writer = csv.DictWriter(file, [*_COLUMNS, "outcome_agents", *names])
        writer.writeheader()
        for interval, plan, agents, outcome in zip(
            report.intervals, report.plans, report.agents, report.outcomes(), strict=True
        ):
            row = {name: value(interval, plan) for name, value in _COLUMNS.items()}
            writer.writerow({**row, "outcome_agents": agents, **(outcome_view(outcome) or {})})


def as_json(report: Report, *, sensitive: bool) -> str:
    """Write the whole report as one JSON document."""
    intervals = []
    for interval, plan, agents, outcome in zip(
        report.intervals, report.plans, report.agents, report.outcomes(), strict=True
    ):
        view = {"start": interval.start, "minutes": interval.minutes, "calls": interval.calls, **plan_view(plan)}
        view |= {"outcome_agents": agents, "outcome": outcome_view(outcome)}
        if sensitive:
            view["sensitivity"] = [what_if_view(what) for what in sensitivity(plan.demand, report.target, agents)]
            view["agents_changed"] = [
                {"agents": max(0, agents + more), "outcome": outcome_view(changed)}
                for more in MORE_AGENTS
                for changed in (performance(plan.demand, max(0, agents + more), report.target.within_seconds),)
            ]
        intervals.append(view)
    document = {
        "target": target_view(report.target),
        "shrinkage_percent": percent(report.shrinkage),
        "agent_hours": agent_hours(report.intervals, [plan.agents for plan in report.plans]),
        "intervals": intervals,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
