"""The audit trail: who did what, newest first."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from sqlalchemy import RowMapping, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from ctid.errors import RequestError
from ctid.model.access import AuditEntry, AuditPage
from ctid.store.database import Database
from ctid.store.rows import storable
from ctid.store.schema import audit

_Position = tuple[Annotated[int, msgspec.Meta(ge=0, le=2**53)], str]
MAX_LIMIT: Final = 500


class AuditStore:
    """The trail in a database that is open. Every method raises ``StoreError`` if it fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = postgresql.insert if database.dialect == "postgresql" else sqlite.insert
        self._insert = insert(audit).on_conflict_do_nothing(index_elements=[audit.c.id])

    async def save_many(self, entries: Sequence[AuditEntry]) -> None:
        """Write entries, all or none; those that are there already stay as they are."""
        async with self._database.begin() as connection:
            await connection.execute(self._insert, [storable(msgspec.to_builtins(entry)) for entry in entries])

    async def find(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> AuditPage:
        """Return entries, newest first.

        Args:
            since: At or after.
            until: Before.
            subject: By whom.
            limit: Entries a page, 1 to 500.
            cursor: ``next_cursor`` of the page before.

        Raises:
            RequestError: The cursor is none of ours, or the limit out of bounds.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise RequestError(f"limit is {limit}; it can be 1 to {MAX_LIMIT}")
        query = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit + 1)
        if since is not None:
            query = query.where(audit.c.at >= round(since.timestamp() * 1_000))
        if until is not None:
            query = query.where(audit.c.at < round(until.timestamp() * 1_000))
        if subject is not None:
            query = query.where(audit.c.subject == storable(subject))
        if cursor is not None:
            query = query.where(tuple_(audit.c.at, audit.c.id) < _read_cursor(cursor))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        found = [_entry(row) for row in rows[:limit]]
        return AuditPage(found, _write_cursor(found[-1]) if len(rows) > limit else None)


def _entry(row: RowMapping) -> AuditEntry:
    return msgspec.convert({str(name): value for name, value in row.items()}, AuditEntry)


def _write_cursor(entry: AuditEntry) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((entry.at, entry.id))).decode().rstrip("=")


def _read_cursor(cursor: str) -> _Position:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        at, entry_id = msgspec.json.decode(data, type=_Position)
    except (ValueError, msgspec.MsgspecError):
        raise RequestError("the cursor is none that a page of the trail came with") from None
    return at, storable(entry_id)
