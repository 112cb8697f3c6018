"""A flow's report as it is shown: by the intervals of the site's clock, by nodes, and as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from ctid.desktop.intervals import start_of
from ctid.model.csv_text import csv_line
from ctid.model.flow_report import FlowNumbers, FlowReport, NodeNumbers
from ctid.spec.flow import FlowSpec

View = dict[str, Any]

_RESULTS: Final = {
    "ended": "ended",
    "left": "left",
    "released": "released",
    "hung_up": "dropped_out",
    "back": "back",
    "taken_back": "taken_back",
    "given_on": "given_on",
    "lost": "lost",
    "content": "hung_up_content",
}
"""Results of visits, as the report names them."""

HEADER: Final = (
    "of", "at", "node", "title", "entered", "contained", *_RESULTS.values(), "mean_seconds", "median_seconds",
    "timeouts", "invalid", "failed", "to",
)  # fmt: skip
"""The columns, in this order for good; new ones come behind. ``of`` is ``total``, ``interval`` or ``node``."""


def report_view(report: FlowReport, spec: FlowSpec | None, zone: tzinfo, minutes: int) -> View:
    """The numbers of a report: in all, by intervals and by nodes."""
    total, intervals = FlowNumbers(), dict[datetime, FlowNumbers]()
    for quarter in report.quarters:
        moment = datetime.fromtimestamp(quarter.start_utc_ms // 1000, UTC)
        at = start_of(moment, zone, minutes).astimezone(UTC)
        for sums in (total, intervals.setdefault(at, FlowNumbers())):
            _add(sums, quarter.numbers)
    return {
        "versions": total.versions,
        "total": _numbers_view(total),
        "intervals": [
            {"at": at.astimezone(zone).isoformat(), **_numbers_view(numbers)} for at, numbers in intervals.items()
        ],
        "nodes": [_node_view(each, spec) for each in report.nodes],
    }


def as_csv(view: View) -> Iterator[str]:
    """The lines of a report: the total, the intervals, the nodes; a number that a row has none of is empty."""
    yield csv_line(HEADER)
    yield csv_line(_cells("total", view["total"]))
    for of, rows in (("interval", view["intervals"]), ("node", view["nodes"])):
        for row in rows:
            yield csv_line(_cells(of, row))


def _cells(of: str, row: View) -> Iterator[str]:
    for column in HEADER:
        value = of if column == "of" else row.get(column)
        if isinstance(value, dict):
            value = " ".join(f"{name}={count}" for name, count in sorted(value.items()))
        yield "" if value is None else str(value)


def _numbers_view(numbers: FlowNumbers) -> View:
    return {
        "entered": numbers.entered,
        "contained": numbers.contained,
        **{name: numbers.results.get(result, 0) for result, name in _RESULTS.items()},
        "to": numbers.to,
        "mean_seconds": round(numbers.total_ms / numbers.entered / 1000, 1) if numbers.entered else None,
    }


def _node_view(numbers: NodeNumbers, spec: FlowSpec | None) -> View:
    node = spec.nodes.get(numbers.node) if spec is not None else None
    return {
        "node": numbers.node,
        "title": (node.title or None) if node is not None else None,
        "entered": numbers.entered,
        "mean_seconds": round(numbers.total_ms / numbers.entered / 1000, 1),
        "median_seconds": round(numbers.median_ms / 1000, 1),
        "dropped_out": numbers.left_by.get("hung_up", 0),
        "timeouts": numbers.timeouts,
        "invalid": numbers.invalid,
        "failed": numbers.left_by.get("failed", 0),
        "left_by": numbers.left_by,
        "failures": numbers.failures,
    }


def _add(sums: FlowNumbers, numbers: FlowNumbers) -> None:
    sums.entered += numbers.entered
    sums.contained += numbers.contained
    sums.total_ms += numbers.total_ms
    for name in ("results", "to", "versions"):
        counts: dict[str, int] = getattr(sums, name)
        for key, count in getattr(numbers, name).items():
            counts[key] = counts.get(key, 0) + count
