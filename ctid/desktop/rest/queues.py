"""``/v1/queues``: live numbers of the lines; counts only, so that everybody may see them."""

from __future__ import annotations

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.identity.scope import sees_queue
from ctid.desktop.rest.rights import own_queue
from ctid.engine.shown.views import queue_view
from ctid.errors import NotFoundError


async def list_queues(call: Call) -> Answer:
    """The queues that are the principal's to see."""
    site, state, now = call.site.spec, call.site.state, call.site.now()
    names = [name for name in site.queues if sees_queue(call.principal, name)]
    return Answer({"items": [queue_view(state, site, name, now, call.site.floor) for name in names]})


async def get_queue(call: Call) -> Answer:
    """One queue."""
    name = call.params["queue_id"]
    if name not in call.site.spec.queues:
        raise NotFoundError("there is no such queue")
    own_queue(call, name)
    return Answer(queue_view(call.site.state, call.site.spec, name, call.site.now(), call.site.floor))
