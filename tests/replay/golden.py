"""Golden journals: events, and the commands they have to give on every machine and Python.

``data/one_call.*`` is one call that can be read, ``data/walk.*`` a few hours with faults: its events packed, and a
digest of the commands. After a change that is meant to give other commands, write them anew, and judge the
difference in review:

    python -m tests.replay.golden            the commands of both
    python -m tests.replay.golden walk       another walk, after the events themselves have changed
"""

from __future__ import annotations

import gzip
import sys
from hashlib import blake2b
from pathlib import Path

import msgspec

from ctid.engine.engine import Engine
from ctid.model.events import AnyEvent
from ctid.model.instant import Instant

DATA = Path(__file__).parent / "data"
EVENTS = DATA / "one_call.events.jsonl"
COMMANDS = DATA / "one_call.commands.jsonl"
WALK = DATA / "walk.events.jsonl.gz"
WALK_DIGEST = DATA / "walk.commands.digest"
SEED = 20


class Entry(msgspec.Struct, frozen=True):
    """A line of the journal."""

    at: Instant
    event: AnyEvent


def journal(path: Path = EVENTS) -> list[Entry]:
    """The events."""
    data = path.read_bytes()
    lines = gzip.decompress(data) if path.suffix == ".gz" else data
    return [msgspec.json.decode(line, type=Entry) for line in lines.splitlines()]


def commands_of(entries: list[Entry]) -> list[bytes]:
    """What the engine wants done: a line for each event."""
    engine = Engine()
    encoder = msgspec.json.Encoder(order="deterministic")
    return [encoder.encode(engine.handle(entry.event, entry.at)) for entry in entries]


def digest(lines: list[bytes]) -> str:
    """One for all of them."""
    return blake2b(b"\n".join(lines), digest_size=16).hexdigest()


def take_a_walk() -> bytes:
    """The events of a random walk, packed the same every time."""
    from tests.properties.walks import walk

    entries = [Entry(at, event) for at, event in walk(SEED, steps=300).journal]  # type: ignore[arg-type]
    return gzip.compress(b"\n".join(map(msgspec.json.encode, entries)), mtime=0)


if __name__ == "__main__":
    if sys.argv[1:] == ["walk"]:
        WALK.write_bytes(take_a_walk())
    COMMANDS.write_bytes(b"\n".join(commands_of(journal())) + b"\n")
    WALK_DIGEST.write_text(digest(commands_of(journal(WALK))) + "\n")
