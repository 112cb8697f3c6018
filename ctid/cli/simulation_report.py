"""The figures of a study as tables, as CSV and as a plot."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import plotext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ctid.simulation.intervals import Estimate, Pair, difference, ratio
from ctid.simulation.kpi import QUEUE_KPIS, TOTAL, occupancy_pairs, queue_pairs
from ctid.simulation.study import Result


class Figure(NamedTuple):
    """One figure of every configuration.

    Attributes:
        about: The queue, group or agent it is of; empty for all queues.
        name: For files.
        label: For people.
        unit: ``s``, ``%`` or empty.
        pairs: For each configuration, the pair of each replication.
    """

    about: str
    name: str
    label: str
    unit: str
    pairs: list[list[Pair]]

    def estimates(self) -> list[Estimate]:
        """Each configuration's estimate."""
        return [ratio(pairs) for pairs in self.pairs]

    def differences(self) -> list[Estimate]:
        """How much each configuration but the first is above the first."""
        return [difference(self.pairs[0], pairs) for pairs in self.pairs[1:]]


def figures(results: Sequence[Result], *, agents: bool = False) -> Iterator[Figure]:
    """Every figure: of all queues, of each queue, of each group of agents and, if asked, of each agent."""
    queues = sorted({queue for result in results for sample in result.samples for queue in sample.queues})
    for about in (TOTAL, *(queues if len(queues) > 1 else ())):
        for kpi in QUEUE_KPIS:
            pairs = [queue_pairs(result.samples, kpi, about) for result in results]
            yield Figure(about, kpi.name, kpi.label, kpi.unit, pairs)
    every: list[dict[str, list[str]]] = [result.case.groups() for result in results]
    for group in sorted({name for groups in every for name in groups}):
        pairs = [
            occupancy_pairs(result.samples, groups.get(group, []))
            for result, groups in zip(results, every, strict=True)
        ]
        yield Figure(group, "occupancy", "occupancy", "%", pairs)
    if agents:
        for agent in sorted({name for groups in every for members in groups.values() for name in members}):
            yield Figure(agent, "occupancy", "occupancy", "%", [occupancy_pairs(r.samples, [agent]) for r in results])


def print_tables(console: Console, results: Sequence[Result]) -> None:
    """Print a table of the figures: one line each, one column for each configuration, then the differences."""
    table = Table(title=_title(results), title_justify="left")
    table.add_column("", min_width=44)
    for result in results:
        table.add_column(result.name, justify="right", no_wrap=True)
    for result in results[1:]:
        table.add_column(f"{result.name} − {results[0].name}", justify="right", no_wrap=True)
    about = None
    for figure in figures(results):
        estimates = figure.estimates()
        if all(math.isnan(each.value) for each in estimates):
            continue
        if figure.about != about:
            about = figure.about
            table.add_section()
            table.add_row(Text(about or "all queues", style="bold"))
        cells = [_cell(each, figure.unit) for each in estimates]
        cells += [_cell(each, figure.unit, signed=True) for each in figure.differences()]
        table.add_row(f"  {figure.label}" + (f" [{figure.unit}]".replace("[", "\\[") if figure.unit else ""), *cells)
    console.print(table)
    for result in results:
        for label, total in (
            ("callers found no line", sum(sample.busy_lines for sample in result.samples)),
            ("contacts never reached a queue", sum(sample.unqueued for sample in result.samples)),
            ("callers were still waiting at the very end", sum(sample.unfinished for sample in result.samples)),
        ):
            if total:
                console.print(f"{result.name}: {total} {label}, in all replications")


def _title(results: Sequence[Result]) -> str:
    count = len(results[0].samples)
    contacts = sum(sample.contacts for result in results for sample in result.samples)
    return f"{count} replication{'s' if count > 1 else ''}, {contacts} contacts in all; ± 95 % confidence"


def _cell(estimate: Estimate, unit: str, *, signed: bool = False) -> Text:
    if math.isnan(estimate.value):
        return Text("–")
    factor, digits = (100, 2) if unit == "%" else (1, 2)
    text = f"{estimate.value * factor:{'+' if signed else ''}.{digits}f}"
    if math.isnan(estimate.half_width):
        return Text(text)
    # A difference whose interval leaves out nothing is one that the replications prove.
    proven = signed and abs(estimate.value) > estimate.half_width
    return Text(f"{text} ± {estimate.half_width * factor:.{digits}f}", style="bold" if proven else "")


def write_csv(path: Path, results: Sequence[Result]) -> None:
    """Write every figure of every configuration, agents included, with its interval and difference from the first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["configuration", "about", "figure", "unit", "value", "half_width", "difference", "difference_half_width"]
        )
        for figure in figures(results, agents=True):
            differences: list[Estimate | None] = [None, *figure.differences()]
            for result, estimate, gap in zip(results, figure.estimates(), differences, strict=True):
                writer.writerow(
                    [
                        result.name,
                        figure.about or "all queues",
                        figure.name,
                        figure.unit,
                        *_numbers(estimate, figure.unit),
                        *_numbers(gap, figure.unit),
                    ]
                )


def _numbers(estimate: Estimate | None, unit: str) -> list[str]:
    factor = 100 if unit == "%" else 1
    return [
        "" if estimate is None or math.isnan(each) else f"{each * factor:.6g}"
        for each in estimate or (math.nan, math.nan)
    ]


_SHADES = "█▒▓░"


def print_plot(console: Console, results: Sequence[Result]) -> None:
    """Plot the service level of all queues and of each: a bar for each configuration."""
    chosen = [each for each in figures(results) if each.name == "service_level"][::-1]
    places = range(1, len(chosen) + 1)
    columns = [
        [0.0 if math.isnan(each.value) else each.value * 100 for each in row]
        for row in zip(*(each.estimates() for each in chosen), strict=True)
    ]
    plot = plotext.figure
    plot.clear()
    plot.theme("simple")
    plot.plot_size(min(console.width, 100), 4 + (len(results) + 1) * len(chosen))
    plot.title("served in target / (served + abandoned later), %")
    width = 0.8 / len(results)
    for index, values in enumerate(columns):
        offset = 0.4 - width * (index + 0.5)
        shade = _SHADES[index % len(_SHADES)]
        bars = plot.bar([at + offset for at in places], values, orientation="h", width=width * 0.9, marker=shade)
        plot.draw(bars)
    plot.ruler("y").ticks(list(places), labels=[each.about or "all queues" for each in chosen])
    plot.ruler("x").lim(0, 100)
    console.print(Text.from_ansi(str(plot.build())))
    console.print("   ".join(f"{_SHADES[index % len(_SHADES)]} {each.name}" for index, each in enumerate(results)))
