"""``ctid simulate``: a scenario, or a recorded journal, under one configuration or several."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ctid.cli.simulation_report import print_plot, print_tables, write_csv
from ctid.engine.reload import parse
from ctid.errors import RequestError
from ctid.ivr.checks.checks import faulty_flows
from ctid.simulation.recorded import AsRecorded, RecordedCase
from ctid.simulation.recording import read_recording
from ctid.simulation.scenario import check_other, load_scenario
from ctid.simulation.study import Case, GeneratedCase, study
from ctid.spec.loader import load_site
from ctid.store.codec import decode_event
from ctid.store.journal import Journal

RECORDED_REPLICATIONS = 10
"""A recording tells most of what happens; only what it does not tell differs from one to the other."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(run)


def run(
    scenario: Annotated[Path | None, typer.Argument(help="Scenario file; none with --journal.")] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option("--config", "-c", help="Another configuration to set beside; may be given several times."),
    ] = None,
    journal: Annotated[Path | None, typer.Option(help="Instead of a scenario: a recorded journal.")] = None,
    replications: Annotated[int, typer.Option(min=0, help="How often; 0 for what the scenario says.")] = 0,
    seed: Annotated[int | None, typer.Option(help="Other callers than the scenario's.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every figure there, as CSV.")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 for one on each core.")] = 0,
    plot: Annotated[bool, typer.Option(help="Plot waits and occupancy too.")] = True,
) -> None:
    """Run a scenario through the engine in virtual time and set the figures of configurations side by side.

    Figures are means over the replications with 95 % confidence intervals. With several configurations, each meets
    the very same callers, and the differences from the first are told with intervals of their own.

    A journal is run again under its own configuration ("again", beside what really happened) and under the others.
    """
    if (scenario is None) == (journal is None):
        raise RequestError("name a scenario file, or a recorded journal with --journal")
    cases, times = (
        _recorded_cases(journal, config or [], seed or 1)
        if journal is not None
        else _scenario_cases(scenario or Path(), config or [], seed)
    )
    times = replications or times
    workers = jobs or len(os.sched_getaffinity(0))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("simulate", total=times * len(cases))
        results = study(cases, times, workers, lambda: progress.advance(task))
    console = Console()
    print_tables(console, results)
    if plot:
        print_plot(console, results)
    if csv is not None:
        write_csv(csv, results)


def _scenario_cases(path: Path, others: list[Path], seed: int | None) -> tuple[dict[str, Case], int]:
    scenario = load_scenario(path)
    spec = scenario.spec if seed is None else scenario.spec.model_copy(update={"seed": seed})
    cases: dict[str, Case] = {path.stem: GeneratedCase(spec, scenario.site)}
    for other in others:
        site = load_site(other, faulty_flows)
        check_other(spec, site, other)
        cases[_free_name(str(other), cases)] = GeneratedCase(spec, site)
    return cases, spec.replications


def _recorded_cases(path: Path, others: list[Path], seed: int) -> tuple[dict[str, Case], int]:
    with Journal.read(path) as journal:
        snapshots = list(journal.snapshots()) if journal.first_seq > 1 else []
        after = snapshots[0].seq if snapshots else 0
        entries = journal.entries(after_seq=after)
        recording = read_recording(
            ((entry.at, decode_event(entry.event)) for entry in entries), snapshots[0].state if snapshots else None
        )
    site = parse(recording.spec)
    cases: dict[str, Case] = {
        "again": RecordedCase(recording, site, seed),
        "as recorded": AsRecorded(recording, site),
    }
    for other in others:
        cases[_free_name(str(other), cases)] = RecordedCase(recording, load_site(other, faulty_flows), seed)
    return cases, RECORDED_REPLICATIONS


def _free_name(name: str, taken: dict[str, Case]) -> str:
    return name if name not in taken else _free_name(f"{name}'", taken)
