"""What agents and supervisors are shown beside the bare state: script, links, earlier contacts, the day's numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import msgspec

from ctid.engine import today
from ctid.engine.state import SiteState
from ctid.engine.waiting.requirement import names_of
from ctid.model.agent import Agent
from ctid.model.contact import Contact
from ctid.model.customer import Customer, RecentContact
from ctid.model.day import QueueDay
from ctid.model.instant import Instant
from ctid.spec.desk import PLACEHOLDERS, LinkSpec
from ctid.spec.queue import QueueSpec
from ctid.spec.site import SiteSpec

View = dict[str, Any]

_VALUES: Final[dict[str, Callable[[Contact], str]]] = dict(
    zip(
        PLACEHOLDERS,
        (
            lambda contact: contact.ani,
            lambda contact: contact.dnis,
            lambda contact: contact.customer.id if contact.customer is not None else "",
            lambda contact: contact.id,
        ),
        strict=True,
    )
)


def desk_view(contact: Contact, queue: QueueSpec | None) -> View:
    """Script and links of the contact's queue, and the earlier contacts of its customer."""
    return {
        "script": (queue.script or None) if queue is not None else None,
        "links": links_view(contact, queue.links) if queue is not None else [],
        "recent": [recent_view(each) for each in contact.recent],
    }


def links_view(contact: Contact, links: list[LinkSpec]) -> list[View]:
    """The links of a contact; one that needs what is not known of it is left out."""
    made = ((link, _url(link, contact)) for link in links)
    return [{"name": link.name, "url": url, "embed": link.embed} for link, url in made if url]


def _url(link: LinkSpec, contact: Contact) -> str:
    url, named = "", names_of(contact)
    for number, part in enumerate(link.parts):
        if number % 2 == 0:
            url += part
            continue
        value = _VALUES[part](contact) if part in _VALUES else named(part.partition(".")[2])
        if not value:
            return ""
        # What is no Unicode has no percent-encoding either; it comes from whoever attached it.
        url += quote(value, safe="", errors="replace")
    return url


def recent_view(recent: RecentContact) -> View:
    """An earlier contact."""
    return {
        "contact_id": recent.contact_id,
        "at": Instant(0, recent.at_utc_ms).iso(),
        "channel": recent.channel,
        "queue": recent.queue or None,
        "agent_id": recent.agent_id or None,
        "outcome": recent.outcome,
        "disposition": recent.disposition or None,
        "notes": recent.notes or None,
    }


def customer_view(customer: Customer | None) -> View | None:
    """What the directory knows of the customer."""
    return None if customer is None else msgspec.to_builtins(customer)


def queue_day_view(state: SiteState, site: SiteSpec, name: str, now: Instant) -> View:
    """A queue's numbers of today, and what they are measured by."""
    spec = site.queues[name]
    return {
        "today": day_view(today.present(state, now).queues.get(name, _NOTHING)),
        "service_level_target": {"seconds": spec.service_level_seconds, "percent": spec.service_level_percent},
        "thresholds": spec.thresholds.model_dump(exclude_none=True),
        "dispositions": list(spec.dispositions or site.dispositions),
        "disposition_required": spec.disposition_required,
    }


_NOTHING: Final = QueueDay()


def day_view(day: QueueDay) -> View:
    """Numbers of a queue in a stretch of time, by the one definition of each (``ctid.engine.waiting.visits``)."""
    return {
        "offered": day.offered,
        "handled": day.handled,
        "abandoned": day.abandoned,
        "short_abandoned": day.short_abandoned,
        "overflowed": day.overflowed,
        "failed": day.failed,
        "callbacks": day.callbacks,
        "within_service_level": day.within,
        "service_level": round(day.within / day.judged, 4) if day.judged else None,
        "mean_wait_ms": day.waited_ms // day.answered if day.answered else None,
        "mean_handling_ms": day.handling_ms // day.finished if day.finished else None,
    }


def agent_day_view(state: SiteState, agent: Agent, now: Instant) -> View:
    """An agent's times and counts of today, up to now."""
    since, day = today.day_of_agent(state, agent, now)
    return {
        "since": Instant(0, since.since_utc_ms).iso(),
        "contacts": day.contacts,
        "own_calls": day.own_calls,
        "missed": day.missed,
        "talk_ms": max(0, day.busy_ms - day.held_ms),
        "own_call_ms": day.own_ms,
        "hold_ms": day.held_ms,
        "wrap_up_ms": day.wrap_up_ms,
        "ready_ms": day.ready_ms,
        "reserved_ms": day.reserved_ms,
        "not_ready_ms": sum(day.not_ready_ms.values()),
        # The system's own reasons are of an enumeration, which is no key of JSON.
        "by_reason": {str(reason): ms for reason, ms in day.not_ready_ms.items()},
    }
