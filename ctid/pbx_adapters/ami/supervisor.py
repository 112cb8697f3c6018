"""Supervisor: keeps one PBX connected, reconciled and answering, and says so when it is not.

Two connections: Asterisk cuts off a reader that is slow with its events, and that must not cost an action.
What is lost while cut off is never replayed; so every connection begins with a snapshot.
"""

from __future__ import annotations

import asyncio
import functools
import random
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final

import structlog

from ctid.errors import (
    OverloadedError,
    PbxActionError,
    PbxAuthError,
    PbxConnectionError,
    PbxError,
    PbxProtocolError,
    PbxTimeoutError,
)
from ctid.model.commands import AmiCommand, HangUpLeg
from ctid.model.events import DeviceChanged, Event, LegFailed, PbxLost
from ctid.pbx_adapters.ami.executor import Executor
from ctid.pbx_adapters.ami.framing import Message
from ctid.pbx_adapters.ami.keypad import Keypad
from ctid.pbx_adapters.ami.notifier import Notifier
from ctid.pbx_adapters.ami.protocol import OneConnection
from ctid.pbx_adapters.ami.translate import TRANSLATED, reconciled, translate
from ctid.pbx_adapters.backoff import Backoff
from ctid.spec.daemon import AmiSpec, NotifySpec
from ctid.telemetry.metrics import Metrics

WANTED: Final = TRANSLATED | {
    "FullyBooted", "Shutdown", "Newchannel", "HangupRequest",
    "CoreShowChannel", "CoreShowChannelsComplete", "DeviceStateListComplete",
}  # fmt: skip
"""Names of the AMI events that are looked at; also what ``ctid asterisk-config`` lets through."""

FIRST_WAIT_S: Final = 0.5
MAX_BUFFERED_EVENTS: Final = 100_000
"""Events that may come while the snapshot is taken; more means that we would never catch up."""

LAG_INTERVAL_S: Final = 1.0

_log = structlog.get_logger()


class LossCause(StrEnum):
    """Why a PBX cannot be reached: a metric's label and the reason in ``PbxLost``."""

    CONNECTION_REFUSED = "connection-refused"
    REFUSED_LOGIN = "refused-login"
    REFUSED_ACTION = "refused-action"
    LOST = "lost"
    SHUTDOWN = "shutdown"
    SILENT = "silent"
    TIMEOUT = "timeout"
    GARBAGE = "garbage"
    OVERLOADED = "overloaded"


class _Loss(PbxError):
    """A reason to begin again, with its cause."""

    def __init__(self, cause: LossCause, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause


class AmiLink:
    """The manager interface of one PBX, for as long as ``run`` runs.

    Emits the events of ``translate``; ``LegFailed`` for originates that were refused, ``PbxReconciled`` first
    after each connect, and ``PbxLost`` once when it cannot be reached, be it at the start or later.

    Attributes:
        pbx: Name of the PBX.
        ready: Whether it is connected and reconciled.
        state: One word or two for ``/readyz``: ``connecting``, ``booting``, ``reconciling``, ``ready``, or
            ``lost: <cause>: <detail>``.
    """

    def __init__(
        self,
        pbx: str,
        spec: AmiSpec,
        emit: Callable[[Event], None],
        metrics: Metrics,
        *,
        notify: NotifySpec | None = None,
        dial_out: str = "",
        random: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Make a link, unconnected.

        Args:
            pbx: Name of the PBX, as its events carry it.
            spec: Where it is, and the login.
            emit: Takes events, at once; may refuse one by ``OverloadedError``, upon which the link begins
                again with a snapshot. It must take ``PbxLost`` always.
            metrics: Where to count.
            notify: The user with which phones are told to answer; none: they are not.
            dial_out: How the PBX dials a number outside; empty to leave that to its dialplan.
            random: Source of the jitter.
            sleep: Waits between two attempts.
            wall_clock: To compare with the PBX's stamps; only for the lag metric.
        """
        self.pbx = pbx
        self.ready = False
        self.state = "connecting"
        self._spec = spec
        self._emit = emit
        self._metrics = metrics
        self._sleep = sleep
        self._wall_clock = wall_clock
        self._backoff = Backoff(FIRST_WAIT_S, spec.backoff_max_seconds, random)
        self._log = _log.bind(pbx=pbx)
        self._keypad = Keypad(pbx, spec.action_timeout_seconds, self._another_connection)
        as_notifier = functools.partial(self._another_connection, notify) if notify is not None else None
        self._notifier = Notifier(pbx, self._deliver, metrics, as_notifier)
        self._executor = Executor(
            pbx, spec.action_timeout_seconds, self._deliver, self._keypad, self._notifier, dial_out
        )
        self._lost_causes: set[LossCause] = set()
        self._asked_to_end: set[str] = set()
        self._events: OneConnection | None = None
        self._buffered: list[Event] | None = None
        self._devices: dict[str, tuple[bool, bool]] = {}
        self._booted = asyncio.Event()
        self._lag_told = 0.0

    async def run(self) -> None:
        """Keep the PBX connected until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._session()
            except _Loss as loss:
                # A link that breaks as soon as it is made is no better than one that cannot be made.
                if self.ready and loop.time() - began > self._spec.backoff_max_seconds:
                    self._backoff.reset()
                self._say_lost(loss)
            await self._sleep(self._backoff.next())

    def execute(self, command: AmiCommand) -> None:
        """Write the action of a command, without waiting for its response; see ``Executor``. Never raises."""
        self._executor.execute(command)

    # ---- connection ----------------------------------------------------------------------------------------

    async def _session(self) -> None:
        """Connect, reconcile and stay; ends only by `_Loss` or by being cancelled."""
        spec = self._spec
        events = OneConnection(spec.host, spec.port, wanted=WANTED, on_event=self._on_event)
        actions = OneConnection(spec.host, spec.port, wanted=(), on_event=_ignore)
        self._booted.clear()
        self._buffered = []
        loss: _Loss | None = None
        try:
            await self._log_in(events, "on")
            await self._log_in(actions, "off")
            async with asyncio.TaskGroup() as group:
                for role, connection in (("events", events), ("actions", actions)):
                    group.create_task(self._watch(connection), name=f"ami-{self.pbx}-watch-{role}")
                self._events = events
                self._executor.begin(actions, group)
                group.create_task(self._keypad.run(), name=f"ami-{self.pbx}-keypad")
                group.create_task(self._notifier.run(), name=f"ami-{self.pbx}-notifier")
                await self._reconcile(events)
        except* PbxError as errors:
            loss = _loss(errors)
        finally:
            self._events = None
            self._executor.end()
            events.close()
            actions.close()
            self._asked_to_end.clear()
        assert loss is not None
        raise loss

    async def _another_connection(self, user: NotifySpec | None = None) -> OneConnection:
        """A connection for actions that keep theirs busy, or for those of another user."""
        spec = self._spec
        connection = OneConnection(spec.host, spec.port, wanted=(), on_event=_ignore)
        try:
            await self._log_in(connection, "off", user)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _log_in(self, connection: OneConnection, events: str, user: NotifySpec | None = None) -> None:
        spec = self._spec
        account = user or spec
        try:
            await connection.open(spec.connect_timeout_seconds)
        except PbxConnectionError as error:
            raise _Loss(LossCause.CONNECTION_REFUSED, error.detail) from None
        login = {
            "Action": "Login",
            "Username": account.username,
            "Secret": account.secret.get_secret_value(),
            "Events": events,
        }
        try:
            await connection.request(login, spec.connect_timeout_seconds)
        except PbxActionError as error:
            raise PbxAuthError(error.detail) from None

    async def _reconcile(self, events: OneConnection) -> None:
        self._enter("booting")
        await self._booted.wait()
        self._enter("reconciling")
        limit_s = self._spec.action_timeout_seconds
        status = await events.request({"Action": "CoreStatus"}, limit_s)
        channels = await events.request({"Action": "CoreShowChannels"}, limit_s)
        devices = await events.request({"Action": "DeviceStateList"}, limit_s)
        snapshot = reconciled(self.pbx, status[0], channels[1:], devices[1:])
        in_use = set(snapshot.in_use)
        self._devices = {name: (up, name in in_use) for name, up in snapshot.devices.items()}
        buffered, self._buffered = self._buffered or [], None
        try:
            self._emit(snapshot)
        except OverloadedError as error:
            raise _Loss(LossCause.OVERLOADED, error.detail) from None
        for event in buffered:
            self._deliver(event)
        self.ready = True
        self.state = "ready"
        self._lost_causes.clear()
        self._metrics.pbx_ready(self.pbx)
        self._log.info("pbx.ready", version=events.wire.parser.version, channels=len(channels) - 1)

    async def _watch(self, connection: OneConnection) -> None:
        """Ask a connection that says nothing; raise when it is over or stays silent."""
        wire = connection.wire
        loop = asyncio.get_running_loop()
        while True:
            quiet_s = loop.time() - wire.heard
            if quiet_s < self._spec.ping_seconds:
                await asyncio.wait({wire.ended}, timeout=self._spec.ping_seconds - quiet_s)
            elif not wire.ended.done():
                try:
                    await connection.request({"Action": "Ping"}, self._spec.ping_seconds)
                except PbxTimeoutError as error:
                    raise _Loss(LossCause.SILENT, error.detail) from None
            if wire.ended.done():
                wire.ended.result()

    def _enter(self, state: str) -> None:
        # A PBX that is lost stays so for the reader until it is ready: retries are no news.
        if not self._lost_causes:
            self.state = state

    def _say_lost(self, loss: _Loss) -> None:
        self.ready = False
        self.state = f"lost: {loss.cause}: {loss.detail}"
        self._metrics.pbx_lost(self.pbx, loss.cause)
        news = not self._lost_causes
        if loss.cause not in self._lost_causes:
            # A PBX that boots refuses, accepts and drops by turns: each is told once for as long as it is away.
            self._lost_causes.add(loss.cause)
            self._log.warning("pbx.lost", cause=loss.cause, detail=loss.detail)
        if news:
            self._emit(PbxLost(pbx=self.pbx, reason=str(loss.cause)))

    # ---- events --------------------------------------------------------------------------------------------

    def _on_event(self, message: Message) -> None:
        name = message["Event"]
        match name:
            case "FullyBooted":
                self._booted.set()
                return
            case "Shutdown":
                self._break(_Loss(LossCause.SHUTDOWN, "the PBX shuts down"))
                return
            case "Newchannel":
                self._executor.made(message.get("Uniqueid", ""))
                return
            case "HangupRequest":
                self._asked_to_end.add(message.get("Uniqueid", ""))
                return
            case "BridgeEnter":
                self._end_the_dead(message.get("Uniqueid", ""))
            case "Hangup":
                self._executor.originating.hung_up(message.get("Uniqueid", ""))
                self._asked_to_end.discard(message.get("Uniqueid", ""))
            case "OriginateResponse":
                failure = translate(self.pbx, message)
                self._executor.originated(
                    message.get("Uniqueid", ""), failure if isinstance(failure, LegFailed) else None
                )
                self._metrics.pbx_event(self.pbx, name)
                return
            case _:
                pass
        event = translate(self.pbx, message)
        if event is None:
            return
        self._metrics.pbx_event(self.pbx, name)
        self._tell_lag(message)
        if self._buffered is not None:
            self._buffered.append(event)
            if len(self._buffered) > MAX_BUFFERED_EVENTS:
                self._break(_Loss(LossCause.OVERLOADED, "too many events while the snapshot is taken"))
        else:
            self._deliver(event)

    def _end_the_dead(self, unique_id: str) -> None:
        """End a channel that enters a bridge though its party has hung up.

        Asterisk loses a hang-up that comes while ``Bridge`` takes the channel out of FastAGI; without this the agent
        would sit in silence with nobody at the other end.
        """
        if unique_id in self._asked_to_end:
            self._executor.execute(HangUpLeg(pbx=self.pbx, unique_id=unique_id))

    def _deliver(self, event: Event) -> None:
        if isinstance(event, DeviceChanged):
            # Asterisk tells each change of state, of which most are between one kind of call and another.
            if self._devices.get(event.device) == (event.reachable, event.in_use):
                return
            self._devices[event.device] = (event.reachable, event.in_use)
        try:
            self._emit(event)
        except OverloadedError as error:
            self._break(_Loss(LossCause.OVERLOADED, error.detail))

    def _break(self, loss: _Loss) -> None:
        if self._events is not None:
            self._events.wire.end(loss)

    def _tell_lag(self, message: Message) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._lag_told < LAG_INTERVAL_S:
            return
        try:
            lag_s = self._wall_clock() - float(message["Timestamp"])
        except (KeyError, ValueError):
            return
        self._lag_told = now
        self._metrics.pbx_lag.labels(pbx=self.pbx).set(max(0.0, lag_s))


def _ignore(_message: Message) -> None:
    """Take what comes on a connection whose events are off."""


def _loss(errors: BaseExceptionGroup[PbxError]) -> _Loss:
    """Tell the cause of the first error; what failed in its wake is no news."""
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    match first:
        case _Loss():
            return first
        case PbxAuthError(detail=detail):
            return _Loss(LossCause.REFUSED_LOGIN, detail)
        case PbxProtocolError(detail=detail):
            return _Loss(LossCause.GARBAGE, detail)
        case PbxTimeoutError(detail=detail):
            return _Loss(LossCause.TIMEOUT, detail)
        case PbxActionError(detail=detail):
            return _Loss(LossCause.REFUSED_ACTION, detail)
        case _:
            return _Loss(LossCause.LOST, str(first))
