"""What an event stream gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the stream, good for resuming there, by another process too.

    Attributes:
        epoch: Which stream.
        seq: Everything up to here was seen.
    """

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that there is now; forget what was known before.

    Attributes:
        position: Events after this place come on top.
        data: ``agents``, ``contacts``, ``offers``, ``queues`` (lists), ``pbxes`` and ``site``.
    """

    position: Position
    data: JsonObject


@dataclass(frozen=True, slots=True)
class Live:
    """Up to date: what comes from here on happens now.

    Attributes:
        position: Up to here everything was given.
    """

    position: Position


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; it is being made again.

    Attributes:
        reason: For people.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened.

    Attributes:
        type: ``contact.queued``, ``offer.created``, ``agent.state_changed`` and others.
        data: What the type's description says; mostly the whole resource as it is then.
        id: Unique.
        time: When, RFC 3339.
        seq: Place in the stream; ``None`` for ``queue.stats``, which is no part of it.
        contact_id: The contact it is about; empty for none.
        caused_by: ``command_id`` of the request that led to it; empty for none.
        subject: ``agents/{id}``, ``contacts/{id}`` or ``queues/{id}``; empty for none.
        envelope: The CloudEvent as it came.
    """

    type: str
    data: JsonObject
    id: str
    time: str
    seq: int | None
    contact_id: str
    caused_by: str
    subject: str
    envelope: JsonObject

    @classmethod
    def of(cls, envelope: JsonObject) -> Event:
        """Read a CloudEvent."""
        return cls(
            type=envelope["type"],
            data=envelope["data"],
            id=envelope["id"],
            time=envelope["time"],
            seq=envelope.get("seq"),
            contact_id=envelope.get("contact_id", ""),
            caused_by=envelope.get("caused_by", ""),
            subject=envelope.get("subject", ""),
            envelope=envelope,
        )


Message = Snapshot | Live | Event | Lost
