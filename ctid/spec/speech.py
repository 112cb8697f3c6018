"""Speech: how texts become sound, and where the sound lies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ctid.spec.base import Spec

FILE = "{file}"
"""Where the file to be written goes in an engine's command."""

LanguageTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""BCP 47: ``en``, ``en-GB``, ``zh``."""


def _with_file(command: list[str]) -> list[str]:
    if not any(FILE in part for part in command[1:]):
        raise ValueError(f"the command has no {FILE} after the program's name: the WAV file that it is to write")
    return command


class VoiceSpec(Spec):
    """An engine that speaks a language.

    Attributes:
        command: A program and its arguments, run by no shell. It reads the text (UTF-8) from its standard input and
            writes a WAV file to ``{file}``, of any rate.
    """

    command: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=2), AfterValidator(_with_file)]


def _espeak(voice: str) -> VoiceSpec:
    return VoiceSpec(command=["espeak-ng", "-b", "1", "-v", voice, "--stdin", "-w", FILE])


ESPEAK = {"en": _espeak("en-us"), "zh": _espeak("cmn")}
"""The voices where none are given."""


class SpeechSpec(Spec):
    """How texts become sound.

    Attributes:
        folder: Where the sound files lie; the PBXes read them there.
        voices: An engine for each language. Of a language's varieties, ``en`` speaks all that have no voice of
            their own. Without, espeak-ng speaks ``en`` and ``zh``.
        recorded: A folder with recordings by people, which go before an engine's: ``<language>/<file>.wav``. ctid
            writes a list of texts and files into it, ``texts.csv``.
        seconds: How long an engine may take for a text, and a caller waits at most.
        parallel: So many engines run at once for callers; one more prepares what is known beforehand.
        max_mb: Of texts that are not known beforehand, so much is kept; what was not used for longest goes.
    """

    folder: Path
    voices: dict[LanguageTag, VoiceSpec] = Field(default=ESPEAK, min_length=1)
    recorded: Path | None = None
    seconds: Annotated[float, Field(gt=0, le=60)] = 5
    parallel: Annotated[int, Field(ge=1, le=64)] = 2
    max_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 500
