"""A simulated world around the pure engine: PBX, callers, phones, desktops and faults, in virtual time.

It carries out the engine's commands and tells what comes of them in the orders a real Asterisk gives: AMI and FastAGI
are two streams that overtake each other, an originate's failure comes before or after its channel's end. After every
event it has the invariants checked (``sip_test_rig.invariants``).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ctid.engine.agent import ringing
from ctid.engine.engine import Engine
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.customer import Customer
from ctid.model.instant import Instant
from ctid.spec.agent import VOICE
from sip_test_rig.invariants import Watch
from sip_test_rig.simulated_call_control import CallControl
from sip_test_rig.simulated_customers import Customers
from sip_test_rig.simulated_flows import Flows
from sip_test_rig.simulated_phone_calls import PhoneCalls
from sip_test_rig.simulated_supervision import Supervisors
from sip_test_rig.simulated_transfers import Transfers
from sip_test_rig.simulated_world import Action, Channel, Link, Odds, VirtualTime

PBX = "main"
UTC_MS = 1_790_000_000_000
ANSWERS_MS = 20
"""How long it takes a phone that is told to answer by itself."""


class SimulatedPbx(VirtualTime):
    """The world. Everything that happens is an action at a moment; chance comes from the seed or the dice alone."""

    def __init__(self, chance: int | Random, spec: dict[str, Any], odds: Odds | None = None) -> None:
        super().__init__(chance)
        self.spec = spec
        self.reloads = [spec]
        self.odds = odds or Odds()
        self.engine = Engine()
        self.watch = Watch(self)
        self.customers = Customers(self)
        self.journal: list[tuple[Instant, ev.Event]] = []
        self.outputs: list[list[cmd.Command]] = []
        self.channels: dict[str, Channel] = {}
        self.ami = Link(up=False)
        self.agi = Link()
        self.running = False
        self.life = 0
        self.boot = 0
        self.calls = 0
        self.requests = 0
        self.sessions = 0
        self.timers: dict[str, int] = {}
        self.desktops: dict[str, str] = {}
        self.devices = {agent["device"]: True for agent in self.spec["agents"].values()}
        self.transfers = Transfers(self)
        self.call_control = CallControl(self)
        self.supervisors = Supervisors(self)
        self.phone_calls = PhoneCalls(self)
        self.flows = Flows(self)
        self.bridges = 0
        self.own_calls: set[str] = set()
        self.told: dict[str, tuple[bool, bool]] = {}
        self.answers: dict[str, int] = {}
        self.on_ring: Callable[[cmd.RingAgent], None] = self.ring
        self.boot_pbx()
        self.start_daemon()

    # ---- rest ------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """No new calls, every fault mended, everybody hangs up: afterwards nothing may be left over."""
        self.start_daemon()
        self.connect_ami()
        # Faults that were under way have had their time.
        self.run(25_000)
        for unique_id in [name for name, channel in self.channels.items() if not channel.device]:
            self.hang_up(unique_id)
        for unique_id in list(self.supervisors.phones):
            self.hang_up(unique_id)
        for contact in list(self.engine.state.contacts.values()):
            if contact.channel != VOICE:
                self.request(ev.ContactWithdrawn, contact_id=contact.id)
        self.run(600_000)

    def some_time(self, low: int, high: int, action: Action) -> None:
        """Have somebody do something of themselves at a random moment, if people do."""
        if self.odds.lively:
            self.later(low, high, action)

    # ---- the daemon ------------------------------------------------------------------------------------------

    def handle(self, event: ev.Event) -> list[cmd.Command]:
        """Give the engine an event, check what must hold, and carry out what it wants."""
        now = Instant(self.now_ms, UTC_MS + self.now_ms)
        self.journal.append((now, event))
        self.watch.before(event)
        commands = self.engine.handle(event, now)
        self.outputs.append(commands)
        self.watch.check(event, commands, now)
        life = self.life
        for command in commands:
            if isinstance(command, (cmd.StartTimer, cmd.CancelTimer)):
                self.carry_out(command)
            else:
                self.after(0, lambda command=command: self.carry_out(command) if life == self.life else None)  # type: ignore[misc]
        return commands

    def start_daemon(self) -> None:
        """A process takes over."""
        if self.running:
            return
        self.running, self.life = True, self.life + 1
        self.handle(ev.SiteStarted(site="demo", epoch=f"e{self.life}", release="0"))
        self.handle(ev.ConfigLoaded(spec=self.spec))
        self.later(10, 3_000, self.connect_ami)
        for agent, session in list(self.desktops.items()):
            self.later(50, 5_000, lambda a=agent, s=session: self.desktop_back(a, s))  # type: ignore[misc]

    def crash(self) -> None:
        """Kill -9: what was not carried out is lost; the state comes back from a snapshot and the journal."""
        if not self.running:
            return
        self.running = False
        self.life += 1
        self.cut_ami()
        self.timers.clear()
        self.flows.crash()
        self.agi.generation += 1
        self.restore(self.random.randrange(len(self.journal)))
        for channel in list(self.channels.values()):
            if channel.session:
                channel.session = 0
                self.enter_agi(channel, self.random.randint(1_000, 2_000))

    def restore(self, back: int) -> None:
        """Come back from the state of ``back`` events ago; it must be the same state."""
        before = self.engine.snapshot()
        kept = len(self.journal) - min(back, 300)
        engine = self.watch.snapshots.restore(kept)
        for now, event in self.journal[self.watch.snapshots.position(kept) :]:
            engine.handle(event, now)
        assert engine.snapshot() == before, "replay gave another state"
        self.engine = engine

    def carry_out(self, command: cmd.Command) -> None:
        """Do what the engine wants, as a real runtime and PBX would."""
        match command:
            case cmd.StartTimer():
                self.timers[command.timer_id] = command.due_ms
                self.fire_at(command)
            case cmd.CancelTimer():
                self.timers.pop(command.timer_id, None)
            case cmd.PlayAndCollect():
                self.play(command)
            case cmd.CutPrompts():
                self.flows.cut_prompts(command)
            case cmd.RecordMessage():
                self.record_message(command)
            case cmd.PlayMusic():
                self.watch.heard(command.unique_id)
                if (channel := self.channels.get(command.unique_id)) is not None:
                    channel.orders, channel.music = channel.orders + 1, True
            case cmd.AwaitKey():
                self.flows.await_key(command)
            case cmd.FetchLookup():
                self.flows.fetch(command)
            case cmd.ForgetSealed():
                self.flows.forget(command)
            case cmd.ReleaseLeg():
                self.release(command)
            case cmd.RingAgent() if self.ami.up:
                self.watch.may_ring(command)
                self.on_ring(command)
            case cmd.DialCustomer() if self.ami.up:
                self.watch.may_dial(command)
                self.customers.dial(command)
            case cmd.PlaceCall() if self.ami.up:
                self.phone_calls.place(command)
            case cmd.PlaceCall() | cmd.RingAgent() | cmd.DialCustomer() | cmd.DialConsulted() if not self.ami.up:
                # Without a link an originate fails at once.
                failed = ev.LegFailed(pbx=PBX, unique_id=command.unique_id, reason=0)
                self.after(0, lambda: self.tell_daemon(failed))
            case cmd.FetchLeg() if self.ami.up:
                self.transfers.fetch(command)
            case cmd.HoldCall() if self.ami.up:
                self.call_control.hold(command)
            case cmd.RingSupervisor() if self.ami.up:
                self.supervisors.ring(command)
            case cmd.Supervise() if self.ami.up:
                self.supervisors.supervise(command)
            case cmd.RemindAgent() if self.ami.up:
                self.call_control.remind(command)
            case cmd.JoinLegs() if self.ami.up:
                self.supervisors.takes_over(command.unique_id)
                self.call_control.join(command)
            case cmd.Alternate() if self.ami.up:
                self.call_control.alternate(command)
            case cmd.RejoinConsulted() if self.ami.up:
                self.call_control.rejoin(command)
            case cmd.DialConsulted() if self.ami.up:
                self.call_control.dial(command)
            case cmd.Confer() if self.ami.up:
                self.call_control.confer(command)
            case cmd.HangUpLeg() if self.ami.up and command.unique_id in self.channels:
                self.watch.may_hang_up(command)
                self.hang_up(command.unique_id, command.cause)
            case cmd.LookUpCustomer():
                self.later(1, 1_500, lambda: self.tell_daemon(self.answer_lookup(command)))
            case cmd.Publish(type="offer.created") if "accept_offer" in command.data["offer"]["allowed_actions"]:
                self.decide(command.data["offer"])
            case cmd.TellToAnswer() if self.ami.up:
                self.tell_to_answer(command)
            case cmd.MuteRecording() if self.ami.up and self.chance(0.05):
                refused = ev.RecordingRefused(pbx=PBX, unique_id=command.unique_id)
                self.later(0, 30, lambda: self.say(self.ami, refused))
            case cmd.StoreRecording(recording=recording):
                settled = ev.RecordingSettled(recording_id=recording.id, failure="missing")
                self.later(100, 4_000, lambda: self.tell_daemon(settled))
            case cmd.DiscardRecording(recording_id=recording_id):
                gone = ev.RecordingSettled(recording_id=recording_id)
                self.later(100, 4_000, lambda: self.tell_daemon(gone))
            case cmd.SaveRecord():
                saved = ev.RecordSaved(contact_id=command.record.contact_id)
                self.later(1, 50, lambda: self.tell_daemon(saved))
            case _:
                pass

    def fire_at(self, timer: cmd.StartTimer) -> None:
        """Fire a timer, as a rule in time."""
        life = self.life
        late = self.random.randint(1, 300) if self.chance(self.odds.late_timer) else 0
        due = max(0, timer.due_ms - self.now_ms)

        def fire() -> None:
            if life == self.life and self.timers.get(timer.timer_id) == timer.due_ms:
                del self.timers[timer.timer_id]
                self.handle(ev.TimerFired(timer_id=timer.timer_id))

        self.after(due + late, fire)
        if due and self.chance(self.odds.early_timer):
            self.later(0, due, lambda: self.tell_daemon(ev.TimerFired(timer_id=timer.timer_id)))

    def tell_daemon(self, event: ev.Event) -> None:
        """Something that is lost if nobody is there to hear it."""
        if self.running:
            self.handle(event)

    def answer_lookup(self, command: cmd.LookUpCustomer) -> ev.CustomerLookedUp:
        """Find a customer, or nobody, or fail."""
        kind = self.random.randrange(3)
        customer = Customer(id="c1", name="Carla", tier="gold") if kind == 0 else None
        return ev.CustomerLookedUp(contact_id=command.contact_id, customer=customer, failure="timeout" * (kind == 1))

    # ---- what the PBX says -----------------------------------------------------------------------------------

    def say(self, link: Link, event: ev.Event) -> None:
        """Send an event on its way."""
        if not (self.running and link.up):
            return
        generation = link.generation
        at = max(link.last_ms, self.now_ms + self.random.randint(0, 15))
        link.last_ms = at

        def arrive() -> None:
            if self.running and link.up and link.generation == generation:
                self.handle(event)
                told_twice = link is self.ami and not isinstance(event, ev.PbxReconciled)
                if told_twice and self.chance(self.odds.duplicate):
                    self.handle(event)

        self.after(at - self.now_ms, arrive)
        if link is self.ami and self.chance(self.odds.stray):
            self.say_stray()

    def say_stray(self) -> None:
        """Tell of a channel, contact, agent or timer that nobody knows."""
        unknown: list[ev.Event] = [
            ev.LegEnded(pbx=PBX, unique_id="none.1", cause=16),
            ev.LegBridged(pbx=PBX, unique_id="none.1", bridge_id="b"),
            ev.LegAnswered(pbx=PBX, unique_id="lg-none-1"),
            ev.LegFailed(pbx=PBX, unique_id="lg-none-1", reason=3),
            ev.DigitsCollected(pbx=PBX, unique_id="none.1", token="none", digits="1", ended_by=ev.CollectEnd.DIGITS),
            ev.AgiEnded(pbx=PBX, unique_id="none.1"),
            ev.RecordSaved(contact_id="none"),
            ev.TimerFired(timer_id="wrap:nobody"),
            ev.DesktopLost(agent_id="nobody", session_id="s"),
        ]
        event = self.random.choice(unknown)
        self.after(0, lambda: self.tell_daemon(event))

    def say_both(self, first: ev.Event, second: ev.Event) -> None:
        """Tell two things whose order is anybody's guess."""
        for event in self.random.sample((first, second), 2):
            self.say(self.ami, event)

    def connect_ami(self) -> None:
        """AMI is there again: a snapshot comes first, then events."""
        if not self.ami.up and self.running:
            self.ami.up = True
            seen = [
                ev.LegSeen(
                    unique_id=c.unique_id,
                    answered=c.answered,
                    bridge_id=c.bridge,
                    returned=c.script == "after",
                    device=c.device,
                )
                for c in self.live()
            ]
            devices = dict(self.devices)
            in_use = [device for device in devices if self.in_use(device)]
            self.told = {device: (up, device in in_use) for device, up in devices.items()}
            self.say(
                self.ami,
                ev.PbxReconciled(pbx=PBX, legs=seen, devices=devices, in_use=in_use, boot=f"boot{self.boot}"),
            )

    def cut_ami(self) -> None:
        """AMI is gone; what was on its way is lost, and calls go on."""
        if self.ami.up:
            self.ami.up = False
            self.ami.generation += 1
            self.tell_daemon(ev.PbxLost(pbx=PBX, reason="closed"))

    def live(self) -> list[Channel]:
        """Every channel there is."""
        return list(self.channels.values())

    def boot_pbx(self) -> None:
        """The PBX is up, without a channel."""
        self.boot += 1

    def kill_pbx(self) -> None:
        """The PBX dies with all calls; sessions end, AMI is cut, and a new run comes up after a while."""
        for channel in self.live():
            if channel.session:
                self.say(self.agi, ev.AgiEnded(pbx=PBX, unique_id=channel.unique_id))
        self.channels.clear()
        self.supervisors.phones.clear()
        self.cut_ami()
        self.boot_pbx()
        self.later(500, 90_000, self.connect_ami)

    # ---- callers ---------------------------------------------------------------------------------------------

    def call(self, dnis: str = "100", patience_ms: int = 60_000) -> str:
        """A caller dials in, and hangs up when their patience or their talk is over."""
        self.calls += 1
        channel = Channel(unique_id=f"{self.boot}.{self.calls}", dnis=dnis, caller=self.calls, answered=True)
        self.channels[channel.unique_id] = channel
        self.enter_agi(channel, 0)
        self.after(patience_ms, lambda: self.lose_patience(channel))
        return channel.unique_id

    def lose_patience(self, channel: Channel) -> None:
        """Nobody talks to them: they hang up."""
        if not channel.peer:
            self.hang_up(channel.unique_id)

    def enter_agi(self, channel: Channel, delay_ms: int, tries: int = 0) -> None:
        """The dialplan asks for ctid; if nobody is there it plays music and asks again."""

        def enter() -> None:
            if channel.unique_id not in self.channels or channel.session or channel.released or channel.peer:
                return
            if not self.running:
                self.enter_agi(channel, 1_500, tries + 1)
                return
            self.sessions += 1
            channel.session = self.sessions
            channel.tasks, channel.free_ms, channel.music = 0, self.now_ms, False
            self.watch.entered(channel)
            if channel.script == "in":
                # Some call again: there are not so many of them.
                caller = "" if channel.dials else f"+4930{1_000_000 + channel.caller % 6}"
                self.say(self.agi, ev.CallArrived(pbx=PBX, unique_id=channel.unique_id, ani=caller, dnis=channel.dnis))
            elif channel.script == "decide":
                caller = f"+4930{1_000_000 + channel.caller % 6}"
                self.say(
                    self.agi,
                    ev.DecisionAsked(
                        pbx=PBX, unique_id=channel.unique_id, flow=channel.dnis, ani=caller, dnis=channel.dnis
                    ),
                )
            elif channel.script == "transfer":
                self.say(
                    self.agi,
                    ev.CallSentOn(pbx=PBX, unique_id=channel.unique_id, extension=channel.extension, arrived=True),
                )
            elif channel.script == "undelivered":
                cause = self.random.choice(["busy", "no_answer", "unreachable", "failed"])
                self.say(self.agi, ev.CallUndelivered(pbx=PBX, unique_id=channel.unique_id, cause=cause))
            else:
                self.say(self.agi, ev.CallerReturned(pbx=PBX, unique_id=channel.unique_id))

        self.after(delay_ms, enter)

    def leave_agi(self, channel: Channel) -> None:
        """The session is over: hung up, released or bridged away."""
        if channel.session:
            channel.session = 0
            self.say(self.agi, ev.AgiEnded(pbx=PBX, unique_id=channel.unique_id))

    def play(self, command: cmd.PlayAndCollect) -> None:
        """Play prompts; a key may come, a wrong one, or none."""
        channel = self.channels.get(command.unique_id)
        if channel is None or not channel.session:
            return
        self.watch.heard(command.unique_id)
        session = channel.session
        kind, digits = self.pressed(channel) if command.accept else (ev.CollectEnd.PLAYED, "")
        event = ev.DigitsCollected(
            pbx=PBX, unique_id=command.unique_id, token=command.token, digits=digits, ended_by=kind
        )
        if command.max_digits > 1 or command.sealed is not None:
            assert not (command.ahead and command.sealed), "sensitive digits were told"
            event = self.flows.keys_of(command, event)

        def done() -> None:
            if channel.session == session and self.flows.playing.pop(command.token, None) is not None:
                channel.tasks -= 1
                if event.sealed:
                    self.flows.sealed.add(event.sealed)
                self.watch.answered_by(channel)
                self.say(self.agi, event)
                if self.chance(self.odds.duplicate):
                    self.say(self.agi, event)

        self.flows.playing[command.token] = done
        self.after(self.busy(channel, self.random.randint(50, 2_000)), done)

    def pressed(self, channel: Channel) -> tuple[ev.CollectEnd, str]:
        """What becomes of being asked for a key."""
        if self.odds.lively:
            kind = self.random.choices(list(ev.CollectEnd), (6, 2, 1, 1))[0]
            return kind, self.random.choice("111122233779*") if kind is ev.CollectEnd.DIGITS else ""
        key, channel.keys = channel.keys[:1], channel.keys[1:]
        return ev.CollectEnd.DIGITS if key else ev.CollectEnd.TIMEOUT, key

    def busy(self, channel: Channel, for_ms: int) -> int:
        """Give a session something to do that takes a while, once it has done all else; gives back when it is done."""
        channel.orders, channel.tasks, channel.music = channel.orders + 1, channel.tasks + 1, False
        channel.free_ms = max(channel.free_ms, self.now_ms) + for_ms
        return channel.free_ms - self.now_ms

    def record_message(self, command: cmd.RecordMessage) -> None:
        """Play prompts, beep, and record; the disk may refuse, and the caller says what they have to say."""
        channel = self.channels.get(command.unique_id)
        if channel is None or not channel.session:
            return
        self.watch.heard(command.unique_id)
        session = channel.session
        begun = ev.MessageBegun(pbx=PBX, unique_id=command.unique_id, token=command.token)
        ended = ev.DigitsCollected(
            pbx=PBX,
            unique_id=command.unique_id,
            token=command.token,
            digits="",
            ended_by=ev.CollectEnd.FAILED if self.chance(0.1) else ev.CollectEnd.PLAYED,
        )

        def tell(event: ev.Event) -> None:
            if channel.session == session:
                self.say(self.agi, event)

        def over() -> None:
            if channel.session == session:
                channel.tasks -= 1
                self.watch.answered_by(channel)
                tell(ended)

        self.after(self.busy(channel, self.random.randint(50, 2_000)), lambda: tell(begun))
        channel.tasks -= 1
        self.after(self.busy(channel, self.random.randint(500, 9_000)), over)

    def release(self, command: cmd.ReleaseLeg) -> None:
        """The session ends in earnest; the dialplan hangs up or goes on without us."""
        channel = self.channels.get(command.unique_id)
        if channel is None or not channel.session:
            return
        channel.released = True
        self.flows.decided += command.next == "decided"
        self.leave_agi(channel)
        if command.next == "given" and self.chance(0.8):
            self.transfers.give(channel)
            return
        self.later(0, 30 if command.next == "hangup" else 3_000, lambda: self.hang_up(command.unique_id))

    # ---- agents' phones --------------------------------------------------------------------------------------

    def ring(self, command: cmd.RingAgent) -> None:
        """Originate: the phone rings, or cannot be had; then any of the things that agents and networks do."""
        failed = ev.LegFailed(pbx=PBX, unique_id=command.unique_id, reason=0)
        if not self.devices[command.device] or self.chance(0.05):
            self.later(1, 40, lambda: self.say(self.ami, failed))
            return
        if command.device in self.own_calls or any(
            each.native and each.device == command.device for each in self.live()
        ):
            busy = ev.LegFailed(pbx=PBX, unique_id=command.unique_id, reason=5)
            self.later(1, 40, lambda: self.say(self.ami, busy))
            return
        channel = Channel(unique_id=command.unique_id, device=command.device)

        def make() -> None:
            self.channels[channel.unique_id] = channel
            self.tell_device(channel.device)
            if self.chance(0.95):
                self.later(0, 60, lambda: self.alert(channel))

        self.later(0, 5, make)
        answers = ringing.AUTO_ANSWER.items() <= command.headers.items()
        self.rings(channel, lambda: self.answer(channel, command), by_itself=answers)
        if not self.odds.lively:
            pass
        elif self.chance(self.odds.answer):
            rival = self.answers.get(command.peer_unique_id, 0) - self.now_ms
            if rival > 20 and self.chance(self.odds.photo_finish * 3):
                self.after(rival, lambda: self.answer(channel, command))
            elif self.chance(self.odds.photo_finish):
                moment = self.random.randint(20, 3_000)
                self.after(moment, lambda: self.hang_up(command.peer_unique_id))
                self.after(moment, lambda: self.answer(channel, command))
            else:
                moment = self.random.randint(20, 8_000)
                self.answers[command.peer_unique_id] = self.now_ms + moment
                self.after(moment, lambda: self.answer(channel, command))
        elif self.chance(0.6):
            cause, reason = self.random.choice([(17, 5), (21, 8), (20, 0), (34, 8), (16, 0)])
            self.later(10, 3_000, lambda: self.not_answered(channel, cause, reason))
        self.after(command.timeout_ms, lambda: self.not_answered(channel, 19, 3))

    def tell_to_answer(self, command: cmd.TellToAnswer) -> None:
        """A phone that rings is told to answer: as a rule it does, or the PBX won't tell it, or it takes no notice."""
        channel = self.channels.get(command.unique_id)
        if channel is None or self.chance(0.25):
            refused = ev.AnswerRefused(pbx=PBX, unique_id=command.unique_id)
            self.later(0, 30, lambda: self.say(self.ami, refused))
        elif channel.pick_up is not None and self.chance(0.6):
            self.later(1, 2_500, channel.pick_up)

    def rings(self, channel: Channel, answer: Action, *, by_itself: bool = False) -> None:
        """Whoever a channel leads to may answer from now on; where people do nothing of themselves, phones still do."""
        channel.pick_up = answer
        if by_itself and not self.odds.lively:
            self.after(ANSWERS_MS, answer)

    def alert(self, channel: Channel) -> None:
        """The phone rings."""
        if channel.unique_id in self.channels and not channel.answered:
            self.say(self.ami, ev.LegAlerting(pbx=PBX, unique_id=channel.unique_id))

    def not_answered(self, channel: Channel, cause: int, reason: int) -> None:
        """The originate came to nothing; its failure and its channel's end come in either order."""
        if self.channels.get(channel.unique_id) is channel and not channel.answered:
            del self.channels[channel.unique_id]
            self.say_both(
                ev.LegEnded(pbx=PBX, unique_id=channel.unique_id, cause=cause),
                ev.LegFailed(pbx=PBX, unique_id=channel.unique_id, reason=reason),
            )
            if channel.device:
                self.tell_device(channel.device)

    def answer(self, channel: Channel, command: cmd.RingAgent) -> None:
        """The agent answers: the waiting caller is taken out of FastAGI into a bridge, if no other agent was first."""
        if self.channels.get(channel.unique_id) is not channel or channel.answered:
            return
        channel.answered = True
        self.say(self.ami, ev.LegAnswered(pbx=PBX, unique_id=channel.unique_id))
        if not command.peer_unique_id:
            self.customers.wait_for(channel, command.wait_ms)
            return
        caller = self.channels.get(command.peer_unique_id)
        if caller is None:
            self.later(0, 20, lambda: self.hang_up(channel.unique_id))
            return
        if any(other.holds == command.peer_unique_id for other in self.live()):
            self.later(0, 20, lambda: self.hang_up(channel.unique_id, 26))
            return
        channel.holds = command.peer_unique_id
        self.watch.may_bridge(caller)
        self.leave_agi(caller)
        self.bridge(channel, caller)

    def bridge(self, channel: Channel, caller: Channel) -> None:
        """An agent and a caller talk, until one of them ends it."""
        bridge = self.new_bridge()
        for leg, peer in ((channel, caller), (caller, channel)):
            leg.peer, leg.bridge, leg.bridged_at = peer.unique_id, bridge, self.now_ms
        self.say_both(
            ev.LegBridged(pbx=PBX, unique_id=channel.unique_id, bridge_id=bridge),
            ev.LegBridged(pbx=PBX, unique_id=caller.unique_id, bridge_id=bridge),
        )
        self.talk(channel, caller)

    def new_bridge(self) -> str:
        """The id of one more bridge."""
        self.bridges += 1
        return f"br-{self.bridges}"

    def talk(self, channel: Channel, caller: Channel) -> None:
        """What happens while they talk."""
        if not self.odds.lively:
            return
        bridge = channel.bridge
        ends = self.random.choice([channel.unique_id, caller.unique_id])
        talk = self.random.choice([self.random.randint(0, 30), self.random.randint(500, 40_000)])
        self.after(talk, lambda: self.hang_up_in(ends, bridge))
        if self.chance(0.2):
            self.after(talk // 3, lambda: self.say(self.ami, ev.LegHeld(pbx=PBX, unique_id=channel.unique_id)))
            self.after(talk // 2, lambda: self.say(self.ami, ev.LegRetrieved(pbx=PBX, unique_id=channel.unique_id)))
        if self.chance(self.odds.transfer):
            self.after(talk // 2, lambda: self.transfers.by_phone(channel, bridge))

    def hang_up_in(self, unique_id: str, bridge: str) -> None:
        """End a talk, if it still lasts."""
        if unique_id in self.channels and self.channels[unique_id].bridge == bridge:
            self.hang_up(unique_id)

    def part(self, caller: Channel, agent: Channel, *, returns: bool) -> None:
        """The bridge is dissolved; the agent's channel ends, and the caller goes on in the dialplan."""
        told: list[ev.Event] = [
            ev.LegUnbridged(pbx=PBX, unique_id=agent.unique_id, bridge_id=agent.bridge),
            ev.LegEnded(pbx=PBX, unique_id=agent.unique_id, cause=16),
        ]
        # The agent's channel may be gone before the caller's has left the bridge.
        left = ev.LegUnbridged(pbx=PBX, unique_id=caller.unique_id, bridge_id=caller.bridge)
        told.insert(self.random.randint(0, 2), left)
        for event in told:
            self.say(self.ami, event)
        for leg in (caller, agent):
            leg.peer = leg.bridge = ""
        del self.channels[agent.unique_id]
        self.tell_device(agent.device)
        if returns:
            caller.script = "after"
            self.enter_agi(caller, self.random.randint(0, 10))

    def hang_up(self, unique_id: str, cause: int = 16) -> None:
        """A channel ends, by whomever."""
        channel = self.channels.get(unique_id)
        if channel is None:
            return
        if channel.native:
            self.phone_calls.hang_up(channel, cause)
            return
        peer = self.channels.get(channel.peer)
        if channel.answered and self.call_control.ends(channel):
            return
        if channel.device and peer is not None:
            self.part(peer, channel, returns=True)
            return
        if peer is not None:
            self.part(channel, peer, returns=False)
        if (channel.device or channel.dials) and not channel.answered:
            self.not_answered(channel, cause, 0)
            return
        del self.channels[unique_id]
        self.leave_agi(channel)
        self.say(self.ami, ev.LegEnded(pbx=PBX, unique_id=unique_id, cause=cause))
        if channel.device:
            self.tell_device(channel.device)

    def in_use(self, device: str) -> bool:
        """Whether the phone is in a call, of whatever kind."""
        return device in self.own_calls or any(channel.device == device for channel in self.live())

    def tell_device(self, device: str) -> None:
        """Tell the state of a phone if it is another than before, as the AMI adapter does."""
        state = (self.devices[device], self.in_use(device))
        if self.ami.up and self.told.get(device) != state:
            self.told[device] = state
            self.say(self.ami, ev.DeviceChanged(pbx=PBX, device=device, reachable=state[0], in_use=state[1]))

    def own_call(self, device: str, for_ms: int) -> None:
        """The agent phones somebody by themselves, if their phone is free."""
        if self.in_use(device) or not self.devices[device]:
            return
        self.own_calls.add(device)
        self.tell_device(device)

        def end() -> None:
            self.own_calls.discard(device)
            self.tell_device(device)

        self.after(for_ms, end)

    def set_device(self, device: str, *, reachable: bool) -> None:
        """A phone registers, or its registration is lost."""
        self.devices[device] = reachable
        self.tell_device(device)

    # ---- desktops --------------------------------------------------------------------------------------------

    def request(self, kind: type[ev.Request], **fields: Any) -> list[cmd.Command]:
        """A desktop asks for something; nothing happens while no daemon is there."""
        self.requests += 1
        if not self.running:
            return []
        return self.handle(kind(command_id=f"cmd-{self.requests}", principal="test", **fields))

    def decide(self, offer: dict[str, Any]) -> None:
        """An agent decides on an offer at the desktop, or does not look at it."""
        if not self.odds.lively:
            return
        kind: type[ev.Request] = ev.OfferAccepted if self.chance(self.odds.accept) else ev.OfferRejected
        if kind is ev.OfferRejected and self.chance(0.5):
            return

        def ask() -> None:
            self.request(kind, agent_id=offer["agent_id"], offer_id=offer["id"])

        self.later(50, 6_000, ask)

    def desktop_back(self, agent: str, session: str) -> None:
        """A desktop has its socket."""
        self.desktops[agent] = session
        self.tell_daemon(ev.DesktopConnected(agent_id=agent, session_id=session))

    def desktop_gone(self, agent: str) -> None:
        """A desktop lost its socket."""
        if session := self.desktops.pop(agent, ""):
            self.tell_daemon(ev.DesktopLost(agent_id=agent, session_id=session))
