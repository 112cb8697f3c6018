"""The one consumer: inbox to journal to engine to dispatch, in that order, for one site."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from ctid.desktop.ports import refusal
from ctid.engine.engine import Engine
from ctid.errors import CtidError, InTransitError, InvariantError, JournalError
from ctid.model.commands import Accept, Command, Note, Refuse
from ctid.model.events import Event, Request
from ctid.model.instant import Instant
from ctid.model.states import ContactState
from ctid.runtime.clock import SiteClock
from ctid.runtime.inbox import Inbox, Input
from ctid.runtime.keeper import Keeper
from ctid.runtime.step import BROKEN, step
from ctid.store.codec import digest
from ctid.telemetry.metrics import Metrics

BATCH = 256
"""Inputs journalled in one transaction; what waits longer would wait for the disk alone."""

REQUEST_SECONDS = 10.0

IN_TRANSIT_SECONDS = 2.0
"""How long a request waits for what is under way; as long as the engine gives channels to come together."""

_AGAIN_SECONDS = 0.05

SETTLE_SECONDS = 0.003
"""What nobody waits for is done so much later: a phone that is to ring needs a turn or two of the loop until then."""


class Executes(Protocol):
    """What commands are given to."""

    def execute(self, commands: Sequence[Command]) -> None:
        """Execute commands in their order."""

    def observe(self, commands: Sequence[Command]) -> None:
        """Count and log commands that were executed."""


class Runner:
    """Feeds the engine.

    Attributes:
        engine: The engine; its state is read by others between two events only, which on one loop is always.
        last: The moment of the last input.
    """

    def __init__(
        self,
        engine: Engine,
        keeper: Keeper,
        clock: SiteClock,
        inbox: Inbox,
        metrics: Metrics,
        last: Instant | None = None,
    ) -> None:
        self.engine = engine
        self.last = last
        self._stepped = asyncio.Event()
        self._done: deque[tuple[int, list[Command]]] = deque()
        self._settling: asyncio.Handle | None = None
        self._keeper = keeper
        self._clock = clock
        self._inbox = inbox
        self._metrics = metrics
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def put(self, event: Event) -> None:
        """Take in an event; see ``Inbox.put``."""
        self._inbox.put(event)

    async def request(self, event: Request) -> dict[str, Any]:
        """Take in a request and wait for what became of it.

        One that comes while channels are just moving, some tens of milliseconds, is put again until they have moved:
        who holds, consults or transfers by a program or a quick hand need not know of that.

        Raises:
            InTransitError: They have not moved for longer than that is waited for.
            RequestError: It was refused, or the inbox is full.
            InvariantError: A bug of ours; it is in the log.
            JournalError: The disk refuses for too long; the request is in the inbox and may be carried out yet.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + IN_TRANSIT_SECONDS
        while True:
            try:
                return await self._request(event)
            except InTransitError:
                if loop.time() >= until:
                    raise
            # Not with the next input that is handled: of two who wait, each would be the other's.
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _request(self, event: Request) -> dict[str, Any]:
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[event.command_id] = future
        try:
            self._inbox.put(event)
            async with asyncio.timeout(REQUEST_SECONDS):
                return await future
        except TimeoutError as error:
            raise JournalError("the journal cannot be written; the request may be carried out yet") from error
        finally:
            del self._waiting[event.command_id]

    def answer(self, command: Accept | Refuse) -> None:
        """Tell who waits for a request what became of it."""
        if isinstance(command, Accept):
            self._resolve(command.command_id, command.result)
        else:
            self._resolve(command.command_id, refusal(command))

    @property
    def settled(self) -> bool:
        """Whether no agent's phone is ringing or about to be connected."""
        return not any(
            contact.state is ContactState.OFFERED for contact in self.engine.state.contacts.values()
        ) and not len(self._inbox)

    async def stepped(self) -> None:
        """Wait until more inputs were handled, for half a second at most."""
        self._stepped.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._stepped.wait()

    async def run(self, dispatcher: Executes) -> None:
        """Consume until cancelled; each input's commands go to the dispatcher."""
        try:
            while True:
                await self.consume(await self._inbox.take(BATCH), dispatcher)
                self._stepped.set()
                # Neither taking nor journalling waits while inputs keep coming; sockets need their turn.
                await asyncio.sleep(0)
        finally:
            self.settle(dispatcher)

    async def consume(self, inputs: list[Input], dispatcher: Executes) -> None:
        """Journal inputs, then have the engine handle them, one after another."""
        at = self._now()
        first = await self._keeper.write(inputs, at)
        for seq, (event, _) in enumerate(inputs, start=first):
            began = time.perf_counter()
            commands = step(self.engine, seq, event, at)
            self._metrics.engine_step.observe(time.perf_counter() - began)
            dispatcher.execute(commands)
            self._done.append((seq, commands))
            if isinstance(event, Request) and any(isinstance(c, Note) and c.code == BROKEN for c in commands):
                self._resolve(event.command_id, InvariantError("a fault of ctid; its log tells more"))
        if self._settling is None:
            self._settling = asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._settle_one, dispatcher)
        await self._keeper.tidy(self.engine, at)

    def settle(self, dispatcher: Executes) -> None:
        """Do what nobody waits for, all that is left: digests for the journal, metrics, log lines."""
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        while self._done:
            self._note(dispatcher)

    def _settle_one(self, dispatcher: Executes) -> None:
        # One input's at a time, so that what comes in meanwhile has its turn.
        self._settling = None
        self._note(dispatcher)
        if self._done:
            self._settling = asyncio.get_running_loop().call_soon(self._settle_one, dispatcher)

    def _note(self, dispatcher: Executes) -> None:
        seq, commands = self._done.popleft()
        self._keeper.note_outcome(seq, digest(commands))
        dispatcher.observe(commands)

    def _now(self) -> Instant:
        now = self._clock.now()
        if self.last is not None and now.mono_ms < self.last.mono_ms:
            now = Instant(self.last.mono_ms, now.utc_ms)
        self.last = now
        return now

    def _resolve(self, command_id: str, result: dict[str, Any] | CtidError) -> None:
        future = self._waiting.get(command_id)
        if future is None or future.done():
            return
        if isinstance(result, CtidError):
            future.set_exception(result)
        else:
            future.set_result(result)
