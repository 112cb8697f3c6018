"""A call-tracking record as a line of CSV, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from ctid.ivr.flow_visits import flow_visits
from ctid.model.history import PathStep
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord

HEADER: Final = (
    "contact_id", "site", "channel", "ani", "dnis", "entry",
    "customer_id", "customer_name", "customer_tier", "customer_language",
    "queue", "agent_id", "outcome", "disposition", "notes",
    "created_at", "queued_at", "connected_at", "ended_at", "closed_at",
    "wait_ms", "talk_ms", "wrap_up_ms",
    "path", "spans", "offers", "attributes",
    "disposition_missing", "decisions", "direction", "cause", "flows",
)  # fmt: skip
"""The columns, in this order for good; new ones come behind. Moments are RFC 3339 in UTC, durations milliseconds."""


def record_cells(record: ContactRecord) -> list[str | int]:
    """Flatten a record into the columns of ``HEADER``."""
    customer = record.customer
    return [
        record.contact_id, record.site, record.channel, record.ani, record.dnis, record.entry,
        *((customer.id, customer.name, customer.tier, customer.language) if customer else ("", "", "", "")),
        record.queue, record.agent_id, record.outcome.value, record.disposition, record.notes,
        record.created_at.iso(), _iso(record.queued_at), _iso(record.connected_at),
        record.ended_at.iso(), record.closed_at.iso(),
        record.wait_ms, record.talk_ms, record.wrap_up_ms,
        " > ".join(_step(step) for step in record.path),
        _list(record.spans), _list(record.offers), msgspec.json.encode(record.attributes, order="sorted").decode(),
        str(record.disposition_missing).lower(), _list(record.decisions), record.direction.value, record.cause,
        _flows(record),
    ]  # fmt: skip


def _iso(at: Instant | None) -> str:
    return at.iso() if at is not None else ""


def _step(step: PathStep) -> str:
    return f"{step.kind}:{step.name}" + (f"={step.result}" if step.result else "")


def _flows(record: ContactRecord) -> str:
    """Write each flow, and each node of it with its time, and how they were left."""
    return " > ".join(
        f"{visit.flow}={visit.result} ({visit.duration_ms} ms): "
        + ", ".join(f"{each.node}={each.left_by} ({each.duration_ms} ms)" for each in visit.nodes)
        for visit in flow_visits(record)
    )


def _list(items: Iterable[Any]) -> str:
    """Write as JSON what happened and when, without what is empty."""
    rows = []
    for item in items:
        fields = {name: getattr(item, name) for name in item.__struct_fields__}
        fields["at"] = item.at.iso()
        rows.append({name: value for name, value in fields.items() if value not in ("", None)})
    return msgspec.json.encode(rows).decode()
