"""Kept speech: what one site had spoken, for the next one; a sound's name tells its text and voice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sip_test_rig.provision import cache_root


def take(folder: Path) -> None:
    """Lay all that is kept into a site's folder."""
    kept = cache_root() / "speech"
    if kept.is_dir():
        shutil.copytree(kept, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))


def keep(folder: Path) -> None:
    """Keep what a site had spoken; sites that end at the same time do not disturb each other."""
    for sound in folder.glob("*/[!.]*.wav"):
        kept = cache_root() / "speech" / sound.relative_to(folder)
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            draft = kept.with_name(f".{os.getpid()}-{kept.name}")
            shutil.copyfile(sound, draft)
            draft.replace(kept)
