"""The one bounded queue of inputs that the engine is fed from."""

from __future__ import annotations

import asyncio
from collections import deque

from ctid.errors import OverloadedError
from ctid.model.events import CallArrived, DeviceChanged, Event, LegAlerting, Request

CAPACITY = 50_000
"""Inputs waiting; some seconds' worth of the busiest PBX. Beyond it what can come again is refused."""

RESERVE = 50_000
"""More inputs that are taken beyond the capacity if they cannot come again: ends of legs, timers, lost desktops."""

_CAN_COME_AGAIN = (Request, CallArrived, DeviceChanged, LegAlerting)


class Inbox:
    """Inputs in order of arrival.

    When full, requests get ``OverloadedError`` (HTTP 503), a new call's FastAGI session is closed (the dialplan
    comes again after a second of music), and an AMI link begins again with a snapshot: nothing is lost for good.
    """

    def __init__(self, capacity: int = CAPACITY, reserve: int = RESERVE) -> None:
        self._events: deque[Event] = deque()
        self._capacity = capacity
        self._reserve = reserve
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> None:
        """Take in an event.

        Raises:
            OverloadedError: The inbox is full.
        """
        limit = self._capacity if isinstance(event, _CAN_COME_AGAIN) else self._capacity + self._reserve
        if len(self._events) >= limit:
            raise OverloadedError("the daemon has more to do than it can; try again in a moment")
        self._events.append(event)
        self._filled.set()

    async def take(self, at_most: int) -> list[Event]:
        """Wait for events and take the oldest ones."""
        while not self._events:
            self._filled.clear()
            await self._filled.wait()
        if len(self._events) <= at_most:
            batch = list(self._events)
            self._events.clear()
            return batch
        return [self._events.popleft() for _ in range(at_most)]
