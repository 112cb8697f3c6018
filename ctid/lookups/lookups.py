"""The configuration's lookups by name, counted; which may change while questions are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Self

import structlog

from ctid.lookups.failure import NoAnswer
from ctid.lookups.lane import Fields, Lane
from ctid.spec.lookup import LookupSpec
from ctid.telemetry.metrics import Metrics

_log = structlog.get_logger()


class Lookups:
    """Asks other systems for flows; use it as an async context manager."""

    def __init__(self, specs: Mapping[str, LookupSpec], metrics: Metrics) -> None:
        """Make them; nothing is connected yet.

        Raises:
            StoreError: The URL of a database cannot be used.
        """
        self._metrics = metrics
        self._lanes = {name: Lane(spec) for name, spec in specs.items()}
        self._leaving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for lane in self._lanes.values():
            self._leave(lane)
        await asyncio.gather(*self._leaving)

    def reload(self, specs: Mapping[str, LookupSpec]) -> None:
        """Go over to other lookups; what was asked is answered as it was.

        Raises:
            StoreError: The URL of a database cannot be used; nothing has changed.
        """
        former = self._lanes
        self._lanes = {
            name: former[name] if name in former and former[name].spec == spec else Lane(spec)
            for name, spec in specs.items()
        }
        for name, lane in former.items():
            if self._lanes.get(name) is not lane:
                self._leave(lane)

    async def ask(self, name: str, give: Mapping[str, str], secret: Mapping[str, str], paths: Sequence[str]) -> Fields:
        """Ask a lookup.

        Args:
            name: Which.
            give: Parameters.
            secret: Parameters that are sensitive.
            paths: The fields that are needed of the answer.

        Raises:
            NoAnswer: There is none.
        """
        lane = self._lanes.get(name)
        if lane is None:
            self._metrics.note("lookup-unknown")
            raise NoAnswer("unavailable", "unknown")
        since = monotonic()
        try:
            found = await lane.ask(give, secret, paths)
        except NoAnswer as error:
            self._metrics.lookup(name, error.failure, monotonic() - since)
            if error.failure != "not_found":
                _log.warning("lookup.failed", lookup=name, failure=error.failure, cause=error.cause)
            raise
        self._metrics.lookup(name, "ok", monotonic() - since)
        return found

    def repeatable(self, name: str) -> bool:
        """Whether to ask a lookup twice is the same as to ask it once; so it is with one that is not there."""
        lane = self._lanes.get(name)
        return lane is None or lane.spec.way.repeatable

    def _leave(self, lane: Lane) -> None:
        task = asyncio.get_running_loop().create_task(lane.close(), name="lookup-leaving")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
