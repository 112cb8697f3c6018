"""How long to wait before the next try: longer each time, and never all clients at the same moment."""

from __future__ import annotations

import random
from typing import Final

_FIRST_SECONDS: Final = 0.5
_MOST_SECONDS: Final = 30.0


def delay(tries: int, first: float = _FIRST_SECONDS, most: float = _MOST_SECONDS) -> float:
    """Seconds to wait after so many tries in vain (full jitter)."""
    return random.uniform(0, min(most, first * 2.0 ** min(tries, 16)))
