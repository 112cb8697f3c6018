"""``/v1/flows``: what the IVR's flows are made of, who is in them, and what became of those who were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from ctid.desktop.content import Content
from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.problems import Fault, InvalidInputError
from ctid.desktop.rest.statistics import MAX_INTERVALS
from ctid.desktop.schemas.flow_reports import as_csv, report_view
from ctid.desktop.schemas.flow_schemas import FlowPictureQuery, FlowReportQuery
from ctid.engine.shown.flow_view import callers, flow_view, whole_flow_view
from ctid.errors import NotFoundError
from ctid.ivr.graph.picture import picture
from ctid.ivr.graph.svg import svg
from ctid.spec.flow import FlowSpec, flow_name

MAX_DAYS: Final = 366
"""That a report may be of: what it counts grows with the calls."""


async def list_flows(call: Call) -> Answer:
    """All flows, without the earlier versions that somebody is still in."""
    inside = callers(call.site.state)
    return Answer(
        {
            "items": [
                flow_view(name, spec, inside[name])
                for name, spec in call.site.spec.flows.items()
                if name == flow_name(name)
            ]
        }
    )


async def get_flow(call: Call) -> Answer:
    """One with all that it is made of."""
    name, spec = _flow(call)
    return Answer(whole_flow_view(name, spec, call.site.state))


async def get_report(call: Call) -> Answer:
    """What became of those who entered it."""
    return Answer(await _report(call))


async def get_report_csv(call: Call) -> Answer:
    """The same for spreadsheets."""
    view = await _report(call)
    return _file("".join(as_csv(view)), "text/csv", f"{view['flow']}.csv")


async def get_picture(call: Call) -> Answer:
    """One drawn, as ``ctid ivr graph`` does."""
    query: FlowPictureQuery = call.query
    name, spec = _flow(call)
    # Nodes are put in their places by trying many: large flows would hold up everybody else.
    drawn = await asyncio.to_thread(lambda: svg(picture(name, spec, query.language)))
    return _file(drawn, "image/svg+xml", f"{name}.svg")


def _file(text: str, kind: str, name: str) -> Answer:
    data = text.encode()

    async def read(start: int, end: int) -> AsyncIterator[bytes]:
        yield data[start:end]

    return Answer({}, content=Content(kind=kind, size=len(data), etag=sha256(data).hexdigest(), read=read, name=name))


async def _report(call: Call) -> dict[str, Any]:
    query: FlowReportQuery = call.query
    name, spec = _flow(call)
    zone = ZoneInfo(call.site.spec.timezone)
    now = call.site.now().utc()
    until = query.until or now
    since = query.since or datetime.combine(now.astimezone(zone).date(), time(), zone)
    span_minutes = (until - since).total_seconds() / 60
    if span_minutes > MAX_INTERVALS * query.interval_minutes:
        detail = f"makes more than {MAX_INTERVALS} intervals; give a shorter time or longer intervals"
        raise InvalidInputError([Fault("parameter", "since", detail)])
    if span_minutes > MAX_DAYS * 1_440:
        raise InvalidInputError([Fault("parameter", "since", f"is more than {MAX_DAYS} days before until")])
    report = await call.site.records.flow_report(name, since, until)
    return {
        "flow": name,
        "title": spec.title or None,
        "since": since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "until": until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "interval_minutes": query.interval_minutes,
        **report_view(report, spec, zone, query.interval_minutes),
    }


def _flow(call: Call) -> tuple[str, FlowSpec]:
    name = call.params["flow_id"]
    spec = call.site.spec.flows.get(name)
    if spec is None:
        raise NotFoundError("there is no such flow")
    return name, spec
