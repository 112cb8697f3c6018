"""What records are found and counted by beside their own columns: who served them, stays in queues and in flows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.model.day import Quarter, QueueDay
from ctid.model.record import ContactRecord
from ctid.store import flow_index
from ctid.store.flow_sums import FlowSums
from ctid.store.rows import storable
from ctid.store.schema import queue_visits, record_agents

QUARTER_MS: Final = 15 * 60_000
_CHUNK: Final = 500
"""Statements are kept well below the parameters that either database takes in one."""


async def write(connection: AsyncConnection, batch: Sequence[ContactRecord]) -> None:
    """Lay out records that were just written; what was laid out of them before is replaced."""
    # Of one that is there twice the last was kept.
    batch = list({record.contact_id: record for record in batch}.values())
    ids = [storable(record.contact_id) for record in batch]
    sums = FlowSums()
    for first in range(0, len(ids), _CHUNK):
        chunk = ids[first : first + _CHUNK]
        for table in (record_agents, queue_visits):
            await connection.execute(delete(table).where(table.c.contact_id.in_(chunk)))
        await flow_index.remove(connection, chunk, sums)
    agents = [row for record in batch for row in _agent_rows(record)]
    visits = [row for record in batch for row in _visit_rows(record)]
    if agents:
        await connection.execute(record_agents.insert(), agents)
    if visits:
        await connection.execute(queue_visits.insert(), visits)
    await flow_index.write(connection, batch, sums)
    await sums.write(connection)


def _agent_rows(record: ContactRecord) -> list[dict[str, Any]]:
    known = {"contact_id": storable(record.contact_id), "created_at": record.created_at.utc_ms}
    return [{**known, "agent_id": storable(agent_id)} for agent_id in record.agents]


def _visit_rows(record: ContactRecord) -> list[dict[str, Any]]:
    return [
        {
            "contact_id": storable(record.contact_id),
            "position": position,
            "queue": storable(visit.queue),
            "at": visit.at.utc_ms,
            "result": visit.result,
            "callback": visit.callback,
            "wait_ms": visit.wait_ms,
            "within": visit.within,
            "handling_ms": visit.handling_ms,
        }
        for position, visit in enumerate(record.visits)
    ]


async def quarters(connection: AsyncConnection, queue: str | None, since_ms: int, until_ms: int) -> list[Quarter]:
    """Count stays by quarters of an hour and queues; the same definitions as ``ctid.engine.waiting.visits``."""
    visit = queue_visits.c
    handled, called = visit.result == "handled", ~visit.callback

    def count(condition: Any, amount: Any = 1) -> Any:
        return func.sum(case((condition, amount), else_=0))

    numbers = {
        "offered": func.count(),
        "handled": count(handled),
        "abandoned": count(visit.result == "abandoned"),
        "short_abandoned": count(visit.result == "short_abandoned"),
        "overflowed": count(visit.result == "overflowed"),
        "failed": count(visit.result == "failed"),
        "callbacks": count(visit.callback),
        "answered": count(handled & called),
        "within": count(visit.within),
        "judged": count(called & (visit.result != "short_abandoned") & (visit.result != "")),
        "waited_ms": count(handled & called, visit.wait_ms),
        "finished": count(handled),
        "handling_ms": count(handled, visit.handling_ms),
    }
    start = (visit.at // QUARTER_MS).label("quarter")
    query = (
        select(start, visit.queue, *numbers.values())
        .where(visit.at >= since_ms, visit.at < until_ms)
        .group_by(start, visit.queue)
        .order_by(start, visit.queue)
    )
    if queue is not None:
        query = query.where(visit.queue == storable(queue))
    rows = (await connection.execute(query)).all()
    return [
        Quarter(
            start_utc_ms=row[0] * QUARTER_MS,
            queue=row[1],
            numbers=QueueDay(**dict(zip(numbers, map(int, row[2:]), strict=True))),
        )
        for row in rows
    ]
