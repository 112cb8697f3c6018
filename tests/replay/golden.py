"""One call's golden journal: the events of ``data/one_call.events.jsonl`` and the commands they have to give.

After a change that is meant to give other commands, write them anew and judge the difference in review:

    python -m tests.replay.golden
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from ctid.engine.engine import Engine
from ctid.model.events import AnyEvent
from ctid.model.instant import Instant

DATA = Path(__file__).parent / "data"
EVENTS = DATA / "one_call.events.jsonl"
COMMANDS = DATA / "one_call.commands.jsonl"


class Entry(msgspec.Struct, frozen=True):
    """A line of the journal."""

    at: Instant
    event: AnyEvent


def journal() -> list[Entry]:
    """The events."""
    return [msgspec.json.decode(line, type=Entry) for line in EVENTS.read_bytes().splitlines()]


def commands_of(entries: list[Entry]) -> list[bytes]:
    """What the engine wants done: a line for each event."""
    engine = Engine()
    encoder = msgspec.json.Encoder(order="deterministic")
    return [encoder.encode(engine.handle(entry.event, entry.at)) for entry in entries]


if __name__ == "__main__":
    COMMANDS.write_bytes(b"\n".join(commands_of(journal())) + b"\n")
