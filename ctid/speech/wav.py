"""WAV: whatever an engine or a studio writes becomes what Asterisk plays: 8 kHz, 16 bits, mono. Blocks."""

from __future__ import annotations

import io
import wave
from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from ctid.errors import SpeechError

RATE: Final = 8_000
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_SECONDS: Final = 600
_RATES: Final = range(4_000, 192_001)
_AUDIBLE: Final = 0.003
"""-50 dB of full scale; softer is silence."""

_MARGIN_SECONDS: Final = 0.04
"""Silence that is left at both ends, so that phrases follow each other as in one breath, and no consonant is lost."""

Samples = npt.NDArray[np.float64]


def to_telephone(data: bytes) -> bytes:
    """Convert a WAV file, without the silence at its ends.

    Raises:
        SpeechError: It is no WAV file of PCM samples, is silent, or lasts too long.
    """
    samples, rate = _read(data)
    # The resampler filters what 8 kHz cannot carry; without, it would come back as noise.
    narrow = soxr.resample(samples, rate, RATE, quality="HQ") if rate != RATE else samples
    return _written(_trimmed(narrow))


def _read(data: bytes) -> tuple[Samples, int]:
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            frames = file.readframes(MAX_SECONDS * rate + 1)
    except (wave.Error, EOFError, ValueError, ZeroDivisionError, OverflowError, MemoryError) as error:
        raise SpeechError("it is no WAV file of PCM samples") from error
    if rate not in _RATES or width not in (1, 2, 3, 4) or not 1 <= channels <= 8:
        raise SpeechError(f"a WAV file of {rate} Hz, {8 * width} bits and {channels} channels is of no use")
    frames = frames[: len(frames) // (width * channels) * width * channels]
    samples = _of_width(frames, width).reshape(-1, channels).mean(axis=1, dtype=np.float64)
    if len(samples) > MAX_SECONDS * rate:
        raise SpeechError(f"it lasts longer than {MAX_SECONDS} s")
    return samples, rate


def _of_width(frames: bytes, width: int) -> Samples:
    """Samples from -1 to 1."""
    if width == 1:
        return (np.frombuffer(frames, np.uint8).astype(np.float64) - 128) / 128
    if width == 2:
        return np.frombuffer(frames, "<i2").astype(np.float64) / 2**15
    if width == 4:
        return np.frombuffer(frames, "<i4").astype(np.float64) / 2**31
    # Three bytes become the upper ones of four.
    padded = np.zeros((len(frames) // 3, 4), np.uint8)
    padded[:, 1:] = np.frombuffer(frames, np.uint8).reshape(-1, 3)
    return padded.view("<i4").reshape(-1).astype(np.float64) / 2**31


def _trimmed(samples: Samples) -> Samples:
    audible = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    if not len(audible):
        raise SpeechError("it is silent")
    margin = round(_MARGIN_SECONDS * RATE)
    return samples[max(0, audible[0] - margin) : audible[-1] + 1 + margin]


def _written(samples: Samples) -> bytes:
    whole = np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(whole.tobytes())
    return buffer.getvalue()
