"""Customer lookups: asked by the engine, answered as events, bounded and never waited for by a caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ctid.model.commands import LookUpCustomer
from ctid.model.events import CustomerLookedUp, Event
from ctid.store.directory import CustomerDirectory, LookupFailed

MAX_WAITING = 1_000
"""Lookups that may be under way at once; a directory that hangs must not pile up tasks."""

_log = structlog.get_logger()


class Lookups:
    """Asks the customer directory."""

    def __init__(self, directory: CustomerDirectory, emit: Callable[[Event], None], group: asyncio.TaskGroup) -> None:
        self._directory = directory
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
            customer = await self._directory.find(command.ani)
            answer = CustomerLookedUp(contact_id=command.contact_id, customer=customer)
        except LookupFailed as error:
            answer = CustomerLookedUp(contact_id=command.contact_id, customer=None, failure=error.reason)
        except Exception:
            _log.exception("customer.lookup_broken", contact_id=command.contact_id)
            answer = CustomerLookedUp(contact_id=command.contact_id, customer=None, failure="unavailable")
        finally:
            self._waiting -= 1
        self._emit(answer)
