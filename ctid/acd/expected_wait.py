"""The expected wait of a contact, from who is before it and who is able; and what of it may be told.

While all who are able are busy, they become free one after the other, ``handling / able`` apart. A contact with so many
before it waits until one more than those have become free; some of those before it give up meanwhile. Only integers are
used: the same on every machine.
"""

from __future__ import annotations

MILLI = 1_000
"""Contacts ahead are counted in thousandths: one who is served by agents of others, too, counts in part."""

FEW_ABANDONS = 10
"""From fewer abandoned contacts nothing is learnt about patience."""

_BETTER = (3, 4)
"""A shorter wait is promised once the estimate is less than so much of what is left of the promise."""

_WORSE = (4, 3)
"""A promise is told while the estimate is no more than so much of what is left of it …"""

_SLACK_MS = 5_000
"""… or no more than so much longer."""


def expected_wait_ms(
    ahead_milli: int, able: int, handling_ms: int, *, free: int = 0, abandons: int = 0, waited_ms: int = 0
) -> int | None:
    """Estimate how long a contact waits from now on; ``None`` if nobody can tell.

    Args:
        ahead_milli: Contacts before it, in thousandths.
        able: Agents at work who are able to serve it.
        handling_ms: Talk and wrap-up of one contact, on average; 0 if nobody knows.
        free: How many of those able are free.
        abandons: How many contacts gave up waiting, of late.
        waited_ms: How long all contacts waited meanwhile, together.
    """
    if able <= 0:
        return None
    left = ahead_milli + MILLI - free * MILLI
    if left <= 0:
        return 0
    if handling_ms <= 0:
        return None
    if abandons < FEW_ABANDONS or waited_ms <= 0:
        return left * handling_ms // (able * MILLI)
    # With k before it, contacts go at able / handling + k * abandons / waited: by being served and by giving up. The
    # times between are summed up one by one at the front and in ever larger blocks further back.
    total = done = 0
    while done < left:
        block = min(max(MILLI, done // 8), left - done)
        before = done + max(0, block - MILLI) // 2
        total += block * handling_ms * waited_ms // (able * MILLI * waited_ms + before * abandons * handling_ms)
        done += block
    return total


def promise_ms(now_ms: int, promised_ms: int, expected_ms: int | None) -> int:
    """The moment by which service is promised, in view of a new estimate: a promise is bettered, never taken back.

    Args:
        now_ms: The monotonic clock.
        promised_ms: The moment promised before; 0 if none was.
        expected_ms: The estimate, if there is one.
    """
    if expected_ms is None:
        return promised_ms
    much, of_much = _BETTER
    if promised_ms == 0 or expected_ms * of_much < (promised_ms - now_ms) * much:
        return now_ms + expected_ms
    return promised_ms


def told_ms(now_ms: int, promised_ms: int, expected_ms: int | None) -> int | None:
    """The wait that may be told: what is left of the promise, or nothing once it can't be kept.

    Told again and again it only ever falls.

    Args:
        now_ms: The monotonic clock.
        promised_ms: The moment promised; 0 if none was.
        expected_ms: The estimate, if there is one.
    """
    left = promised_ms - now_ms
    if promised_ms == 0 or left < 0 or expected_ms is None:
        return None
    much, of_much = _WORSE
    return left if expected_ms <= max(left * much // of_much, left + _SLACK_MS) else None
