"""What the runtime itself tells: start, configuration, timers, the end."""

from __future__ import annotations

from typing import Any

from ctid.model.events.event import Event


class SiteStarted(Event, frozen=True, kw_only=True, tag="site.started"):
    """A daemon process began to own the site.

    Attributes:
        epoch: Random, new with every process; part of every id minted while it runs.
        release: Version of ctid.
    """

    site: str
    epoch: str
    release: str


class ConfigLoaded(Event, frozen=True, kw_only=True, tag="config.loaded"):
    """The site's configuration, at the start and at every reload.

    Attributes:
        spec: ``ctid.spec.site.SiteSpec`` as plain data.
    """

    spec: dict[str, Any]


class TimerFired(Event, frozen=True, kw_only=True, tag="timer.fired"):
    """A timer that ``StartTimer`` asked for is due."""

    timer_id: str


class DrainStarted(Event, frozen=True, kw_only=True, tag="site.drain_started"):
    """The daemon is asked to stop: no new offers from now on, calls live on."""
