"""What the outside is shown of the state: plain JSON data, the same in events, snapshots and REST answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from ctid.engine.state import SiteState, alias_key
from ctid.model.agent import Agent
from ctid.model.contact import Contact, PathStep, Span
from ctid.model.instant import Instant
from ctid.model.leg import Leg
from ctid.model.offer import Offer
from ctid.model.states import AgentState, ContactState
from ctid.spec.site import SiteSpec

View = dict[str, Any]


def stamp(instant: Instant | None) -> str | None:
    """RFC 3339 in UTC, or ``None``."""
    return None if instant is None else instant.iso()


def stamp_of_mono(mono_ms: int, now: Instant) -> str | None:
    """The UTC stamp of a monotonic deadline as far as it can be told now; ``None`` for none."""
    if mono_ms == 0:
        return None
    at = datetime.fromtimestamp((now.utc_ms + mono_ms - now.mono_ms) / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wait_ms(contact: Contact, now: Instant) -> int:
    """Time since the first queue, until the connection, the end, or now."""
    if contact.queued_at is None:
        return 0
    end = contact.connected_at or contact.ended_at or now
    return max(0, end.mono_ms - contact.queued_at.mono_ms)


def agent_actions(agent: Agent) -> list[str]:
    """What may be asked of the agent's state now."""
    match agent.state:
        case AgentState.LOGGED_OUT:
            return ["log_in"]
        case AgentState.NOT_READY:
            return ["ready", "not_ready", "log_out"]
        case AgentState.READY:
            return ["not_ready", "log_out"]
        case AgentState.RESERVED:
            return ["reject_offer", "pend_ready", "pend_not_ready", "pend_log_out"]
        case AgentState.BUSY:
            return ["wrap_up", "pend_ready", "pend_not_ready", "pend_log_out"]
        case AgentState.WRAP_UP:
            return ["wrap_up", "ready", "not_ready", "log_out"]


def contact_actions(contact: Contact) -> list[str]:
    """What may be asked of the contact now."""
    match contact.state:
        case ContactState.CLOSED:
            return []
        case ContactState.CONNECTED | ContactState.WRAP_UP:
            return ["set_attributes", "wrap_up"]
        case _:
            return ["set_attributes"]


def agent_view(state: SiteState, site: SiteSpec, agent: Agent, now: Instant) -> View:
    """An agent with state, skills, phone and what they work on."""
    spec = site.agents.get(agent.id)
    busy = agent.state in (AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP)
    return {
        "id": agent.id,
        "name": spec.name if spec else agent.id,
        "team": spec.team if spec else None,
        "skills": dict(spec.skills) if spec else {},
        "device": spec.device if spec else None,
        "device_reachable": state.devices.get(alias_key(spec.pbx, spec.device), True) if spec else False,
        "device_in_use": alias_key(spec.pbx, spec.device) in state.devices_in_use if spec else False,
        "state": agent.state,
        "reason": agent.reason or None,
        "since": stamp(agent.since),
        "pending_state": agent.pending_state,
        "pending_reason": agent.pending_reason or None,
        "channels": {"voice": {"capacity": 1, "in_use": int(busy)}},
        "offer_id": agent.offer_id or None,
        "contact_id": agent.contact_id or None,
        "wrap_up_until": stamp_of_mono(agent.wrap_up_until_ms, now),
        "desktops": len(agent.desktops),
        "version": agent.version,
        "allowed_actions": agent_actions(agent),
    }


def contact_view(state: SiteState, contact: Contact, now: Instant) -> View:
    """A contact with everything that is known of it."""
    return {
        "id": contact.id,
        "channel": contact.channel,
        "state": contact.state,
        "outcome": contact.outcome,
        "ani": contact.ani or None,
        "dnis": contact.dnis,
        "entry": contact.entry or None,
        "queue": contact.queue or None,
        "priority": contact.priority,
        "customer": None if contact.customer is None else msgspec.to_builtins(contact.customer),
        "attributes": dict(contact.attributes),
        "path": [step_view(step) for step in contact.path],
        "spans": [span_view(span) for span in contact.spans],
        "legs": [leg_view(leg) for leg in legs_of(state, contact)],
        "offer_ids": list(contact.offer_ids),
        "agent_id": contact.agent_id or None,
        "created_at": stamp(contact.created_at),
        "queued_at": stamp(contact.queued_at),
        "connected_at": stamp(contact.connected_at),
        "ended_at": stamp(contact.ended_at),
        "closed_at": stamp(contact.closed_at),
        "wait_ms": wait_ms(contact, now),
        "disposition": contact.disposition or None,
        "notes": contact.notes or None,
        "version": contact.version,
        "allowed_actions": contact_actions(contact),
    }


def screen_pop(contact: Contact, now: Instant) -> View:
    """What an agent's screen shows before the phone rings."""
    return {
        "ani": contact.ani or None,
        "dnis": contact.dnis,
        "entry": contact.entry or None,
        "queue": contact.queue or None,
        "menu_path": [
            {"menu": step.name} if step.kind == "menu" else {"key": step.name}
            for step in contact.path
            if step.kind in ("menu", "key")
        ],
        "wait_ms": wait_ms(contact, now),
        "attributes": dict(contact.attributes),
        "customer": None if contact.customer is None else msgspec.to_builtins(contact.customer),
        "created_at": stamp(contact.created_at),
    }


def offer_view(state: SiteState, offer: Offer, now: Instant) -> View:
    """An offer with its screen pop."""
    contact = state.contacts.get(offer.contact_id)
    return {
        "id": offer.id,
        "state": offer.state,
        "cause": offer.cause,
        "contact_id": offer.contact_id,
        "agent_id": offer.agent_id,
        "queue": offer.queue,
        "created_at": stamp(offer.created_at),
        "expires_at": stamp(offer.expires_at),
        "ended_at": stamp(offer.ended_at),
        "pop": None if contact is None else screen_pop(contact, now),
    }


def queue_view(state: SiteState, site: SiteSpec, name: str, now: Instant) -> View:
    """A queue's present numbers."""
    spec = site.queues[name]
    inside = [contact for contact in state.contacts.values() if contact.queue == name]
    waiting = [c for c in inside if c.state in (ContactState.QUEUED, ContactState.OFFERED)]
    return {
        "id": name,
        "name": spec.name or name,
        "waiting": len(waiting),
        "offered": sum(contact.state is ContactState.OFFERED for contact in waiting),
        "connected": sum(contact.state is ContactState.CONNECTED for contact in inside),
        "wrap_up": sum(contact.state is ContactState.WRAP_UP for contact in inside),
        "longest_wait_ms": max((wait_ms(contact, now) for contact in waiting), default=0),
        "steps": [step.model_dump() for step in spec.steps],
    }


def leg_view(leg: Leg) -> View:
    """A leg of a contact."""
    return {"id": leg.id, "party": leg.party, "agent_id": leg.agent_id or None, "state": leg.state}


def step_view(step: PathStep) -> View:
    """One step of a contact's path."""
    return {"at": stamp(step.at), "kind": step.kind, "name": step.name, "result": step.result or None}


def span_view(span: Span) -> View:
    """One span of a contact's history."""
    return {
        "state": span.state,
        "at": stamp(span.at),
        "duration_ms": span.duration_ms,
        "queue": span.queue or None,
        "agent_id": span.agent_id or None,
    }


def legs_of(state: SiteState, contact: Contact) -> Iterator[Leg]:
    """The live legs of a contact: its caller's, and those of the agents it is offered to or served by."""
    ids = [contact.caller_leg]
    ids += [state.offers[offer_id].leg_id for offer_id in contact.offer_ids if offer_id in state.offers]
    return (state.legs[leg_id] for leg_id in ids if leg_id in state.legs)
