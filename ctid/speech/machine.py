"""What this machine lacks for texts to become sound: programs, and the right to write. Blocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ctid.spec.speech import SpeechSpec
from ctid.spec.yaml_source import KeyPath


def lacks(spec: SpeechSpec) -> Iterator[tuple[KeyPath, str]]:
    """Every engine that is not there and every folder that can't be written to, with its key path."""
    for language, voice in spec.voices.items():
        if shutil.which(voice.command[0]) is None:
            yield (
                ("speech", "voices", language, "command"),
                f"there is no program {voice.command[0]} here that can be run: install it, or give its path",
            )
    for key, folder in (("folder", spec.folder), ("recorded", spec.recorded)):
        if folder is not None and not _can_write(folder):
            yield ("speech", key), f"{folder} can't be written to: give a folder that the daemon's user may write to"


def _can_write(folder: Path) -> bool:
    """Whether files can be made there; the folder itself may be made, too."""
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
