"""Network: browsers have a loopback address of their own to reach everything at, which can be cut off for a while."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from typing import Final

WEB_HOST: Final = "127.0.0.9"
"""Where browsers find ctid, and Asterisk with its audio; nobody else goes there."""


@contextlib.contextmanager
def cut_off(only: str = "") -> Iterator[None]:
    """Cut every browser off, both ways: no connection is closed, and who sends is told that there is no way.

    Args:
        only: Of everything this protocol alone, `udp` for audio.

    So it is with a radio out of reach. (A route that swallows packets makes the kernel answer "invalid argument", at
    which Chromium closes its socket for good.)
    """
    # The kernel asks the rules in their order, and the loopback's addresses come first of all.
    _ip("rule", "add", "pref", "100", "lookup", "local")
    _ip("rule", "del", "pref", "0")
    kind = ("ipproto", only) if only else ()
    ways = [("from", WEB_HOST, *kind), ("to", WEB_HOST, *kind)]
    for way in ways:
        _ip("rule", "add", "pref", "10", *way, "unreachable")
    try:
        yield
    finally:
        for way in ways:
            _ip("rule", "del", "pref", "10", *way, "unreachable")
        _ip("rule", "add", "pref", "0", "lookup", "local")
        _ip("rule", "del", "pref", "100")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True, timeout=60)
