"""Supervisors of a simulated site: their phones, whom they hear, and what becomes of them when that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctid.model import commands as cmd
from ctid.model import events as ev
from sip_test_rig.simulated_call_control import ALL
from sip_test_rig.simulated_world import Channel

if TYPE_CHECKING:
    from sip_test_rig.simulated_pbx import SimulatedPbx

LEFT_MS = 30_000
"""The dialplan lets go whom nobody has told for so long what to hear next."""

LOOK_MS = 500


class Supervisors:
    """What becomes of supervisors' channels.

    Attributes:
        heard: How often one has begun to hear an agent.
        took_part: How often one was in a conference.
        took_over: How often one was bridged with a caller.
        phones: Their channels, each with the channel that it hears; empty for none.
    """

    def __init__(self, world: SimulatedPbx) -> None:
        self.world = world
        self.heard = 0
        self.took_part = 0
        self.took_over = 0
        self.phones: dict[str, str] = {}

    def ring(self, command: cmd.RingSupervisor) -> None:
        """Originate: they answer, or do any of the other things that people and networks do."""
        world = self.world
        if world.chance(0.05) or not world.devices[command.device]:
            failed = ev.LegFailed(pbx=command.pbx, unique_id=command.unique_id, reason=0)
            world.later(1, 40, lambda: world.say(world.ami, failed))
            return
        channel = Channel(unique_id=command.unique_id, device=command.device)

        def make() -> None:
            world.channels[channel.unique_id] = channel
            self.phones[channel.unique_id] = ""
            world.tell_device(channel.device)
            world.later(0, 60, lambda: world.alert(channel))

        def answer() -> None:
            if world.channels.get(channel.unique_id) is channel and not channel.answered:
                channel.answered = True
                self._say(ev.LegAnswered(pbx=command.pbx, unique_id=channel.unique_id))
                self._hear(channel, command.agent_unique_id, command.conference)

        world.later(0, 5, make)
        world.rings(channel, answer, by_itself=True)
        if not world.odds.lively:
            pass
        elif world.chance(0.8):
            world.later(20, 3_000, answer)
        else:
            cause, reason = world.random.choice([(17, 5), (21, 8), (19, 3)])
            world.later(10, 3_000, lambda: world.not_answered(channel, cause, reason))
        world.after(command.timeout_ms, lambda: world.not_answered(channel, 19, 3))

    def supervise(self, command: cmd.Supervise) -> None:
        """Redirect: whatever they hear, or take part in, they leave for something else."""
        channel = self.world.channels.get(command.unique_id)
        if channel is not None and channel.answered:
            self.leave(channel.unique_id)
            self._hear(channel, command.agent_unique_id, command.conference)

    def leave(self, unique_id: str) -> None:
        """A channel is taken out of what it hears or takes part in."""
        channel = self.world.channels.get(unique_id)
        if channel is None or unique_id not in self.phones:
            return
        if self.phones[unique_id]:
            self.phones[unique_id] = ""
            self._say(ev.SpyStopped(pbx="main", unique_id=unique_id))
        if channel.peer == ALL:
            self._say(ev.LegUnbridged(pbx="main", unique_id=unique_id, bridge_id=channel.bridge))
            channel.peer = channel.bridge = ""

    def takes_over(self, unique_id: str) -> None:
        """A channel is about to be bridged with a caller, and is a phone in talk from then on."""
        if unique_id in self.phones:
            self.leave(unique_id)
            del self.phones[unique_id]
            self.took_over += 1

    def _hear(self, channel: Channel, agent: str, conference: str) -> None:
        world = self.world
        if conference:
            caller = world.channels.get(conference)
            if caller is not None and caller.peer == ALL:
                self.took_part += 1
                channel.peer, channel.bridge, channel.bridged_at = ALL, caller.bridge, world.now_ms
                self._say(ev.LegBridged(pbx="main", unique_id=channel.unique_id, bridge_id=caller.bridge))
                return
        elif agent in world.channels:
            self.heard += 1
            self.phones[channel.unique_id] = agent
            self._say(ev.SpyStarted(pbx="main", unique_id=channel.unique_id, spied=agent))
            self._look(channel, agent)
            return
        if agent:
            self.idle(channel)

    def _look(self, channel: Channel, agent: str) -> None:
        """What they hear ends with the agent's channel."""
        world = self.world

        def look() -> None:
            if world.channels.get(channel.unique_id) is not channel or self.phones.get(channel.unique_id) != agent:
                return
            if agent in world.channels:
                world.after(LOOK_MS, look)
            else:
                self.leave(channel.unique_id)
                self.idle(channel)

        world.after(LOOK_MS, look)

    def idle(self, channel: Channel) -> None:
        """They hear nothing, and are let go if that lasts."""
        world = self.world

        def let_go() -> None:
            idle = self.phones.get(channel.unique_id) == "" and not channel.peer
            if world.channels.get(channel.unique_id) is channel and idle:
                world.hang_up(channel.unique_id)

        world.after(LEFT_MS, let_go)

    def _say(self, event: ev.Event) -> None:
        self.world.say(self.world.ami, event)
