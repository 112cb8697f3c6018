"""Customers of a simulated site who are called back: their phones, and the agents who wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctid.model import commands as cmd
from ctid.model import events as ev
from sip_test_rig.simulated_world import Channel

if TYPE_CHECKING:
    from sip_test_rig.simulated_pbx import SimulatedPbx


class Customers:
    """Those who are dialled by the world's PBX.

    Attributes:
        answered: How many picked up.
        talked: How many of them were bridged with an agent who waited for them.
    """

    def __init__(self, world: SimulatedPbx) -> None:
        self.world = world
        self.answered = 0
        self.talked = 0

    def dial(self, command: cmd.DialCustomer) -> None:
        """Originate: the customer answers, or does any of the other things that customers and networks do."""
        world, dice = self.world, self.world.random
        if world.chance(0.05):
            failed = ev.LegFailed(pbx=command.pbx, unique_id=command.unique_id, reason=0)
            world.later(1, 40, lambda: world.say(world.ami, failed))
            return
        channel = Channel(unique_id=command.unique_id, dials=command.device or command.number)

        def make() -> None:
            world.channels[channel.unique_id] = channel
            world.later(0, 60, lambda: world.alert(channel))

        world.later(0, 5, make)
        world.rings(channel, lambda: self.answer(channel, command))
        if not world.odds.lively:
            pass
        elif world.chance(0.55):
            world.later(20, 6_000, lambda: self.answer(channel, command))
        elif world.chance(0.7):
            cause, reason = dice.choice([(17, 5), (21, 8), (19, 3), (34, 8)])
            world.later(10, 4_000, lambda: world.not_answered(channel, cause, reason))
        world.after(command.timeout_ms, lambda: world.not_answered(channel, 19, 3))

    def answer(self, channel: Channel, command: cmd.DialCustomer) -> None:
        """The customer picks up: to the agent who waits, or to ctid if there is none, or no longer."""
        world = self.world
        if world.channels.get(channel.unique_id) is not channel or channel.answered:
            return
        channel.answered = True
        self.answered += 1
        world.say(world.ami, ev.LegAnswered(pbx=command.pbx, unique_id=channel.unique_id))
        if command.detect_machine and world.chance(0.2):
            world.later(1_000, 4_000, lambda: world.hang_up(channel.unique_id, ev.MACHINE))
            return
        agent = world.channels.get(command.peer_unique_id)
        if agent is not None and agent.answered:
            self.talked += 1
            world.bridge(agent, channel)
            return
        world.enter_agi(channel, world.random.randint(0, 2_000) if command.detect_machine else 0)
        world.some_time(500, 60_000, lambda: world.lose_patience(channel))

    def wait_for(self, agent: Channel, wait_ms: int) -> None:
        """An agent hears it ring; some don't wait for the end."""
        world = self.world
        patience_ms = world.random.randint(10, 6_000) if world.chance(0.15) else wait_ms
        world.after(patience_ms, lambda: None if agent.peer else world.hang_up(agent.unique_id))
