"""A client of ctid for asyncio programs: sign in, command, and follow what happens without losing any of it.

async with Client.sign_in("http://127.0.0.1:8080", "alice", "secret") as client:
    async for message in client.events():
        match message:
            case Event(type="offer.created", data={"offer": offer}):
                print(offer["pop"]["ani"])
"""

from __future__ import annotations

from ctid.client.client import Client
from ctid.client.errors import (
    ClientError,
    ConflictError,
    ElsewhereError,
    InvalidRequestError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    ProtocolError,
    RefusedError,
    ReplacedError,
    SignedOutError,
    StreamEndedError,
    TakenOverError,
    UnavailableError,
    UnknownAgentError,
    UnreachableError,
    VersionMismatchError,
)
from ctid.client.messages import Event, Live, Lost, Message, Position, Snapshot
from ctid.client.stream import EventStream

__all__ = [
    "Client",
    "ClientError",
    "ConflictError",
    "ElsewhereError",
    "Event",
    "EventStream",
    "InvalidRequestError",
    "Live",
    "Lost",
    "Message",
    "NotAllowedError",
    "NotFoundError",
    "NotSignedInError",
    "Position",
    "ProtocolError",
    "RefusedError",
    "ReplacedError",
    "SignedOutError",
    "Snapshot",
    "StreamEndedError",
    "TakenOverError",
    "UnavailableError",
    "UnknownAgentError",
    "UnreachableError",
    "VersionMismatchError",
]
