"""The world of a rehearsal: what is given, and what the site tells besides."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ctid.ivr.world import QueueState
from ctid.model.instant import Instant
from ctid.routing.calendar import is_open
from ctid.spec.flow import LANGUAGE
from ctid.spec.flow_tests import CustomerGiven, GivenSpec
from ctid.spec.nodes import FetchNode
from ctid.spec.site import SiteSpec
from ctid.spec.yaml_source import KeyPath

_NOBODY = CustomerGiven(id="")


def unknown(site: SiteSpec, given: GivenSpec) -> Iterator[tuple[KeyPath, str]]:
    """What is given of that there is not, with its place: nobody would ever ask for it."""
    nodes = [node for flow in site.flows.values() for node in flow.nodes.values()]
    asked = {node.fetch.lookup for node in nodes if isinstance(node, FetchNode)}
    sections: tuple[tuple[str, Collection[str], Collection[str]], ...] = (
        ("calendars", given.calendars, site.calendars),
        ("queues", given.queues, site.queues),
        ("lookups", given.lookups, asked),
    )
    for section, names, known in sections:
        for name in names:
            if name not in known:
                there = ", ".join(sorted(known)) or "none at all"
                yield (section, name), f"there is no {section.removesuffix('s')} {name!r}; there is: {there}"


class GivenWorld:
    """See ``ctid.ivr.world.World``."""

    def __init__(self, site: SiteSpec, given: GivenSpec) -> None:
        self._site = site
        self._given = given
        self._customer = given.customer or _NOBODY
        self._attributes = dict(given.attributes)
        language = given.language or self._customer.language
        if language:
            self._attributes.setdefault(LANGUAGE, language)

    @property
    def seed(self) -> str:
        """See ``World``."""
        return self._given.call

    @property
    def attributes(self) -> dict[str, str]:
        """See ``World``."""
        return self._attributes

    @property
    def now(self) -> datetime:
        """See ``World``."""
        return self._given.at.replace(tzinfo=ZoneInfo(self._site.timezone))

    def contact(self) -> Mapping[str, Any]:
        """See ``World``."""
        return {
            "attributes": self._attributes,
            "ani": self._given.ani,
            "dnis": self._given.dnis,
            "entry": self._given.entry,
            "channel": "voice",
            "queue": "",
            "priority": self._given.priority,
            "customer": self._customer.model_dump(),
        }

    def queue(self, name: str) -> QueueState | None:
        """See ``World``."""
        spec = self._site.queues.get(name)
        if spec is None:
            return None
        given = self._given.queues.get(name)
        if given is not None:
            return QueueState(**given.model_dump())
        is_at_work = spec.calendar is None or bool(self.calendar(spec.calendar))
        return QueueState(open=is_at_work, agents=1, free=1, waiting=0, expected_wait=None)

    def calendar(self, name: str) -> bool | None:
        """See ``World``."""
        if name in self._given.calendars:
            return self._given.calendars[name] == "open"
        spec = self._site.calendars.get(name)
        return None if spec is None else is_open(spec, Instant(0, round(self.now.timestamp() * 1000)))
