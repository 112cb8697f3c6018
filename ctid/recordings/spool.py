"""A PBX's spool: the folder in which it writes what each side of a channel says. Blocks; to be called in threads."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final

from ctid.recordings.stereo import SAMPLE_BYTES

_NAME: Final = re.compile(r"(rc-[0-9a-z]+-[0-9]+)-(agent|caller)\.sln")


class Spool:
    """The files of one PBX."""

    def __init__(self, folder: Path) -> None:
        """Take the folder as ctid sees it."""
        self.folder = folder

    def caller(self, name: str) -> Path:
        """What the agent hears."""
        return self.folder / f"{name}-caller.sln"

    def agent(self, name: str) -> Path:
        """What the agent says."""
        return self.folder / f"{name}-agent.sln"

    def sizes(self, name: str) -> tuple[int, int]:
        """Bytes of both files; -1 for one that is not there."""
        return _size(self.caller(name)), _size(self.agent(name))

    def samples(self, name: str) -> int:
        """Length of the longer one."""
        return max(0, *self.sizes(name)) // SAMPLE_BYTES

    def remove(self, name: str) -> None:
        """Delete both files; that they are gone is no failure."""
        for path in (self.caller(name), self.agent(name)):
            path.unlink(missing_ok=True)

    def left_behind(self, older_than_s: float) -> dict[str, float]:
        """Names of recordings to which nothing was written for so long, with the moment (Unix) of the last write."""
        found: dict[str, float] = {}
        try:
            paths = list(self.folder.iterdir())
        except OSError:
            return found
        for path in paths:
            match = _NAME.fullmatch(path.name)
            if match is not None:
                try:
                    written = path.stat().st_mtime
                except OSError:
                    # Taken away meanwhile, or not to be looked at: then it can't be taken in either.
                    continue
                found[match[1]] = max(written, found.get(match[1], written))
        before = time.time() - older_than_s
        return {name: written for name, written in found.items() if written < before}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
