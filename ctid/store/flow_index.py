"""Ways through flows, laid out in columns beside the records that they are of, and counted from there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.ivr.flow_visits import flow_visits
from ctid.model.flow_report import FlowNumbers, FlowQuarter, FlowReport, NodeNumbers
from ctid.model.record import ContactRecord
from ctid.store.rows import storable
from ctid.store.schema import flow_visits as flows
from ctid.store.schema import node_visits as nodes

_QUARTER_MS: Final = 15 * 60_000
_GRAIN_MS: Final = 500
"""Durations are grouped so finely for the median: neither database need sort what it counts."""


async def write(connection: AsyncConnection, batch: Sequence[ContactRecord]) -> None:
    """Lay out the ways of records of which nothing is laid out."""
    flow_rows: list[dict[str, Any]] = []
    node_rows: list[dict[str, Any]] = []
    for record in batch:
        contact_id = storable(record.contact_id)
        for position, visit in enumerate(flow_visits(record)):
            flow_rows.append(
                {
                    "contact_id": contact_id,
                    "position": position,
                    "flow": storable(visit.flow),
                    "version": storable(visit.version),
                    "at": visit.at.utc_ms,
                    "duration_ms": visit.duration_ms,
                    "result": visit.result,
                    "to_kind": visit.to_kind,
                    "contained": visit.contained,
                }
            )
            node_rows += [
                {
                    "contact_id": contact_id,
                    "flow": storable(visit.flow),
                    "node": storable(each.node),
                    # By the flow's own begin, so that both reports are of the same callers.
                    "at": visit.at.utc_ms,
                    "duration_ms": each.duration_ms,
                    "left_by": each.left_by,
                    "timeouts": each.timeouts,
                    "invalid": each.invalid,
                    "failure": storable(each.failure),
                }
                for each in visit.nodes
            ]
    positions: dict[str, int] = {}
    for row in node_rows:
        row["position"] = positions[row["contact_id"]] = positions.get(row["contact_id"], -1) + 1
    if flow_rows:
        await connection.execute(flows.insert(), flow_rows)
    if node_rows:
        await connection.execute(nodes.insert(), node_rows)


async def report(connection: AsyncConnection, flow: str, since_ms: int, until_ms: int) -> FlowReport:
    """Count what became of those who entered a flow from one moment until before another."""
    start = (flows.c.at // _QUARTER_MS).label("quarter")
    by_quarter = (
        select(
            start,
            flows.c.version,
            flows.c.result,
            flows.c.to_kind,
            func.count(),
            func.sum(case((flows.c.contained, 1), else_=0)),
            func.sum(flows.c.duration_ms),
        )
        .where(flows.c.flow == storable(flow), flows.c.at >= since_ms, flows.c.at < until_ms)
        .group_by(start, flows.c.version, flows.c.result, flows.c.to_kind)
        .order_by(start)
    )
    grain = (nodes.c.duration_ms // _GRAIN_MS).label("grain")
    by_node = (
        select(
            nodes.c.node,
            nodes.c.left_by,
            nodes.c.failure,
            grain,
            func.count(),
            func.sum(nodes.c.duration_ms),
            func.sum(nodes.c.timeouts),
            func.sum(nodes.c.invalid),
        )
        .where(nodes.c.flow == storable(flow), nodes.c.at >= since_ms, nodes.c.at < until_ms)
        .group_by(nodes.c.node, nodes.c.left_by, nodes.c.failure, grain)
    )
    quarters = (await connection.execute(by_quarter)).all()
    grains = (await connection.execute(by_node)).all()
    return FlowReport(quarters=_quarters(quarters), nodes=_nodes(grains))


def _quarters(rows: Iterable[Any]) -> list[FlowQuarter]:
    found: dict[int, FlowNumbers] = {}
    for quarter, version, result, to_kind, count, contained, total_ms in rows:
        numbers = found.setdefault(quarter, FlowNumbers())
        numbers.entered += count
        numbers.contained += int(contained)
        numbers.total_ms += int(total_ms)
        _add(numbers.results, result, count)
        _add(numbers.versions, version, count)
        if to_kind:
            _add(numbers.to, to_kind, count)
    return [FlowQuarter(start_utc_ms=at * _QUARTER_MS, numbers=numbers) for at, numbers in found.items()]


def _nodes(rows: Iterable[Any]) -> list[NodeNumbers]:
    found: dict[str, NodeNumbers] = {}
    grains: dict[str, dict[int, tuple[int, int]]] = {}
    for node, left_by, failure, grain, count, total_ms, timeouts, invalid in rows:
        numbers = found.setdefault(node, NodeNumbers(node=node))
        numbers.entered += count
        numbers.total_ms += int(total_ms)
        numbers.timeouts += int(timeouts)
        numbers.invalid += int(invalid)
        _add(numbers.left_by, left_by, count)
        if failure:
            _add(numbers.failures, failure, count)
        known = grains.setdefault(node, {})
        before = known.get(grain, (0, 0))
        known[grain] = (before[0] + count, before[1] + int(total_ms))
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
