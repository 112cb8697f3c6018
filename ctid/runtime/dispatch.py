"""Executes the engine's commands, each in one place, none by waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from ctid.model import commands as do
from ctid.model.events import Event, LegFailed
from ctid.runtime.fetches import Fetches
from ctid.runtime.lookups import Lookups
from ctid.runtime.observer import Observer
from ctid.runtime.record_writer import RecordWriter
from ctid.runtime.timers import Timers
from ctid.telemetry.metrics import Metrics

_log = structlog.get_logger()


class AmiPort(Protocol):
    """A PBX's manager interface."""

    def execute(self, command: do.AmiCommand) -> None:
        """Send the action; what becomes of it comes as an event."""


class AgiPort(Protocol):
    """The FastAGI server."""

    def execute(self, command: do.AgiCommand) -> bool:
        """Hand the command to the leg's session; false if it has none."""


class DesktopPort(Protocol):
    """The desktops."""

    def publish(self, command: do.Publish) -> None:
        """Send an event to those who may see it, without waiting."""

    async def flush_offer(self, agent_ids: Sequence[str], timeout: float = 0.05) -> bool:
        """Wait, for a bounded time, until what was published has left for these agents' desktops."""


class RecorderPort(Protocol):
    """The store of recordings."""

    def put(self, command: do.RecordingCommand) -> None:
        """Take a recording in, or delete it; what becomes of it comes as an event."""


class StreamPort(Protocol):
    """Whoever else gets the published stream."""

    def publish(self, command: do.Publish) -> None:
        """Take in an event, without waiting."""


class Dispatcher:
    """Takes the engine's commands in order."""

    def __init__(
        self,
        *,
        links: Mapping[str, AmiPort],
        agi: AgiPort,
        desktops: DesktopPort,
        webhooks: StreamPort,
        timers: Timers,
        lookups: Lookups,
        fetches: Fetches,
        records: RecordWriter,
        recorder: RecorderPort | None = None,
        answer: Callable[[do.Accept | do.Refuse], None],
        emit: Callable[[Event], None],
        group: asyncio.TaskGroup,
        observer: Observer,
        metrics: Metrics,
    ) -> None:
        self._links = links
        self._agi = agi
        self._desktops = desktops
        self._webhooks = webhooks
        self._timers = timers
        self._lookups = lookups
        self._fetches = fetches
        self._records = records
        self._recorder = recorder
        self._answer = answer
        self._emit = emit
        self._group = group
        self._observer = observer
        self._metrics = metrics
        self._about_to_ring: set[str] = set()

    def execute(self, commands: Sequence[do.Command]) -> None:
        """Execute commands in their order. Never raises for what a peer does."""
        for command in commands:
            match command:
                case do.Publish():
                    self._desktops.publish(command)
                    self._webhooks.publish(command)
                case do.StartTimer(timer_id=timer_id, due_ms=due_ms):
                    self._timers.start(timer_id, due_ms)
                case do.CancelTimer(timer_id=timer_id):
                    self._timers.cancel(timer_id)
                case do.RingAgent():
                    self._about_to_ring.add(command.unique_id)
                    self._group.create_task(self._ring(command), name=f"ring-{command.unique_id}")
                case do.HangUpLeg():
                    self._hang_up(command)
                case _ if isinstance(command, do.AmiCommand):
                    self._link(command)
                case _ if isinstance(command, do.AgiCommand):
                    if not self._agi.execute(command):
                        # The session has just ended; its caller is gone or comes again, which is an event either way.
                        self._metrics.note("no-agi-session")
                case do.LookUpCustomer():
                    self._lookups.start(command)
                case do.FetchLookup():
                    self._fetches.start(command)
                case do.ForgetSealed():
                    self._fetches.forget(command)
                case do.SaveRecord():
                    self._records.put(command.record)
                case do.StoreRecording() | do.DiscardRecording():
                    self._record(command)
                case do.Accept() | do.Refuse():
                    self._answer(command)
                case do.Note():
                    pass
                case _:
                    _log.error("command.unknown", command=type(command).__name__)

    def observe(self, commands: Sequence[do.Command]) -> None:
        """Count and log commands that were executed."""
        for command in commands:
            self._observer.executed(command)

    def _record(self, command: do.RecordingCommand) -> None:
        if self._recorder is not None:
            self._recorder.put(command)
        else:
            # They were configured when it began; with the section back in its place the next start takes it in.
            self._metrics.note("recording-unconfigured")

    async def _ring(self, command: do.RingAgent) -> None:
        """Ring once the screen pop is on its way to the agent."""
        await self._desktops.flush_offer([command.agent_id])
        if command.unique_id in self._about_to_ring:
            self._about_to_ring.discard(command.unique_id)
            self._link(command)
        else:
            self._emit(LegFailed(pbx=command.pbx, unique_id=command.unique_id, reason=0))

    def _hang_up(self, command: do.HangUpLeg) -> None:
        if command.unique_id in self._about_to_ring:
            self._about_to_ring.discard(command.unique_id)
        else:
            self._link(command)

    def _link(self, command: do.AmiCommand) -> None:
        link = self._links.get(command.pbx)
        if link is not None:
            link.execute(command)
        elif isinstance(command, do.Originate):
            self._emit(LegFailed(pbx=command.pbx, unique_id=command.unique_id, reason=0))
