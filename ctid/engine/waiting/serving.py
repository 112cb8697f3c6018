"""Who serves a queue: who is able to, now or when what its contacts need has widened, at work or not."""

from __future__ import annotations

from ctid.acd.line import able_to_serve
from ctid.acd.roster import numbers
from ctid.engine.turn import Turn
from ctid.engine.waiting.requirement import line_key
from ctid.model.contact import Contact

_EVER = 1 << 62
"""Longer than any agent waits before helping out."""


def serving(turn: Turn, name: str) -> set[str]:
    """The agents who serve a queue."""
    last = len(turn.site.queues[name].steps) - 1
    newcomer = Contact(id="", seq=0, queue=name, step=last, delay_ms=_EVER, created_at=turn.now)
    roster = turn.floor.roster
    return {roster.ids[number] for number in numbers(able_to_serve(line_key(turn, newcomer, ""), roster))}
