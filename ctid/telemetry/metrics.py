"""Metrics: every metric of ctid, made here and nowhere else. Labels come from bounded sets only."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_WAIT_SECONDS: Final = (1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 1_800)
_RING_SECONDS: Final = (1, 2, 3, 5, 8, 12, 15, 20, 30, 45, 60)
_WRAP_UP_SECONDS: Final = (1, 5, 10, 20, 30, 60, 120, 300, 600)
_STEP_SECONDS: Final = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1)
_LOOKUP_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60)
_POST_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60)
_PAUSE_SECONDS: Final = (3e-3, 1e-2, 3e-2, 0.1, 0.3, 1)
_RENDER_SECONDS: Final = (0.03, 0.1, 0.3, 1, 3, 10, 30)
_WRITE_SECONDS: Final = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3)


class Metrics:
    """What one daemon tells Prometheus; each has a registry of its own, so that several live in one process.

    Attributes:
        registry: Holds all of the metrics below.
        contacts: Closed contacts by queue and outcome.
        queue_wait: How long contacts waited in the queue, by outcome.
        queue_depth: Contacts waiting now.
        agents: Agents by state now.
        ring: From the offer to the agent's answer.
        wrap_up: How long wrap-up took.
        flows: Stays of callers in flows, by flow and how they left it: ``hung_up`` is a drop-out.
        flow_nodes: Stays in their nodes, by flow, node and how they were left.
        flow_seconds: How long callers were in flows.
        flow_callers: Callers in flows now.
        callbacks: What became of callbacks, by queue and event. Of those dialled with the customer first, the share of
            ``waited`` is what a drop budget is about.
        pbx_up: 1 while the PBX is connected and reconciled.
        pbx_events: AMI events that meant something, by name.
        pbx_reconnects: Attempts that failed and links that were lost, by cause.
        pbx_lag: Age of the newest AMI event when it was read.
        pbx_notifies: Phones that were to be told to answer, by result: ``sent``, ``refused``.
        agi_sessions: FastAGI sessions open now.
        agi_refused: FastAGI connections that were not served, by reason.
        desktop_clients: Desktop sockets open now.
        desktop_dropped: Desktop sockets cut off, by reason.
        engine_step: Time of one engine step.
        garbage: Time for which everybody waited for the collector to look through all objects.
        inbox_depth: Events waiting for the engine.
        journal_append: Time of one journal write.
        notes: Oddities noted, by code.
        commands: Commands executed, by tag.
        lookups: Lookups of flows, by lookup and result: ``ok``, or why there was no answer.
        lookup_time: How long one took, its wait for a turn and all tries included.
        webhook_attempts: Attempts to post an event, by webhook and result.
        webhook_attempt: How long such an attempt took.
        webhook_dead: Events given up, by webhook and cause; they can be looked at and tried again.
        webhook_gone: Events that are lost to a webhook, by cause.
        webhook_waiting: Events that wait now.
        webhook_dead_letters: Dead letters kept now.
        sign_ins: Sign-ins by password or identity provider, by result.
        recordings: Recordings by what became of them.
        recording_fault: 1 while nothing can be recorded.
        speech: Texts asked for, by language and what became of it: ``kept`` already, ``rendered`` by its voice,
            ``recorded`` by people, or ``failed``.
        speech_render: How long a voice took for a text.
        audit_entries: Entries of the audit trail: written to the database, or to the log because it was away too long.
    """

    def __init__(self, release: str) -> None:
        """Make all metrics.

        Args:
            release: Version of ctid, told in ``ctid_build_info``.
        """
        own = CollectorRegistry()
        self.registry = own
        self.contacts = Counter("ctid_contacts", "Closed contacts", ["queue", "outcome"], registry=own)
        self.queue_wait = Histogram(
            "ctid_queue_wait_seconds",
            "Wait in the queue",
            ["queue", "outcome"],
            buckets=_WAIT_SECONDS,
            registry=own,
        )
        self.queue_depth = Gauge("ctid_queue_depth", "Contacts waiting", ["queue"], registry=own)
        self.agents = Gauge("ctid_agents", "Agents by state", ["state"], registry=own)
        self.ring = Histogram("ctid_ring_seconds", "Offer to answer", buckets=_RING_SECONDS, registry=own)
        self.wrap_up = Histogram("ctid_wrapup_seconds", "After-call work", buckets=_WRAP_UP_SECONDS, registry=own)
        self.flows = Counter("ctid_flow_visits", "Stays in flows", ["flow", "result"], registry=own)
        self.flow_nodes = Counter("ctid_flow_node", "Stays in nodes of flows", ["flow", "node", "result"], registry=own)
        self.flow_seconds = Histogram(
            "ctid_flow_seconds", "Time in flows", ["flow"], buckets=_WAIT_SECONDS, registry=own
        )
        self.flow_callers = Gauge("ctid_flow_callers", "Callers in flows", ["flow"], registry=own)
        self.callbacks = Counter(
            "ctid_callbacks", "Callbacks requested, dialled, waited for, given up", ["queue", "event"], registry=own
        )
        self.pbx_up = Gauge("ctid_pbx_up", "PBX connected and reconciled", ["pbx"], registry=own)
        self.pbx_events = Counter("ctid_pbx_events", "AMI events that were used", ["pbx", "event"], registry=own)
        self.pbx_reconnects = Counter(
            "ctid_pbx_reconnects", "AMI links lost or not made", ["pbx", "cause"], registry=own
        )
        self.pbx_lag = Gauge("ctid_pbx_lag_seconds", "Age of the newest AMI event", ["pbx"], registry=own)
        self.pbx_notifies = Counter("ctid_pbx_notifies", "Phones to be told to answer", ["pbx", "result"], registry=own)
        self.agi_sessions = Gauge("ctid_agi_sessions", "FastAGI sessions open", ["pbx"], registry=own)
        self.agi_refused = Counter("ctid_agi_refused", "FastAGI connections not served", ["reason"], registry=own)
        self.desktop_clients = Gauge("ctid_desktop_clients", "Desktop sockets open", registry=own)
        self.desktop_dropped = Counter("ctid_desktop_dropped", "Desktop sockets cut off", ["reason"], registry=own)
        self.engine_step = Histogram("ctid_engine_step_seconds", "One engine step", buckets=_STEP_SECONDS, registry=own)
        self.garbage = Histogram(
            "ctid_garbage_seconds", "Looking through all objects for garbage", buckets=_PAUSE_SECONDS, registry=own
        )
        self.inbox_depth = Gauge("ctid_inbox_depth", "Events waiting for the engine", registry=own)
        self.journal_append = Histogram(
            "ctid_journal_append_seconds", "One journal write", buckets=_WRITE_SECONDS, registry=own
        )
        self.notes = Counter("ctid_notes", "Oddities noted", ["code"], registry=own)
        self.commands = Counter("ctid_commands", "Commands executed", ["command"], registry=own)
        self.lookups = Counter("ctid_lookups", "Lookups of flows", ["lookup", "result"], registry=own)
        self.lookup_time = Histogram(
            "ctid_lookup_seconds", "One lookup of a flow", ["lookup"], buckets=_LOOKUP_SECONDS, registry=own
        )
        self.webhook_attempts = Counter("ctid_webhook_attempts", "Events posted", ["webhook", "result"], registry=own)
        self.webhook_attempt = Histogram(
            "ctid_webhook_attempt_seconds", "One event posted", ["webhook"], buckets=_POST_SECONDS, registry=own
        )
        self.webhook_dead = Counter("ctid_webhook_dead", "Events given up", ["webhook", "cause"], registry=own)
        self.webhook_gone = Counter("ctid_webhook_lost", "Events lost", ["webhook", "cause"], registry=own)
        self.webhook_waiting = Gauge("ctid_webhook_waiting", "Events that wait", ["webhook"], registry=own)
        self.webhook_dead_letters = Gauge("ctid_webhook_dead_letters", "Dead letters", ["webhook"], registry=own)
        self.sign_ins = Counter("ctid_sign_ins", "Sign-ins", ["result"], registry=own)
        self.audit_entries = Counter("ctid_audit_entries", "Entries of the audit trail", ["to"], registry=own)
        self.recordings = Counter("ctid_recordings", "Recordings settled", ["result"], registry=own)
        self.recording_fault = Gauge("ctid_recording_fault", "1 while nothing can be recorded", registry=own)
        self.speech = Counter("ctid_speech", "Texts to be spoken", ["language", "result"], registry=own)
        self.speech_render = Histogram(
            "ctid_speech_render_seconds", "One text rendered", ["language"], buckets=_RENDER_SECONDS, registry=own
        )
        Gauge("ctid_build_info", "Always 1", ["release"], registry=own).labels(release=release).set(1)

    def exposition(self) -> bytes:
        """Give all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def contact_closed(self, queue: str, outcome: str) -> None:
        """Count a closed contact; ``queue`` is empty if it never reached one."""
        self.contacts.labels(queue=queue, outcome=outcome).inc()

    def left_queue(self, queue: str, outcome: str, wait_s: float) -> None:
        """Note how long a contact waited in a queue."""
        self.queue_wait.labels(queue=queue, outcome=outcome).observe(wait_s)

    def flow_left(self, flow: str, result: str, seconds: float) -> None:
        """Count a caller's stay in a flow."""
        self.flows.labels(flow=flow, result=result).inc()
        self.flow_seconds.labels(flow=flow).observe(seconds)

    def node_left(self, flow: str, node: str, result: str) -> None:
        """Count a caller's stay in a node of a flow; both are names of the configuration."""
        self.flow_nodes.labels(flow=flow, node=node, result=result).inc()

    def callback(self, queue: str, event: str) -> None:
        """Count what happened to a callback."""
        self.callbacks.labels(queue=queue, event=event).inc()

    def pbx_ready(self, pbx: str) -> None:
        """Say that the PBX is connected and reconciled."""
        self.pbx_up.labels(pbx=pbx).set(1)

    def pbx_lost(self, pbx: str, cause: str) -> None:
        """Say that the PBX cannot be reached, and count why; once for each attempt."""
        self.pbx_up.labels(pbx=pbx).set(0)
        self.pbx_reconnects.labels(pbx=pbx, cause=cause).inc()

    def pbx_event(self, pbx: str, event: str) -> None:
        """Count an AMI event that meant something."""
        self.pbx_events.labels(pbx=pbx, event=event).inc()

    def desktop_cut_off(self, reason: str) -> None:
        """Count a desktop socket that was cut off."""
        self.desktop_dropped.labels(reason=reason).inc()

    def note(self, code: str) -> None:
        """Count an oddity."""
        self.notes.labels(code=code).inc()

    def sign_in(self, result: str) -> None:
        """Count an attempt to sign in: ``done``, ``failed`` or ``locked``."""
        self.sign_ins.labels(result=result).inc()

    def audited(self, to: str, entries: int) -> None:
        """Count entries of the audit trail: ``database`` or ``log``."""
        self.audit_entries.labels(to=to).inc(entries)

    def recording(self, result: str) -> None:
        """Count a recording: ``stored``, ``discarded``, ``failed`` or ``expired``."""
        self.recordings.labels(result=result).inc()

    def spoken(self, language: str, result: str) -> None:
        """Count a text that was asked for: ``kept``, ``rendered``, ``recorded`` or ``failed``."""
        self.speech.labels(language=language, result=result).inc()

    def command(self, tag: str) -> None:
        """Count a command."""
        self.commands.labels(command=tag).inc()

    def lookup(self, lookup: str, result: str, seconds: float) -> None:
        """Count a lookup of a flow, and note how long it took."""
        self.lookups.labels(lookup=lookup, result=result).inc()
        self.lookup_time.labels(lookup=lookup).observe(seconds)

    def webhook_attempted(self, webhook: str, result: str) -> None:
        """Count an attempt to post an event."""
        self.webhook_attempts.labels(webhook=webhook, result=result).inc()

    def webhook_given_up(self, webhook: str, cause: str, count: int) -> None:
        """Count events that became dead letters."""
        self.webhook_dead.labels(webhook=webhook, cause=cause).inc(count)

    def webhook_lost(self, webhook: str, cause: str, count: int) -> None:
        """Count events that a webhook will never get."""
        self.webhook_gone.labels(webhook=webhook, cause=cause).inc(count)
