"""Live numbers of queues: to all desktops that may see them, once a second at most and only when they changed."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

import msgspec

from ctid.desktop.ports import Site
from ctid.desktop.stream.frames import Batch, Message
from ctid.desktop.stream.hub import Hub
from ctid.desktop.stream.queue_numbers import QueueNumbers
from ctid.engine import today
from ctid.model.contact import Contact
from ctid.model.day import QueueDay

_SLICE: Final = 100
_NOTHING: Final = QueueDay()


class QueueStats:
    """Tells desktops the numbers of queues."""

    def __init__(self, site: Site, hub: Hub, numbers: QueueNumbers) -> None:
        """Take the site, which has the queues, and the hub, which has the desktops."""
        self._site = site
        self._hub = hub
        self._numbers = numbers
        self._seen: dict[str, tuple[Any, ...]] = {}

    async def publish(self) -> None:
        """Send what has changed since the last time, to so many desktops at once that others get their turn."""
        messages = self._changed()
        if not messages:
            return
        for audience, clients in tuple(self._hub.audiences.items()):
            heard = [message for name, message in messages.items() if audience.sees_queue(name)]
            if not heard:
                continue
            together = Batch(heard)
            for number, client in enumerate(tuple(clients)):
                if number % _SLICE == _SLICE - 1:
                    await asyncio.sleep(0)
                client.send(together)

    def _changed(self) -> dict[str, Message]:
        state, spec = self._site.state, self._site.spec
        inside: dict[str, list[Contact]] = {name: [] for name in spec.queues}
        for contact in state.contacts.values():
            if contact.queue in inside:
                inside[contact.queue].append(contact)
        # The numbers of today tell of a contact that went as another came; at midnight they begin anew.
        day = today.present(state, self._site.now())
        present = {
            name: (
                *sorted(Counter(contact.state for contact in contacts).items()),
                day.since_utc_ms,
                *msgspec.structs.astuple(day.queues.get(name, _NOTHING)),
            )
            for name, contacts in inside.items()
        }
        idle = (day.since_utc_ms, *msgspec.structs.astuple(_NOTHING))
        changed = [name for name in present if present[name] != self._seen.get(name, idle)]
        self._seen = present
        return {name: Message(self._event(name, inside[name])) for name in changed}

    def _event(self, name: str, inside: list[Contact]) -> dict[str, Any]:
        now = self._site.now()
        return {
            "specversion": "1.0",
            "id": f"{self._hub.epoch}-stats-{name}-{now.mono_ms}",
            "source": f"/sites/{self._site.spec.site}",
            "type": "queue.stats",
            "time": now.iso(),
            "datacontenttype": "application/json",
            "subject": f"queues/{name}",
            "epoch": self._hub.epoch,
            "data": self._numbers.fresh(name, inside),
        }
