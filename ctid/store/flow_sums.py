"""Sums of ways through flows, kept with every record that is written, so that no report counts every caller.

A report of a day adds up some thousand rows instead of reading half a million stays in nodes. What it takes of a
quarter of an hour, or of an hour in nodes, that is not whole is counted from the stays themselves: it is exact to the
millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.model.flow_report import FlowNumbers, FlowQuarter, FlowReport, NodeNumbers
from ctid.store.rows import storable
from ctid.store.schema import flow_sums, flow_visits, node_sums, node_visits

FLOW_SPAN_MS: Final = 15 * 60_000
"""What a sum of flows is of: reports go by quarters of an hour."""
NODE_SPAN_MS: Final = 60 * 60_000
"""What a sum of nodes is of. They are reported for the whole time only, and have many durations."""
GRAIN_MS: Final = 500
"""Durations are told apart so finely, for the median."""

_Sums = dict[tuple[Any, ...], list[int]]
"""The key columns of a table of sums to its numbers."""


class FlowSums:
    """What one write changes in the sums: the rows that come less those that go."""

    def __init__(self) -> None:
        self._flows: _Sums = {}
        self._nodes: _Sums = {}

    def count_flows(self, rows: Iterable[Mapping[Any, Any]], times: int) -> None:
        """Count rows of ``flow_visits``: ``times`` is 1 for those that come, -1 for those that go."""
        for row in rows:
            start = row["at"] - row["at"] % FLOW_SPAN_MS
            key = (row["flow"], start, row["version"], row["result"], row["to_kind"])
            _count(self._flows, key, times, 1, int(row["contained"]), row["duration_ms"])

    def count_nodes(self, rows: Iterable[Mapping[Any, Any]], times: int) -> None:
        """Count rows of ``node_visits``, likewise."""
        for row in rows:
            start, grain = row["at"] - row["at"] % NODE_SPAN_MS, row["duration_ms"] // GRAIN_MS
            key = (row["flow"], start, row["node"], row["left_by"], row["failure"], grain)
            _count(self._nodes, key, times, 1, row["duration_ms"], row["timeouts"], row["invalid"])

    async def write(self, connection: AsyncConnection) -> None:
        """Add the changes to the sums, in the transaction of the rows that were counted."""
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        for table, sums in ((flow_sums, self._flows), (node_sums, self._nodes)):
            # In order: of two sites' daemons, each holding a sum that the other waits for, one would be broken off.
            changes = [(*key, *numbers) for key, numbers in sorted(sums.items()) if any(numbers)]
            if not changes:
                continue
            names = [column.name for column in table.c]
            statement = insert(table)
            added = {each: each + statement.excluded[each.name] for each in table.c if not each.primary_key}
            statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=added)
            await connection.execute(statement, [dict(zip(names, each, strict=True)) for each in changes])


def _count(sums: _Sums, key: tuple[Any, ...], times: int, *amounts: int) -> None:
    numbers = sums.setdefault(key, [0] * len(amounts))
    for place, amount in enumerate(amounts):
        numbers[place] += times * amount


async def report(connection: AsyncConnection, flow: str, since_ms: int, until_ms: int) -> FlowReport:
    """Tell what became of those who entered a flow from one moment until before another."""
    flow = storable(flow)
    whole, rest = _split(flow_sums.c.starts_at, flow_visits.c.at, FLOW_SPAN_MS, since_ms, until_ms)
    visit = flow_visits.c
    by_quarter = _added_up(
        select(*(column for column in flow_sums.c if column.name != "flow")).where(flow_sums.c.flow == flow, whole),
        select(
            visit.at - visit.at % FLOW_SPAN_MS,
            visit.version,
            visit.result,
            visit.to_kind,
            literal(1),
            case((visit.contained, 1), else_=0),
            visit.duration_ms,
        ).where(visit.flow == flow, rest),
        keys=("starts_at", "version", "result", "to_kind"),
    )
    whole, rest = _split(node_sums.c.starts_at, node_visits.c.at, NODE_SPAN_MS, since_ms, until_ms)
    stay = node_visits.c
    by_node = _added_up(
        select(*(column for column in node_sums.c if column.name not in ("flow", "starts_at"))).where(
            node_sums.c.flow == flow, whole
        ),
        select(
            stay.node,
            stay.left_by,
            stay.failure,
            stay.duration_ms // GRAIN_MS,
            literal(1),
            stay.duration_ms,
            stay.timeouts,
            stay.invalid,
        ).where(stay.flow == flow, rest),
        keys=("node", "left_by", "failure", "grain"),
    )
    quarters = (await connection.execute(by_quarter)).all()
    grains = (await connection.execute(by_node)).all()
    return FlowReport(quarters=_quarters(quarters), nodes=_nodes(grains))


def _split(
    starts_at: ColumnElement[int], at: ColumnElement[int], span_ms: int, since_ms: int, until_ms: int
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Tell the sums whose whole span is in a time, and the stays of the rest of it."""
    first = min(-(-since_ms // span_ms) * span_ms, until_ms)
    last = max(first, until_ms - until_ms % span_ms)
    whole = and_(starts_at >= first, starts_at < last)
    return whole, or_(and_(at >= since_ms, at < first), and_(at >= last, at < until_ms))


def _added_up(sums: Any, stays: Any, keys: Sequence[str]) -> Any:
    """Add up the numbers of both selections, whose columns are the keys and then numbers; in the order of the keys."""
    both = union_all(sums, stays).subquery()
    by = [both.c[key] for key in keys]
    numbers = [func.sum(column) for column in both.c if column.name not in keys]
    # Of records that were written again with another way, sums are left that are of nobody.
    return select(*by, *numbers).group_by(*by).having(func.sum(both.c.entered) > 0).order_by(*by)


def _quarters(rows: Iterable[Any]) -> list[FlowQuarter]:
    found: dict[int, FlowNumbers] = {}
    for start, version, result, to_kind, *sums in rows:
        count, contained, total_ms = map(int, sums)
        numbers = found.setdefault(start, FlowNumbers())
        numbers.entered += count
        numbers.contained += contained
        numbers.total_ms += total_ms
        _add(numbers.results, result, count)
        _add(numbers.versions, version, count)
        if to_kind:
            _add(numbers.to, to_kind, count)
    return [FlowQuarter(start_utc_ms=start, numbers=numbers) for start, numbers in found.items()]


def _nodes(rows: Iterable[Any]) -> list[NodeNumbers]:
    found: dict[str, NodeNumbers] = {}
    grains: dict[str, dict[int, tuple[int, int]]] = {}
    for node, left_by, failure, grain, *sums in rows:
        count, total_ms, timeouts, invalid = map(int, sums)
        numbers = found.setdefault(node, NodeNumbers(node=node))
        numbers.entered += count
        numbers.total_ms += total_ms
        numbers.timeouts += timeouts
        numbers.invalid += invalid
        _add(numbers.left_by, left_by, count)
        if failure:
            _add(numbers.failures, failure, count)
        known = grains.setdefault(node, {})
        before = known.get(grain, (0, 0))
        known[grain] = (before[0] + count, before[1] + total_ms)
    for node, numbers in found.items():
        numbers.median_ms = _median(grains[node])
    return sorted(found.values(), key=lambda each: (-each.entered, each.node))


def _median(grains: dict[int, tuple[int, int]]) -> int:
    """The mean of the grain in which the middle is."""
    left = (sum(count for count, _ in grains.values()) + 1) // 2
    for _, (count, total_ms) in sorted(grains.items()):
        left -= count
        if left <= 0:
            return total_ms // count
    return 0


def _add(numbers: dict[str, int], name: str, count: int) -> None:
    numbers[name] = numbers.get(name, 0) + count
