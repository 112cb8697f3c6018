"""The published stream of the past: the journal is run again, from a snapshot that lies before what is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import structlog

from ctid.engine.engine import Engine
from ctid.errors import JournalError
from ctid.model.commands import Publish
from ctid.runtime.step import step
from ctid.store.codec import decode_event
from ctid.store.journal import Journal, JournalReader, Snapshot

INPUTS_AT_ONCE: Final = 25
"""After so many inputs the caller gets its turn, some milliseconds' work."""

_log = structlog.get_logger()


class _Place(msgspec.Struct):
    """Of a snapshot, only how far the stream was."""

    stream_seq: int = 0


def published_again(path: Path, after: int, upto: int) -> Iterator[list[Publish]]:
    """Find again what was published.

    It is what the engine of this release makes of the same inputs. Steps that ended in a bug of ours published nothing.

    Args:
        path: The journal; its daemon may go on writing it.
        after: The place in the stream behind which to begin.
        upto: The last place wanted; its input must have been written.

    Yields:
        Events in order, a few inputs' worth, often none. Ends early where the journal has no more, or cannot be read.
    """
    try:
        with Journal.read(path) as journal:
            yield from _run(journal, after, upto)
    except JournalError as error:
        _log.error("journal.unreadable", detail=error.detail)


def _run(journal: JournalReader, after: int, upto: int) -> Iterator[list[Publish]]:
    snapshot = _start(journal, after)
    engine = Engine() if snapshot is None else Engine.restore(snapshot.state)
    found: list[Publish] = []
    since = 0
    for entry in journal.entries(after_seq=0 if snapshot is None else snapshot.seq):
        commands = step(engine, entry.seq, decode_event(entry.event), entry.at)
        found += (each for each in commands if isinstance(each, Publish) and after < each.seq <= upto)
        since += 1
        if engine.state.stream_seq >= upto:
            break
        if since >= INPUTS_AT_ONCE:
            yield found
            found, since = [], 0
    yield found


def _start(journal: JournalReader, after: int) -> Snapshot | None:
    """The newest snapshot from before the place; else the oldest of all, unless the journal has its beginning."""
    snapshot = oldest = journal.latest_snapshot()
    while snapshot is not None and msgspec.json.decode(snapshot.state, type=_Place).stream_seq > after:
        oldest = snapshot
        snapshot = journal.snapshot_before(snapshot.seq)
    return oldest if snapshot is None and journal.first_seq > 1 else snapshot
