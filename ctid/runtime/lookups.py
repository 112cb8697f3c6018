"""Customer lookups: asked by the engine, answered as events, bounded and never waited for by a caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from ctid.errors import StoreError
from ctid.model.commands import LookUpCustomer
from ctid.model.contact import Customer
from ctid.model.events import CustomerLookedUp, Event
from ctid.model.record import LastCall
from ctid.store.directory import CustomerDirectory, LookupFailed

MAX_WAITING = 1_000
"""Lookups that may be under way at once; a directory that hangs must not pile up tasks."""

LAST_CALL_SECONDS = 0.5
"""Who served a caller last is good to know, but nothing that the customer's name would wait longer for."""

_log = structlog.get_logger()


class LastCalls(Protocol):
    """The records, as far as they tell who served whom."""

    async def last_call(self, ani: str) -> LastCall | None:
        """Tell who served a number last; ``None`` if nobody ever did.

        Raises:
            StoreError: The database is away.
        """


class Lookups:
    """Asks the customer directory, and the records who served the caller last."""

    def __init__(
        self,
        directory: CustomerDirectory,
        last_calls: LastCalls,
        emit: Callable[[Event], None],
        group: asyncio.TaskGroup,
    ) -> None:
        self._directory = directory
        self._last_calls = last_calls
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
            (customer, failure), last_call = await asyncio.gather(self._customer(command), self._last_call(command))
        finally:
            self._waiting -= 1
        self._emit(
            CustomerLookedUp(contact_id=command.contact_id, customer=customer, failure=failure, last_call=last_call)
        )

    async def _customer(self, command: LookUpCustomer) -> tuple[Customer | None, str]:
        try:
            return await self._directory.find(command.ani), ""
        except LookupFailed as error:
            return None, error.reason
        except Exception:
            _log.exception("customer.lookup_broken", contact_id=command.contact_id)
            return None, "unavailable"

    async def _last_call(self, command: LookUpCustomer) -> LastCall | None:
        try:
            async with asyncio.timeout(LAST_CALL_SECONDS):
                return await self._last_calls.last_call(command.ani)
        except (TimeoutError, StoreError):
            return None
        except Exception:
            _log.exception("record.last_call_broken", contact_id=command.contact_id)
            return None
