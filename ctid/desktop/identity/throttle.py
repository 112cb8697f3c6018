"""How often an address may fail to sign in, so that nobody tries many names from one place."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

FAILURES: Final = 50
WINDOW_SECONDS: Final = 300
_MOST_ADDRESSES: Final = 10_000


class Throttle:
    """Failures of the last five minutes by address. A whole floor may sign in from one: only failures count."""

    def __init__(self, failures: int = FAILURES, window_seconds: float = WINDOW_SECONDS) -> None:
        """Take how many failures in which time are too many."""
        self._failures = failures
        self._window = window_seconds
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()

    def blocked_until(self, address: str, now: float) -> float | None:
        """When the address may try again, in seconds; ``None`` if it may now."""
        failed = self._by_address.get(address)
        if failed is None:
            return None
        while failed and failed[0] <= now - self._window:
            failed.popleft()
        return failed[0] + self._window if len(failed) >= self._failures else None

    def failed(self, address: str, now: float) -> None:
        """Count a failure. Of too many addresses, the one that failed longest ago is forgotten."""
        failed = self._by_address.setdefault(address, deque(maxlen=self._failures))
        failed.append(now)
        self._by_address.move_to_end(address)
        if len(self._by_address) > _MOST_ADDRESSES:
            self._by_address.popitem(last=False)
