"""What an adapter emitted, and waiting for it."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from ctid.model.events import Event

AnyOf = TypeVar("AnyOf", bound=Event)


class Seen:
    """Collects events; call it with each."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._came.set()

    def all(self, kind: type[AnyOf]) -> list[AnyOf]:
        return [event for event in self.events if isinstance(event, kind)]

    async def first(self, kind: type[AnyOf], time_limit_s: float = 30.0, **fields: object) -> AnyOf:
        return (await self.several(kind, 1, time_limit_s, **fields))[0]

    async def several(self, kind: type[AnyOf], count: int, time_limit_s: float = 30.0, **fields: object) -> list[AnyOf]:
        """Wait until so many events of a kind, with those fields, came."""
        try:
            async with asyncio.timeout(time_limit_s):
                while True:
                    found = [
                        event
                        for event in self.all(kind)
                        if all(getattr(event, name) == value for name, value in fields.items())
                    ]
                    if len(found) >= count:
                        return found
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"no {count} {kind.__name__} {fields} among {self.events}") from None
