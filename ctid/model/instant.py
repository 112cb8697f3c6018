"""A moment, on the two clocks that matter."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import msgspec


class Instant(msgspec.Struct, frozen=True, order=True):
    """A moment as the runtime's clock saw it; the core never reads a clock itself.

    Attributes:
        mono_ms: Milliseconds on the site's monotonic clock. It never steps, goes on over restarts, and is the
            only clock that durations and deadlines are taken from.
        utc_ms: Milliseconds since 1970-01-01 UTC, for stamps and calendars only. It may step.
    """

    mono_ms: int
    utc_ms: int

    def utc(self) -> datetime:
        """The stamp as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.utc_ms / 1000, UTC)

    def iso(self) -> str:
        """The stamp in RFC 3339 form with milliseconds, in UTC."""
        return _iso(self.utc_ms)


@lru_cache(maxsize=16_384)
def _iso(utc_ms: int) -> str:
    # A contact's stamps are rendered again with every event about it.
    at = datetime.fromtimestamp(utc_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
