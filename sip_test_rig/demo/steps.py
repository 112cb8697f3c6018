"""Steps: what is being done now, told while it is done, with the time that it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape


@dataclass(slots=True)
class Step:
    """One step.

    Attributes:
        name: For programs, in past tense: ``menu_heard``.
        title: For people.
        detail: What came of it, for people.
        at: When it was done.
        ms: How long it took.
    """

    name: str
    title: str
    detail: str = ""
    at: str = ""
    ms: int = 0


class Steps:
    """Tells steps on a console and keeps them.

    Attributes:
        done: The steps that were done, in order.
    """

    def __init__(self, console: Console) -> None:
        self.done: list[Step] = []
        self._console = console

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[Step]:
        """Do a step: it is told when it begins, and when it was done or has failed."""
        step = Step(name, title)
        began = time.monotonic()
        # On a pipe rich shows no spinner; there the finished line is enough.
        with self._console.status(f"{escape(title)} …"):
            try:
                yield step
            except BaseException:
                self._console.print(f"  [red]✗[/] {escape(title)}")
                raise
        step.ms = round((time.monotonic() - began) * 1000)
        step.at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.done.append(step)
        detail = f": {escape(step.detail)}" if step.detail else ""
        self._console.print(f"  [green]✓[/] {escape(title)}{detail} [dim]({step.ms / 1000:.1f} s)[/]", soft_wrap=True)

    def as_json(self) -> list[dict[str, Any]]:
        """The steps for programs."""
        return [{"step": step.name, "at": step.at, "ms": step.ms} for step in self.done]
