"""Ways through flows, laid out in columns beside the records that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.ivr.flow_visits import flow_visits
from ctid.model.record import ContactRecord
from ctid.store.flow_sums import FlowSums
from ctid.store.rows import storable
from ctid.store.schema import flow_visits as flows
from ctid.store.schema import node_visits as nodes


async def remove(connection: AsyncConnection, contact_ids: Sequence[str], sums: FlowSums) -> None:
    """Take away what is laid out of these contacts, and count it out of the sums."""
    for table, count in ((flows, sums.count_flows), (nodes, sums.count_nodes)):
        statement = delete(table).where(table.c.contact_id.in_(contact_ids)).returning(*table.c)
        count((await connection.execute(statement)).mappings(), -1)


async def write(connection: AsyncConnection, batch: Sequence[ContactRecord], sums: FlowSums) -> None:
    """Lay out the ways of records of which nothing is laid out, and count them into the sums."""
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
    sums.count_flows(flow_rows, 1)
    sums.count_nodes(node_rows, 1)
