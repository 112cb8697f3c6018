"""Nearest: what might be meant by a name that is not there, for the end of a fault's message."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def nearest(name: str, names: Collection[str]) -> str:
    """The name that is most like it, or all that there are."""
    close = difflib.get_close_matches(name, sorted(names), n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there is: {', '.join(sorted(names)) or 'none at all'}"
