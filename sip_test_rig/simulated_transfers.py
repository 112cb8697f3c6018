"""Transfers of a simulated site: those that ctid asks for, and those that agents' phones do by REFER."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctid.model import commands as cmd
from ctid.model import events as ev
from sip_test_rig.simulated_world import Channel

if TYPE_CHECKING:
    from sip_test_rig.simulated_pbx import SimulatedPbx

OUTSIDE = "PJSIP/9999"
"""A phone that is nobody's."""


class Transfers:
    """What becomes of a caller whose agent gives them on.

    Attributes:
        fetched: How many were taken out of a bridge by ctid.
        sent_on: How many a phone sent on without asking.
        joined: How many a phone joined with somebody it had asked.
        undelivered: How many came back because the number they were given on to did not answer.
    """

    def __init__(self, world: SimulatedPbx) -> None:
        self.world = world
        self.fetched = 0
        self.sent_on = 0
        self.joined = 0
        self.undelivered = 0
        world.devices[OUTSIDE] = True

    def fetch(self, command: cmd.FetchLeg) -> None:
        """Redirect: the caller leaves whatever they are in, and the dialplan asks for ctid."""
        caller = self.world.channels.get(command.unique_id)
        if caller is None or caller.released:
            return
        self.fetched += 1
        self._to_us(caller, "in")

    def give(self, caller: Channel) -> None:
        """The dialplan dials the number that the caller was given on to: it answers, or they come back to us."""
        world = self.world

        def answered() -> None:
            bridge = world.new_bridge()
            if world.channels.get(caller.unique_id) is caller:
                caller.bridge = bridge
                world.say(world.ami, ev.LegBridged(pbx="main", unique_id=caller.unique_id, bridge_id=bridge))
                world.some_time(50, 9_000, lambda: world.hang_up(caller.unique_id))

        def not_answered() -> None:
            if world.channels.get(caller.unique_id) is caller and not caller.bridge:
                self.undelivered += 1
                caller.released, caller.script = False, "undelivered"
                world.enter_agi(caller, 0)

        if not world.odds.lively:
            world.rings(caller, answered)
            world.after(9_000, not_answered)
            return
        world.later(10, 9_000, answered if world.chance(0.5) else not_answered)
        if world.chance(0.2):
            world.later(0, 9_000, lambda: world.hang_up(caller.unique_id))

    def by_phone(self, agent: Channel, bridge: str) -> None:
        """The agent presses the transfer key of their phone, if they still talk; with or without asking first."""
        world = self.world
        caller = world.channels.get(agent.peer)
        if caller is None or agent.bridge != bridge or world.channels.get(agent.unique_id) is not agent:
            return
        device = world.random.choice(sorted(world.devices))
        if world.chance(0.5):
            self.send_on(agent, caller, device.removeprefix("PJSIP/"))
        elif device == OUTSIDE or (world.devices[device] and not world.in_use(device)):
            # Meanwhile they talk to each other, the caller hears music.
            world.own_calls.add(device)
            world.tell_device(device)
            world.later(50, 4_000, lambda: self.join(agent, caller, device, bridge))

    def send_on(self, agent: Channel, caller: Channel, extension: str) -> None:
        """REFER: the caller's channel goes to an extension of ours."""
        self.sent_on += 1
        self.world.say(
            self.world.ami, ev.CallSentOn(pbx="main", unique_id=caller.unique_id, extension=extension, arrived=False)
        )
        caller.extension = extension
        self._to_us(caller, "transfer")

    def _to_us(self, caller: Channel, script: str) -> None:
        world = self.world
        agent = world.channels.get(caller.peer)
        world.leave_agi(caller)
        if agent is not None:
            world.part(caller, agent, returns=False)
        caller.script = script
        world.enter_agi(caller, world.random.randint(0, 30))
        if caller.dials:
            # Customers whom ctid has called have not made up their minds yet how long they wait.
            world.some_time(500, 60_000, lambda: world.lose_patience(caller))

    def join(self, agent: Channel, caller: Channel, device: str, bridge: str) -> None:
        """REFER with Replaces: caller and colleague are in one bridge, and the agent's two channels end."""
        world = self.world
        world.own_calls.discard(device)
        alive = world.channels.get(agent.unique_id) is agent and world.channels.get(caller.unique_id) is caller
        if not alive or agent.bridge != bridge or caller.bridge != bridge:
            world.tell_device(device)
            return
        self.joined += 1
        colleague = Channel(unique_id=f"{world.boot}.c{self.joined}", device=device, answered=True)
        world.channels[colleague.unique_id] = colleague
        del world.channels[agent.unique_id]
        moves = world.chance(0.7)
        new = f"br-{colleague.unique_id}" if moves else bridge
        own, other = agent.unique_id, f"{colleague.unique_id}-own"
        parties = [(caller.unique_id, "PJSIP/trunk"), (colleague.unique_id, device)]
        told: list[ev.Event] = [
            ev.CallTransferred(
                pbx="main",
                transferers=world.random.sample([own, other], 2),
                parties=[ev.TransferParty(unique_id=uid, device=of) for uid, of in world.random.sample(parties, 2)],
                bridge_id=new if world.chance(0.8) else "",
            )
        ]
        end = [
            ev.LegUnbridged(pbx="main", unique_id=own, bridge_id=bridge),
            ev.LegEnded(pbx="main", unique_id=own, cause=16),
        ]
        # As a rule the transfer is told first.
        told = [*told, *end] if world.chance(0.7) else [*end, *told]
        if moves:
            told = [
                ev.LegUnbridged(pbx="main", unique_id=caller.unique_id, bridge_id=bridge),
                ev.LegBridged(pbx="main", unique_id=caller.unique_id, bridge_id=new),
                *told,
            ]
        for event in told:
            world.say(world.ami, event)
        for leg, peer in ((colleague, caller), (caller, colleague)):
            leg.peer, leg.bridge, leg.bridged_at = peer.unique_id, new, world.now_ms
        world.tell_device(agent.device)
        world.tell_device(device)
        world.talk(colleague, caller)
