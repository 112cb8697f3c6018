"""``/v1/statistics``: what queues did in past intervals, counted from the records by the clock of the site's zone."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.identity.scope import sees_queue
from ctid.desktop.intervals import by_interval
from ctid.desktop.problems import Fault, InvalidInputError
from ctid.desktop.rest.rights import own_queue
from ctid.desktop.schemas.desk_bodies import StatisticsQuery
from ctid.engine.shown.desk_view import day_view

MAX_INTERVALS: Final = 3_000
"""Of one answer, for each queue: a month by quarters of an hour, eight years by days."""


async def get_statistics(call: Call) -> Answer:
    """Numbers of queues by intervals."""
    query: StatisticsQuery = call.query
    zone = ZoneInfo(call.site.spec.timezone)
    now = call.site.now().utc()
    until = query.until or now
    since = query.since or datetime.combine(now.astimezone(zone).date(), time(), zone)
    if query.queue is not None and query.queue not in call.site.spec.queues:
        raise InvalidInputError([Fault("parameter", "queue", "there is no such queue")])
    if query.queue is not None:
        own_queue(call, query.queue)
    if (until - since).total_seconds() / 60 > MAX_INTERVALS * query.interval_minutes:
        detail = f"makes more than {MAX_INTERVALS} intervals; give a shorter time or longer intervals"
        raise InvalidInputError([Fault("parameter", "since", detail)])
    quarters = await call.site.records.quarters(query.queue, since, until)
    own = (quarter for quarter in quarters if sees_queue(call.principal, quarter.queue))
    found = by_interval(own, zone, query.interval_minutes)
    return Answer(
        {
            "since": since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "until": until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "interval_minutes": query.interval_minutes,
            "intervals": [{"at": at.isoformat(), "queue": queue, **day_view(day)} for (at, queue), day in found],
        }
    )
