"""What the engine's commands mean for metrics and logs; caller data never gets here."""

from __future__ import annotations

from collections import Counter

import structlog

from ctid.engine.shown.flow_view import callers
from ctid.engine.state import SiteState
from ctid.ivr.flow_visits import flow_visits
from ctid.model.commands import Command, Note, Publish, SaveRecord
from ctid.model.states import AgentState, ContactState
from ctid.spec.flow import flow_name
from ctid.spec.site import SiteSpec
from ctid.telemetry.metrics import Metrics

_log = structlog.get_logger()


class Observer:
    """Counts and logs what happens to contacts, offers and agents."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._noted: set[tuple[str, str]] = set()

    def executed(self, command: Command) -> None:
        """Count a command, and log those that tell something."""
        self._metrics.command(type(command).__name__)
        match command:
            case Publish():
                self._published(command)
            case SaveRecord():
                self._saved(command)
            case Note():
                self._noted_once(command)
            case _:
                pass

    def gauge(self, state: SiteState, site: SiteSpec, inbox: int) -> None:
        """Set what is measured when somebody looks."""
        waiting = Counter(
            contact.queue
            for contact in state.contacts.values()
            if contact.state in (ContactState.QUEUED, ContactState.OFFERED)
        )
        for name in site.queues:
            self._metrics.queue_depth.labels(queue=name).set(waiting[name])
        inside = callers(state)
        for name in site.flows:
            if name == flow_name(name):
                self._metrics.flow_callers.labels(flow=name).set(inside[name])
        agents = Counter(agent.state for agent in state.agents.values())
        for agent_state in AgentState:
            self._metrics.agents.labels(state=agent_state).set(agents[agent_state])
        self._metrics.inbox_depth.set(inbox)

    def _published(self, event: Publish) -> None:
        """Log a domain event by its ids; a leg's only where somebody looks closely, there are many."""
        if event.type.startswith("leg."):
            _log.debug(event.type, seq=event.seq, contact_id=event.contact_id)
            return
        if event.type.startswith("callback."):
            self._metrics.callback(event.queue, event.type.removeprefix("callback."))
        ids = {"contact_id": event.contact_id, "queue": event.queue}
        if event.agent_ids:
            ids["agent_id"] = event.agent_ids[0]
        if event.type == "agent.state_changed":
            ids["state"] = event.data["agent"]["state"]
            ids["reason"] = event.data["agent"]["reason"] or ""
        elif event.type == "offer.accepted":
            offer = event.data["offer"]
            ids["offer_id"] = offer["id"]
        elif event.type.startswith("offer."):
            ids["cause"] = event.data["offer"]["cause"] or ""
        _log.info(event.type, seq=event.seq, **{key: value for key, value in ids.items() if value})

    def _saved(self, command: SaveRecord) -> None:
        """Count a closed contact and its times."""
        record = command.record
        self._metrics.contact_closed(record.queue, record.outcome)
        if record.queued_at is not None:
            self._metrics.left_queue(record.queue, record.outcome, record.wait_ms / 1000)
        for offer in record.offers:
            if offer.state == "accepted":
                self._metrics.ring.observe(offer.rang_ms / 1000)
        if any(span.state is ContactState.WRAP_UP for span in record.spans):
            self._metrics.wrap_up.observe(record.wrap_up_ms / 1000)
        for visit in flow_visits(record):
            self._metrics.flow_left(visit.flow, visit.result, visit.duration_ms / 1000)
            for node in visit.nodes:
                self._metrics.node_left(visit.flow, node.node, node.left_by)

    def _noted_once(self, note: Note) -> None:
        """Count an oddity, and log each kind once."""
        self._metrics.note(note.code)
        key = (note.code, note.detail)
        if key not in self._noted and len(self._noted) < 1_000:
            self._noted.add(key)
            _log.warning("engine.note", code=note.code, detail=note.detail)
