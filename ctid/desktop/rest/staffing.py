"""``/v1/staffing``: how many agents a load needs, the load being given or taken from a queue's past calls."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.problems import Fault, InvalidInputError
from ctid.desktop.rest.rights import own_queue
from ctid.desktop.schemas.bodies import StaffingQuery
from ctid.staffing.erlang import Demand, performance
from ctid.staffing.history import calls_by_time_of_day, days_of, habits
from ctid.staffing.plan import Target, curve, plan, sensitivity
from ctid.staffing.views import demand_view, outcome_view, point_view, target_view, what_if_view

MAX_ERLANGS: Final = 5_000
"""An answer takes time in proportion to the load: this much, a tenth of a second of a thread."""

_SPREAD: Final = 5
_HOUR: Final = 60


async def get_staffing(call: Call) -> Answer:
    """Agents needed, what becomes of the calls with them, and how much that hangs on what was assumed."""
    query: StaffingQuery = call.query
    if query.queue is not None:
        own_queue(call, query.queue)
    demand, basis = await _demand(call, query)
    if demand.erlangs > MAX_ERLANGS:
        detail = f"makes a load of {demand.erlangs:.0f} Erlang; {MAX_ERLANGS} is the most"
        raise InvalidInputError([Fault("parameter", "calls_per_hour", detail)])
    # Up to a tenth of a second of work: calls must not wait for it.
    answer = await asyncio.to_thread(_answer, demand, query)
    return Answer({"basis": basis, **answer})


def _answer(demand: Demand, query: StaffingQuery) -> dict[str, Any]:
    target = Target(service_level=query.target_percent / 100, within_seconds=query.target_seconds)
    shrinkage = query.shrinkage_percent / 100
    planned = plan(demand, target, shrinkage)
    patient = plan(msgspec.structs.replace(demand, patience_seconds=None), target, shrinkage)
    given = None
    if query.agents is not None:
        outcome = performance(demand, query.agents, target.within_seconds)
        given = {"agents": query.agents, "target_met": target.met_by(outcome), "outcome": outcome_view(outcome)}
    views = [
        {"agents": each.agents, "scheduled": each.scheduled, "outcome": outcome_view(each.outcome)}
        for each in (patient, planned)
    ]
    agents = planned.agents if query.agents is None else query.agents
    return {
        "target": target_view(target),
        "demand": demand_view(demand),
        "erlang_c": views[0],
        "erlang_a": views[1] if demand.patience_seconds is not None else None,
        "given": given,
        "curve": [point_view(*point) for point in curve(demand, target, planned.agents, _SPREAD)],
        "sensitivity": [what_if_view(what) for what in sensitivity(demand, target, agents)],
    }


async def _demand(call: Call, query: StaffingQuery) -> tuple[Demand, dict[str, Any] | None]:
    """The load as given; what is not, as a queue's past calls have it."""
    calls, handling, patience = query.calls_per_hour, query.handling_seconds, query.patience_seconds
    basis: dict[str, Any] | None = None
    if query.queue is None:
        missing = [name for name in ("calls_per_hour", "handling_seconds") if getattr(query, name) is None]
        if missing:
            detail = "is missing; give it, or a queue whose past calls tell it"
            raise InvalidInputError([Fault("parameter", name, detail) for name in missing])
        if query.hour is not None:
            raise InvalidInputError([Fault("parameter", "hour", "is of the past calls of a queue; give queue too")])
    else:
        past_calls, past_handling, past_patience, basis = await _past(call, query, query.queue)
        calls = past_calls if calls is None else calls
        handling = handling or past_handling
        patience = patience or past_patience
    if calls is None or handling is None:
        detail = "had no call then, or none that was served; give another queue, more days, or the numbers"
        raise InvalidInputError([Fault("parameter", "queue", detail)])
    return Demand(calls_per_hour=calls, handling_seconds=handling, patience_seconds=patience), basis


async def _past(
    call: Call, query: StaffingQuery, queue: str
) -> tuple[float | None, float | None, float | None, dict[str, Any]]:
    """Calls of an hour, handling and patience of the last whole days, and what they were taken from."""
    spec = call.site.spec
    if queue not in spec.queues:
        raise InvalidInputError([Fault("parameter", "queue", "there is no such queue")])
    zone = ZoneInfo(spec.timezone)
    today = call.site.now().utc().astimezone(zone).date()
    first = today - timedelta(days=query.days)
    buckets = await call.site.records.demand(queue, _midnight(first, zone), _midnight(today, zone))
    known, days = habits(buckets), days_of(buckets, zone)
    by_hour = {start // _HOUR: calls for start, calls in calls_by_time_of_day(buckets, zone, days, _HOUR)}
    # Without a word on the hour, the one that needs most agents.
    hour = query.hour if query.hour is not None else max(by_hour, key=lambda each: by_hour[each], default=None)
    basis = {
        "queue": queue,
        "since": first.isoformat(),
        "until": (today - timedelta(days=1)).isoformat(),
        "days_with_calls": len(days),
        "hour": hour,
        "calls": known.calls,
        "served": known.served,
        "abandoned": known.abandoned,
    }
    calls = by_hour.get(hour, 0.0) if days and hour is not None else None
    return calls, known.handling_seconds, known.patience_seconds, basis


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
