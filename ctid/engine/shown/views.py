"""What the outside is shown of the state: plain JSON data, the same in events, snapshots and REST answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from ctid.acd.floor import Floor
from ctid.acd.profile import profile
from ctid.engine import segments
from ctid.engine.shown.allowed_actions import agent_actions, consultation_actions, contact_actions, offer_actions
from ctid.engine.shown.contact_legs import legs_of
from ctid.engine.shown.desk_view import customer_view, desk_view, queue_day_view
from ctid.engine.shown.phone_view import phone_view
from ctid.engine.state import SiteState, alias_key
from ctid.engine.waiting import outlook
from ctid.model.agent import Agent
from ctid.model.consultation import Consultation
from ctid.model.contact import Contact
from ctid.model.history import PathStep, Segment, Span
from ctid.model.instant import Instant
from ctid.model.leg import Leg
from ctid.model.offer import Offer
from ctid.model.position import Park
from ctid.model.recording import Recording
from ctid.model.states import ContactState, Direction
from ctid.spec.agent import VOICE, AgentSpec
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
    return max(0, end.mono_ms - contact.queued_at.mono_ms - contact.served_ms)


def channels_view(state: SiteState, agent: Agent, spec: AgentSpec | None) -> View:
    """How many contacts of each channel the agent may have, and has; an offer that is out takes a place too."""
    in_use = Counter(task.channel for task in agent.tasks.values())
    contact = state.contacts.get(agent.contact_id)
    if contact is not None:
        in_use[contact.channel] += 1
    capacity = {VOICE: 0} if spec is None else spec.capacity
    return {
        channel: {"capacity": capacity.get(channel, 0), "in_use": in_use[channel]}
        for channel in dict.fromkeys([*capacity, *in_use])
    }


def agent_view(state: SiteState, site: SiteSpec, agent: Agent, now: Instant) -> View:
    """An agent with state, skills, phone and what they work on."""
    spec = site.agents.get(agent.id)
    effective = None if spec is None else profile(agent, spec)
    return {
        "id": agent.id,
        "name": spec.name if spec else agent.id,
        "team": spec.team if spec else None,
        "skills": dict(effective.skills) if effective else {},
        "queues": {name: each.model_dump() for name, each in effective.queues.items()} if effective else {},
        "groups": list(spec.groups) if spec else [],
        "live_changes": [name for name in ("skills", "queues") if getattr(agent, name) is not None],
        "device": spec.device if spec else None,
        "device_reachable": state.devices.get(alias_key(spec.pbx, spec.device), True) if spec else False,
        "device_in_use": alias_key(spec.pbx, spec.device) in state.devices_in_use if spec else False,
        "phone": phone_view(state, agent, spec),
        "state": agent.state,
        "reason": agent.reason or None,
        "since": stamp(agent.since),
        "pending_state": agent.pending_state,
        "pending_reason": agent.pending_reason or None,
        "channels": channels_view(state, agent, spec),
        "tasks": [
            {
                "contact_id": task.contact_id,
                "channel": task.channel,
                "since": stamp_of_mono(task.since_ms, now),
                "interrupted": task.interrupted,
            }
            for task in agent.tasks.values()
        ],
        "offer_id": agent.offer_id or None,
        "contact_id": agent.contact_id or None,
        "own_calls": list(agent.own_calls),
        "wrap_up_until": stamp_of_mono(agent.wrap_up_until_ms, now),
        "desktops": len(agent.desktops),
        "version": agent.version,
        "allowed_actions": agent_actions(state, agent),
    }


def contact_view(state: SiteState, contact: Contact, now: Instant, floor: Floor) -> View:
    """A contact with everything that is known of it."""
    told = outlook.told(state, floor, contact, now)
    return {
        "id": contact.id,
        "channel": contact.channel,
        "direction": contact.direction,
        "state": contact.state,
        "outcome": contact.outcome,
        "cause": contact.cause or None,
        "emergency": contact.emergency,
        "called": contact.called or None,
        "ani": contact.ani or None,
        "dnis": contact.dnis,
        "entry": contact.entry or None,
        "queue": contact.queue or None,
        "priority": contact.priority,
        "customer": customer_view(contact.customer),
        "attributes": dict(contact.attributes),
        "path": [step_view(step) for step in contact.path],
        "spans": [span_view(span) for span in contact.spans],
        "segments": [segment_view(segment) for segment in contact.segments],
        "legs": [leg_view(leg) for leg in legs_of(state, contact)],
        "offer_ids": list(contact.offer_ids),
        "agent_id": contact.agent_id or None,
        "callback": callback_view(contact, now),
        "recording": contact_recording_view(contact),
        "park": park_view(contact.park, now),
        "created_at": stamp(contact.created_at),
        "queued_at": stamp(contact.queued_at),
        "connected_at": stamp(contact.connected_at),
        "ended_at": stamp(contact.ended_at),
        "closed_at": stamp(contact.closed_at),
        "wait_ms": wait_ms(contact, now),
        "position": told.position,
        "expected_wait_ms": told.expected_wait_ms,
        "disposition": contact.disposition or None,
        "disposition_missing": segments.lacks_disposition(contact),
        "notes": contact.notes or None,
        **desk_view(contact, floor.queue(contact.queue)),
        "version": contact.version,
        "allowed_actions": contact_actions(state, contact),
    }


def screen_pop(contact: Contact, now: Instant, floor: Floor) -> View:
    """What an agent's screen shows before the phone rings."""
    returned = contact.returned
    return {
        "ani": contact.ani or None,
        "dnis": contact.dnis,
        "entry": contact.entry or None,
        "queue": contact.queue or None,
        "menu_path": list(menu_path(contact.path)),
        "wait_ms": wait_ms(contact, now),
        "attributes": dict(contact.attributes),
        "customer": customer_view(contact.customer),
        "callback": callback_view(contact, now),
        "returned": None if returned is None else {"by": returned.by, "cause": returned.cause},
        "park": park_view(contact.park, now),
        **desk_view(contact, floor.queue(contact.queue)),
        "created_at": stamp(contact.created_at),
    }


def menu_path(path: Sequence[PathStep]) -> Iterator[View]:
    """The nodes that offered the caller a choice, and the keys that they pressed."""
    node = ""
    for step in path:
        match step.kind:
            case "node":
                node = step.title or step.name
            case "left":
                # Keys that are pressed while they wait are of no menu.
                node = ""
            case "key":
                if node:
                    yield {"menu": node}
                node = ""
                yield {"key": step.name}


def callback_view(contact: Contact, now: Instant) -> View | None:
    """That and how the customer is to be called back; ``None`` if they are not."""
    callback = contact.callback
    if callback is None:
        return None
    return {
        "number": callback.number,
        "requested_at": stamp(callback.requested_at),
        "expires_at": stamp_of_mono(callback.expires_ms, now),
        "attempts": callback.attempts,
        "not_before": stamp_of_mono(callback.not_before_ms, now),
        "dialling": bool(callback.leg_id) and callback.leg_id != contact.caller_leg,
        "last_cause": callback.last_cause or None,
    }


def contact_recording_view(contact: Contact) -> View | None:
    """What is made of the present agent's talk; ``None`` if it is not recorded."""
    recording = contact.recording
    return None if recording is None else {"id": recording.id, "state": recording.state}


def recording_view(recording: Recording) -> View:
    """A recording that is being made."""
    return {
        "id": recording.id,
        "contact_id": recording.contact_id,
        "agent_id": recording.agent_id or None,
        "queue": recording.queue or None,
        "kind": recording.kind,
        "on_demand": recording.on_demand,
    }


def park_view(park: Park | None, now: Instant) -> View | None:
    """That and by whom the contact is parked, or was; ``None`` if it never was since it was served last."""
    if park is None:
        return None
    return {
        "by": park.by,
        "agent": park.agent or None,
        "at": stamp(park.at),
        "until": stamp_of_mono(park.until_ms, now),
        "returned": park.returned,
    }


def offer_view(state: SiteState, offer: Offer, now: Instant, floor: Floor) -> View:
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
        "pop": None if contact is None else screen_pop(contact, now, floor),
        "allowed_actions": offer_actions(offer),
    }


def queue_view(
    state: SiteState, site: SiteSpec, name: str, now: Instant, floor: Floor, inside: Sequence[Contact] | None = None
) -> View:
    """A queue's present numbers; ``inside`` are its contacts, if they are known already."""
    spec = site.queues[name]
    newcomer = outlook.of_newcomer(state, site, floor, name, now)
    if inside is None:
        inside = [contact for contact in state.contacts.values() if contact.queue == name]
    # Own calls on the queue's behalf are none of its work.
    inside = [contact for contact in inside if contact.direction is Direction.INBOUND or contact.visits]
    waiting = [c for c in inside if c.state in (ContactState.QUEUED, ContactState.OFFERED)]
    return {
        "id": name,
        "name": spec.name or name,
        "waiting": len(waiting),
        "offered": sum(contact.state is ContactState.OFFERED for contact in waiting),
        "connected": sum(contact.state is ContactState.CONNECTED for contact in inside),
        "wrap_up": sum(contact.state is ContactState.WRAP_UP for contact in inside),
        "longest_wait_ms": max((wait_ms(contact, now) for contact in waiting), default=0),
        "expected_wait_ms": newcomer.expected_ms,
        "agents_able": newcomer.able,
        "agents_free": newcomer.free,
        "steps": [step.model_dump() for step in spec.steps],
        **queue_day_view(state, site, name, now),
    }


def leg_view(leg: Leg) -> View:
    """A leg of a contact."""
    return {
        "id": leg.id,
        "party": leg.party,
        "agent_id": leg.agent_id or None,
        "state": leg.state,
        "muted": leg.muted,
    }


def step_view(step: PathStep) -> View:
    """One step of a contact's path."""
    return {
        "at": stamp(step.at),
        "kind": step.kind,
        "name": step.name,
        "result": step.result or None,
        "title": step.title or None,
    }


def span_view(span: Span) -> View:
    """One span of a contact's history."""
    return {
        "state": span.state,
        "at": stamp(span.at),
        "duration_ms": span.duration_ms,
        "queue": span.queue or None,
        "agent_id": span.agent_id or None,
    }


def segment_view(segment: Segment) -> View:
    """One agent's part in a contact."""
    left, done = segment.left_at, segment.done_at
    return {
        "agent_id": segment.agent_id,
        "queue": segment.queue,
        "at": stamp(segment.began_at),
        "talk_ms": None if left is None else left.mono_ms - segment.began_at.mono_ms,
        "wrap_up_ms": None if left is None or done is None else done.mono_ms - left.mono_ms,
        "result": segment.result or None,
        "disposition": segment.disposition or None,
        "notes": segment.notes or None,
    }


def consultation_view(consultation: Consultation) -> View:
    """An announced enquiry."""
    return {
        "id": consultation.id,
        "contact_id": consultation.contact_id,
        "from_agent": consultation.from_agent,
        "to_agent": consultation.to_agent or None,
        "number": consultation.number,
        "state": consultation.state,
        "joins": consultation.joins,
        "allowed_actions": consultation_actions(consultation),
        "leg_id": consultation.leg_id or None,
        "created_at": stamp(consultation.created_at),
    }
