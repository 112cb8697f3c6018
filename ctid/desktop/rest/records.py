"""``/v1/records``: the call-tracking records of closed contacts."""

from __future__ import annotations

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.rest.rights import own_queue, own_record
from ctid.desktop.schemas.bodies import RecordsQuery
from ctid.desktop.schemas.record_views import record_view
from ctid.errors import NotFoundError
from ctid.model.record import RecordFilter


async def list_records(call: Call) -> Answer:
    """Records that fit, newest first, page by page."""
    query: RecordsQuery = call.query
    if query.queue is not None:
        own_queue(call, query.queue)
    which = RecordFilter(
        created_from=query.since,
        created_to=query.until,
        queue=query.queue,
        agent_id=query.agent_id,
        outcome=query.outcome,
        disposition=query.disposition,
        ani=query.ani,
        dnis=query.dnis,
        queues=sorted(call.principal.queues),
    )
    page = await call.site.records.find(which, limit=query.limit, cursor=query.cursor)
    return Answer({"items": [record_view(record) for record in page.records], "next_cursor": page.next_cursor})


async def get_record(call: Call) -> Answer:
    """One record."""
    record = await call.site.records.get(call.params["contact_id"])
    if record is None:
        raise NotFoundError("there is no such record")
    own_record(call, record)
    return Answer(record_view(record))
