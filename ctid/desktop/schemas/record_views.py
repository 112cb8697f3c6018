"""What the outside is shown of a call-tracking record."""

from __future__ import annotations

from ctid.engine.shown.desk_view import customer_view
from ctid.engine.shown.views import View, segment_view, span_view, stamp, step_view
from ctid.ivr.flow_visits import flow_visits
from ctid.model.flow_visit import FlowVisit
from ctid.model.history import OfferResult
from ctid.model.record import ContactRecord
from ctid.model.states import ContactState


def record_view(record: ContactRecord) -> View:
    """A record with everything it holds."""
    return {
        "contact_id": record.contact_id,
        "site": record.site,
        "channel": record.channel,
        "outcome": record.outcome,
        **_common(record),
        "offers": [_offer_result_view(offer) for offer in record.offers],
        "talk_ms": record.talk_ms,
        "wrap_up_ms": record.wrap_up_ms,
        "flows": [_flow_visit_view(visit) for visit in flow_visits(record)],
    }


def closed_contact_view(record: ContactRecord) -> View:
    """The record in the form of the contact that it was."""
    return {
        "id": record.contact_id,
        "channel": record.channel,
        "state": ContactState.CLOSED,
        "emergency": None,
        "called": None,
        "outcome": record.outcome,
        "priority": None,
        **_common(record),
        "position": None,
        "expected_wait_ms": None,
        "legs": [],
        "offer_ids": [],
        "callback": None,
        "recording": None,
        "park": None,
        "script": None,
        "links": [],
        "recent": [],
        "version": None,
        "allowed_actions": [],
    }


def _common(record: ContactRecord) -> View:
    return {
        "direction": record.direction,
        "cause": record.cause or None,
        "ani": record.ani or None,
        "dnis": record.dnis,
        "entry": record.entry or None,
        "queue": record.queue or None,
        "agent_id": record.agent_id or None,
        "customer": customer_view(record.customer),
        "attributes": dict(record.attributes),
        "path": [step_view(step) for step in record.path],
        "spans": [span_view(span) for span in record.spans],
        "segments": [segment_view(segment) for segment in record.segments],
        "created_at": stamp(record.created_at),
        "queued_at": stamp(record.queued_at),
        "connected_at": stamp(record.connected_at),
        "ended_at": stamp(record.ended_at),
        "closed_at": stamp(record.closed_at),
        "wait_ms": record.wait_ms,
        "disposition": record.disposition or None,
        "disposition_missing": record.disposition_missing,
        "notes": record.notes or None,
    }


def _flow_visit_view(visit: FlowVisit) -> View:
    return {
        "flow": visit.flow,
        "version": visit.version,
        "at": stamp(visit.at),
        "duration_ms": visit.duration_ms,
        "called": visit.called,
        "result": visit.result,
        "end": visit.end or None,
        "to_kind": visit.to_kind or None,
        "to_name": visit.to_name or None,
        "contained": visit.contained,
        "nodes": [
            {
                "node": each.node,
                "title": each.title or None,
                "at": stamp(each.at),
                "duration_ms": each.duration_ms,
                "left_by": each.left_by,
                "timeouts": each.timeouts,
                "invalid": each.invalid,
                "failure": each.failure or None,
            }
            for each in visit.nodes
        ],
    }


def _offer_result_view(offer: OfferResult) -> View:
    return {
        "offer_id": offer.offer_id,
        "agent_id": offer.agent_id,
        "at": stamp(offer.at),
        "rang_ms": offer.rang_ms,
        "state": offer.state,
        "cause": offer.cause or None,
    }
