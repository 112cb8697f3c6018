"""Engines made of a shell's words: good ones, and those that fail in every way."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

from ctid.spec.speech import SpeechSpec, VoiceSpec


def sine(hz: float, seconds: float = 0.5, rate: int = 22_050, level: float = 0.5) -> bytes:
    """A WAV file of 16 bits with a tone."""
    at = np.arange(round(seconds * rate)) / rate
    return wav(np.sin(2 * np.pi * hz * at) * level, rate)


def wav(samples: np.ndarray, rate: int, width: int = 2, channels: int = 1) -> bytes:
    """A WAV file of samples from -1 to 1."""
    scaled = np.rint(samples * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        data = (scaled + 128).astype(np.uint8).tobytes()
    else:
        data = scaled.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return buffer.getvalue()


class Engine:
    """An engine that notes each text it was run for, and then does what its script says.

    The script finds the file to write in ``$0`` and a good sound in ``$good``.
    """

    def __init__(self, folder: Path, script: str = 'cat "$good" >"$0"') -> None:
        self._folder = folder
        (folder / "good.wav").write_bytes(sine(440))
        self.becomes(script)

    def becomes(self, script: str) -> None:
        """Do something else from now on; the command stays the same."""
        texts, good = self._folder / "texts", self._folder / "good.wav"
        begin = f"good={good}\n{{ tr '\\n' ' '; echo; }} >>{texts}\n"
        (self._folder / "engine.sh").write_text(f"{begin}{script}\n")

    @property
    def voice(self) -> VoiceSpec:
        return VoiceSpec(command=["sh", "-c", f". {self._folder / 'engine.sh'}", "{file}"])

    @property
    def texts(self) -> list[str]:
        """What it was run for, in order of time."""
        try:
            return [line.strip() for line in (self._folder / "texts").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def spec(self, **changes: object) -> SpeechSpec:
        fields: dict[str, object] = {"folder": self._folder / "speech", "voices": {"en": self.voice}, "seconds": 20}
        return SpeechSpec.model_validate(fields | changes)
