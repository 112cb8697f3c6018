"""Call control of a simulated site, as ctid does it for any phone: hold, retrieve, consultations, conferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctid.model import commands as cmd
from ctid.model import events as ev
from sip_test_rig.simulated_world import Channel

if TYPE_CHECKING:
    from sip_test_rig.simulated_pbx import SimulatedPbx

ALL = "all"
"""Whom a party of a conference talks to."""


class CallControl:
    """What becomes of channels that ctid moves from one bridge to another.

    Attributes:
        held: How many callers were put on hold.
        reminded: How many agents heard a beep of a caller on hold.
        retrieved: How many came back from there to an agent.
        asked: How many of those who were dialled have talked to the agent who asks.
        alternated: How many agents went from one to the other.
        called_in: How many have entered a conference as they answered.
        conferences: How many there were.
    """

    def __init__(self, world: SimulatedPbx) -> None:
        self.world = world
        self.held = 0
        self.retrieved = 0
        self.reminded = 0
        self.asked = 0
        self.alternated = 0
        self.called_in = 0
        self.conferences = 0
        self._bridges: dict[str, str] = {}

    # ---- what ctid orders ----------------------------------------------------------------------------------------

    def hold(self, command: cmd.HoldCall) -> None:
        """Redirect of two: it is done for both, or, if one is gone, for none."""
        caller, agent = self._both(command.unique_id, command.agent_unique_id)
        if caller is None or agent is None:
            return
        self.held += 1
        self._out(agent)
        self._out(caller)
        caller.script = "in"
        self.world.enter_agi(caller, self.world.random.randint(0, 30))

    def remind(self, command: cmd.RemindAgent) -> None:
        """Redirect: the channel leaves whatever it is in, beeps, and waits."""
        channel = self.world.channels.get(command.unique_id)
        if channel is not None:
            self.reminded += 1
            self.world.watch.may_remind(channel)
            self._out(channel)

    def join(self, command: cmd.JoinLegs) -> None:
        """Redirect: the channel leaves whatever it is in, and bridges with the caller's."""
        channel, caller = self._both(command.unique_id, command.peer_unique_id)
        if channel is None:
            return
        other = self.world.channels.get(channel.peer)
        self._out(channel)
        if other is not None and other.device and other.dials:
            # Who was asked has lost the agent.
            self.world.later(0, 20, lambda: self.world.hang_up(other.unique_id))
        if caller is None or caller.released:
            self.world.later(0, 20, lambda: self.world.hang_up(channel.unique_id))
            return
        self.retrieved += 1
        self.world.watch.may_bridge(caller)
        self.world.leave_agi(caller)
        channel.dials = ""
        self.world.bridge(channel, caller)

    def dial(self, command: cmd.DialConsulted) -> None:
        """Originate: they answer, or do any of the other things that people and networks do."""
        world, dice = self.world, self.world.random
        device = command.device or "PJSIP/9999"
        if world.chance(0.05) or not world.devices.get(device, True):
            failed = ev.LegFailed(pbx=command.pbx, unique_id=command.unique_id, reason=0)
            world.later(1, 40, lambda: world.say(world.ami, failed))
            return
        channel = Channel(unique_id=command.unique_id, device=device, dials=command.peer_unique_id)

        def make() -> None:
            world.channels[channel.unique_id] = channel
            world.tell_device(device)
            world.later(0, 60, lambda: world.alert(channel))

        world.later(0, 5, make)
        world.rings(channel, lambda: self._answer(channel, command.conference))
        if not world.odds.lively:
            pass
        elif world.chance(0.7):
            world.later(20, 4_000, lambda: self._answer(channel, command.conference))
        elif world.chance(0.7):
            cause, reason = dice.choice([(17, 5), (21, 8), (19, 3), (34, 8)])
            world.later(10, 3_000, lambda: world.not_answered(channel, cause, reason))
        world.after(command.timeout_ms, lambda: world.not_answered(channel, 19, 3))

    def alternate(self, command: cmd.Alternate) -> None:
        """Redirect of two: the agent bridges with the caller, who was asked waits; or neither is moved."""
        agent, asked = self._both(command.agent_unique_id, command.consulted_unique_id)
        caller = self.world.channels.get(command.unique_id)
        if agent is None or asked is None:
            return
        self._out(agent)
        self._out(asked)
        if caller is None or caller.released:
            self.world.later(0, 20, lambda: self.world.hang_up(agent.unique_id))
            return
        self.alternated += 1
        self.world.watch.may_bridge(caller)
        self.world.leave_agi(caller)
        self.world.bridge(agent, caller)
        self.world.some_time(50, 20_000, lambda: self.world.hang_up_in(asked.unique_id, ""))

    def rejoin(self, command: cmd.RejoinConsulted) -> None:
        """Redirect: who was asked bridges with the agent, if they wait."""
        asked, agent = self._both(command.unique_id, command.peer_unique_id)
        if asked is not None:
            self._out(asked)
            self._talk(asked, agent)

    def confer(self, command: cmd.Confer) -> None:
        """Redirect of the two who talk, then of the caller; or of agent and caller to whoever is there."""
        agent, asked = self._both(command.agent_unique_id, command.consulted_unique_id)
        caller = self.world.channels.get(command.unique_id)
        gone = caller is None or caller.released
        if agent is None or (asked is None if command.consulted_unique_id else gone):
            return
        self.conferences += 1
        for party in (agent, asked) if asked is not None else (agent, caller):
            if party is not None and party.peer != ALL:
                self._out(party)
        if asked is not None:
            asked.dials = ""
        for party in (agent, asked, None if gone else caller):
            if party is not None:
                self._enter(party, command.unique_id)

    def _enter(self, party: Channel, conference: str) -> None:
        """The channel is in the conference from now on; it may leave it some time."""
        world = self.world
        known = self._bridges.get(conference, "")
        if not any(each.bridge == known for each in world.live()) or not known:
            known = self._bridges[conference] = world.new_bridge()
        if party.bridge == known:
            return
        world.leave_agi(party)
        party.peer, party.bridge, party.bridged_at = ALL, known, world.now_ms
        self._say(ev.LegBridged(pbx="main", unique_id=party.unique_id, bridge_id=known))
        world.some_time(50, 30_000, lambda: world.hang_up_in(party.unique_id, known))

    # ---- what parties do -----------------------------------------------------------------------------------------

    def _answer(self, channel: Channel, conference: str) -> None:
        world = self.world
        if world.channels.get(channel.unique_id) is not channel or channel.answered:
            return
        channel.answered = True
        self._say(ev.LegAnswered(pbx="main", unique_id=channel.unique_id))
        if conference:
            self.called_in += 1
            channel.dials = ""
            self._enter(channel, conference)
        else:
            self._talk(channel, world.channels.get(channel.dials))

    def _talk(self, channel: Channel, agent: Channel | None) -> None:
        """Who is asked talks to the agent, if they wait; else they are let go."""
        world = self.world
        if agent is None or not agent.answered or agent.peer:
            world.later(0, 20, lambda: world.hang_up(channel.unique_id))
            return
        self.asked += 1
        bridge = world.new_bridge()
        for leg, peer in ((channel, agent), (agent, channel)):
            leg.peer, leg.bridge, leg.bridged_at = peer.unique_id, bridge, world.now_ms
        world.say_both(
            ev.LegBridged(pbx="main", unique_id=channel.unique_id, bridge_id=bridge),
            ev.LegBridged(pbx="main", unique_id=agent.unique_id, bridge_id=bridge),
        )
        world.some_time(50, 20_000, lambda: world.hang_up_in(world.random.choice([channel, agent]).unique_id, bridge))

    def ends(self, channel: Channel) -> bool:
        """A channel ends that is in a consultation or a conference; tells whether it was one."""
        world = self.world
        peer = world.channels.get(channel.peer)
        if channel.peer == ALL:
            self._end(channel)
            left = [each for each in world.live() if each.bridge == channel.bridge]
            supervisors = [each for each in left if each.unique_id in world.supervisors.phones]
            if not any(each.device for each in left if each not in supervisors):
                for supervisor in supervisors:
                    world.supervisors.leave(supervisor.unique_id)
                    world.supervisors.idle(supervisor)
                for caller in [each for each in left if each not in supervisors]:
                    self._out(caller)
                    caller.script = "after"
                    world.enter_agi(caller, world.random.randint(0, 10))
            return True
        if peer is None or (not (channel.dials if channel.device else "") and not (peer.device and peer.dials)):
            return False
        self._out(peer)
        self._end(channel)
        if peer.dials:
            # The agent is gone: who was asked has nobody to talk to.
            world.later(0, 20, lambda: world.hang_up(peer.unique_id))
        return True

    def is_aside(self, channel: Channel) -> bool:
        """Whether the channel talks to somebody but the caller: who is asked, or a conference that they have left."""
        if channel.unique_id in self.world.supervisors.phones:
            return True
        if channel.peer == ALL:
            return all(each.device for each in self.world.live() if each.bridge == channel.bridge)
        pair = [channel, self.world.channels.get(channel.peer)]
        return any(each is not None and each.device and each.dials for each in pair)

    # ---- channels ------------------------------------------------------------------------------------------------

    def _both(self, one: str, other: str) -> tuple[Channel | None, Channel | None]:
        return self.world.channels.get(one), self.world.channels.get(other)

    def _out(self, channel: Channel) -> None:
        """The channel leaves its bridge, and so does who was in it with them alone."""
        peer = self.world.channels.get(channel.peer)
        for each in (channel, peer):
            if each is not None and each.bridge:
                self._say(ev.LegUnbridged(pbx="main", unique_id=each.unique_id, bridge_id=each.bridge))
                each.peer = each.bridge = ""

    def _end(self, channel: Channel) -> None:
        world = self.world
        if channel.bridge:
            self._say(ev.LegUnbridged(pbx="main", unique_id=channel.unique_id, bridge_id=channel.bridge))
        del world.channels[channel.unique_id]
        self._say(ev.LegEnded(pbx="main", unique_id=channel.unique_id, cause=16))
        if channel.device:
            world.tell_device(channel.device)

    def _say(self, event: ev.Event) -> None:
        self.world.say(self.world.ami, event)
