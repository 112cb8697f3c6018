"""What a flow may know of a live contact and its site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ctid.engine.turn import Turn
from ctid.engine.waiting import outlook
from ctid.ivr.world import QueueState
from ctid.model.contact import Contact
from ctid.model.states import WAITING
from ctid.routing import conditions
from ctid.routing.calendar import is_open


class ContactWorld:
    """The world of one contact, at one moment; see ``ctid.ivr.world.World``."""

    def __init__(self, turn: Turn, contact: Contact) -> None:
        self._turn = turn
        self._contact = contact

    @property
    def seed(self) -> str:
        """See ``World``."""
        return self._contact.id

    @property
    def attributes(self) -> dict[str, str]:
        """See ``World``."""
        return self._contact.attributes

    @property
    def now(self) -> datetime:
        """See ``World``."""
        return self._turn.now.utc().astimezone(ZoneInfo(self._turn.site.timezone))

    def contact(self) -> Mapping[str, Any]:
        """See ``World``."""
        return conditions.facts(self._contact, self._contact.queue)

    def queue(self, name: str) -> QueueState | None:
        """See ``World``."""
        turn = self._turn
        spec = turn.site.queues.get(name)
        if spec is None:
            return None
        expected = outlook.in_queue(turn, self._contact, name)
        return QueueState(
            open=spec.calendar is None or is_open(turn.site.calendars[spec.calendar], turn.now),
            agents=expected.able,
            free=expected.free,
            waiting=sum(each.queue == name and each.state in WAITING for each in turn.state.contacts.values()),
            expected_wait=None if expected.expected_ms is None else round(expected.expected_ms / 1000),
        )

    def calendar(self, name: str) -> bool | None:
        """See ``World``."""
        spec = self._turn.site.calendars.get(name)
        return None if spec is None else is_open(spec, self._turn.now)
