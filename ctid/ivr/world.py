"""World: what a flow may know of the caller, the site and the moment. Whoever runs a flow provides it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from ctid.ivr.subjects import subjects


class QueueState(NamedTuple):
    """A queue, as a caller would find it now.

    Attributes:
        open: Whether it takes calls at this hour.
        agents: Agents at work who serve it.
        free: How many of them are free.
        waiting: Contacts that wait in it.
        expected_wait: Seconds that one more would wait; ``None`` if that can't be told.
    """

    open: bool
    agents: int
    free: int
    waiting: int
    expected_wait: int | None


class World(Protocol):
    """What is known, and where attributes are kept."""

    @property
    def seed(self) -> str:
        """Names the call; what is left to chance follows from it."""

    @property
    def attributes(self) -> dict[str, str]:
        """The contact's attributes; the flow changes them in place."""

    @property
    def now(self) -> datetime:
        """The moment, in the site's zone."""

    def contact(self) -> Mapping[str, Any]:
        """What conditions may name of the contact, as ``ctid.routing.conditions`` tells."""

    def queue(self, name: str) -> QueueState | None:
        """A queue; ``None`` if there is none of that name."""

    def calendar(self, name: str) -> bool | None:
        """Whether a calendar is open; ``None`` if there is none of that name."""


def environment(world: World, condition: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What a condition of a flow may name.

    That is what any condition may, with these attributes, which are as their types have it, and ``language``,
    ``calendars`` (name to whether it is open), ``queues`` (name to ``open``, ``agents``, ``free``, ``waiting`` and
    ``expected_wait`` in seconds, absent if nobody can tell) and ``now`` (``year``, ``month``, ``day``, ``weekday``
    from 1 for Monday, ``hour``, ``minute``). Queues and calendars are those that it is about; a name that it computes
    and that there is not is not there, so that it can't be told.
    """
    queues, calendars = subjects(condition, lambda part: environment(world, part, attributes))
    now = world.now
    contact = world.contact()
    return {
        **contact,
        "attributes": attributes,
        "language": world.attributes.get("language", ""),
        "calendars": {name: is_open for name in calendars if (is_open := world.calendar(name)) is not None},
        "queues": {name: _told(state) for name in queues if (state := world.queue(name)) is not None},
        "now": {
            "year": now.year,
            "month": now.month,
            "day": now.day,
            "weekday": now.isoweekday(),
            "hour": now.hour,
            "minute": now.minute,
        },
    }


def _told(state: QueueState) -> dict[str, Any]:
    told = state._asdict()
    if state.expected_wait is None:
        del told["expected_wait"]
    return told
