"""The event log: what happened, in human words with times; the newest lines are kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

from rich.text import Text

KEPT: Final = 200


class EventLog:
    """Lines of rich markup, each behind the local time.

    Args:
        also: Called with every line, for an output that scrolls by itself.
    """

    def __init__(self, also: Callable[[Text], None] | None = None) -> None:
        self.lines: deque[Text] = deque(maxlen=KEPT)
        self._also = also

    def tell(self, markup: str) -> None:
        """Add a line."""
        now = datetime.now().astimezone()
        line = Text.from_markup(f"[dim]{now:%H:%M:%S}[/] {markup}")
        self.lines.append(line)
        if self._also is not None:
            self._also(line)
