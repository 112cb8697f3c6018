"""The outbox of webhooks: what waits to be posted, how far the stream was taken in, and dead letters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.errors import RequestError
from ctid.model.webhook import DeadLetter, DeadLetterPage, Delivery, Posted, Standing
from ctid.store.database import Database
from ctid.store.rows import storable
from ctid.store.schema import webhook_deliveries as deliveries
from ctid.store.schema import webhooks

_DELIVERY: Final = [deliveries.c[name] for name in Delivery.__struct_fields__]
_LETTER: Final = [deliveries.c[name] for name in DeadLetter.__struct_fields__]


class Outbox:
    """The deliveries of one site in a database that is open. Every method raises ``StoreError`` if it fails."""

    def __init__(self, database: Database, site: str) -> None:
        """Take the database, and the site: several may share one database."""
        self._database = database
        self._site = site
        insert = postgresql.insert if database.dialect == "postgresql" else sqlite.insert
        # What was written, but not heard of by us, is there already when it is written again.
        self._insert = insert(deliveries).on_conflict_do_nothing(
            index_elements=[deliveries.c.site, deliveries.c.webhook, deliveries.c.id]
        )

    async def open(self, names: Collection[str], epoch: str, present: int) -> dict[str, Standing]:
        """Make the outbox know these webhooks, and forget all others with what waits for them.

        Args:
            names: As configured.
            epoch: Of the stream; of another one, nothing was taken in yet.
            present: Where the stream stands. A new webhook gets what comes after; nothing after it was taken in.
        """
        async with self._database.begin() as connection:
            gone = [webhooks.c.site == self._site, webhooks.c.name.not_in(list(names))]
            await connection.execute(delete(webhooks).where(*gone))
            await connection.execute(
                delete(deliveries).where(deliveries.c.site == self._site, deliveries.c.webhook.not_in(list(names)))
            )
            known = (await connection.execute(select(webhooks).where(webhooks.c.site == self._site))).all()
            for row in known:
                taken = min(row.taken_seq, present) if row.epoch == epoch else 0
                await connection.execute(
                    update(webhooks).where(*self._is(row.name)).values(epoch=epoch, taken_seq=taken)
                )
            new = {"site": self._site, "epoch": epoch, "taken_seq": present, "disabled": False}
            missing = sorted(set(names) - {row.name for row in known})
            if missing:
                await connection.execute(webhooks.insert(), [{**new, "name": name} for name in missing])
            return await self._standings(connection)

    async def _standings(self, connection: AsyncConnection) -> dict[str, Standing]:
        dead = (
            select(deliveries.c.webhook, func.count().label("count"))
            .where(deliveries.c.site == self._site, deliveries.c.died_at_ms.is_not(None))
            .group_by(deliveries.c.webhook)
        )
        counts = {row[0]: int(row[1]) for row in await connection.execute(dead)}
        rows = await connection.execute(select(webhooks).where(webhooks.c.site == self._site))
        return {
            row.name: Standing(taken_seq=row.taken_seq, disabled=row.disabled, dead_letters=counts.get(row.name, 0))
            for row in rows
        }

    async def take(self, batch: Sequence[Posted], seq: int) -> list[Delivery]:
        """Write deliveries, and that the stream was taken in up to ``seq``: both or neither.

        Returns:
            The deliveries with their numbers, in the order in which they were given.
        """
        rows = [
            {**_columns(each.delivery), "site": self._site, "body": storable(each.body), "cause": ""} for each in batch
        ]
        async with self._database.begin() as connection:
            if rows:
                await connection.execute(self._insert, rows)
            await connection.execute(
                update(webhooks).where(webhooks.c.site == self._site, webhooks.c.taken_seq < seq).values(taken_seq=seq)
            )
            if not rows:
                return []
            query = (
                select(*_DELIVERY)
                .where(
                    deliveries.c.site == self._site,
                    deliveries.c.id.in_(sorted({row["id"] for row in rows})),
                    deliveries.c.died_at_ms.is_(None),
                )
                .order_by(deliveries.c.number)
            )
            written = [_delivery(row) for row in await connection.execute(query)]
        meant = {(each.delivery.webhook, each.delivery.id) for each in batch}
        return [each for each in written if (each.webhook, each.id) in meant]

    async def waiting(self, webhook: str) -> list[Delivery]:
        """What waits for a webhook, oldest first."""
        query = (
            select(*_DELIVERY)
            .where(*self._of(webhook), deliveries.c.died_at_ms.is_(None))
            .order_by(deliveries.c.number)
        )
        async with self._database.read() as connection:
            return [_delivery(row) for row in await connection.execute(query)]

    async def body(self, number: int) -> str | None:
        """What is posted; ``None`` if the delivery is not there any more."""
        async with self._database.read() as connection:
            found = await connection.execute(select(deliveries.c.body).where(deliveries.c.number == number))
            return found.scalar_one_or_none()

    async def delivered(self, number: int) -> None:
        """Forget a delivery that was taken."""
        async with self._database.begin() as connection:
            await connection.execute(delete(deliveries).where(deliveries.c.number == number))

    async def failed(self, delivery: Delivery, cause: str) -> None:
        """Note an attempt that failed, with the next as the delivery tells it."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(deliveries)
                .where(deliveries.c.number == delivery.number)
                .values(
                    attempts=delivery.attempts, tried_at_ms=delivery.tried_at_ms, due_ms=delivery.due_ms, cause=cause
                )
            )

    async def bury(self, dead: Sequence[Delivery], died_at_ms: int, cause: str) -> None:
        """Make dead letters of deliveries."""
        statement = update(deliveries)
        async with self._database.begin() as connection:
            for each in dead:
                await connection.execute(
                    statement.where(deliveries.c.number == each.number).values(
                        died_at_ms=died_at_ms, cause=cause, attempts=each.attempts, tried_at_ms=each.tried_at_ms
                    )
                )

    async def trim(self, webhook: str, keep: int) -> int:
        """Delete the oldest dead letters but so many.

        Returns:
            How many were deleted.
        """
        newest = self._dead(webhook, deliveries.c.number).order_by(deliveries.c.number.desc()).limit(1).offset(keep)
        async with self._database.begin() as connection:
            last = (await connection.execute(newest)).scalar_one_or_none()
            if last is None:
                return 0
            gone = await connection.execute(
                delete(deliveries).where(*self._of(webhook), _is_dead(), deliveries.c.number <= last)
            )
            return gone.rowcount

    async def dead_letters(self, webhook: str, *, limit: int, cursor: str | None) -> DeadLetterPage:
        """List dead letters, that of the newest event first.

        Raises:
            RequestError: The cursor is none of ours.
        """
        query = self._dead(webhook, deliveries.c.number, *_LETTER)
        if cursor is not None:
            if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
                raise RequestError("the cursor is none that a page of dead letters came with")
            query = query.where(deliveries.c.number < int(cursor))
        query = query.order_by(deliveries.c.number.desc()).limit(limit + 1)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        more = str(rows[limit - 1].number) if len(rows) > limit else None
        return DeadLetterPage([_letter(row) for row in rows[:limit]], more)

    async def dead_letter(self, webhook: str, event_id: str) -> tuple[DeadLetter, str] | None:
        """One dead letter with its body, or ``None``."""
        query = self._dead(webhook, *_LETTER, deliveries.c.body).where(deliveries.c.id == event_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (_letter(row), row.body)

    async def revive(self, webhook: str, event_id: str | None, *, died_before_ms: int, at_most: int) -> list[Delivery]:
        """Have dead letters wait again, as if they had never been tried.

        Args:
            webhook: Whose.
            event_id: Which one; ``None`` for all.
            died_before_ms: Only what was given up by then.
            at_most: How many, oldest first.
        """
        query = self._dead(webhook, deliveries.c.number).where(deliveries.c.died_at_ms <= died_before_ms)
        query = query.order_by(deliveries.c.number).limit(at_most)
        if event_id is not None:
            query = query.where(deliveries.c.id == event_id)
        async with self._database.begin() as connection:
            numbers = list((await connection.execute(query)).scalars())
            revived = await connection.execute(
                update(deliveries)
                .where(deliveries.c.number.in_(numbers))
                .values(died_at_ms=None, attempts=0, tried_at_ms=0, due_ms=0)
                .returning(*_DELIVERY)
            )
            return sorted((_delivery(row) for row in revived), key=lambda each: each.number)

    async def remove(self, webhook: str, event_id: str) -> DeadLetter | None:
        """Delete a dead letter; give what it was."""
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(deliveries)
                .where(*self._of(webhook), _is_dead(), deliveries.c.id == event_id)
                .returning(*_LETTER)
            )
            row = gone.one_or_none()
        return None if row is None else _letter(row)

    async def set_disabled(self, webhook: str, disabled: bool) -> None:
        """Keep whether the webhook is disabled."""
        async with self._database.begin() as connection:
            await connection.execute(update(webhooks).where(*self._is(webhook)).values(disabled=disabled))

    def _is(self, webhook: str) -> list[ColumnElement[bool]]:
        return [webhooks.c.site == self._site, webhooks.c.name == webhook]

    def _of(self, webhook: str) -> list[ColumnElement[bool]]:
        return [deliveries.c.site == self._site, deliveries.c.webhook == webhook]

    def _dead(self, webhook: str, *columns: ColumnElement[Any]) -> Select[Any]:
        return select(*columns).where(*self._of(webhook), _is_dead())


def _is_dead() -> ColumnElement[bool]:
    return deliveries.c.died_at_ms.is_not(None)


def _columns(delivery: Delivery) -> dict[str, Any]:
    # The database gives the number.
    return {name: getattr(delivery, name) for name in Delivery.__struct_fields__ if name != "number"}


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__struct_fields__})


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(**{name: getattr(row, name) for name in DeadLetter.__struct_fields__})
