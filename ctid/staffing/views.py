"""Plans as plain data, in percent and seconds, for the API and for ``ctid staff --json``."""

from __future__ import annotations

from typing import Any

from ctid.staffing.erlang import Demand, Performance
from ctid.staffing.plan import Plan, Target, WhatIf

_DIGITS = 4


def demand_view(demand: Demand) -> dict[str, Any]:
    """A load."""
    return {
        "calls_per_hour": _number(demand.calls_per_hour),
        "handling_seconds": _number(demand.handling_seconds),
        "patience_seconds": _number(demand.patience_seconds),
        "erlangs": _number(demand.erlangs),
    }


def target_view(target: Target) -> dict[str, Any]:
    """A target."""
    return {
        "service_level_percent": percent(target.service_level),
        "within_seconds": _number(target.within_seconds),
        "max_abandoned_percent": percent(target.max_abandoned),
        "max_mean_wait_seconds": _number(target.max_mean_wait_seconds),
        "max_occupancy_percent": percent(target.max_occupancy),
    }


def outcome_view(outcome: Performance | None) -> dict[str, Any] | None:
    """What becomes of the calls; ``None`` if the line grows without end."""
    if outcome is None:
        return None
    return {
        "service_level_percent": percent(outcome.service_level),
        "mean_wait_seconds": _number(outcome.mean_wait_seconds),
        "abandoned_percent": percent(outcome.abandoned),
        "waiting_percent": percent(outcome.waiting),
        "occupancy_percent": percent(outcome.occupancy),
        "mean_queue": _number(outcome.mean_queue),
    }


def point_view(agents: int, outcome: Performance | None) -> dict[str, Any]:
    """A number of agents and what becomes of the calls with them."""
    return {"agents": agents, "outcome": outcome_view(outcome)}


def plan_view(plan: Plan) -> dict[str, Any]:
    """The agents that a demand needs."""
    return {
        "demand": demand_view(plan.demand),
        "agents": plan.agents,
        "scheduled": plan.scheduled,
        "erlang_c_agents": plan.erlang_c_agents,
        "outcome": outcome_view(plan.outcome),
    }


def what_if_view(what: WhatIf) -> dict[str, Any]:
    """One assumption changed."""
    return {
        "change": what.change,
        "demand": demand_view(what.demand),
        "agents_needed": what.agents_needed,
        "outcome": outcome_view(what.outcome),
    }


def percent(share: float | None) -> float | None:
    """A share of 1 in percent."""
    return None if share is None else round(share * 100, _DIGITS)


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
