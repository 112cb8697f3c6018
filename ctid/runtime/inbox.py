"""The one bounded queue of inputs that the engine is fed from."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

from ctid.errors import JournalError, OverloadedError, RequestError
from ctid.model.events import (
    CallArrived,
    CallerReturned,
    CallSentOn,
    CallTransferred,
    DeviceChanged,
    Event,
    LegAlerting,
    LegAnswered,
    LegBridged,
    LegEnded,
    LegHeld,
    LegReplaced,
    LegRetrieved,
    LegUnbridged,
    PbxReconciled,
    Request,
)
from ctid.store.codec import encode_event

CAPACITY = 50_000
"""Inputs waiting; some seconds' worth of the busiest PBX."""

_CAN_COME_AGAIN = (
    Request,
    CallArrived,
    CallerReturned,
    PbxReconciled,
    DeviceChanged,
    LegAlerting,
    LegAnswered,
    LegBridged,
    LegReplaced,
    LegUnbridged,
    LegHeld,
    LegRetrieved,
    LegEnded,
    CallTransferred,
    CallSentOn,
)
"""Refused when the inbox is full. All else is taken always; it is bounded by what it tells the end of: sessions,
desktops, timers, lookups, PBXes, our own originates."""


class Input(NamedTuple):
    """An input, and how the journal will have it.

    It is written down at the door, so that what cannot be is refused to who brings it.
    """

    event: Event
    written: bytes


class Inbox:
    """Inputs in order of arrival.

    When full, requests get ``OverloadedError`` (HTTP 503), a new call's FastAGI session is closed (the dialplan
    comes again after a second of music), and an AMI link begins again with a snapshot: nothing is lost for good.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._inputs: deque[Input] = deque()
        self._capacity = capacity
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._inputs)

    def put(self, event: Event) -> None:
        """Take in an event.

        Raises:
            OverloadedError: The inbox is full.
            RequestError: The event holds text that is no Unicode.
        """
        if len(self._inputs) >= self._capacity and isinstance(event, _CAN_COME_AGAIN):
            raise OverloadedError("the daemon has more to do than it can; try again in a moment")
        try:
            self._inputs.append(Input(event, encode_event(event)))
        except JournalError as error:
            raise RequestError("there is text that is no Unicode (half a surrogate pair)") from error
        self._filled.set()

    async def take(self, at_most: int) -> list[Input]:
        """Wait for events and take the oldest ones."""
        while not self._inputs:
            self._filled.clear()
            await self._filled.wait()
        if len(self._inputs) <= at_most:
            batch = list(self._inputs)
            self._inputs.clear()
            return batch
        return [self._inputs.popleft() for _ in range(at_most)]
