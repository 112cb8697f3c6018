"""``ctid run``: the daemon; ``ctid version``."""

from __future__ import annotations

import asyncio

import typer
import uvloop

from ctid import __version__
from ctid.acd.strategies import STRATEGIES
from ctid.app import Daemon
from ctid.cli.options import ConfigOption
from ctid.ivr.checks.checks import faulty_flows
from ctid.spec.loader import load_config
from ctid.telemetry.logs import configure


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(version)


def run(config: ConfigOption) -> None:
    """Run the daemon. SIGTERM drains and stops, SIGHUP reads the configuration again."""
    loaded = load_config(config, {"strategies": STRATEGIES}, faulty_flows)
    log = loaded.daemon.log
    configure(console=log.format == "console", level=log.level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Daemon(config, loaded).run())


def version() -> None:
    """Print the version."""
    typer.echo(__version__)
