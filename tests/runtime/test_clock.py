"""The site's clock: durations never step, stamps do, and the wait goes on while no daemon runs."""

from __future__ import annotations

from dataclasses import dataclass

from ctid.model.instant import Instant
from ctid.runtime.clock import SiteClock

MS = 1_000_000


@dataclass
class Machine:
    """A machine's two clocks, set by hand."""

    mono_ns: int = 5_000 * MS
    wall_ns: int = 1_795_000_000_000 * MS

    def clock(self, last: Instant | None = None) -> SiteClock:
        return SiteClock(last, monotonic_ns=lambda: self.mono_ns, wall_ns=lambda: self.wall_ns)

    def pass_ms(self, ms: int) -> None:
        self.mono_ns += ms * MS
        self.wall_ns += ms * MS


def test_a_new_site_begins_at_zero() -> None:
    machine = Machine()
    clock = machine.clock()
    assert clock.now() == Instant(0, 1_795_000_000_000)
    machine.pass_ms(1_500)
    assert clock.now() == Instant(1_500, 1_795_000_001_500)


def test_an_ntp_step_moves_stamps_and_no_duration() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall_ns -= 3_600_000 * MS
    machine.pass_ms(10)
    assert clock.now() == Instant(10, 1_795_000_000_000 - 3_600_000 + 10)


def test_time_without_a_daemon_counts_as_waited() -> None:
    machine = Machine()
    last = Instant(700, machine.wall_ns // MS)
    machine.mono_ns = 12 * MS  # the machine was restarted: its monotonic clock began anew
    machine.wall_ns += 4_000 * MS
    assert machine.clock(last).now().mono_ms == 4_700


def test_a_wall_clock_set_back_while_stopped_never_makes_time_run_backwards() -> None:
    machine = Machine()
    last = Instant(700, machine.wall_ns // MS + 60_000)
    assert machine.clock(last).now().mono_ms == 700
