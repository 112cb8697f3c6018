"""What must hold after every event of a simulated site (see ``sip_test_rig.simulated_pbx``); broken ones raise."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ctid.acd.eligibility import free_for
from ctid.acd.order import place
from ctid.acd.profile import profile
from ctid.acd.scan import Asking, Free, first_match
from ctid.engine import segments
from ctid.engine.agent import assignment, own_calls
from ctid.engine.contact.contacts import MAX_STEPS
from ctid.engine.engine import Engine
from ctid.engine.shown.parked import is_parked
from ctid.engine.state import SiteState
from ctid.engine.turn import Turn
from ctid.engine.waiting import outlook
from ctid.engine.waiting.requirement import line_key, pbx_of
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.instant import Instant
from ctid.model.position import Callback
from ctid.model.record import ContactRecord
from ctid.model.states import (
    WAITING,
    AgentState,
    ContactState,
    Direction,
    LegState,
    OfferState,
    Outcome,
    Party,
)
from ctid.model.supervision import SupervisionState
from ctid.spec.agent import VOICE
from ctid.spec.site import SiteSpec

if TYPE_CHECKING:
    from sip_test_rig.simulated_pbx import SimulatedPbx
    from sip_test_rig.simulated_world import Channel

PBX = "main"
TALK_MS = 1_000
"""A talk that lasts so long is known to ctid and must not be cut; before, two decisions may cross on their way."""

SENT_ON = ("number", "given", "voicemail", "phone")
"""Where the dialplan takes a caller over from us, to somewhere."""

ENDS_A_PART = (
    ev.HangUpRequested,
    ev.LegClearRequested,
    ev.ConsultationCompleted,
    ev.ConsultationWithdrawn,
    ev.TransferRequested,
    ev.TakeOverRequested,
    ev.ParkRequested,
)
"""Requests upon which somebody is hung up on who may be in talk: the agent, or who was asked."""

MIRRORED = ("state", "reason", "pending_state", "pending_reason", "offer_id", "contact_id", "version")


def is_own(record: ContactRecord) -> bool:
    """Whether it is of a call outside the ACD."""
    return bool(record.path) and record.path[0].kind == "call"


class Snapshots:
    """Snapshots of the engine every so many events, for coming back from a crash."""

    EVERY = 50

    def __init__(self) -> None:
        self._taken: list[bytes] = [Engine().snapshot()]

    def take(self, engine: Engine, events: int) -> None:
        """Keep the state if its turn has come."""
        if events % self.EVERY == 0:
            self._taken.append(engine.snapshot())

    def position(self, events: int) -> int:
        """How many events the newest snapshot holds that holds no more than so many."""
        return events // self.EVERY * self.EVERY

    def restore(self, events: int) -> Engine:
        """The engine of that snapshot."""
        return Engine.restore(self._taken[events // self.EVERY])


class Watch:
    """Checks the engine's state, its commands and their effect on the world."""

    def __init__(self, world: SimulatedPbx) -> None:
        self.world = world
        self.snapshots = Snapshots()
        self.seq = 0
        self.versions: dict[str, int] = {}
        self.mirror: dict[str, dict[str, Any]] = {}
        self.records: dict[str, cmd.SaveRecord] = {}
        self.saves: set[tuple[int, str]] = set()
        self.outcomes: dict[Outcome, int] = {}
        self.connected = 0
        self._popped: set[str] = set()
        self._before = b""
        self._places: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._wrapping: dict[str, int] = {}
        self._sounding: dict[str, bool] = {}
        self._given_up: set[str] = set()
        self._dialled: dict[str, str] = {}
        self._may_end: set[str] = set()
        self._got_back: set[str | None] = set()

    # ---- around one event ------------------------------------------------------------------------------------

    def before(self, event: ev.Event) -> None:
        """Remember what is compared afterwards."""
        state = self.world.engine.state
        self._before = self.world.engine.snapshot() if isinstance(event, ev.Request) else b""
        self._wrapping = {
            agent.id: agent.wrap_up_until_ms for agent in state.agents.values() if agent.state is AgentState.WRAP_UP
        }

    def check(self, event: ev.Event, commands: list[cmd.Command], now: Instant) -> None:
        """Everything that must hold."""
        engine = self.world.engine
        self.snapshots.take(engine, len(self.world.journal))
        overdue = any(isinstance(each, cmd.Note) and each.code == "lease-expired" for each in commands)
        if overdue or isinstance(event, ENDS_A_PART):
            self._may_end |= {each.unique_id for each in commands if isinstance(each, cmd.HangUpLeg)}
        self._commands(commands, now)
        self._agents(engine.state, event, now)
        for contact in engine.state.contacts.values():
            self._contact(engine.state, contact)
        self._supervisions(engine.state)
        self._waits(engine, now)
        self._timers(engine.state)
        if not engine.state.draining:
            self._nobody_left(engine.state, engine.site, now)

    def _commands(self, commands: list[cmd.Command], now: Instant) -> None:
        self._got_back.clear()
        for command in commands:
            match command:
                case cmd.Publish():
                    if command.type == "contact.returned":
                        self._got_back.add(command.data["to_agent"])
                    self.seq += 1
                    assert command.seq == self.seq, "the stream has a gap"
                    if command.type == "offer.created":
                        self._popped.add(command.data["offer"]["id"])
                    if command.type == "contact.created":
                        self._popped.add(command.contact_id)
                    if command.type in ("agent.state_changed", "agent.updated"):
                        self.mirror[command.data["agent"]["id"]] = command.data["agent"]
                    self.connected += command.type == "contact.connected"
                case cmd.RingAgent():
                    headers = command.headers
                    shown = headers.get("X-Ctid-Offer") or headers["X-Ctid-Contact"]
                    assert shown in self._popped, "the phone rings before the pop"
                case cmd.SaveRecord():
                    self._record(command)
                case cmd.ReleaseLeg():
                    self._released(command)
                case cmd.Refuse():
                    assert self.world.engine.snapshot() == self._before, "a refused request changed something"
                case cmd.Note(code="lease-expired"):
                    self._given_up.add(command.detail)
                case _:
                    pass

    def _released(self, command: cmd.ReleaseLeg) -> None:
        channel = self.world.channels.get(command.unique_id)
        decides = command.next in ("decided", "undecided")
        if channel is not None:
            assert decides == (channel.script == "decide"), f"{command.unique_id} is left to the wrong one"
        if not decides:
            assert command.next in ("hangup", "fallback", "phones", *SENT_ON)
            assert bool(command.target) == (command.next in SENT_ON), "sent on to nowhere"

    def _record(self, command: cmd.SaveRecord) -> None:
        record, life = command.record, self.world.life
        assert (life, record.contact_id) not in self.saves, "a record was saved twice by one process"
        self.saves.add((life, record.contact_id))
        if record.contact_id in self.records:
            assert self.records[record.contact_id] == command, "a record changed after its contact was closed"
            return
        self.records[record.contact_id] = command
        self.outcomes[record.outcome] = self.outcomes.get(record.outcome, 0) + 1
        durations = [span.duration_ms for span in record.spans]
        whole = record.closed_at.mono_ms - record.created_at.mono_ms
        assert all(each is not None and each >= 0 for each in durations)
        assert sum(each or 0 for each in durations) == whole, "the spans do not add up to the whole"
        assert record.wait_ms >= 0
        assert record.talk_ms >= 0
        assert record.wrap_up_ms >= 0
        assert all(offer.state != OfferState.PENDING for offer in record.offers)
        if is_own(record):
            assert record.agent_id, "a call of nobody's"
            reached = record.connected_at is not None
            assert reached or record.cause, "an own call that reached nobody, for no reason"
            assert record.outcome is not Outcome.NOT_REACHED or not reached, "somebody was reached who was not"
        else:
            assert bool(record.agent_id) == (record.connected_at is not None), "served by an agent who never talked"
        assert all(each.left_at and each.done_at for each in record.segments), "an agent's part without an end"
        ways = [step.kind for step in record.path if step.kind in ("flow", "node", "left")]
        assert not ways or ways[-1] == "left", "in a flow for ever"
        assert all(ways[at - 1] != "left" for at, kind in enumerate(ways) if kind == "node" and at), "in no flow"
        assert len(record.path) < 2 * MAX_STEPS, "an endless path"

    def _agents(self, state: SiteState, event: ev.Event, now: Instant) -> None:
        offered = [offer.agent_id for offer in state.offers.values()]
        assert len(offered) == len(set(offered)), "an agent has two offers"
        for offer in state.offers.values():
            assert state.agents[offer.agent_id].offer_id == offer.id, "an offer that its agent does not know of"
            if offer.leg_id or offer.state is not OfferState.PENDING:
                assert offer.leg_id in state.legs, "an offer without a leg"
            else:
                assert f"offer:{offer.id}" in state.timers, "an offer at a desktop without an end"
        for leg in state.legs.values():
            if leg.watched:
                assert leg.id in state.contacts[leg.contact_id].watched, "a leg that nobody watches"
            elif leg.party is Party.AGENT:
                assert state.offers[state.agents[leg.agent_id].offer_id].leg_id == leg.id, "a leg without an offer"
        for agent in state.agents.values():
            contact = state.contacts.get(agent.contact_id)
            if agent.offer_id or agent.state is AgentState.RESERVED:
                assert agent.offer_id in state.offers, f"{agent.id} is reserved for nothing"
            if agent.state is AgentState.BUSY:
                assert contact is not None
                if contact.direction is Direction.INBOUND or contact.state is not ContactState.CREATED:
                    assert (contact.state, contact.agent_id) == (ContactState.CONNECTED, agent.id)
                else:
                    assert (contact.id in agent.own_calls, agent.reason) == (True, "non-acd-call")
            for contact_id in agent.own_calls:
                call = state.contacts.get(contact_id)
                if call is None or not call.watched:
                    ours = agent.offer_id or agent.id in state.consulted.values()
                    placed = call is not None and call.called == agent.id and call.state is ContactState.CREATED
                    assert ours or placed, f"{agent.id} is kept from work by a call that is over"
                else:
                    assert any(state.legs[each].agent_id == agent.id for each in call.watched)
            if agent.state is AgentState.WRAP_UP:
                assert contact is not None
                segment = segments.of(contact, agent.id)
                assert segment is not None, f"{agent.id} wraps up what is not theirs"
                assert segment.left_at is not None, f"{agent.id} wraps up before the end of their talk"
                assert f"wrap:{agent.id}" in state.timers, "a wrap-up without an end"
                assert agent.since.mono_ms <= agent.wrap_up_until_ms <= agent.wrap_up_max_ms
            elif self._wrapping.get(agent.id, 0) > now.mono_ms:
                # Who answers a colleague's call and is given the contact has ended it by themselves.
                asked = isinstance(event, (ev.Request, ev.CallTransferred, ev.PbxReconciled))
                given = isinstance(event, (ev.LegBridged, ev.LegEnded)) and agent.state is AgentState.BUSY
                # What they have given on comes back to them, if nobody took it.
                given |= agent.id in self._got_back
                assert asked or given, f"the wrap-up of {agent.id} was cut short by {event}"
            self._tasks(state, agent)
            self._rises(f"agent {agent.id}", agent.version)
            shown = self.mirror.get(agent.id)
            if shown is not None and agent.version > 0:
                for name in MIRRORED:
                    assert (shown[name] or None) == (getattr(agent, name) or None), f"desktops see another {name}"
        for gone in self.mirror.keys() - state.agents.keys():
            del self.mirror[gone]
            self.versions.pop(f"agent {gone}", None)

    def _supervisions(self, state: SiteState) -> None:
        phones = {leg.id: leg.agent_id for leg in state.legs.values() if leg.party is Party.SUPERVISOR}
        assert phones == state.supervisors, "a supervisor's leg that nobody knows of"
        for supervision in state.supervisions.values():
            assert supervision.leg_id in phones, "a supervision without a phone"
            if supervision.state is SupervisionState.ACTIVE and state.pbxes[supervision.pbx].up:
                assert supervision.contact_id in state.contacts, "a supervision of nothing"
            if supervision.state is SupervisionState.TAKING_OVER:
                assert f"takeover:{supervision.id}" in state.timers, "a take-over without an end"
        for offer in state.offers.values():
            assert offer.agent_id not in phones.values(), f"{offer.agent_id} is offered something while supervising"

    def _tasks(self, state: SiteState, agent: Agent) -> None:
        at_a_call = agent.state in (AgentState.BUSY, AgentState.WRAP_UP)
        for contact_id, task in agent.tasks.items():
            contact = state.contacts[contact_id]
            assert (contact.state, contact.agent_id) == (ContactState.CONNECTED, agent.id), f"{agent.id} lost a task"
            assert task.interrupted is at_a_call, "a task goes on during a call, or waits for none"
        assert not (agent.tasks and agent.state is AgentState.LOGGED_OUT), "a task of somebody who is gone"
        spec = self.world.engine.site.agents.get(agent.id)
        if spec is not None:
            channels = Counter(task.channel for task in agent.tasks.values())
            assert all(count <= spec.capacity.get(name, 0) for name, count in channels.items()), "more than fits"
            assert self.world.engine.floor.roster.profiles[agent.id] == profile(agent, spec), "another profile matches"

    def _rises(self, what: str, version: int) -> None:
        assert version >= self.versions.get(what, 0), f"the version of {what} fell"
        self.versions[what] = version

    def _flow(self, contact: Contact) -> None:
        """Wherever somebody is in a flow, the configuration has it."""
        position = contact.ivr.flow if contact.ivr is not None else None
        if position is not None and not position.over:
            flows = self.world.engine.site.flows
            assert position.node in flows[position.flow].nodes, "a node that is gone"
            assert all(frame.node in flows[frame.flow].nodes for frame in position.frames), "no way back"

    def _contact(self, state: SiteState, contact: Contact) -> None:
        self._rises(contact.id, contact.version)
        self._flow(contact)
        if contact.watched or own_calls.is_being_placed(contact):
            self._own_call(state, contact)
            return
        assert (contact.state is ContactState.CLOSED) == (contact.closed_at is not None)
        assert (contact.spans[-1].duration_ms is None) == (contact.state is not ContactState.CLOSED)
        waits = contact.state in (ContactState.CREATED, ContactState.QUEUED, ContactState.OFFERED)
        if waits and contact.callback is not None:
            self._callback(state, contact, contact.callback)
        elif waits and contact.channel == VOICE:
            assert contact.caller_leg in state.legs, "a waiting contact without a caller"
        if contact.recording is not None:
            made = state.recordings[contact.recording.id]
            assert (made.contact_id, made.ended_at) == (contact.id, None), "a recording that is none"
            assert made.leg_id in state.legs, "a recording of a channel that is gone"
        match contact.state:
            case ContactState.CREATED:
                somewhere = contact.ivr is not None or contact.message is not None or contact.outcome is not None
                assert somewhere, "a caller is nowhere"
            case ContactState.QUEUED:
                assert not contact.offer_ids
                assert not contact.agent_id
                assert contact.ivr is None
            case ContactState.OFFERED:
                assert contact.offer_ids, "an offered contact without an offer"
                for offer_id in contact.offer_ids:
                    offer = state.offers[offer_id]
                    assert offer.state in (OfferState.PENDING, OfferState.ACCEPTED)
                    assert offer.contact_id == contact.id
                    assert f"lease:{offer.id}" in state.timers, "a reservation without an end"
            case ContactState.CONNECTED:
                agent = state.agents[contact.agent_id]
                if f"parted:{contact.id}" not in state.timers:
                    assert contact.id in ([agent.contact_id] if contact.channel == VOICE else agent.tasks)
                    assert [each.agent_id for each in segments.talking(contact)] == [agent.id], "nobody talks to it"
            case ContactState.WRAP_UP:
                assert segments.workers(contact), "a contact that nobody wraps up"
            case ContactState.CLOSED:
                assert contact.outcome is not None
        for agent_id in segments.workers(contact):
            own = state.agents[agent_id]
            assert contact.id == own.contact_id or contact.id in own.tasks, f"{agent_id} knows nothing of their part"
        if contact.state is not ContactState.CONNECTED:
            assert not segments.talking(contact), "somebody talks to a contact that is elsewhere"
        assert (contact.id in state.parked) == is_parked(contact), "whom nobody shows as parked, or shows for ever"
        if is_parked(contact):
            assert contact.state in WAITING
            assert f"park:{contact.id}" in state.timers, "a contact is parked for ever"
            fetched = [state.offers[each].state is OfferState.ACCEPTED for each in contact.offer_ids]
            assert fetched in ([], [True]), "a parked contact is offered"
        if contact.meant_for:
            assert contact.state in WAITING
            assert f"meant:{contact.id}" in state.timers, "a contact waits for one agent for ever"

    def _own_call(self, state: SiteState, contact: Contact) -> None:
        """A call outside the ACD is somebody's, has legs of its own, and knows no queue's rules."""
        assert contact.state in (ContactState.CREATED, ContactState.CONNECTED)
        assert not contact.visits
        if contact.watched:
            assert all(state.legs[each].contact_id == contact.id for each in contact.watched)
            assert not contact.offer_ids
            assert not contact.caller_leg
        else:
            (offer_id,) = contact.offer_ids
            assert state.offers[offer_id].state is OfferState.ACCEPTED
            assert f"lease:{offer_id}" in state.timers, "a reservation without an end"
            assert (f"call:{contact.id}" in state.timers) == (contact.caller_leg in state.legs), "it rings for ever"

    def _callback(self, state: SiteState, contact: Contact, callback: Callback) -> None:
        """Who was promised a call is known to be waiting for it, and every try has an end."""
        assert state.callbacks[contact.queue].count(contact.id) == 1, "a callback that nobody knows of"
        assert f"expire:{contact.id}" in state.timers, "a callback without an end"
        assert contact.caller_leg in ("", *state.legs)
        others = [state.contacts[each].callback for each in state.callbacks[contact.queue] if each != contact.id]
        assert all(each is not None and each.number != callback.number for each in others), "two callbacks of a number"
        if callback.leg_id:
            assert callback.leg_id in state.legs
            on_the_line = contact.caller_leg == callback.leg_id
            assert on_the_line != (f"dial:{contact.id}" in state.timers), "a try without an end"
            agent_first = self.world.engine.site.queues[contact.queue].callback
            reserved = [state.offers[each].state is OfferState.ACCEPTED for each in contact.offer_ids]
            if not on_the_line and not callback.ending and agent_first is not None and agent_first.first == "agent":
                answered = state.legs[callback.leg_id].state is LegState.CONNECTED
                assert reserved == [True] or answered, "a customer is dialled without an agent for them"

    def _waits(self, engine: Engine, now: Instant) -> None:
        """Places are kept; positions are told without gap, waits only ever shorter, and neither while it is offered."""
        positions: dict[str, list[int]] = {}
        for contact in engine.state.contacts.values():
            # Who asks to be called at a certain time gives up the place they have.
            if contact.place_ms and contact.callback is not None:
                self._places[contact.id] = contact.place_ms
            elif contact.place_ms:
                assert self._places.setdefault(contact.id, contact.place_ms) == contact.place_ms, "a place was lost"
            told = outlook.told(engine.state, engine.floor, contact, now)
            if contact.state is not ContactState.QUEUED:
                assert told == (None, None), "a wait is told of a contact that does not wait"
            elif told.position is not None:
                positions.setdefault(contact.queue, []).append(told.position)
            if told.expected_wait_ms is not None:
                by = now.mono_ms + told.expected_wait_ms
                assert by <= self._told.setdefault(contact.id, by), "a longer wait is told than before"
                self._told[contact.id] = by
        for queue, those in positions.items():
            assert sorted(those) == list(range(1, len(those) + 1)), f"positions of {queue} have a gap"

    def _timers(self, state: SiteState) -> None:
        for timer_id in state.timers:
            kind, _, subject = timer_id.partition(":")
            if kind == "callbacks":
                assert state.callbacks[subject], f"{timer_id} outlives the queue's callbacks"
            if kind in ("expire", "retry", "dial", "waited"):
                assert state.contacts[subject].callback is not None
            if kind in ("park", "meant", "parted", "step", "wait", "exclude", "expire", "retry", "dial", "waited"):
                assert state.contacts[subject].state is not ContactState.CLOSED, f"{timer_id} outlives its contact"
            if kind == "treat":
                told = state.contacts[subject]
                assert told.treatment is not None, "announcements to nobody"
                assert told.callback is None, "announcements to who is to be called back"
            if kind == "hush":
                ivr = state.contacts[subject].ivr
                assert getattr(ivr, "flow", None) is not None, "a lookup for nobody"
            if kind in ("offer", "lease"):
                assert subject in state.offers, f"{timer_id} outlives its offer"
            if kind == "unseen":
                assert subject in state.legs, f"{timer_id} outlives its leg"

    def _nobody_left(self, state: SiteState, site: SiteSpec, now: Instant) -> None:
        if any(due <= now.mono_ms for due in state.timers.values()):
            return
        engine = self.world.engine
        turn = Turn(state, site, now, engine.floor)
        free = {
            agent.id: Free(candidate, channels)
            for agent in state.agents.values()
            if agent.id in site.agents and (channels := free_for(candidate := assignment.candidate_of(turn, agent)))
        }
        asking = {}
        for contact in state.contacts.values():
            if assignment.awaits(turn, contact):
                key = line_key(turn, contact, pbx_of(turn, contact))
                queue = site.queues[contact.queue]
                asking[contact.id] = Asking(key, place(contact, queue, site.policy), frozenset(contact.excluded))
            assert engine.floor.waits(contact.id) == (contact.id in asking), f"{contact.id} is not where it waits"
        left = first_match(site, asking, free)
        assert left is None, f"{left.contact_id} waits although {left.agent.agent_id} is free"

    # ---- in the world ----------------------------------------------------------------------------------------

    def entered(self, channel: Channel) -> None:
        """A caller's session begins, in silence until told otherwise."""
        self._sounding[channel.unique_id] = False
        session = channel.session

        def listen() -> None:
            there = self.world.channels.get(channel.unique_id) is channel
            if there and channel.session == session and self.world.running:
                assert self._sounding[channel.unique_id], f"{channel.unique_id} hears nothing"

        self.world.after(1_000, listen)

    def answered_by(self, channel: Channel) -> None:
        """A session has done what it was told, and is told what comes next before its caller wonders."""
        if channel.tasks:
            # It has been told already.
            return
        before = channel.session, channel.orders

        def look() -> None:
            there = self.world.channels.get(channel.unique_id) is channel and self.world.running
            idle = not (channel.tasks or channel.music or channel.released)
            stuck = there and idle and (channel.session, channel.orders) == before
            assert not stuck, f"{channel.unique_id} is told nothing"

        self.world.after(2_000, look)

    def answered(self, contact_id: str) -> None:
        """A lookup has answered."""
        channel = self._channel_of(contact_id)
        if channel is not None and channel.session:
            self.answered_by(channel)

    def waits_for_answer(self, contact_id: str) -> None:
        """A lookup is made for a caller, who will hear music in a while."""
        if (channel := self._channel_of(contact_id)) is not None:
            channel.orders += 1
            self.heard(channel.unique_id)

    def _channel_of(self, contact_id: str) -> Channel | None:
        contact = self.world.engine.state.contacts.get(contact_id)
        leg = self.world.engine.state.legs.get(contact.caller_leg) if contact is not None else None
        return self.world.channels.get(leg.unique_id) if leg is not None else None

    def heard(self, unique_id: str) -> None:
        """A caller hears music or a prompt."""
        self._sounding[unique_id] = True

    def may_ring(self, command: cmd.RingAgent) -> None:
        """No phone rings for two contacts, nor for a caller who talks."""
        if not self._given_up:
            ours = self.world.engine.state.aliases
            ringing = [
                each
                for each in self.world.live()
                if not each.native
                and (
                    each.device == command.device
                    or (each.dials == command.device and f"{PBX}|{each.unique_id}" in ours)
                )
            ]
            assert not ringing, f"{command.device} has a call and is rung for another"
        caller = self.world.channels.get(command.peer_unique_id)
        if caller is not None:
            self.may_bridge(caller)

    def may_dial(self, command: cmd.DialCustomer) -> None:
        """Nobody's phone rings twice at once."""
        assert command.unique_id not in self._dialled, "a customer is dialled twice for one try"
        leg = self.world.engine.state.legs.get(command.unique_id)
        contact_id = self._dialled[command.unique_id] = leg.contact_id if leg is not None else ""
        if not self._given_up:
            ringing = [each.unique_id for each in self.world.live() if self._dialled.get(each.unique_id) == contact_id]
            assert not ringing, f"{contact_id} is dialled although {ringing} leads there already"

    def may_bridge(self, caller: Channel) -> None:
        """No caller is taken out of a talk."""
        assert not (caller.peer and self._talks(caller)), f"{caller.unique_id} was taken out of a talk"

    def may_remind(self, channel: Channel) -> None:
        """No agent who talks to somebody is reminded of somebody else: that would take them out of the talk."""
        assert not (channel.peer and self._talks(channel)), f"{channel.unique_id} was reminded in a talk"

    def may_hang_up(self, command: cmd.HangUpLeg) -> None:
        """No talk is cut, but for one whose agent asked for that, or whose end the PBX owes us for too long."""
        if command.unique_id in self._may_end:
            return
        channel = self.world.channels[command.unique_id]
        if channel.native or self.world.call_control.is_aside(channel):
            return
        assert not (channel.peer and self._talks(channel)), f"{command.unique_id} was hung up in a talk"

    def _talks(self, channel: Channel) -> bool:
        return self.world.now_ms - channel.bridged_at > TALK_MS

    def nothing_left(self) -> None:
        """All is quiet: no leg, contact, offer or timer is left, and every caller was accounted for."""
        self.world.tell_daemon(ev.ConfigLoaded(spec=self.world.spec))
        state = self.world.engine.state
        left = {
            "contacts": [*state.contacts],
            "legs": [*state.legs, *state.aliases],
            "offers": [*state.offers],
            "timers": [*state.timers],
            "channels": [*self.world.channels],
            "consultations": [*state.consultations, *state.consulted],
            "recordings": [*state.recordings],
            "supervisions": [*state.supervisions, *state.supervisors],
            "sensitive digits": [*self.world.flows.sealed],
            "flows": [name for name in self.world.engine.site.flows if "@" in name],
            "lookups": [*self.world.flows.pending],
        }
        assert not any(left.values()), f"left over: {left}"
        working = (AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP)
        assert not [agent.id for agent in state.agents.values() if agent.state in working]
