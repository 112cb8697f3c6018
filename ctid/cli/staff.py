"""``ctid staff``: how many agents a forecast needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import track

from ctid.cli.staff_report import Report, as_json, print_report, print_sensitivity, write_csv
from ctid.cli.staff_search import search_crews
from ctid.errors import NotFoundError, RequestError
from ctid.spec.loader import load_config
from ctid.staffing.day import Interval, read_forecast
from ctid.staffing.erlang import Demand
from ctid.staffing.history import calls_by_time_of_day, habits, last_weekdays
from ctid.staffing.plan import Target, parse_service_level, plan, with_shrinkage
from ctid.store.database import Database
from ctid.store.records import RecordStore

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_QUARTER = 15
_PAGE = 120


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("staff")(run)


def run(
    forecast: Annotated[
        Path | None,
        typer.Argument(help="CSV, a line per interval: start,calls,handling_seconds and if wanted patience_seconds."),
    ] = None,
    calls_per_hour: Annotated[float | None, typer.Option(help="Instead of a file: calls that arrive.")] = None,
    handling: Annotated[float | None, typer.Option(help="Mean seconds of talk and wrap-up.")] = None,
    patience: Annotated[
        float | None,
        typer.Option(help="Mean seconds that callers are ready to wait (Erlang A); without, for ever (Erlang C)."),
    ] = None,
    from_records: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Instead: a past day's calls, 2026-07-01, or the mean of the last tue …"),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Whose records, with --from-records.", envvar="CTID_CONFIG")
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Whose calls, with --from-records.")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How many such weekdays, with --from-records.")] = 4,
    scenario: Annotated[
        Path | None,
        typer.Option(help="Instead: search the agents of a scenario's crews, for several queues and skills."),
    ] = None,
    replications: Annotated[int, typer.Option(min=0, help="Days for each choice, with --scenario.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Processes, with --scenario; for long days.")] = 1,
    interval: Annotated[int, typer.Option(min=1, max=1_440, help="Minutes of an interval.")] = 30,
    target: Annotated[
        str | None, typer.Option(help="Service level: 80/20 for 80 % of all calls served within 20 s.")
    ] = None,
    max_abandoned: Annotated[float | None, typer.Option(metavar="PERCENT", help="Who may hang up, of all.")] = None,
    max_wait: Annotated[float | None, typer.Option(metavar="SECONDS", help="Mean wait of all calls.")] = None,
    max_occupancy: Annotated[
        float | None, typer.Option(metavar="PERCENT", help="How much of their time agents may be busy.")
    ] = None,
    shrinkage: Annotated[
        float, typer.Option(metavar="PERCENT", help="Paid time that agents are not at the phones.")
    ] = 0,
    agents: Annotated[int | None, typer.Option(min=0, help="Tell what becomes of the calls with so many.")] = None,
    sensitivity: Annotated[bool, typer.Option("--sensitivity", help="Tell what other calls and agents do.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the table there, as CSV.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Tell how many agents a forecast needs, by Erlang C and Erlang A; for one queue with agents all alike.

    Without any target it is 80/20. Shares are of all calls that arrive. Faults in the file end it with exit code 1.
    With --scenario the target is every queue's, and the simulator takes the place of the formulas.
    """
    wanted = _target(target, max_abandoned, max_wait, max_occupancy)
    # Refused before a long forecast is worked on.
    with_shrinkage(0, shrinkage / 100)
    sources = [each is not None for each in (forecast, calls_per_hour, from_records, scenario)]
    if sum(sources) != 1:
        raise RequestError("give one of: a forecast file, --calls-per-hour, --from-records, --scenario")
    screen = Console()
    if not screen.is_terminal:
        # A file or pipe has no width; the tables are to be whole there.
        screen.width = _PAGE
    if scenario is not None:
        _without({"--handling": handling, "--patience": patience, "--agents": agents}, "the scenario tells that")
        _without({"--csv": csv, "--sensitivity": sensitivity or None}, "a search has none")
        search_crews(
            scenario,
            wanted,
            own_time=target is None,
            shrinkage=shrinkage / 100,
            replications=replications,
            jobs=jobs,
            as_json=json,
            screen=screen,
        )
        return
    if forecast is not None:
        _without({"--handling": handling, "--patience": patience}, "a file has columns for that")
        intervals = _from_file(forecast, interval)
    elif from_records is not None:
        if config is None or queue is None:
            raise RequestError("--from-records needs --config and --queue")
        intervals = _from_records(config, queue, from_records, weeks, interval, handling, patience)
    else:
        if handling is None or calls_per_hour is None:
            raise RequestError("--calls-per-hour needs --handling, mean seconds of talk and wrap-up")
        demand = Demand(calls_per_hour=calls_per_hour, handling_seconds=handling, patience_seconds=patience)
        intervals = [Interval(start="", minutes=60, demand=demand)]
    console = Console(stderr=True)
    plans = [
        plan(each.demand, wanted, shrinkage / 100)
        for each in track(intervals, "staff", console=console, transient=True, disable=len(intervals) == 1)
    ]
    report = Report(target=wanted, shrinkage=shrinkage / 100, intervals=intervals, plans=plans, given=agents)
    if csv is not None:
        write_csv(csv, report)
    if json:
        typer.echo(as_json(report, sensitive=sensitivity))
        return
    print_report(screen, report)
    if sensitivity:
        print_sensitivity(screen, report)


def _target(level: str | None, abandoned: float | None, wait: float | None, occupancy: float | None) -> Target:
    if level is None and abandoned is None and wait is None and occupancy is None:
        level = "80/20"
    share, within = (None, 20.0) if level is None else parse_service_level(level)
    return Target(
        service_level=share,
        within_seconds=within,
        max_abandoned=None if abandoned is None else abandoned / 100,
        max_mean_wait_seconds=wait,
        max_occupancy=None if occupancy is None else occupancy / 100,
    )


def _without(options: Mapping[str, object], why: str) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise RequestError(f"leave out {' and '.join(given)}: {why}")


def _from_file(path: Path, minutes: int) -> list[Interval]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(f"{path}: is not UTF-8") from error
    intervals, faults = read_forecast(str(path), text, minutes)
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    return intervals


def _from_records(
    path: Path, queue: str, day: str, weeks: int, minutes: int, handling: float | None, patience: float | None
) -> list[Interval]:
    if minutes % _QUARTER or 1_440 % minutes:
        raise RequestError("with --from-records an interval is 15 minutes or a multiple that fits into a day")
    loaded = load_config(path)
    if queue not in loaded.site.queues:
        raise NotFoundError(f"there is no queue {queue!r}; there is: {', '.join(loaded.site.queues)}")
    zone = ZoneInfo(loaded.site.timezone)
    days = _days(day, weeks, datetime.now(zone).date())
    since, until = (datetime.combine(each, time(), zone) for each in (days[0], days[-1] + timedelta(days=1)))

    async def count() -> tuple[list[Interval], str]:
        async with Database(loaded.daemon.store.url.get_secret_value()) as database:
            buckets = await RecordStore(database).demand(queue, since, until)
        of_days = [
            bucket for bucket in buckets if datetime.fromtimestamp(bucket.start_ms / 1000, zone).date() in set(days)
        ]
        known = habits(of_days)
        handled, patient = handling or known.handling_seconds, patience or known.patience_seconds
        if handled is None:
            raise RequestError(f"queue {queue} served nobody then; give another day, or --handling")
        on_days = f"{len(days)} day{'s' if len(days) > 1 else ''}"
        told = f"{known.calls} calls on {on_days}, {known.served} served, {known.abandoned} abandoned"
        profile = calls_by_time_of_day(of_days, zone, days, minutes)
        return [
            Interval(
                start=f"{start // 60:02}:{start % 60:02}",
                minutes=minutes,
                demand=Demand(calls_per_hour=calls * 60 / minutes, handling_seconds=handled, patience_seconds=patient),
            )
            for start, calls in profile
        ], told

    intervals, told = asyncio.run(count())
    if not intervals:
        raise RequestError(f"queue {queue} had no call then; give another day")
    typer.echo(told, err=True)
    return intervals


def _days(written: str, weeks: int, today: date) -> Sequence[date]:
    if written.lower() in WEEKDAYS:
        return last_weekdays(WEEKDAYS.index(written.lower()), weeks, today)
    try:
        return [date.fromisoformat(written)]
    except ValueError:
        raise RequestError(f"{written!r} is no day; write 2026-07-01, or one of {', '.join(WEEKDAYS)}") from None
