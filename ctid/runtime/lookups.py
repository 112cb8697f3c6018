"""Customer lookups: asked by the engine, answered as events, bounded and never waited for by a caller."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import structlog

from ctid.errors import StoreError
from ctid.model.commands import LookUpCustomer
from ctid.model.customer import Customer, RecentContact
from ctid.model.events import CustomerLookedUp, Event
from ctid.model.record import LastCall
from ctid.store.directory import CustomerDirectory, LookupFailed

T = TypeVar("T")

MAX_WAITING = 1_000
"""Lookups that may be under way at once; a directory that hangs must not pile up tasks."""

LAST_CALL_SECONDS = 0.5
"""Who served a caller last is good to know, but nothing that the customer's name would wait longer for."""

RECENT_SECONDS = 0.2
"""A customer's earlier contacts from other numbers can be asked for only once the directory has told who they are."""

_log = structlog.get_logger()


class CallerHistory(Protocol):
    """The records, as far as they tell who served whom."""

    async def last_call(self, ani: str) -> LastCall | None:
        """Tell who served a number last; ``None`` if nobody ever did.

        Raises:
            StoreError: The database is away.
        """

    async def recent(self, ani: str, customer_id: str) -> list[RecentContact]:
        """List the last contacts of a number and of a customer, newest first.

        Raises:
            StoreError: The database is away.
        """


class Lookups:
    """Asks the customer directory, and the records who served the caller last and what there was before."""

    def __init__(
        self,
        directory: CustomerDirectory,
        history: CallerHistory,
        emit: Callable[[Event], None],
        group: asyncio.TaskGroup,
    ) -> None:
        self._directory = directory
        self._history = history
        self._emit = emit
        self._group = group
        self._waiting = 0

    def start(self, command: LookUpCustomer) -> None:
        """Begin a lookup; its answer comes as ``CustomerLookedUp``."""
        if self._waiting >= MAX_WAITING:
            self._emit(CustomerLookedUp(contact_id=command.contact_id, customer=None, failure="overloaded"))
            return
        self._waiting += 1
        self._group.create_task(self._look_up(command), name=f"lookup-{command.contact_id}")

    async def _look_up(self, command: LookUpCustomer) -> None:
        # What else the same input led to goes first: a phone may be about to ring.
        await asyncio.sleep(0)
        try:
            (customer, failure), last_call, recent = await asyncio.gather(
                self._customer(command),
                self._of_records(self._history.last_call(command.ani), LAST_CALL_SECONDS),
                self._of_records(self._history.recent(command.ani, ""), LAST_CALL_SECONDS),
            )
            if customer is not None and customer.id:
                of_both = self._history.recent(command.ani, customer.id)
                recent = await self._of_records(of_both, RECENT_SECONDS) or recent
        finally:
            self._waiting -= 1
        self._emit(
            CustomerLookedUp(
                contact_id=command.contact_id,
                customer=customer,
                failure=failure,
                last_call=last_call,
                recent=recent or [],
            )
        )

    async def _customer(self, command: LookUpCustomer) -> tuple[Customer | None, str]:
        try:
            return await self._directory.find(command.ani), ""
        except LookupFailed as error:
            return None, error.reason
        except Exception:
            _log.exception("customer.lookup_broken", contact_id=command.contact_id)
            return None, "unavailable"

    async def _of_records(self, asked: Awaitable[T], seconds: float) -> T | None:
        try:
            async with asyncio.timeout(seconds):
                return await asked
        except (TimeoutError, StoreError):
            return None
        except Exception:
            _log.exception("record.history_broken")
            return None
