"""A forecast of several intervals, planned one by one and added up; its file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from ctid.staffing.erlang import Demand, Performance
from ctid.staffing.plan import MAX_ERLANGS

REQUIRED: Final = ("start", "calls", "handling_seconds")
OPTIONAL: Final = ("patience_seconds",)
_NUMBER: Final = re.compile(r"\d{1,9}(\.\d{1,9})?")
_TIME_OF_DAY: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time with a steady demand.

    Attributes:
        start: When it begins, as people read it.
        minutes: How long it is.
        demand: Its load.
    """

    start: str
    minutes: int
    demand: Demand

    @property
    def calls(self) -> float:
        """Calls that arrive within it."""
        return self.demand.calls_per_hour * self.minutes / 60


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals added up. Shares and waits are means over all calls.

    Attributes:
        calls: Calls that arrive.
        agent_hours: Agents times time.
        peak_agents: Agents of the interval that has most.
        service_level: Share served within the target's time; ``None``, as the next three, if in an interval the line
            grows without end.
        mean_wait_seconds: Over all calls.
        abandoned: Share that hangs up.
        occupancy: Share of the agents' time that is spent on calls.
    """

    calls: float
    agent_hours: float
    peak_agents: int
    service_level: float | None
    mean_wait_seconds: float | None
    abandoned: float | None
    occupancy: float | None


def agent_hours(intervals: Sequence[Interval], agents: Sequence[int]) -> float:
    """Add up agents times time."""
    return sum(number * interval.minutes / 60 for number, interval in zip(agents, intervals, strict=True))


def total(intervals: Sequence[Interval], agents: Sequence[int], outcomes: Sequence[Performance | None]) -> Total:
    """Add up what becomes of the calls of all intervals; the three sequences run in step."""
    calls = sum(interval.calls for interval in intervals)
    hours = agent_hours(intervals, agents)
    stable = [outcome for outcome in outcomes if outcome is not None]
    level = wait = abandoned = occupancy = None
    if len(stable) == len(intervals):
        shares = [interval.calls / calls if calls else 1 / len(intervals) for interval in intervals]
        level = sum(share * outcome.service_level for share, outcome in zip(shares, stable, strict=True))
        wait = sum(share * outcome.mean_wait_seconds for share, outcome in zip(shares, stable, strict=True))
        abandoned = sum(share * outcome.abandoned for share, outcome in zip(shares, stable, strict=True))
        busy = sum(
            interval.demand.erlangs * (1 - outcome.abandoned) * interval.minutes / 60
            for interval, outcome in zip(intervals, stable, strict=True)
        )
        occupancy = busy / hours if hours else 0.0
    return Total(
        calls=calls,
        agent_hours=hours,
        peak_agents=max(agents, default=0),
        service_level=level,
        mean_wait_seconds=wait,
        abandoned=abandoned,
        occupancy=occupancy,
    )


def read_forecast(name: str, text: str, minutes: int) -> tuple[list[Interval], list[str]]:
    """Read a forecast: CSV with a header and the columns of ``REQUIRED`` and ``OPTIONAL``, a line per interval.

    Args:
        name: Of the file, for the faults.
        text: What it holds.
        minutes: Length of the intervals; ``calls`` are those of one interval.

    Returns:
        The intervals, and what is wrong, a line each as ``file:line: column: what, and what would be right``. Where
        there are faults, the intervals are not complete.
    """
    reader = _Reader(name, minutes)
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    header: list[str] | None = None
    while True:
        line = rows.line_num + 1
        try:
            cells = [cell.strip() for cell in next(rows)]
        except StopIteration:
            break
        except csv.Error as error:
            reader.fault(line, "", f"is not CSV: {error}")
            break
        if not any(cells):
            continue
        if header is None:
            header = cells
            reader.header(line, header)
            if reader.faults:
                break
        else:
            reader.row(line, header, cells)
    if not reader.faults and not reader.intervals:
        reader.fault(1, "", f"holds no interval; write a header ({','.join(REQUIRED)}) and a line for each")
    return reader.intervals, reader.faults


class _Reader:
    """Checks line after line, against the one before it too."""

    def __init__(self, name: str, minutes: int) -> None:
        self.intervals: list[Interval] = []
        self.faults: list[str] = []
        self._name = name
        self._minutes = minutes
        self._before: tuple[int, str, float] | None = None

    def fault(self, line: int, column: str, what: str) -> None:
        self.faults.append(f"{self._name}:{line}: {column}: {what}" if column else f"{self._name}:{line}: {what}")

    def header(self, line: int, names: list[str]) -> None:
        for name in REQUIRED:
            if name not in names:
                self.fault(line, name, "the column is missing; the first line names the columns")
        for position, name in enumerate(names):
            if name not in REQUIRED + OPTIONAL:
                self.fault(line, name, f"is not known; columns are {', '.join(REQUIRED + OPTIONAL)}")
            elif names.index(name) != position:
                self.fault(line, name, "the column is there twice")

    def row(self, line: int, header: list[str], cells: list[str]) -> None:
        if len(cells) != len(header):
            self.fault(line, "", f"has {len(cells)} cells, but the first line names {len(header)} columns")
            return
        cell = dict(zip(header, cells, strict=True))
        before = len(self.faults)
        self._start(line, cell["start"])
        calls = self._number(line, "calls", cell["calls"])
        handling = self._number(line, "handling_seconds", cell["handling_seconds"], above_zero=True)
        written = cell.get("patience_seconds", "")
        patience = self._number(line, "patience_seconds", written, above_zero=True) if written else None
        if len(self.faults) > before:
            return
        demand = Demand(calls_per_hour=calls * 60 / self._minutes, handling_seconds=handling, patience_seconds=patience)
        if demand.erlangs > MAX_ERLANGS:
            self.fault(line, "calls", f"make a load of {demand.erlangs:.0f} Erlang; {MAX_ERLANGS} is the most")
            return
        self.intervals.append(Interval(start=cell["start"], minutes=self._minutes, demand=demand))

    def _number(self, line: int, column: str, written: str, *, above_zero: bool = False) -> float:
        if not _NUMBER.fullmatch(written):
            self.fault(line, column, f"{written!r} is no number; write for example 120 or 7.5")
            return 0.0
        if above_zero and not float(written):
            self.fault(line, column, "must be more than 0")
        return float(written)

    def _start(self, line: int, written: str) -> None:
        read = _moment(written)
        if read is None:
            self.fault(line, "start", f"{written!r} is no moment; write 09:30 or 2026-07-01T09:30")
            return
        kind, at = read
        if self._before is not None:
            line_before, kind_before, at_before = self._before
            if kind != kind_before:
                self.fault(line, "start", f"is written in another form than in line {line_before}")
            elif at < at_before + self._minutes:
                self.fault(
                    line,
                    "start",
                    f"{written!r} comes before the {self._minutes} minutes of line {line_before} are over",
                )
        self._before = line, kind, at


def _moment(written: str) -> tuple[str, float] | None:
    """Give the form that a moment is written in, and the minutes since some origin of that form."""
    if found := _TIME_OF_DAY.fullmatch(written):
        return "time", int(found[1]) * 60 + int(found[2])
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return "zoned", moment.timestamp() / 60
    # Wall-clock minutes: no zone is known here, so none is taken for granted.
    return "local", moment.toordinal() * 1_440 + moment.hour * 60 + moment.minute
