"""Erlang B, C and A: what becomes of a load of calls with so many agents, in the long run.

Calls arrive at random (Poisson) and handling times are exponential. Without patience callers wait for ever (Erlang C,
M/M/n); with it each hangs up once an exponential patience is used up (Erlang A, M/M/n+M, after Palm). One line, agents
all alike.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Final

import msgspec

from ctid.errors import RequestError

# A part of the integrals that is smaller than the rest by this power of e is beyond a float's digits.
_NEGLIGIBLE: Final = 45.0
_PANELS: Final = 8
# The 10-point rule of Gauss and Legendre on (-1, 1): abscissas, each with its mirror image, and weights.
_GAUSS: Final = tuple(
    (sign * abscissa, weight)
    for abscissa, weight in (
        (0.14887433898163122, 0.29552422471475287),
        (0.4333953941292472, 0.26926671930999635),
        (0.6794095682990244, 0.21908636251598204),
        (0.8650633666889845, 0.1494513491505806),
        (0.9739065285171717, 0.06667134430868814),
    )
    for sign in (-1, 1)
)


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """A steady load of calls.

    Attributes:
        calls_per_hour: Calls that arrive, served or not.
        handling_seconds: Mean time that a served call occupies its agent: talk and wrap-up.
        patience_seconds: Mean time that callers are ready to wait; ``None`` if they never hang up.

    Raises:
        RequestError: A number is out of bounds.
    """

    calls_per_hour: float
    handling_seconds: float
    patience_seconds: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.calls_per_hour < math.inf:
            raise RequestError(f"calls per hour are {self.calls_per_hour:g}; they can be 0 or more")
        if not 0 < self.handling_seconds < math.inf:
            raise RequestError(f"the handling time is {self.handling_seconds:g} s; it must be more than 0")
        if self.patience_seconds is not None and not 0 < self.patience_seconds < math.inf:
            raise RequestError(f"the patience is {self.patience_seconds:g} s; it must be more than 0")

    @property
    def erlangs(self) -> float:
        """The load offered: how many agents would be busy if nobody hung up."""
        return self.calls_per_hour * self.handling_seconds / 3600


class Performance(msgspec.Struct, frozen=True, kw_only=True):
    """What so many agents make of a demand. Shares are of all calls that arrive, 0 to 1.

    Attributes:
        agents: How many work.
        waiting: Share that finds no agent free.
        mean_wait_seconds: Over all calls, those served at once and those that hang up among them.
        service_level: Share that is served, and that within the target's time.
        abandoned: Share that hangs up.
        occupancy: Share of their time that agents handle calls.
        mean_queue: Callers waiting, on average.
    """

    agents: int
    waiting: float
    mean_wait_seconds: float
    service_level: float
    abandoned: float
    occupancy: float
    mean_queue: float


def erlang_b(erlangs: float, lines: int) -> float:
    """Share of calls that find all lines busy, where such calls are lost (M/M/n/n)."""
    blocked = 1.0
    for line in range(1, lines + 1):
        blocked = erlangs * blocked / (line + erlangs * blocked)
    return blocked


def erlang_c(erlangs: float, agents: int) -> float | None:
    """Share of calls that wait, where all wait until they are served; ``None`` if the line grows without end."""
    if erlangs >= agents:
        return None if erlangs else 0.0
    blocked = erlang_b(erlangs, agents)
    return agents * blocked / (agents - erlangs * (1 - blocked))


def performance(demand: Demand, agents: int, within_seconds: float) -> Performance | None:
    """Foretell what becomes of the calls: by Erlang A if the demand has a patience, else by Erlang C.

    Args:
        demand: The load.
        agents: How many work; 0 is allowed.
        within_seconds: The time that the service level is about.

    Returns:
        ``None`` if callers never hang up and the load is too much for the agents: then the line grows without end.

    Raises:
        RequestError: ``agents`` or ``within_seconds`` is negative.
    """
    if agents < 0 or not 0 <= within_seconds < math.inf:
        raise RequestError(f"{agents} agents and an answer within {within_seconds:g} s; neither can be negative")
    if not demand.erlangs:
        return _performance(demand, agents, waiting=0.0, mean_wait=0.0, service_level=1.0, abandoned=0.0)
    if demand.patience_seconds is None:
        return _without_patience(demand, agents, within_seconds)
    if not agents:
        wait = demand.patience_seconds
        return _performance(demand, agents, waiting=1.0, mean_wait=wait, service_level=0.0, abandoned=1.0)
    return _with_patience(demand, agents, within_seconds, 1 / demand.patience_seconds)


def _performance(
    demand: Demand, agents: int, *, waiting: float, mean_wait: float, service_level: float, abandoned: float
) -> Performance:
    return Performance(
        agents=agents,
        waiting=waiting,
        mean_wait_seconds=mean_wait,
        service_level=service_level,
        abandoned=abandoned,
        # Nobody at work counts as busy while there are calls, so that one more never makes it worse.
        occupancy=min(1.0, demand.erlangs * (1 - abandoned) / agents) if agents else float(demand.erlangs > 0),
        mean_queue=demand.calls_per_hour / 3600 * mean_wait,
    )


def _without_patience(demand: Demand, agents: int, within: float) -> Performance | None:
    waiting = erlang_c(demand.erlangs, agents)
    if waiting is None:
        return None
    # Who has to wait, waits for an exponential time of this mean.
    wait_of_waiting = demand.handling_seconds / (agents - demand.erlangs)
    level = 1 - waiting * math.exp(-within / wait_of_waiting)
    return _performance(
        demand, agents, waiting=waiting, mean_wait=waiting * wait_of_waiting, service_level=level, abandoned=0.0
    )


def _with_patience(demand: Demand, agents: int, within: float, impatience: float) -> Performance:
    """Erlang A by the density of the wait that a caller of endless patience would have.

    Where it is not 0, that density is proportional to exp(g(x)), g(x) = λ (1 - exp(-θx)) / θ - nμx, with the rates λ
    of arrivals, μ of handling and θ of hanging up (Baccelli and Hébuterne 1981; Zeltyn and Mandelbaum 2005). The sums
    below have positive terms only, so that nothing cancels, and g is taken relative to its greatest value, so that
    nothing overflows.
    """
    arrivals, service = demand.calls_per_hour / 3600, agents / demand.handling_seconds

    def exponent(wait: float) -> float:
        return -arrivals / impatience * math.expm1(-impatience * wait) - service * wait

    # g is concave: it has one peak, and falls on both sides.
    peak = max(0.0, math.log(arrivals / service) / impatience)
    top = exponent(peak)
    low = 0.0 if top < _NEGLIGIBLE else peak - _fall(lambda width: top - exponent(peak - width), peak)
    high = peak + _fall(lambda width: top - exponent(peak + width), 1 / service)
    # The integrands bend at the scale of patience too, which may be far below that of handling.
    bends = [peak, within, *(times / impatience for times in (1, 4, 12, 40))]
    edges = [low, *sorted(bend for bend in bends if low < bend < high), high]
    everybody = leaving = soon = 0.0
    for begin, end in itertools.pairwise(edges):
        half = (end - begin) / _PANELS / 2
        for panel in range(_PANELS):
            middle = begin + (2 * panel + 1) * half
            for abscissa, weight in _GAUSS:
                wait = middle + half * abscissa
                density = half * weight * math.exp(exponent(wait) - top)
                gone = -math.expm1(-impatience * wait)
                everybody += density
                leaving += density * gone
                if end <= within:
                    soon += density * (1 - gone)
    waiting = _logistic(arrivals * everybody * erlang_b(demand.erlangs, agents - 1), top)
    abandoned = waiting * leaving / everybody
    return _performance(
        demand,
        agents,
        waiting=waiting,
        mean_wait=abandoned / impatience,
        service_level=1 - waiting + waiting * soon / everybody,
        abandoned=abandoned,
    )


def _fall(fallen: Callable[[float], float], width: float) -> float:
    """How far from the peak the exponent has fallen by ``_NEGLIGIBLE``, or by somewhat more."""
    while fallen(width) < _NEGLIGIBLE:
        width *= 2
    while fallen(width / 2) > _NEGLIGIBLE:
        width /= 2
    return width


def _logistic(ratio: float, exponent: float) -> float:
    """Compute r e^x / (1 + r e^x) for whatever size of its parts."""
    if ratio == 0:
        return 0.0
    power = -math.log(ratio) - exponent
    return 1 / (1 + math.exp(power)) if power < 700 else 0.0
