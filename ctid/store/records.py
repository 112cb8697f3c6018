"""Call-tracking records: written once a contact is closed, listed newest first, exported."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from sqlalchemy import ColumnElement, Integer, Select, bindparam, case, func, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from ctid.errors import RequestError
from ctid.model.csv_text import csv_line
from ctid.model.customer import RecentContact
from ctid.model.day import Quarter
from ctid.model.flow_report import FlowReport
from ctid.model.record import ContactRecord, LastCall, RecordFilter, RecordPage
from ctid.model.states import Direction, Outcome
from ctid.staffing.history import QUARTER_MS, Bucket
from ctid.store import flow_index, record_index
from ctid.store.csv_export import HEADER, record_cells
from ctid.store.database import Database
from ctid.store.rows import from_row, storable, to_row
from ctid.store.schema import record_agents, records

_WRITTEN: Final = re.compile(r"[\s()/.-]+")
_FEWEST_DIGITS: Final = 3
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 1_000
_EXPORT_PAGE: Final = 500
_LONGEST_BEFORE_QUEUE: Final = timedelta(days=1)

_Position = tuple[Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)], str]
"""``created_at`` and contact id of a record: where it stands in the list."""


ALL: Final = RecordFilter()

RECENT: Final = 5
RECENT_NOTES: Final = 300
"""Characters of the notes of an earlier contact: they go out with every event about the present one."""

_RECENT: Final = (
    *(records.c[name] for name in ("contact_id", "created_at", "channel", "queue", "agent_id", "outcome")),
    records.c.disposition,
    func.substr(records.c.notes, 1, RECENT_NOTES).label("notes"),
)

# Asked for every call that comes in, so made once: to put a statement together takes as long as to carry it out.
_LAST_CALL: Final = (
    select(records.c.agent_id, records.c.queue)
    .where(records.c.ani == bindparam("ani"), records.c.outcome == Outcome.HANDLED.value, records.c.agent_id != "")
    .order_by(records.c.created_at.desc(), records.c.contact_id.desc())
    .limit(1)
)
_RECENT_OF: Final = {
    column.name: select(*_RECENT)
    .where(column == bindparam("value"))
    .order_by(records.c.created_at.desc(), records.c.contact_id.desc())
    .limit(bindparam("limit", type_=Integer))
    for column in (records.c.ani, records.c.customer_id)
}
"""By the column that tells who it was. Each by its own index: with both conditions in one query no database would use
them."""


class RecordStore:
    """The call-tracking records of a database that is open. Every method raises ``StoreError`` if it fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = postgresql.insert if database.dialect == "postgresql" else sqlite.insert
        statement = insert(records)
        replaced = {column.name: statement.excluded[column.name] for column in records.c if not column.primary_key}
        self._upsert = statement.on_conflict_do_update(index_elements=[records.c.contact_id], set_=replaced)

    async def save(self, record: ContactRecord) -> None:
        """Write a record; one of the same contact is replaced, so that it may be written again after a fault."""
        await self.save_many([record])

    async def save_many(self, batch: Sequence[ContactRecord]) -> None:
        """Write records, all or none; see ``save``."""
        if not batch:
            return
        rows = [to_row(record) for record in batch]
        async with self._database.begin() as connection:
            await connection.execute(self._upsert, rows)
            await record_index.write(connection, batch)

    async def get(self, contact_id: str) -> ContactRecord | None:
        """Return the record of one contact, or ``None``."""
        async with self._database.read() as connection:
            result = await connection.execute(select(records).where(records.c.contact_id == storable(contact_id)))
            row = result.mappings().one_or_none()
        return None if row is None else from_row(row)

    async def find(
        self, which: RecordFilter = ALL, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> RecordPage:
        """List records, those that arrived last first.

        Args:
            which: The filter.
            limit: Records a page, 1 to 1000.
            cursor: ``next_cursor`` of the page before. Records that come in meanwhile move nothing.

        Raises:
            RequestError: ``limit`` is out of bounds, or ``cursor`` is none of ours.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise RequestError(f"limit is {limit}; it can be 1 to {MAX_LIMIT}")
        found = await self._page(which, limit + 1, None if cursor is None else _read_cursor(cursor))
        if len(found) <= limit:
            return RecordPage(found, None)
        return RecordPage(found[:limit], _write_cursor(_position(found[limit - 1])))

    async def last_call(self, ani: str) -> LastCall | None:
        """Tell who served a number last; ``None`` if nobody ever did."""
        async with self._database.read() as connection:
            row = (await connection.execute(_LAST_CALL, {"ani": storable(ani)})).one_or_none()
        return None if row is None else LastCall(agent_id=row.agent_id, queue=row.queue)

    async def recent(self, ani: str, customer_id: str, limit: int = RECENT) -> list[RecentContact]:
        """List the last contacts of a customer, from whatever number, and of a number, newest first.

        Args:
            ani: Number calling; empty if it is withheld.
            customer_id: The directory's key; empty if they are not known.
            limit: How many at most.
        """
        known = {"ani": ani, "customer_id": customer_id}
        asked = [
            (_RECENT_OF[name], {"value": storable(value), "limit": limit}) for name, value in known.items() if value
        ]
        async with self._database.read() as connection:
            rows = {row.contact_id: row for each in asked for row in (await connection.execute(*each)).all()}
        newest = sorted(rows.values(), key=lambda row: (row.created_at, row.contact_id), reverse=True)[:limit]
        return [
            RecentContact(
                contact_id=row.contact_id,
                at_utc_ms=row.created_at,
                channel=row.channel,
                queue=row.queue,
                agent_id=row.agent_id,
                outcome=row.outcome,
                disposition=row.disposition,
                notes=row.notes,
            )
            for row in newest
        ]

    async def quarters(self, queue: str | None, since: datetime, until: datetime) -> list[Quarter]:
        """Count what queues did, by quarters of an hour; those in which nothing came in are left out.

        Args:
            queue: The queue; ``None`` for all.
            since: Entered it then or later.
            until: Entered it before.
        """
        async with self._database.read() as connection:
            return await record_index.quarters(connection, queue, _utc_ms(since), _utc_ms(until))

    async def flow_report(self, flow: str, since: datetime, until: datetime) -> FlowReport:
        """Count what became of those who entered a flow; of no flow's name there are only zeros.

        Args:
            flow: The flow, without a version.
            since: Entered it then or later.
            until: Entered it before.
        """
        async with self._database.read() as connection:
            return await flow_index.report(connection, flow, _utc_ms(since), _utc_ms(until))

    async def count(self, which: RecordFilter = ALL) -> int:
        """Count records."""
        query = select(func.count()).select_from(records).where(*_conditions(which))
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def demand(self, queue: str, since: datetime, until: datetime) -> list[Bucket]:
        """Count what came into a queue, by quarters of an hour; those without a call are left out.

        Args:
            queue: The last queue of the contacts.
            since: Came into their first queue then or later.
            until: Came before.
        """
        # The index holds arrivals at the site, which come before those in a queue, but never by much.
        which = RecordFilter(created_from=since - _LONGEST_BEFORE_QUEUE, created_to=until, queue=queue)
        start = (records.c.queued_at // QUARTER_MS).label("quarter")
        served = records.c.connected_at.is_not(None)
        left = records.c.outcome.in_([Outcome.ABANDONED.value, Outcome.SHORT_ABANDON.value])
        query = (
            select(
                start,
                func.count(),
                func.sum(case((served, 1), else_=0)),
                func.sum(case((left, 1), else_=0)),
                func.sum(case((served, records.c.talk_ms + records.c.wrap_up_ms), else_=0)),
                func.sum(records.c.wait_ms),
            )
            .where(*_conditions(which), records.c.queued_at >= _utc_ms(since), records.c.queued_at < _utc_ms(until))
            .group_by(start)
            .order_by(start)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        names = ("calls", "served", "abandoned", "handling_ms", "waited_ms")
        return [
            Bucket(start_ms=row[0] * QUARTER_MS, **dict(zip(names, map(int, row[1:]), strict=True))) for row in rows
        ]

    async def export_csv(self, which: RecordFilter, write: Callable[[str], Awaitable[None]]) -> int:
        """Write records as CSV (RFC 4180), with a header, newest first; the columns are ``csv_export.HEADER``.

        Args:
            which: The filter.
            write: Takes the text part by part, never much at once. No connection is held while it waits.

        Returns:
            How many records were written.
        """
        await write(csv_line(HEADER))
        count = 0
        async for page in self._pages(which):
            await write("".join(csv_line(record_cells(record)) for record in page))
            count += len(page)
        return count

    async def _pages(self, which: RecordFilter) -> AsyncIterator[list[ContactRecord]]:
        before: _Position | None = None
        while page := await self._page(which, _EXPORT_PAGE, before):
            yield page
            before = _position(page[-1])

    async def _page(self, which: RecordFilter, limit: int, before: _Position | None) -> list[ContactRecord]:
        async with self._database.read() as connection:
            result = await connection.execute(page_query(which, limit, before))
            rows = result.mappings().all()
        return [from_row(row) for row in rows]


def page_query(which: RecordFilter, limit: int, before: _Position | None) -> Select[Any]:
    """The query of one page: records that match, older than a position, newest first."""
    query = select(records).where(*_conditions(which))
    if before is not None:
        query = query.where(tuple_(records.c.created_at, records.c.contact_id) < before)
    return query.order_by(records.c.created_at.desc(), records.c.contact_id.desc()).limit(limit)


def _conditions(which: RecordFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.created_from is not None:
        conditions.append(records.c.created_at >= _utc_ms(which.created_from))
    if which.created_to is not None:
        conditions.append(records.c.created_at < _utc_ms(which.created_to))
    for name in ("queue", "agent_id", "disposition", "ani", "dnis"):
        wanted = getattr(which, name)
        if wanted is not None:
            conditions.append(records.c[name] == storable(wanted))
    if which.outcome is not None:
        conditions.append(records.c.outcome == which.outcome.value)
    if which.customer_id is not None:
        wanted = storable(which.customer_id)
        conditions.append(records.c.customer_id == wanted if wanted else records.c.customer_id.is_(None))
    if which.queues:
        conditions.append(records.c.queue.in_([storable(queue) for queue in which.queues]))
    if which.served_by is not None:
        conditions.append(
            records.c.contact_id.in_(
                select(record_agents.c.contact_id).where(record_agents.c.agent_id == storable(which.served_by))
            )
        )
    if which.search:
        conditions.append(_matching(which.search, which.search_dispositions))
    return conditions


def _matching(search: str, dispositions: list[str]) -> ColumnElement[bool]:
    text = storable(search)
    name = records.c.customer["name"].as_string()
    found = [column.icontains(text, autoescape=True) for column in (_customer_number(), name, records.c.notes)]
    found += [records.c.disposition.icontains(text, autoescape=True)]
    if dispositions:
        found.append(records.c.disposition.in_([storable(code) for code in dispositions]))
    # People write numbers with blanks and hyphens, and at home without the country's code.
    digits = _WRITTEN.sub("", text).lstrip("+0")
    if len(digits) >= _FEWEST_DIGITS and digits.isascii() and digits.isdigit():
        found.append(_customer_number().contains(digits, autoescape=True))
    return or_(*found)


def _customer_number() -> ColumnElement[str]:
    """Who called, or was called by an agent."""
    return case((records.c.direction == Direction.INBOUND.value, records.c.ani), else_=records.c.dnis)


def _utc_ms(moment: datetime) -> int:
    # By whole numbers: a float's rounding would move a boundary by a millisecond.
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1000 + -(-moment.microsecond // 1000)


def _position(record: ContactRecord) -> _Position:
    return record.created_at.utc_ms, record.contact_id


def _write_cursor(position: _Position) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def _read_cursor(cursor: str) -> _Position:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        created_at, contact_id = msgspec.json.decode(data, type=_Position)
    except (ValueError, msgspec.MsgspecError):
        raise RequestError("the cursor is none that a page of records came with") from None
    return created_at, storable(contact_id)
