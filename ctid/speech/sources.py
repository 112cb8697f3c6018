"""Sources: where a text's sound comes from, and under which name it is kept: a new source is another name."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ctid.errors import SpeechError
from ctid.model.speech import Speech
from ctid.spec.speech import SpeechSpec, VoiceSpec

FORMAT: Final = 1
"""Goes up when the same source becomes another sound."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the sound of one text comes from.

    Attributes:
        language: Key of the voice.
        text: What is said.
        name: Of the file that is kept, below the folder, without extension: ``en/3f2c…``.
        recorded: The recording by people, where there is one.
        command: The engine's, where there is none, or where it is of no use.
    """

    language: str
    text: str
    name: str
    recorded: Path | None
    command: tuple[str, ...]


class Sources:
    """Finds the source of a text."""

    def __init__(self, spec: SpeechSpec) -> None:
        """Take voices and the folder of recordings."""
        self._voices: Mapping[str, VoiceSpec] = {tag.lower(): voice for tag, voice in spec.voices.items()}
        self._recorded = spec.recorded

    def voice(self, tag: str) -> str:
        """The voice of a language, else that of the language it is a variety of.

        Raises:
            SpeechError: There is none.
        """
        tag = tag.replace("_", "-").lower()
        for known in (tag, tag.partition("-")[0]):
            if known in self._voices:
                return known
        # What is asked for may be a caller's language, but is no secret of theirs.
        raise SpeechError(f"there is no voice for this language; there is: {', '.join(self._voices)}")

    def of(self, speech: Speech) -> Source:
        """The engine as the source of a text.

        Raises:
            SpeechError: There is no voice for its language.
        """
        language = self.voice(speech.language)
        return _rendered(language, speech.text, tuple(self._voices[language].command))

    def recording(self, source: Source) -> Source:
        """The recording of the same text if there is one, for that goes before the engine. Blocks."""
        if self._recorded is None:
            return source
        path = self._recorded / recorded_name(source.language, source.text)
        try:
            there = path.stat()
        except (OSError, ValueError):
            return source
        if not stat.S_ISREG(there.st_mode):
            # A pipe, say, would be read for ever.
            return source
        name = _name(source.language, [str(path), there.st_mtime_ns, there.st_size])
        return replace(source, name=name, recorded=path)


def without_recording(source: Source) -> Source:
    """The engine as the source of the same text."""
    return _rendered(source.language, source.text, source.command)


def _rendered(language: str, text: str, command: tuple[str, ...]) -> Source:
    return Source(language, text, _name(language, [*command, text]), None, command)


def recorded_name(language: str, text: str) -> str:
    """Where the recording of a text lies below the folder of recordings."""
    return f"{language}/{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}.wav"


def _name(language: str, content: list[str | int]) -> str:
    told = json.dumps([FORMAT, *content]).encode()
    return f"{language}/{hashlib.sha256(told).hexdigest()[:32]}"
