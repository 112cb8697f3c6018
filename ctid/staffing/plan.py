"""Plans: how many agents a demand needs for a target, and how much that hangs on what was assumed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from ctid.errors import RequestError
from ctid.staffing.erlang import Demand, Performance, performance

MAX_ERLANGS: Final = 20_000
"""Above it no plan is made: the search takes time in proportion to the load."""

_MAX_AGENTS: Final = 10 * MAX_ERLANGS
_TARGET: Final = re.compile(r"(\d{1,2}(?:\.\d+)?)/(\d{1,5}(?:\.\d+)?)")
_CHANGES: Final = (-10, 10)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What callers and agents are to be given; what is ``None`` is not asked for. Shares are 0 to 1.

    Attributes:
        service_level: Share of all calls to be served within ``within_seconds``.
        within_seconds: The time that the service level is about, for forecasts too where no share is asked for.
        max_abandoned: Share of all calls that may hang up.
        max_mean_wait_seconds: Mean wait of all calls.
        max_occupancy: Share of their time that agents may be busy.

    Raises:
        RequestError: A number is out of bounds: no agents would ever do, or none would be needed.
    """

    service_level: float | None = None
    within_seconds: float = 20
    max_abandoned: float | None = None
    max_mean_wait_seconds: float | None = None
    max_occupancy: float | None = None

    def __post_init__(self) -> None:
        if self.service_level is not None and not 0 < self.service_level < 1:
            raise RequestError("the service level asked for must lie between 0 and 100 %, both excluded")
        if not 0 <= self.within_seconds < math.inf:
            raise RequestError(f"an answer within {self.within_seconds:g} s; write 0 or more")
        if self.max_abandoned is not None and not 0 < self.max_abandoned <= 1:
            raise RequestError("the share that may hang up must be more than 0 %, and 100 % at most")
        if self.max_mean_wait_seconds is not None and not 0 < self.max_mean_wait_seconds < math.inf:
            raise RequestError("the mean wait allowed must be more than 0 s")
        if self.max_occupancy is not None and not 0.1 <= self.max_occupancy <= 1:
            raise RequestError("the occupancy allowed must be 10 to 100 %")

    def met_by(self, outcome: Performance | None) -> bool:
        """Whether a performance is as good as is asked for; a line that grows without end never is."""
        if outcome is None:
            return False
        limits = (
            (outcome.abandoned, self.max_abandoned),
            (outcome.mean_wait_seconds, self.max_mean_wait_seconds),
            (outcome.occupancy, self.max_occupancy),
        )
        level_met = self.service_level is None or outcome.service_level >= self.service_level
        return level_met and all(limit is None or value <= limit for value, limit in limits)


def parse_service_level(text: str) -> tuple[float, float]:
    """Read a service level as the trade writes it: ``80/20`` is 80 % within 20 s.

    Returns:
        The share, 0 to 1, and the seconds.

    Raises:
        RequestError: It is written otherwise.
    """
    found = _TARGET.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise RequestError(f"{text!r} is no service level; write 80/20 for 80 % within 20 seconds")
    return float(found[1]) / 100, float(found[2])


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The agents that a demand needs.

    Attributes:
        demand: The load.
        agents: The least number at the phones that meets the target; by Erlang A if the demand has a patience.
        scheduled: How many to put on the roster for that, with shrinkage.
        outcome: What becomes of the calls with ``agents``.
        erlang_c_agents: The number if nobody ever hung up: ``agents``, where the demand has no patience.
    """

    demand: Demand
    agents: int
    scheduled: int
    outcome: Performance
    erlang_c_agents: int


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """One assumption changed.

    Attributes:
        change: In words: ``calls +10 %``.
        demand: The load then.
        agents_needed: What would meet the target then.
        outcome: What becomes of the calls with the agents that were planned; ``None`` if the line grows without end.
    """

    change: str
    demand: Demand
    agents_needed: int
    outcome: Performance | None


def agents_needed(demand: Demand, target: Target) -> int:
    """Find the least number of agents that meets the target.

    Raises:
        RequestError: The load is above ``MAX_ERLANGS``, or the target asks for more than agents in any number can do.
    """
    if demand.erlangs > MAX_ERLANGS:
        raise RequestError(f"the load is {demand.erlangs:.0f} Erlang; plans are made for {MAX_ERLANGS} at most")

    def enough(agents: int) -> bool:
        return target.met_by(performance(demand, agents, target.within_seconds))

    if enough(0):
        return 0
    # More agents never do worse in anything that a target asks for, so halving finds the least.
    too_few, sufficient = 0, max(1, math.ceil(demand.erlangs))
    while not enough(sufficient):
        if sufficient > _MAX_AGENTS:
            raise RequestError("no number of agents meets the target")
        too_few, sufficient = sufficient, sufficient * 2
    while sufficient - too_few > 1:
        middle = (too_few + sufficient) // 2
        if enough(middle):
            sufficient = middle
        else:
            too_few = middle
    return sufficient


def with_shrinkage(agents: int, shrinkage: float) -> int:
    """Put as many on the roster that ``agents`` are at the phones while the share ``shrinkage`` is away.

    Raises:
        RequestError: ``shrinkage`` is not a share from 0 up to, but without, 1.
    """
    if not 0 <= shrinkage < 1:
        raise RequestError("shrinkage must be 0 % or more and below 100 %")
    # Rounded up, but not for what a float's last digits add to a whole number.
    return math.ceil(agents / (1 - shrinkage) - 1e-9)


def plan(demand: Demand, target: Target, shrinkage: float = 0.0) -> Plan:
    """Plan a steady demand.

    Args:
        demand: The load.
        target: What is to be met.
        shrinkage: Share of paid time that agents are not there: breaks, training, illness, leave.

    Raises:
        RequestError: See ``agents_needed`` and ``with_shrinkage``.
    """
    agents = agents_needed(demand, target)
    outcome = performance(demand, agents, target.within_seconds)
    assert outcome is not None
    patient = msgspec.structs.replace(demand, patience_seconds=None)
    return Plan(
        demand=demand,
        agents=agents,
        scheduled=with_shrinkage(agents, shrinkage),
        outcome=outcome,
        erlang_c_agents=agents if demand.patience_seconds is None else agents_needed(patient, target),
    )


def curve(demand: Demand, target: Target, agents: int, spread: int) -> list[tuple[int, Performance | None]]:
    """What becomes of the calls with ``agents``, and with up to ``spread`` fewer and more."""
    numbers = range(max(0, agents - spread), agents + spread + 1)
    return [(number, performance(demand, number, target.within_seconds)) for number in numbers]


def sensitivity(demand: Demand, target: Target, agents: int) -> list[WhatIf]:
    """What 10 % fewer or more calls, and shorter or longer ones, make of a plan with ``agents``.

    Raises:
        RequestError: A changed load is above ``MAX_ERLANGS``.
    """
    return [
        WhatIf(
            change=change,
            demand=changed,
            agents_needed=agents_needed(changed, target),
            outcome=performance(changed, agents, target.within_seconds),
        )
        for change, changed in _changed(demand)
    ]


def _changed(demand: Demand) -> Iterator[tuple[str, Demand]]:
    for name, field in (("calls", "calls_per_hour"), ("handling time", "handling_seconds")):
        for percent in _CHANGES:
            value = getattr(demand, field) * (100 + percent) / 100
            yield f"{name} {percent:+d} %", msgspec.structs.replace(demand, **{field: value})
