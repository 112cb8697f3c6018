"""A recorded journal taken apart: who called, waited, hung up and talked how long, and when agents were there.

The inputs are run through the engine once, as ``ctid replay`` does; what it made of them tells the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ctid.engine.engine import Engine
from ctid.engine.state import alias_key
from ctid.errors import RequestError
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import AgentState, OfferState, Outcome, SystemReason
from ctid.simulation.duty import Duty
from ctid.simulation.tally import Sample, Tally
from ctid.simulation.workload import NEVER, Call, Presence, Reply

NO_ANSWER_MS = 3_600_000
"""How long a phone rings that nobody answers; the engine's own limit comes first."""


@dataclass
class Heard:
    """One caller of the recording, as far as it tells.

    Attributes:
        call: Who they are and what they did; durations the recording does not tell are ``NEVER``.
        queue: Where they waited last, if they did.
        wait_ms: How long.
        hung_up: Whether they gave up waiting then.
        served: Whether they talked.
    """

    call: Call
    queue: str = ""
    wait_ms: int = 0
    hung_up: bool = False
    served: bool = False


@dataclass
class Recording:
    """What a journal tells.

    Attributes:
        spec: Plain data of the configuration at its beginning.
        start_utc_ms: Its beginning.
        length_ms: From there to its last input.
        heard: Every caller who arrived in it, in order.
        presence: Agents' comings and goings.
        answers_ms: How long phones rang.
        sample: The figures as they were.
    """

    spec: dict[str, Any]
    start_utc_ms: int
    length_ms: int
    heard: list[Heard]
    presence: list[Presence]
    answers_ms: list[int]
    sample: Sample


def read_recording(inputs: Iterable[tuple[Instant, ev.Event]], snapshot: bytes | None = None) -> Recording:
    """Take a recording apart.

    Args:
        inputs: The inputs of a journal, in order.
        snapshot: The engine's state before the first of them, where the journal does not begin at the beginning.

    Raises:
        RequestError: There is nothing in it to simulate.
    """
    reader = _Reader(Engine.restore(snapshot) if snapshot is not None else Engine())
    for at, event in inputs:
        reader.take(at, event)
    return reader.recording()


class _Reader:
    """Runs the inputs and gathers what they tell."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._spec: dict[str, Any] = engine.state.spec
        self._first: Instant | None = None
        self._last = Instant(0, 0)
        self._heard: dict[str, Heard] = {}
        self._by_leg: dict[str, Heard] = {}
        self._asked_ms: dict[str, int] = {}
        self._saved: set[str] = set()
        self._presence: list[Presence] = []
        self._answers_ms: list[int] = []
        self._tally: Tally | None = None
        self._duty: Duty | None = None

    def take(self, at: Instant, event: ev.Event) -> None:
        """Run one input and note what it tells."""
        if self._first is None:
            self._first = at
        self._last = at
        agent_id = _agent_of(event)
        agent = self._engine.state.agents.get(agent_id)
        before = agent.state if agent is not None else None
        commands = self._engine.handle(event, at)
        if self._duty is None and self._engine.site.site:
            self._begin()
        match event:
            case ev.DigitsCollected():
                self._replied(at, event)
            case ev.CustomerLookedUp() if event.contact_id in self._heard:
                self._heard[event.contact_id].call.customer = event.customer
            case ev.AgentStateRequested() if any(isinstance(each, cmd.Accept) for each in commands):
                # Who asks to be READY while in wrap-up ends it; its length is the contact's own.
                if before is not AgentState.WRAP_UP or event.state is not AgentState.READY:
                    self._appear(at, agent_id, event.state)
            case ev.TimerFired() if agent is not None:
                if SystemReason.CONNECTION_LOST in (agent.reason, agent.pending_reason):
                    self._appear(at, agent_id, AgentState.NOT_READY)
            case _:
                pass
        for command in commands:
            match command:
                case cmd.SetVariable(name="CTID_CONTACT") if isinstance(event, ev.CallArrived):
                    self._arrived(at, event, command.value)
                case cmd.PlayAndCollect():
                    self._asked_ms[command.token] = at.mono_ms
                case cmd.SaveRecord() if command.record.contact_id not in self._saved:
                    self._over(command.record, by_agent=isinstance(event, ev.Request))
                case _:
                    pass
        if self._duty is not None and self._duty.leaving:
            self._duty.see_off(at.mono_ms)

    def recording(self) -> Recording:
        """All that was told."""
        if self._first is None or self._tally is None or self._duty is None:
            raise RequestError("the journal holds no inputs under a configuration")
        if not any(heard.served for heard in self._heard.values()):
            raise RequestError("nobody was served in the journal, so nobody knows how long calls take")
        self._duty.close(self._last.mono_ms)
        self._tally.sample.unfinished = len(self._heard.keys() - self._saved)
        return Recording(
            spec=self._spec,
            start_utc_ms=self._first.utc_ms,
            length_ms=self._last.mono_ms - self._first.mono_ms,
            heard=list(self._heard.values()),
            presence=self._presence,
            answers_ms=self._answers_ms,
            sample=self._tally.sample,
        )

    def _begin(self) -> None:
        """The configuration is known: from here on it can be counted."""
        state = self._engine.state
        first_ms = self._last.mono_ms if self._first is None else self._first.mono_ms
        self._spec = self._spec or state.spec
        self._tally = Tally(self._engine.site, first_ms)
        self._duty = Duty(state.agents, self._tally)
        for agent in state.agents.values():
            if agent.state not in (AgentState.LOGGED_OUT, AgentState.NOT_READY):
                self._appear(self._last, agent.id, AgentState.READY)

    def _arrived(self, at: Instant, event: ev.CallArrived, contact_id: str) -> None:
        call = Call(
            at_ms=at.mono_ms - (self._first or at).mono_ms,
            unique_id=f"call.{len(self._heard) + 1}",
            pbx=event.pbx,
            dnis=event.dnis,
            patience_ms=NEVER,
            handling_ms=NEVER,
            ani=event.ani,
            attributes=event.attributes,
            replies=[],
        )
        self._heard[contact_id] = self._by_leg[alias_key(event.pbx, event.unique_id)] = Heard(call)

    def _replied(self, at: Instant, event: ev.DigitsCollected) -> None:
        heard = self._by_leg.get(alias_key(event.pbx, event.unique_id))
        asked_ms = self._asked_ms.pop(event.token, None)
        if heard is not None and asked_ms is not None:
            reply = Reply(at.mono_ms - asked_ms, event.digits, event.ended_by)
            heard.call.replies = [*heard.call.replies, reply]

    def _appear(self, at: Instant, agent_id: str, state: AgentState) -> None:
        self._presence.append(Presence(at.mono_ms - (self._first or at).mono_ms, agent_id, state))
        if self._duty is not None:
            if state is AgentState.READY:
                self._duty.begin(agent_id, at.mono_ms)
            else:
                self._duty.end(agent_id)

    def _over(self, record: ContactRecord, *, by_agent: bool) -> None:
        self._saved.add(record.contact_id)
        if self._tally is not None:
            self._tally.add(record)
        for offer in record.offers:
            if offer.state == OfferState.ACCEPTED:
                self._answers_ms.append(offer.rang_ms)
            elif offer.state == OfferState.TIMED_OUT:
                self._answers_ms.append(NO_ANSWER_MS)
        heard = self._heard.get(record.contact_id)
        if heard is None:
            return
        gave_up = record.outcome in (Outcome.ABANDONED, Outcome.SHORT_ABANDON)
        heard.queue, heard.wait_ms = record.queue, record.wait_ms
        if record.connected_at is not None:
            heard.served = True
            heard.call.handling_ms = record.talk_ms
            # A wrap-up that ended by itself is the configuration's; one that the agent ended is the agent's.
            heard.call.wrap_up_ms = record.wrap_up_ms if by_agent else NEVER
        elif record.queued_at is not None:
            heard.hung_up = gave_up
        elif gave_up:
            heard.call.hang_up_ms = record.ended_at.mono_ms - record.created_at.mono_ms


def _agent_of(event: ev.Event) -> str:
    """The agent whose state an input may change on its own: by asking for it, or by a desktop that stayed away."""
    match event:
        case ev.AgentStateRequested():
            return event.agent_id
        case ev.TimerFired() if event.timer_id.startswith("desktop:"):
            return event.timer_id.removeprefix("desktop:")
        case _:
            return ""
