"""Virtual time around the engine: callers, phones and agents that carry out its commands and tell what comes of them.

Everything is as it is live but the PBX: it has no faults here, and takes no time. Inputs that belong to one moment are
given one after another before anything else happens. For a PBX that misbehaves see the test rig.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any

from msgspec import structs

from ctid.engine import segments
from ctid.engine.engine import Engine
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.instant import Instant
from ctid.model.states import AgentState, SystemReason
from ctid.simulation.duty import Duty
from ctid.simulation.scenario import LookupReplySpec
from ctid.simulation.staging import pbxes
from ctid.simulation.tally import Sample, Tally
from ctid.simulation.workload import NEVER, Call, Presence, Reply, Workload

ORIGIN_MS = 1_000_000
"""The monotonic clock at the scenario's start; more than nothing, which means never in the engine's state."""

OVERTIME_MS = 86_400_000
"""What is not over so long after the last arrival and the last shift will not end any more."""

PROMPT_MS = 5_000
"""How long an announcement takes."""

MESSAGE_MS = 20_000
"""How long a caller speaks who leaves a message."""

CUSTOMER_RINGS_MS = 8_000
"""How long the phone of a customer rings who is called back and picks up."""

NORMAL_CLEARING, NO_ANSWER = 16, 19

Observer = Callable[[Instant, ev.Event, list[cmd.Command]], None]
"""Is told every input with what the engine made of it."""


class World:
    """One replication under one configuration.

    Args:
        spec: Plain data of the configuration.
        workload: Who comes.
        start_utc_ms: The scenario's start on the wall clock.
        warm_up_ms: What happens before is not counted.
        lines: So many callers can be in the house; 0 for any number.
        return_ms: An agent whom the engine made NOT_READY is back after so long.
        lookups: What lookups of flows answer; others are not to be had.
        observer: Is told every input.
    """

    def __init__(
        self,
        spec: dict[str, Any],
        workload: Workload,
        *,
        start_utc_ms: int,
        warm_up_ms: int = 0,
        lines: int = 0,
        return_ms: int = 60_000,
        lookups: Mapping[str, LookupReplySpec] = MappingProxyType({}),
        observer: Observer | None = None,
    ) -> None:
        self.engine = Engine(quiet=observer is None)
        self._workload = workload
        self._utc_offset_ms = start_utc_ms - ORIGIN_MS
        self._lines = lines
        self._return_ms = return_ms
        self._lookups = lookups
        self._observer = observer
        self._now = Instant(ORIGIN_MS, start_utc_ms)
        self._agenda: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._numbers = count()
        self._at_once: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._calls: dict[str, Call] = {}
        self._rung: dict[str, tuple[Call, str]] = {}
        self._by_contact: dict[str, Call] = {}
        self._dialled: dict[str, tuple[Call, str]] = {}
        self._entered: list[Call] = []
        self._timers: dict[str, int] = {}
        self._new_timers: dict[str, int] = {}
        self._after_wrap_up: dict[str, Presence] = {}
        self._requests = 0
        self._all_came = False
        self._carry_out: dict[type[cmd.Command], Callable[[Any], None]] = {
            cmd.SetVariable: self._name,
            cmd.RingAgent: self._ring,
            cmd.DialCustomer: self._dial,
            cmd.StartTimer: self._start_timer,
            cmd.CancelTimer: self._cancel_timer,
            cmd.SaveRecord: self._save,
            cmd.PlayMusic: self._play_music,
            cmd.PlayAndCollect: self._play,
            cmd.RecordMessage: self._take_message,
            cmd.StoreRecording: self._forget_recording,
            cmd.DiscardRecording: self._forget_recording,
            cmd.ReleaseLeg: self._release,
            cmd.HangUpLeg: self._hang_up,
            cmd.LookUpCustomer: self._look_up,
            cmd.FetchLookup: self._fetch,
        }
        self._give(ev.SiteStarted(site=spec["site"], epoch="simulated", release="simulated"))
        self._give(ev.ConfigLoaded(spec=spec))
        for pbx in pbxes(self.engine.site):
            self._give(ev.PbxReconciled(pbx=pbx, legs=[], devices={}, boot="1"))
        self._tally = Tally(self.engine.site, ORIGIN_MS + warm_up_ms)
        self._duty = Duty(self.engine.state.agents, self._tally)

    def run(self) -> Sample:
        """Let everything happen, until all who were to come have come and the last of them has gone."""
        for each in self._workload.presence():
            self._on(ORIGIN_MS + each.at_ms, self._appear, each)
        self._await_next(self._workload.calls())
        agenda, at_once = self._agenda, self._at_once
        length_ms = ORIGIN_MS + self._workload.length_ms
        while agenda and agenda[0][0] <= length_ms + OVERTIME_MS:
            if agenda[0][0] > length_ms and self._all_came and not self._by_contact:
                break
            at_ms, _, action, subject = heapq.heappop(agenda)
            if at_ms != self._now.mono_ms:
                self._now = Instant(at_ms, self._utc_offset_ms + at_ms)
            action(subject)
            while at_once:
                action, subject = at_once.popleft()
                action(subject)
            self._settle()
        self._duty.close(max(self._now.mono_ms, length_ms))
        self._tally.sample.unfinished = len(self._calls)
        return self._tally.sample

    # ---- time ------------------------------------------------------------------------------------------------

    def _on(self, at_ms: int, action: Callable[[Any], None], subject: Any) -> None:
        heapq.heappush(self._agenda, (at_ms, next(self._numbers), action, subject))

    def _give(self, event: ev.Event) -> None:
        commands = self.engine.handle(event, self._now)
        if self._observer is not None:
            self._observer(self._now, event, commands)
        carry_out = self._carry_out
        for command in commands:
            if (execute := carry_out.get(type(command))) is not None:
                execute(command)

    def _settle(self) -> None:
        """The moment is over: what it left behind goes into the agenda; most of it was gone again within it."""
        if self._new_timers:
            for timer_id, due_ms in self._new_timers.items():
                self._on(due_ms, self._fire, timer_id)
            self._new_timers.clear()
        if self._entered:
            for call in self._entered:
                if not call.leg:
                    self._on(self._now.mono_ms + call.patience_ms, self._lose_patience, call)
            self._entered.clear()
        if self._duty.leaving:
            self._duty.see_off(self._now.mono_ms)

    def _start_timer(self, command: cmd.StartTimer) -> None:
        self._timers[command.timer_id] = self._new_timers[command.timer_id] = command.due_ms

    def _cancel_timer(self, command: cmd.CancelTimer) -> None:
        self._timers.pop(command.timer_id, None)
        self._new_timers.pop(command.timer_id, None)

    def _fire(self, timer_id: str) -> None:
        if self._timers.get(timer_id) == self._now.mono_ms:
            del self._timers[timer_id]
            self._give(ev.TimerFired(timer_id=timer_id))

    # ---- callers ---------------------------------------------------------------------------------------------

    def _await_next(self, calls: Iterator[Call]) -> None:
        call = next(calls, None)
        if call is None:
            self._all_came = True
        else:
            self._on(ORIGIN_MS + call.at_ms, self._arrive, (call, calls))

    def _arrive(self, subject: tuple[Call, Iterator[Call]]) -> None:
        call, calls = subject
        self._await_next(calls)
        if self._lines and len(self._calls) >= self._lines:
            self._tally.found_busy(self._now.mono_ms)
            return
        self._calls[call.unique_id] = call
        if call.hang_up_ms != NEVER:
            self._on(self._now.mono_ms + call.hang_up_ms, self._lose_patience, call)
        self._give(
            ev.CallArrived(
                pbx=call.pbx, unique_id=call.unique_id, ani=call.ani, dnis=call.dnis, attributes=call.attributes
            )
        )

    def _play_music(self, command: cmd.PlayMusic) -> None:
        call = self._calls.get(command.unique_id)
        if call is not None and not call.waiting:
            call.waiting = True
            if call.patience_ms != NEVER:
                self._entered.append(call)

    def _play(self, command: cmd.PlayAndCollect) -> None:
        call = self._calls[command.unique_id]
        ended_by = ev.CollectEnd.TIMEOUT if command.accept else ev.CollectEnd.PLAYED
        reply = Reply(command.timeout_ms or PROMPT_MS, "", ended_by)
        if call.prompts < len(call.replies):
            given = call.replies[call.prompts]
            # What somebody pressed in a menu is no answer to an announcement, nor the other way round.
            if (given.ended_by is ev.CollectEnd.PLAYED) == (not command.accept):
                reply = given
                call.prompts += 1
        event = ev.DigitsCollected(
            pbx=command.pbx,
            unique_id=command.unique_id,
            token=command.token,
            digits=reply.digits,
            ended_by=reply.ended_by,
        )
        if command.sealed is not None:
            sealed = command.token if reply.digits else ""
            event = structs.replace(event, digits="", sealed=sealed, acceptable=bool(sealed))
        self._on(self._now.mono_ms + reply.after_ms, self._answer_prompt, event)

    def _take_message(self, command: cmd.RecordMessage) -> None:
        begun = ev.MessageBegun(pbx=command.pbx, unique_id=command.unique_id, token=command.token)
        ended = ev.DigitsCollected(
            pbx=command.pbx,
            unique_id=command.unique_id,
            token=command.token,
            digits="",
            ended_by=ev.CollectEnd.PLAYED,
        )
        self._on(self._now.mono_ms + PROMPT_MS, self._answer_prompt, begun)
        self._on(self._now.mono_ms + PROMPT_MS + MESSAGE_MS, self._answer_prompt, ended)

    def _forget_recording(self, command: cmd.RecordingCommand) -> None:
        name = command.recording.id if isinstance(command, cmd.StoreRecording) else command.recording_id
        self._at_once.append((self._give, ev.RecordingSettled(recording_id=name)))

    def _answer_prompt(self, event: ev.DigitsCollected | ev.MessageBegun) -> None:
        if event.unique_id in self._calls:
            self._give(event)

    def _look_up(self, command: cmd.LookUpCustomer) -> None:
        contact = self.engine.state.contacts[command.contact_id]
        call = self._calls[self.engine.state.legs[contact.caller_leg].unique_id]
        self._at_once.append((self._give, ev.CustomerLookedUp(contact_id=command.contact_id, customer=call.customer)))

    def _fetch(self, command: cmd.FetchLookup) -> None:
        reply = self._lookups.get(command.lookup)
        fields = {} if reply is None else {path: reply.fields[path] for path in command.fields if path in reply.fields}
        failure = "unavailable" if reply is None else ""
        after_ms = 0 if reply is None else round(reply.seconds * 1000)
        answered = ev.LookupAnswered(contact_id=command.contact_id, token=command.token, fields=fields, failure=failure)
        self._on(self._now.mono_ms + after_ms, self._give, answered)

    def _lose_patience(self, call: Call) -> None:
        if not call.leg and not call.called_back:
            self._leave(call)

    def _leave(self, call: Call) -> None:
        if self._calls.pop(call.unique_id, None) is not None:
            self._give(ev.LegEnded(pbx=call.pbx, unique_id=call.unique_id, cause=NORMAL_CLEARING))

    def _release(self, command: cmd.ReleaseLeg) -> None:
        call = self._calls.get(command.unique_id)
        if call is not None:
            self._at_once.append((self._leave, call))

    def _name(self, command: cmd.SetVariable) -> None:
        if command.name == "CTID_CONTACT":
            self._by_contact[command.value] = self._calls[command.unique_id]

    def _of_leg(self, leg: str) -> Call:
        return self._by_contact[self.engine.state.legs[leg].contact_id]

    def _dial(self, command: cmd.DialCustomer) -> None:
        call = self._of_leg(command.unique_id)
        call.called_back = True
        self._dialled[command.unique_id] = (call, command.peer_unique_id)
        if call.reached:
            self._on(self._now.mono_ms + CUSTOMER_RINGS_MS, self._reach, command.unique_id)

    def _reach(self, line: str) -> None:
        call, agent_leg = self._dialled.pop(line, (None, ""))
        if call is None:
            return
        call.unique_id = line
        self._calls[line] = call
        self._give(ev.LegAnswered(pbx=call.pbx, unique_id=line))
        if agent_leg in self._rung:
            self._connect(call, agent_leg)
        else:
            self._give(ev.CallArrived(pbx=call.pbx, unique_id=line, ani=call.ani, dnis=call.dnis))

    # ---- agents' phones --------------------------------------------------------------------------------------

    def _ring(self, command: cmd.RingAgent) -> None:
        call = self._calls[command.peer_unique_id] if command.peer_unique_id else self._of_leg(command.unique_id)
        self._rung[command.unique_id] = (call, command.agent_id)
        after_ms = self._workload.answer_ms()
        if after_ms:
            self._on(self._now.mono_ms + after_ms, self._answer, command.unique_id)
        else:
            self._at_once.append((self._answer, command.unique_id))

    def _answer(self, leg: str) -> None:
        call, _ = self._rung.get(leg, (None, ""))
        if call is None or call.leg:
            return
        self._give(ev.LegAnswered(pbx=call.pbx, unique_id=leg))
        if call.unique_id in self._calls:
            self._give(ev.AgiEnded(pbx=call.pbx, unique_id=call.unique_id))
            self._connect(call, leg)

    def _connect(self, call: Call, leg: str) -> None:
        call.leg, call.agent_id = leg, self._rung[leg][1]
        self._give(ev.LegBridged(pbx=call.pbx, unique_id=call.unique_id, bridge_id=leg))
        self._give(ev.LegBridged(pbx=call.pbx, unique_id=leg, bridge_id=leg))
        self._on(self._now.mono_ms + call.handling_ms, self._talk_over, call)

    def _talk_over(self, call: Call) -> None:
        contact_id = self.engine.state.agents[call.agent_id].contact_id
        del self._rung[call.leg]
        self._give(ev.LegEnded(pbx=call.pbx, unique_id=call.leg, cause=NORMAL_CLEARING))
        self._leave(call)
        if call.wrap_up_ms != NEVER:
            self._on(self._now.mono_ms + call.wrap_up_ms, self._end_wrap_up, (call.agent_id, contact_id))

    def _hang_up(self, command: cmd.HangUpLeg) -> None:
        self._at_once.append((self._end_ringing, command))

    def _end_ringing(self, command: cmd.HangUpLeg) -> None:
        _, agent_id = self._rung.pop(command.unique_id, (None, ""))
        if not agent_id:
            if command.unique_id in self._calls:
                self._leave(self._calls[command.unique_id])
            elif self._dialled.pop(command.unique_id, None) is not None:
                self._give(ev.LegEnded(pbx=command.pbx, unique_id=command.unique_id, cause=NO_ANSWER))
            return
        self._give(ev.LegEnded(pbx=command.pbx, unique_id=command.unique_id, cause=NORMAL_CLEARING))
        agent = self.engine.state.agents[agent_id]
        if agent.reason == SystemReason.RING_NO_ANSWER:
            self._on(self._now.mono_ms + self._return_ms, self._come_back, agent_id)

    def _save(self, command: cmd.SaveRecord) -> None:
        self._tally.add(command.record)
        self._by_contact.pop(command.record.contact_id, None)
        self._at_once.append((self._give, ev.RecordSaved(contact_id=command.record.contact_id)))

    # ---- agents ----------------------------------------------------------------------------------------------

    def _appear(self, presence: Presence) -> None:
        agent = self.engine.state.agents[presence.agent_id]
        self._after_wrap_up.pop(agent.id, None)
        if presence.state is AgentState.READY:
            self._duty.begin(agent.id, self._now.mono_ms)
        else:
            self._duty.end(agent.id)
        if agent.state is AgentState.WRAP_UP and agent.wrap_up_until_ms > self._now.mono_ms:
            # Asking now would cut the wrap-up short; asking after it would be too late to be offered nothing more.
            self._after_wrap_up[agent.id] = presence
            number = -next(self._numbers)
            heapq.heappush(
                self._agenda, (agent.wrap_up_until_ms, number, self._end_wrap_up, (agent.id, agent.contact_id))
            )
        else:
            self._ask(presence)

    def _ask(self, presence: Presence) -> None:
        self._requests += 1
        self._give(
            ev.AgentStateRequested(
                command_id=f"s{self._requests}",
                principal="simulation",
                agent_id=presence.agent_id,
                state=presence.state,
            )
        )

    def _come_back(self, agent_id: str) -> None:
        agent = self.engine.state.agents[agent_id]
        if agent.reason == SystemReason.RING_NO_ANSWER and agent_id in self._duty:
            self._ask(Presence(0, agent_id, AgentState.READY))

    def _end_wrap_up(self, subject: tuple[str, str]) -> None:
        agent_id, contact_id = subject
        agent = self.engine.state.agents[agent_id]
        if agent.state is not AgentState.WRAP_UP or agent.contact_id != contact_id:
            return
        presence = self._after_wrap_up.pop(agent_id, None)
        contact = self.engine.state.contacts.get(contact_id)
        codes = self.engine.site.queues[contact.queue].dispositions if contact is not None else []
        segment = segments.of(contact, agent_id) if contact is not None else None
        owed = segment is not None and segments.owes_disposition(segment)
        disposition = next(iter(codes or self.engine.site.dispositions), None) if owed else None
        if presence is not None and disposition is None:
            self._ask(presence)
            return
        self._requests += 1
        self._give(
            ev.WrapUpSet(
                command_id=f"s{self._requests}",
                principal="simulation",
                agent_id=agent_id,
                contact_id=contact_id,
                disposition=disposition,
                complete=presence is None,
            )
        )
        if presence is not None:
            self._ask(presence)
