"""Calls of a simulated site that its dialplan connects by itself: dialled at agents' phones, or ringing there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctid.model import commands as cmd
from ctid.model import events as ev
from sip_test_rig.simulated_world import Channel

if TYPE_CHECKING:
    from sip_test_rig.simulated_pbx import SimulatedPbx

TRUNK = "PJSIP/trunk"


class PhoneCalls:
    """What phones do that ctid only watches.

    Attributes:
        made: How many were dialled.
        talked: How many were answered.
        emergencies: How many an agent had ctid place to an emergency service.
    """

    def __init__(self, world: SimulatedPbx) -> None:
        self.world = world
        self.made = 0
        self.talked = 0
        self.emergencies = 0

    def place(self, command: cmd.PlaceCall) -> None:
        """The agent's phone answers by itself and dials, whatever else it is at; or it can't be had."""
        world = self.world
        self.emergencies += 1
        if world.chance(0.1) or not world.devices[command.device]:
            failed = ev.LegFailed(pbx="main", unique_id=command.unique_id, reason=0)
            world.later(1, 40, lambda: world.say(world.ami, failed))
            return
        channel = Channel(unique_id=command.unique_id, device=command.device, answered=True, native=True)
        world.channels[channel.unique_id] = channel
        world.say(world.ami, ev.LegAnswered(pbx="main", unique_id=channel.unique_id))
        world.tell_device(channel.device)
        self._dial(channel, TRUNK, command.number)

    def dial(self, caller: str, called: str, extension: str) -> None:
        """Somebody dials, at a phone that is free, or from outside.

        Args:
            caller: Device of who does.
            called: Device of whom.
            extension: What is dialled.
        """
        world = self.world
        if any(world.in_use(each) or not world.devices.get(each, True) for each in (caller, called)):
            return
        self.made += 1
        device = "" if caller == TRUNK else caller
        channel = Channel(unique_id=f"{world.boot}.n{self.made}", device=device, native=True)
        world.channels[channel.unique_id] = channel
        if device:
            world.tell_device(device)
        self._dial(channel, called, extension)

    def _dial(self, channel: Channel, called: str, extension: str) -> None:
        world = self.world
        other = Channel(
            unique_id=f"{channel.unique_id}-to", device="" if called == TRUNK else called, native=True, dials=extension
        )
        channel.peer = other.unique_id
        other.peer = channel.unique_id
        world.channels[other.unique_id] = other
        number = channel.device.removeprefix("PJSIP/") or world.random.choice(["", "+4930777777"])
        self._say(
            ev.LegDialled(
                pbx="main",
                unique_id=channel.unique_id,
                device=channel.device or TRUNK,
                number=number,
                extension=extension,
                called_unique_id=other.unique_id,
                called_device=called,
            )
        )
        self._say(ev.LegAlerting(pbx="main", unique_id=other.unique_id))
        if other.device:
            world.tell_device(other.device)
        world.rings(other, lambda: self._answer(channel, other))
        fate = world.random.random() if world.odds.lively else 1.0
        if fate < 0.6:
            world.later(20, 4_000, lambda: self._answer(channel, other))
        elif fate < 0.8:
            status, cause = world.random.choice([("BUSY", 17), ("CONGESTION", 21), ("NOANSWER", 0)])
            world.later(20, 4_000, lambda: self._no_answer(channel, other, status, cause))
        world.later(4_000, 8_000, lambda: self._no_answer(channel, other, "CANCEL", 16))

    def _answer(self, channel: Channel, other: Channel) -> None:
        world = self.world
        if not self._both(channel, other):
            return
        self.talked += 1
        self._say(ev.DialEnded(pbx="main", called_unique_id=other.unique_id, status="ANSWER"))
        bridge = world.new_bridge()
        for each in (other, channel):
            if not each.answered:
                each.answered = True
                self._say(ev.LegAnswered(pbx="main", unique_id=each.unique_id))
            each.bridge, each.bridged_at = bridge, world.now_ms
        for each in world.random.sample([channel, other], 2):
            self._say(ev.LegBridged(pbx="main", unique_id=each.unique_id, bridge_id=bridge))
        if channel.device and world.chance(0.3):
            world.later(10, 500, lambda: self._say(ev.LegHeld(pbx="main", unique_id=channel.unique_id)))
        world.some_time(50, 20_000, lambda: world.hang_up_in(world.random.choice([channel, other]).unique_id, bridge))

    def _no_answer(self, channel: Channel, other: Channel, status: str, cause: int) -> None:
        if self._both(channel, other) and not other.answered:
            self._say(ev.DialEnded(pbx="main", called_unique_id=other.unique_id, status=status))
            self._end(other, cause)
            self._end(channel, cause)

    def hang_up(self, channel: Channel, cause: int) -> None:
        """One of the two ends it, or somebody ends it for them."""
        other = self.world.channels.get(channel.peer)
        if other is not None and not other.answered:
            self._say(
                ev.DialEnded(
                    pbx="main", called_unique_id=(other if other.dials else channel).unique_id, status="CANCEL"
                )
            )
        self._end(channel, cause)
        if other is not None:
            self._end(other, 16)

    def _both(self, channel: Channel, other: Channel) -> bool:
        there = self.world.channels
        alive = there.get(channel.unique_id) is channel and there.get(other.unique_id) is other
        return alive and not other.answered

    def _end(self, channel: Channel, cause: int) -> None:
        world = self.world
        if channel.bridge:
            self._say(ev.LegUnbridged(pbx="main", unique_id=channel.unique_id, bridge_id=channel.bridge))
        del world.channels[channel.unique_id]
        self._say(ev.LegEnded(pbx="main", unique_id=channel.unique_id, cause=cause))
        if channel.device:
            world.tell_device(channel.device)

    def _say(self, event: ev.Event) -> None:
        self.world.say(self.world.ami, event)
