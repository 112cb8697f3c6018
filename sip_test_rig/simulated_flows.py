"""What flows and waiting callers do with a simulated site: lookups, sensitive digits, keys in the music, decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ctid.model import commands as cmd
from ctid.model import events as ev
from sip_test_rig.simulated_world import Channel

if TYPE_CHECKING:
    from sip_test_rig.simulated_pbx import SimulatedPbx

PBX = "main"
FAILURES = ("not_found", "timeout", "unavailable", "invalid", "overloaded")


class Flows:
    """Lookups that answer late or never within a daemon's life, keys, and calls that the PBX only asks about.

    Attributes:
        sealed: What stands for sensitive digits that the daemon holds.
        pending: Contact and token of lookups that the daemon will answer.
        fetched: How many lookups have answered.
        lost: How many were asked for sensitive digits that a restart had lost.
        keys: How many waiting callers have pressed one.
        playing: By token, how that ends what plays.
        cut_short: How many announcements were cut short.
        decided: How many calls were decided on.
    """

    def __init__(self, world: SimulatedPbx) -> None:
        self.world = world
        self.sealed: set[str] = set()
        self.pending: set[tuple[str, str]] = set()
        self.fetched = 0
        self.lost = 0
        self.keys = 0
        self.playing: dict[str, Callable[[], None]] = {}
        self.cut_short = 0
        self.decided = 0

    def crash(self) -> None:
        """The daemon is gone, with what it held in memory."""
        self.sealed.clear()
        self.pending.clear()

    # ---- what ctid orders ----------------------------------------------------------------------------------------

    def fetch(self, command: cmd.FetchLookup) -> None:
        """The daemon asks another system, and always answers in the end, if it lives so long."""
        world, life, dice = self.world, self.world.life, self.world.random
        self.pending.add((command.contact_id, command.token))
        world.watch.waits_for_answer(command.contact_id)
        if any(command.sealed.values()) and not self.sealed.issuperset(command.sealed.values()):
            self.lost += 1
            failure, delay_ms = "sealed_lost", 0
        else:
            failure = dice.choice([*FAILURES, *[""] * 6])
            delay_ms = dice.choice([dice.randint(0, 200), dice.randint(500, 2_000), 9_000])
        fields: dict[str, str | None] = {each: dice.choice(["12.34", "0", "much", None]) for each in command.fields}

        def answer() -> None:
            if world.life == life:
                self.fetched += 1
                self.pending.discard((command.contact_id, command.token))
                world.watch.answered(command.contact_id)
                world.tell_daemon(
                    ev.LookupAnswered(
                        contact_id=command.contact_id,
                        token=command.token,
                        fields={} if failure else fields,
                        failure=failure,
                    )
                )

        world.after(delay_ms, answer)

    def forget(self, command: cmd.ForgetSealed) -> None:
        """The daemon forgets sensitive digits."""
        self.sealed -= set(command.sealed)

    def keys_of(self, command: cmd.PlayAndCollect, event: ev.DigitsCollected) -> ev.DigitsCollected:
        """What a caller presses who is asked for several digits; of sensitive ones, what the daemon makes of them."""
        dice, pressed = self.world.random, event.ended_by is ev.CollectEnd.DIGITS
        digits = "".join(dice.choices("0123456789", k=dice.randint(1, command.max_digits))) if pressed else ""
        good = pressed and command.sealed is not None and dice.random() < 0.8
        return ev.DigitsCollected(
            pbx=event.pbx,
            unique_id=event.unique_id,
            token=event.token,
            ended_by=event.ended_by,
            digits=digits if command.sealed is None else "",
            sealed=event.token if good else "",
            acceptable=good,
        )

    def cut_prompts(self, command: cmd.CutPrompts) -> None:
        """An announcement ends at once, unless it has by itself just now."""
        channel, done = self.world.channels.get(command.unique_id), self.playing.get(command.token)
        if channel is not None and done is not None:
            self.cut_short += 1
            channel.free_ms = self.world.now_ms
            self.world.later(0, 50, done)

    def await_key(self, command: cmd.AwaitKey) -> None:
        """Music plays until the caller presses a key, or something else is to be done."""
        world, channel = self.world, self.world.channels.get(command.unique_id)
        if channel is None or not channel.session or not world.chance(0.3):
            return
        session, orders = channel.session, channel.orders
        event = ev.DigitsCollected(
            pbx=PBX,
            unique_id=command.unique_id,
            token=command.token,
            digits=world.random.choice(command.accept),
            ended_by=ev.CollectEnd.DIGITS,
        )

        def press() -> None:
            if channel.session == session and channel.orders == orders:
                self.keys += 1
                world.say(world.agi, event)

        world.later(10, 12_000, press)

    # ---- decisions -----------------------------------------------------------------------------------------------

    def ask(self, flow: str, patience_ms: int) -> None:
        """The PBX asks what is to become of a call that it deals with."""
        world = self.world
        world.calls += 1
        channel = Channel(
            unique_id=f"{world.boot}.{world.calls}", dnis=flow, caller=world.calls, answered=True, script="decide"
        )
        world.channels[channel.unique_id] = channel
        world.enter_agi(channel, 0)
        world.after(patience_ms, lambda: world.lose_patience(channel))

    def cut(self) -> None:
        """A session's connection breaks, and the dialplan asks for ctid again."""
        world = self.world
        there = [each for each in world.live() if each.session and not each.released]
        if there:
            channel = world.random.choice(there)
            world.leave_agi(channel)
            world.enter_agi(channel, world.random.choice([0, 10, 2_000]))
