"""``/v1/audit``: who did what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.schemas.access_schemas import AuditQuery
from ctid.model.access import AuditEntry


async def list_audit(call: Call) -> Answer:
    """Entries of the trail, newest first, page by page."""
    query: AuditQuery = call.query
    page = await call.access.stores.audit.find(
        since=query.since, until=query.until, subject=query.subject, limit=query.limit, cursor=query.cursor
    )
    return Answer({"items": [_view(entry) for entry in page.entries], "next_cursor": page.next_cursor})


def _view(entry: AuditEntry) -> dict[str, Any]:
    at = datetime.fromtimestamp(entry.at / 1_000, UTC).isoformat(timespec="milliseconds")
    return {
        "id": entry.id,
        "at": at.replace("+00:00", "Z"),
        "subject": entry.subject or None,
        "role": entry.role or None,
        "operation": entry.operation,
        "target": entry.target,
        "status": entry.status,
        "code": entry.code or None,
        "command_id": entry.command_id or None,
        "session_id": entry.session_id or None,
        "address": entry.address,
    }
