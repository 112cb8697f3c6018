"""The entry that takes a call: the first whose pattern matches the whole number dialled."""

from __future__ import annotations

from dataclasses import dataclass

from ctid.model.instant import Instant
from ctid.routing.calendar import is_open
from ctid.spec.base import matches
from ctid.spec.destination import Destination
from ctid.spec.site import SiteSpec


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        entry: Name of the entry.
        open: Whether it is open now.
        destination: Where the contact goes.
        place: The destination's place in the configuration.
    """

    entry: str
    open: bool
    destination: Destination
    place: str


def choose_entry(site: SiteSpec, dnis: str, at: Instant) -> Choice | None:
    """Choose by number dialled and opening hours; ``None`` when no entry wants the number."""
    for name, entry in site.entries.items():
        if matches(entry.dnis, dnis):
            if entry.calendar is None or entry.closed is None or is_open(site.calendars[entry.calendar], at):
                return Choice(name, True, entry.open, f"entries/{name}/open")
            return Choice(name, False, entry.closed, f"entries/{name}/closed")
    return None
