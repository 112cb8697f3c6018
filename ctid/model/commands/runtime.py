"""What the runtime itself does: timers, and notes of what is odd."""

from __future__ import annotations

from ctid.model.commands.command import Command


class StartTimer(Command, frozen=True, kw_only=True, tag="timer.start"):
    """Fire ``TimerFired`` at the monotonic moment; a timer of the same id is replaced."""

    timer_id: str
    due_ms: int


class CancelTimer(Command, frozen=True, kw_only=True, tag="timer.cancel"):
    """Forget the timer."""

    timer_id: str


class Note(Command, frozen=True, kw_only=True, tag="note"):
    """Something odd that is worth counting and one log line, such as an event for a leg that is long gone.

    Attributes:
        code: Bounded set, usable as a metric's label.
        detail: For the log; no caller data.
    """

    code: str
    detail: str = ""
