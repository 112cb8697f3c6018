"""``ctid replay``: the journal once more, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from ctid.runtime.replay import replay


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(run)


def run(path: Annotated[Path, typer.Argument(help="The journal; a daemon may be using it.")]) -> None:
    """Run a journal again and compare commands and states; exit code 1 if anything comes out otherwise."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replay", total=None)
        report = replay(path, lambda done, total: progress.update(task, completed=done, total=total))
    for difference in report.differences:
        typer.echo(difference)
    typer.echo(
        f"{report.inputs} inputs, {report.outcomes_compared} outcomes and {report.snapshots_compared} snapshots "
        f"compared, {len(report.differences)} differences, state {report.state}"
    )
    if report.differences:
        raise typer.Exit(1)
