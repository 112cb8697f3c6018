"""The closed sets of states and outcomes; the values are public and never renamed."""

from __future__ import annotations

from enum import StrEnum


class AgentState(StrEnum):
    """What an agent is to the ACD."""

    LOGGED_OUT = "LOGGED_OUT"
    NOT_READY = "NOT_READY"
    READY = "READY"
    RESERVED = "RESERVED"
    BUSY = "BUSY"
    WRAP_UP = "WRAP_UP"


class ContactState(StrEnum):
    """Where a contact is on its way; ``created`` covers the IVR."""

    CREATED = "created"
    QUEUED = "queued"
    OFFERED = "offered"
    CONNECTED = "connected"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"


WAITING = (ContactState.QUEUED, ContactState.OFFERED)
"""A contact that waits for an agent, or for one who is being rung."""


class Direction(StrEnum):
    """Who called whom, as the site sees it: ``internal`` are calls between agents."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Outcome(StrEnum):
    """How a contact ended; exactly one per contact."""

    HANDLED = "handled"
    ABANDONED = "abandoned"
    SHORT_ABANDON = "short_abandon"
    CALLBACK = "callback"
    OVERFLOW = "overflow"
    TRANSFERRED = "transferred"
    FAILED = "failed"
    VOICEMAIL = "voicemail"
    NOT_REACHED = "not_reached"


class OfferState(StrEnum):
    """A contact presented to one agent."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"
    RESCINDED = "rescinded"
    CANCELED = "canceled"


class LegState(StrEnum):
    """CSTA's connection states (ECMA-269, 6.1.5) under their lower-case names."""

    INITIATED = "initiated"
    ALERTING = "alerting"
    CONNECTED = "connected"
    HELD = "held"
    QUEUED = "queued"
    FAILED = "failed"
    DISCONNECTED = "disconnected"


class Party(StrEnum):
    """Who is at the end of a leg."""

    CALLER = "caller"
    AGENT = "agent"
    CONSULTED = "consulted"
    SUPERVISOR = "supervisor"


class ConsultationState(StrEnum):
    """How far an enquiry is.

    ``announced`` is all that is known of one that the phones carry out. One that ctid carries out is ``initiated``
    until the phone of who is asked rings (``alerting``) and the two talk (``connected``). Who is asked waits (``held``)
    while the agent talks to the caller in between. Then they may be joined with the caller, without the agent
    (``transferring``) or with them (``conferenced``).
    """

    ANNOUNCED = "announced"
    INITIATED = "initiated"
    ALERTING = "alerting"
    CONNECTED = "connected"
    HELD = "held"
    TRANSFERRING = "transferring"
    CONFERENCED = "conferenced"


class SystemReason(StrEnum):
    """Reasons the system gives for NOT_READY, distinct from the site's own reason codes."""

    LOGGED_IN = "logged-in"
    RING_NO_ANSWER = "ring-no-answer"
    CONNECTION_LOST = "connection-lost"
    DEVICE_UNREGISTERED = "device-unregistered"
    SUPERVISOR = "supervisor"
    NON_ACD_CALL = "non-acd-call"
    CONFIG_REMOVED = "config-removed"
