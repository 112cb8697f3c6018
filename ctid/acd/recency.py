"""Sums that forget: what happened one half-life ago counts half of what happens now.

All agents' sums fade at the same rate, so that their order changes only when something is added. That is why a sum is
kept as seen from one fixed moment, with amounts growing instead of fading, in a floating-point number of our own: its
exponent has no end, and it is made of integers, so that it comes out the same on every machine.
"""

from __future__ import annotations

HALF_LIFE_MS = 30 * 60_000
_BITS = 40
_ONE = 1 << _BITS
_FAR = 128
"""Bits by which one of two numbers is so much smaller that it adds nothing."""


def add(total: int, amount: int, at_ms: int) -> int:
    """Add an amount to a sum.

    Args:
        total: The sum; 0 for an empty one. Sums compare as integers.
        amount: What is added, 1 or more.
        at_ms: Monotonic moment it belongs to. Between two half-lives growth is linear: at most 6 % too much.
    """
    whole, part = divmod(at_ms, HALF_LIFE_MS)
    mantissa, exponent = amount * (HALF_LIFE_MS + part), whole
    if total:
        before, scale = _ONE | (total & (_ONE - 1)), (total >> _BITS) - _BITS
        low = max(min(scale, exponent), max(scale, exponent) - _FAR)
        mantissa = _shift(before, scale - low) + _shift(mantissa, exponent - low)
        exponent = low
    size = mantissa.bit_length() - 1
    return ((exponent + size) << _BITS) | (_shift(mantissa, _BITS - size) & (_ONE - 1))


def seen(total: int, at_ms: int) -> int:
    """What a sum amounts to at a moment, with all that was forgotten by then; in thousandths, rounded down.

    Args:
        total: The sum.
        at_ms: Monotonic moment, not before the last amount was added.
    """
    if not total:
        return 0
    whole, part = divmod(at_ms, HALF_LIFE_MS)
    mantissa, scale = _ONE | (total & (_ONE - 1)), (total >> _BITS) - _BITS - whole
    return _shift(mantissa * 1_000, scale) // (HALF_LIFE_MS + part)


def _shift(number: int, bits: int) -> int:
    return number << bits if bits >= 0 else number >> -bits
