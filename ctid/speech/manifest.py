"""The manifest: which text is to be recorded under which file's name, for people who record them. Blocks."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from ctid.errors import SpeechError
from ctid.model.speech import Speech
from ctid.speech.sources import recorded_name

NAME: Final = "texts.csv"


def write(folder: Path, speeches: Iterable[Speech], voice: Callable[[str], str]) -> None:
    """Write the list of these texts into the folder of recordings, whole or not at all.

    Args:
        folder: Made if it is not there.
        speeches: What is known beforehand.
        voice: Gives the voice of a language; a text that has none is left out.

    Raises:
        OSError: It can't be written.
    """
    rows: dict[str, str] = {}
    for speech in speeches:
        try:
            rows[recorded_name(voice(speech.language), speech.text)] = speech.text
        except SpeechError:
            continue
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["text", "file"])
    table.writerows([said, file] for file, said in rows.items())
    folder.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(".csv", ".draft-", folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file_object:
            file_object.write(text.getvalue())
        Path(draft).chmod(0o644)
        Path(draft).replace(folder / NAME)
    finally:
        Path(draft).unlink(missing_ok=True)
