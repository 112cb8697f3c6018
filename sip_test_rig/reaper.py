"""Reaper: a folder that goes when we are done with it, or when this process dies, however it dies."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

# What still writes into the folder dies at the same moment as we do, so that it may take more than one try.
_REAP: Final = 'trap "" INT TERM HUP; cat >/dev/null; until rm -rf -- "$1" 2>/dev/null; do sleep 0.1; done'


class ReapedFolder:
    """A new temporary folder, removed by `remove()` or when the kernel closes our end of a small process's pipe.

    Args:
        prefix: what its name begins with.
    """

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        # Its own session, so that Ctrl-C in the terminal does not end it before its work is done.
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", _REAP, "reaper", str(self.path)], stdin=subprocess.PIPE, start_new_session=True
        )

    def remove(self) -> None:
        """Remove the folder and return when it is gone."""
        assert self._reaper.stdin is not None
        self._reaper.stdin.close()
        self._reaper.wait()
