"""How inputs and outputs of the engine are written down: events as JSON, commands as a digest."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from ctid.errors import JournalError
from ctid.model.commands import Command
from ctid.model.events import AnyEvent, Event

DIGEST_BYTES: Final = 16

# In the order in which things were said: entries of a configuration are tried in their order, also after a recovery.
_encoder = msgspec.json.Encoder()
# The same commands give the same bytes whatever the order in which a dict was filled.
_digester = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode_event(event: Event) -> bytes:
    """Write an event as JSON.

    Raises:
        JournalError: It holds what JSON cannot, such as half a surrogate pair.
    """
    try:
        return _encoder.encode(event)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise JournalError(f"an event {type(event).__name__} cannot be written as JSON") from error


def decode_event(data: bytes) -> AnyEvent:
    """Read an event that ``encode_event`` wrote.

    Raises:
        JournalError: It is none, or none that this release knows.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise JournalError(f"not an event that this release knows: {error}") from error


def digest(commands: Sequence[Command]) -> bytes:
    """Condense commands, in their order, into 16 bytes that are the same wherever they are the same."""
    return blake2b(_digester.encode(commands), digest_size=DIGEST_BYTES).digest()
