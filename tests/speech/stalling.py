"""A file system that stalls as one over a net does: whoever touches a file of it is held until it is back."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

OPERATIONS: Final[dict[str, tuple[Any, str]]] = {
    "utime": (os, "utime"),
    "stat": (Path, "stat"),
    "is_dir": (Path, "is_dir"),
    "mkdir": (Path, "mkdir"),
    "iterdir": (Path, "iterdir"),
    "open": (Path, "open"),
    "write": (Path, "write_bytes"),
    "chmod": (Path, "chmod"),
    "replace": (Path, "replace"),
    "unlink": (Path, "unlink"),
    "mkstemp": (tempfile, "mkstemp"),
}
"""What is done with files."""

MAX_SECONDS: Final = 20.0
"""It is back after so long whatever happens, so that a test that fails ends."""


class Stalling:
    """What is below some folders.

    Attributes:
        held: How many are held now.
        on_loop: What was done with files on the thread that the test itself runs on.
        touched: What was done with files at all.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
        self.held = 0
        self.on_loop: list[str] = []
        self.touched: set[str] = set()
        self._folders = tuple(f"{folder}/" for folder in folders)
        self._stalled: frozenset[str] = frozenset()
        self._back = threading.Event()
        self._loop = threading.get_ident()
        for operation, (owner, name) in OPERATIONS.items():
            monkeypatch.setattr(owner, name, self._watched(operation, getattr(owner, name)))

    def stall(self, *operations: str) -> None:
        """Hold whoever does one of these from now on; all without any."""
        self._back.clear()
        self._stalled = frozenset(operations or OPERATIONS)

    def come_back(self) -> None:
        """Let all go on."""
        self._stalled = frozenset()
        self._back.set()

    def _watched(self, operation: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **more: Any) -> Any:
            if any(f"{each}/".startswith(self._folders) for each in args):
                self.touched.add(operation)
                if threading.get_ident() == self._loop:
                    self.on_loop.append(operation)
                if operation in self._stalled:
                    self.held += 1
                    self._back.wait(MAX_SECONDS)
                    self.held -= 1
            return real(*args, **more)

        return watched
