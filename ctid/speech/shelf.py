"""Shelf: the folder with finished sounds. A file that is there is whole; those used longest ago make room.

``found``, ``look``, ``draft``, ``put`` and ``clear`` block, and are called in threads; all else belongs to one thread.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import Final

SUFFIX: Final = ".wav"
IN_USE_SECONDS: Final = 900.0
"""What was asked for within this time may be about to be played, and stays."""

_DRAFT: Final = ".draft-"


class Shelf:
    """Finished sounds by name, in files that the PBXes read.

    The memory of what is there is only ever a guess: others may have taken a file away.
    """

    def __init__(self, folder: Path, max_bytes: int, in_use_seconds: float = IN_USE_SECONDS) -> None:
        """Take a folder.

        Args:
            folder: Where the files lie; made when the first is put there.
            max_bytes: How much may lie there of what nobody has said to stay.
            in_use_seconds: How long after it was asked for nothing makes room.
        """
        self.folder = folder
        self._max_bytes = max_bytes
        self._in_use_seconds = in_use_seconds
        self._used: dict[str, float] = {}
        self._sizes: dict[str, int] = {}
        self._staying: set[str] = set()

    def found(self) -> dict[str, tuple[int, float]]:
        """Look what is there, and throw away what was never finished: bytes and the moment of the last use, by name.

        Raises:
            OSError: The folder can be neither read nor made.
        """
        there: dict[str, tuple[int, float]] = {}
        self._make(self.folder)
        for language in self.folder.iterdir():
            for path in language.iterdir() if language.is_dir() else ():
                with contextlib.suppress(FileNotFoundError):
                    told = path.stat()
                    if path.suffix != SUFFIX:
                        continue
                    if not path.name.startswith(_DRAFT):
                        there[f"{language.name}/{path.stem}"] = told.st_size, told.st_mtime
                    elif told.st_mtime < time.time() - IN_USE_SECONDS:
                        # A younger one may be that of a caller of just now.
                        path.unlink()
        return there

    def take_stock(self, there: dict[str, tuple[int, float]]) -> None:
        """Know of what was found."""
        for name, (size, used) in there.items():
            self._sizes.setdefault(name, size)
            self._used.setdefault(name, used)

    def path(self, name: str) -> Path:
        """The file of a name."""
        return self.folder / f"{name}{SUFFIX}"

    def use(self, name: str) -> None:
        """Take a sound that may be there for one that is about to be played."""
        if name in self._sizes:
            self._used[name] = time.time()

    def look(self, name: str) -> int | None:
        """How many bytes a sound has that is there; it counts as used now."""
        path = self.path(name)
        # Not ours to touch, it can be played nevertheless.
        with contextlib.suppress(OSError):
            # The file itself keeps when it was used, for the next start.
            os.utime(path)
        try:
            return path.stat().st_size
        except OSError:
            return None

    def seen(self, name: str, size: int | None) -> bool:
        """Know of what was looked for; whether it is there."""
        if size is None:
            self._forget(name)
            return False
        self._sizes[name], self._used[name] = size, time.time()
        return True

    def stay(self, names: set[str]) -> None:
        """Take these, and no others, for what never makes room."""
        self._staying = names

    def draft(self, name: str) -> Path:
        """A new empty file beside that of a name.

        Raises:
            OSError: There is no room, or no right to write there.
        """
        parent = self.path(name).parent
        self._make(parent)
        handle, path = tempfile.mkstemp(SUFFIX, _DRAFT, parent)
        os.close(handle)
        return Path(path)

    def put(self, name: str, data: bytes) -> None:
        """Put a finished sound there, whole or not at all.

        Raises:
            OSError: There is no room, or no right to write there.
        """
        draft = self.draft(name)
        try:
            draft.write_bytes(data)
            # Asterisk is another user.
            draft.chmod(0o644)
            draft.replace(self.path(name))
        finally:
            draft.unlink(missing_ok=True)

    def keep(self, name: str, size: int) -> list[Path]:
        """Know of a sound that was put there; returns the files that have to make room for it."""
        self._sizes[name], self._used[name] = size, time.time()
        moving = [each for each in self._sizes if each not in self._staying]
        surplus = sum(self._sizes[each] for each in moving) - self._max_bytes
        before = time.time() - self._in_use_seconds
        leaving: list[Path] = []
        for each in sorted(moving, key=lambda each: self._used.get(each, 0)) if surplus > 0 else ():
            if surplus <= 0 or self._used.get(each, 0) > before:
                break
            surplus -= self._sizes[each]
            leaving.append(self.path(each))
            self._forget(each)
        return leaving

    def clear(self, leaving: list[Path]) -> None:
        """Take files away that have to make room, but for those that somebody has asked for meanwhile."""
        before = time.time() - self._in_use_seconds
        for path in leaving:
            with contextlib.suppress(OSError):
                if path.stat().st_mtime <= before:
                    path.unlink()

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            # Whatever our umask: Asterisk is another user.
            folder.chmod(0o755)

    def _forget(self, name: str) -> None:
        self._sizes.pop(name, None)
        self._used.pop(name, None)
