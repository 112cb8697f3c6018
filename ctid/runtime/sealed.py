"""Sensitive digits of callers: in memory only, for lookups only, and not for long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

KEPT_SECONDS = 1_800.0
"""A flow that takes longer asks for them again."""

MAX_KEPT = 10_000
"""Of more, the oldest are forgotten."""


class SealedDigits:
    """What stands for sensitive digits, and these. Neither ``repr`` nor a pickle of it shows them."""

    __slots__ = ("_kept", "_seconds")

    def __init__(self, seconds: float = KEPT_SECONDS) -> None:
        """Make an empty one.

        Args:
            seconds: How long digits are kept.
        """
        self._kept: dict[str, tuple[str, asyncio.TimerHandle]] = {}
        self._seconds = seconds

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"<SealedDigits: {len(self)} kept>"

    def __reduce__(self) -> str:
        raise TypeError("sensitive digits stay in this process")

    def keep(self, sealed: str, digits: str) -> None:
        """Keep digits under what stands for them."""
        self.forget([sealed])
        while len(self._kept) >= MAX_KEPT:
            self.forget([next(iter(self._kept))])
        timer = asyncio.get_running_loop().call_later(self._seconds, self.forget, [sealed])
        self._kept[sealed] = (digits, timer)

    def reveal(self, sealed: Mapping[str, str]) -> dict[str, str] | None:
        """The digits for a lookup.

        Args:
            sealed: Parameter to what stands for them.

        Returns:
            Parameter to digits; ``None`` if some are gone.
        """
        found = {name: self._kept[token][0] for name, token in sealed.items() if token in self._kept}
        return found if len(found) == len(sealed) else None

    def forget(self, sealed: Iterable[str]) -> None:
        """Forget digits; what is not there is forgotten already."""
        for token in sealed:
            if (kept := self._kept.pop(token, None)) is not None:
                kept[1].cancel()
