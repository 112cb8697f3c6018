"""``ctid records``, ``ctid customers`` and ``ctid db``: what is in the database."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer

from ctid.cli.options import ConfigOption
from ctid.model.record import RecordFilter
from ctid.model.states import Outcome
from ctid.spec.loader import Config, load_config
from ctid.store.customer_import import import_customers
from ctid.store.database import Database
from ctid.store.records import RecordStore

Result = TypeVar("Result")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command, about in (
        ("records", export, "Call-tracking records."),
        ("customers", load, "The embedded customer table."),
        ("db", upgrade, "The database."),
    ):
        group = typer.Typer(help=about, no_args_is_help=True)
        group.callback()(_no_default)
        group.command({"records": "export", "customers": "import", "db": "upgrade"}[name])(command)
        app.add_typer(group, name=name)


def _no_default() -> None:
    """Keep a group of one command a group."""


def export(
    config: ConfigOption,
    since: Annotated[datetime | None, typer.Option("--from", help="Arrived then or later, in the site's zone.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Arrived before, in the site's zone.")] = None,
    queue: Annotated[str | None, typer.Option(help="Last queue.")] = None,
    agent: Annotated[str | None, typer.Option(help="Who served it.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="How it ended.")] = None,
) -> None:
    """Write records as CSV to standard output, newest first."""
    loaded = load_config(config)
    zone = ZoneInfo(loaded.site.timezone)
    which = RecordFilter(
        created_from=since and since.replace(tzinfo=zone),
        created_to=until and until.replace(tzinfo=zone),
        queue=queue,
        agent_id=agent,
        outcome=outcome,
    )

    async def write(text: str) -> None:
        sys.stdout.write(text)

    _with_database(loaded, lambda database: RecordStore(database).export_csv(which, write))


def load(
    config: ConfigOption,
    path: Annotated[Path, typer.Argument(help="CSV: id,name,numbers,tier,language and attributes.")],
    replace: Annotated[bool, typer.Option(help="Remove customers that the file does not have.")] = False,
) -> None:
    """Import customers, all or none; faults are reported with line and column."""
    loaded = load_config(config)
    report = _with_database(
        loaded, lambda database: import_customers(database, path, loaded.site.country, replace=replace)
    )
    for fault in report.faults:
        typer.echo(f"{path}:{fault}")
    if report.faults:
        raise typer.Exit(1)
    typer.echo(f"{report.customers} customers with {report.numbers} numbers imported, {report.removed} removed")


def upgrade(config: ConfigOption) -> None:
    """Bring the database's schema to what this release needs."""
    loaded = load_config(config)

    async def bring() -> tuple[str, str]:
        database = Database(loaded.daemon.store.url.get_secret_value())
        try:
            return await database.upgrade()
        finally:
            await database.close()

    before, after = asyncio.run(bring())
    typer.echo(f"schema {before or '(none)'} -> {after}")


def _with_database(config: Config, work: Callable[[Database], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with Database(config.daemon.store.url.get_secret_value()) as database:
            return await work(database)

    return asyncio.run(run())
