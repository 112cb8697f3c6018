"""The site as the desktop API sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ctid.acd.floor import Floor
from ctid.desktop.ports import Component
from ctid.engine.state import SiteState
from ctid.model.events import Event, Request
from ctid.model.instant import Instant
from ctid.recordings.recorder import Recorder
from ctid.runtime.clock import SiteClock
from ctid.runtime.runner import Runner
from ctid.spec.site import SiteSpec
from ctid.spec.web_phone import WebPhonesSpec
from ctid.store.recordings import RecordingStore
from ctid.store.records import RecordStore
from ctid.webhooks.webhooks import Webhooks


class LiveSite:
    """What the desktop API shows and commands; reads between two events, changes nothing by itself."""

    def __init__(
        self,
        runner: Runner,
        clock: SiteClock,
        store: RecordStore,
        webhooks: Webhooks,
        web_phones: Mapping[str, WebPhonesSpec],
        readiness: Callable[[], list[Component]],
        recordings: RecordingStore,
        recorder: Recorder | None = None,
    ) -> None:
        self._runner = runner
        self._clock = clock
        self._records = store
        self._webhooks = webhooks
        self._web_phones = web_phones
        self._readiness = readiness
        self._recordings = recordings
        self._recorder = recorder

    @property
    def state(self) -> SiteState:
        """The engine's state."""
        return self._runner.engine.state

    @property
    def spec(self) -> SiteSpec:
        """The configuration in force."""
        return self._runner.engine.site

    @property
    def floor(self) -> Floor:
        """The engine's waiting contacts and free agents."""
        return self._runner.engine.floor

    @property
    def epoch(self) -> str:
        """Of the published stream."""
        return self._runner.engine.state.stream_epoch

    @property
    def records(self) -> RecordStore:
        """The store of closed contacts."""
        return self._records

    @property
    def webhooks(self) -> Webhooks:
        """Receivers of events."""
        return self._webhooks

    @property
    def recordings(self) -> RecordingStore:
        """What is known of recordings."""
        return self._recordings

    @property
    def recorder(self) -> Recorder | None:
        """The recordings themselves."""
        return self._recorder

    @property
    def web_phones(self) -> Mapping[str, WebPhonesSpec]:
        """How browsers register, by PBX."""
        return self._web_phones

    def now(self) -> Instant:
        """Read the site's clock."""
        return self._clock.now()

    async def request(self, event: Request) -> dict[str, Any]:
        """Put a request to the engine and wait for its result; see ``Runner.request``."""
        return await self._runner.request(event)

    def notify(self, event: Event) -> None:
        """Put an event to the engine that nobody waits for."""
        self._runner.put(event)

    def readiness(self) -> list[Component]:
        """Tell of every component whether it works."""
        return self._readiness()
