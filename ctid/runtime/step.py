"""One step of the engine as live, recovering and replaying daemons all take it."""

from __future__ import annotations

import structlog

from ctid.engine.engine import Engine
from ctid.model.commands import Command, Note
from ctid.model.events import Event
from ctid.model.instant import Instant

BROKEN = "invariant-broken"

_log = structlog.get_logger()


def step(engine: Engine, seq: int, event: Event, at: Instant) -> list[Command]:
    """Have the engine handle an input.

    A bug of ours must not take the daemon down with all its callers: it is logged with the input's place in the
    journal, from where it can be replayed, and that input has no further effect.
    """
    try:
        return engine.handle(event, at)
    except Exception:
        _log.exception("engine.broken", seq=seq, event_type=type(event).__name__)
        return [Note(code=BROKEN, detail=f"input {seq}")]
