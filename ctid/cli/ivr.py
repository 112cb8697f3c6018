"""``ctid ivr``: flows drawn, tried at the terminal and tested."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from ctid.cli import ivr_try
from ctid.cli.options import ConfigOption
from ctid.errors import ConfigError, NotFoundError
from ctid.ivr.checks.checks import faulty_flows
from ctid.ivr.graph.mermaid import mermaid
from ctid.ivr.graph.picture import picture
from ctid.ivr.graph.svg import svg
from ctid.rehearsal.tests import Failed, run
from ctid.spec.flow_tests import TestFile, test_files
from ctid.spec.loader import load_site
from ctid.spec.site import SiteSpec


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Flows: drawn, tried at the terminal, tested.", no_args_is_help=True)
    group.command("graph")(graph)
    group.command("test")(run_tests)
    group.command("try")(ivr_try.try_flow)
    app.add_typer(group, name="ivr")


def graph(
    flow: Annotated[str, typer.Argument(help="The flow.")],
    config: ConfigOption,
    form: Annotated[Literal["svg", "mermaid"], typer.Option("--format", help="What to write.")] = "svg",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it there.")] = None,
    language: Annotated[str, typer.Option(help="Of its texts; without, the flow's first.")] = "",
) -> None:
    """Draw a flow: its nodes with what they say, the keys and conditions at the arrows between them."""
    # What is wrong with a flow is seen best in its picture, so that only its form is checked.
    site = load_site(config)
    known_flow(site, flow)
    shown = picture(flow, site.flows[flow], language)
    text = svg(shown) if form == "svg" else mermaid(shown)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def run_tests(
    config: ConfigOption,
    flows: Annotated[list[str] | None, typer.Argument(help="Only tests of these flows.")] = None,
) -> None:
    """Run the tests of flows, in *.test.yaml beside the configuration; exit code 1 if one fails, or there is none."""
    site = load_site(config, faulty_flows)
    for name in flows or ():
        known_flow(site, name)
    console = Console(highlight=False, soft_wrap=True)
    passed = failed = 0
    for path in test_files(config):
        file = TestFile(path)
        for name, spec in file.tests.items():
            if flows and spec.flow not in flows:
                continue
            fault = run(site, spec)
            if fault is None:
                passed += 1
            else:
                failed += 1
                _report(console, file, name, spec.flow, fault)
    if not passed and not failed:
        raise ConfigError([f"{config}:1: there is no test of {', '.join(flows) if flows else 'a flow'} in *.test.yaml"])
    console.print(f"{passed} passed, {failed} failed", style="red" if failed else "green")
    if failed:
        raise typer.Exit(1)


def known_flow(site: SiteSpec, name: str) -> None:
    """Refuse a flow that is not there.

    Raises:
        NotFoundError: It says which there are.
    """
    if name not in site.flows:
        raise NotFoundError(f"there is no flow {name!r}; there is: {', '.join(sorted(site.flows)) or 'none at all'}")


def _report(console: Console, file: TestFile, name: str, flow: str, fault: Failed) -> None:
    place = file.place(("tests", name, *fault.path))
    console.print(f"{place}: {name} ({flow}): {fault.what}", markup=False, style="bold")
    for lines, sign, style in ((fault.wanted, "-", "red"), (fault.got, "+", "green")):
        for line in lines:
            console.print(f"  {sign} {line}", markup=False, style=style)
