"""What is known of each recording in the vault: written once it lies there, listed newest first, deleted with it."""

from __future__ import annotations

import base64
from typing import Annotated, Final

import msgspec
from sqlalchemy import RowMapping, delete, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from ctid.errors import RequestError
from ctid.model.recording import RecordingFilter, RecordingPage, StoredRecording
from ctid.store.database import Database
from ctid.store.rows import storable
from ctid.store.schema import recordings

MAX_LIMIT: Final = 500

_Position = tuple[Annotated[int, msgspec.Meta(ge=0, le=2**53)], str]
"""``began_at`` and id of a recording: where it stands in the list."""


class RecordingStore:
    """The recordings of a database that is open. Every method raises ``StoreError`` if it fails."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site
        insert = postgresql.insert if database.dialect == "postgresql" else sqlite.insert
        statement = insert(recordings)
        replaced = {column.name: statement.excluded[column.name] for column in recordings.c if not column.primary_key}
        self._upsert = statement.on_conflict_do_update(index_elements=[recordings.c.id], set_=replaced)

    async def save(self, recording: StoredRecording) -> None:
        """Write one; one of the same id is replaced, so that it may be written again after a fault."""
        async with self._database.begin() as connection:
            await connection.execute(self._upsert, [storable(msgspec.to_builtins(recording))])

    async def get(self, recording_id: str) -> StoredRecording | None:
        """Return one, or ``None``."""
        query = select(recordings).where(recordings.c.site == self._site, recordings.c.id == storable(recording_id))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else _recording(row)

    async def find(self, which: RecordingFilter, *, limit: int, cursor: str | None = None) -> RecordingPage:
        """List recordings, those that began last first.

        Args:
            which: The filter.
            limit: Recordings a page, 1 to 500.
            cursor: ``next_cursor`` of the page before.

        Raises:
            RequestError: The cursor is none of ours, or the limit out of bounds.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise RequestError(f"limit is {limit}; it can be 1 to {MAX_LIMIT}")
        query = select(recordings).where(recordings.c.site == self._site, recordings.c.kind.in_(which.kinds))
        for column, value in (
            (recordings.c.contact_id, which.contact_id),
            (recordings.c.agent_id, which.agent_id),
            (recordings.c.queue, which.queue),
        ):
            if value is not None:
                query = query.where(column == storable(value))
        if which.since is not None:
            query = query.where(recordings.c.began_at >= round(which.since.timestamp() * 1_000))
        if which.until is not None:
            query = query.where(recordings.c.began_at < round(which.until.timestamp() * 1_000))
        if which.queues:
            query = query.where(recordings.c.queue.in_(which.queues))
        if which.agents is not None:
            query = query.where(recordings.c.agent_id.in_(which.agents))
        if which.heard is not None:
            query = query.where(recordings.c.heard_at.is_not(None) if which.heard else recordings.c.heard_at.is_(None))
        if which.for_agents is not None:
            theirs = recordings.c.agent_id.in_(which.for_agents)
            query = query.where(or_(theirs, recordings.c.queue.in_(which.for_queues)))
        if cursor is not None:
            query = query.where(tuple_(recordings.c.began_at, recordings.c.id) < _read_cursor(cursor))
        query = query.order_by(recordings.c.began_at.desc(), recordings.c.id.desc()).limit(limit + 1)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        found = [_recording(row) for row in rows[:limit]]
        return RecordingPage(found, _write_cursor(found[-1]) if len(rows) > limit else None)

    async def expired(self, utc_ms: int, limit: int) -> list[StoredRecording]:
        """Those that are to be deleted by this moment, oldest first."""
        query = (
            select(recordings)
            .where(recordings.c.site == self._site, recordings.c.expires_at <= utc_ms)
            .order_by(recordings.c.expires_at)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_recording(row) for row in (await connection.execute(query)).mappings()]

    async def mark_heard(self, recording_id: str, at_utc_ms: int | None, by: str) -> None:
        """Note that somebody has heard a message, or, with ``None``, that nobody has."""
        where = (recordings.c.site == self._site, recordings.c.id == storable(recording_id))
        statement = update(recordings).where(*where).values(heard_at=at_utc_ms, heard_by=storable(by))
        async with self._database.begin() as connection:
            await connection.execute(statement)

    async def remove(self, recording_id: str) -> None:
        """Forget one."""
        where = (recordings.c.site == self._site, recordings.c.id == storable(recording_id))
        async with self._database.begin() as connection:
            await connection.execute(delete(recordings).where(*where))


def _recording(row: RowMapping) -> StoredRecording:
    return msgspec.convert({str(name): value for name, value in row.items()}, StoredRecording)


def _write_cursor(recording: StoredRecording) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((recording.began_at, recording.id))).decode().rstrip("=")


def _read_cursor(cursor: str) -> _Position:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        at, recording_id = msgspec.json.decode(data, type=_Position)
    except (ValueError, msgspec.MsgspecError):
        raise RequestError("the cursor is none that a page of recordings came with") from None
    return at, storable(recording_id)
