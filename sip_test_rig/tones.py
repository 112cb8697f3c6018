"""Tones: known sounds for each party, and what tones a recording holds (Goertzel), so that two-way audio is proved."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

SAMPLE_RATE: Final = 8000
MUSIC_HZ: Final = 330
"""What the music on hold of the rig sounds like."""

# No frequency is a harmonic, sum or difference of others that matters at 8 kHz; all lie in a telephone's band.
KNOWN_HZ: Final = (330, 470, 610, 740, 890, 1030, 1190, 1310, 1470, 1610, 1730, 1870, 2030, 2150, 2290, 2410)
"""The tones that `heard` looks for unless told otherwise; a party takes one of them as its voice."""

_BLOCK: Final = 800
_MIN_LEVEL: Final = 0.01
_MIN_SHARE: Final = 0.25

Samples = npt.NDArray[np.int16]


def tone(hz: float, seconds: float, *, level: float = 0.3) -> Samples:
    """Make a sine.

    Args:
        hz: its frequency.
        seconds: its length.
        level: its amplitude, 1.0 being full scale.
    """
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(np.sin(2 * math.pi * hz * at) * level * 32767, dtype=np.int16)


def silence(seconds: float) -> Samples:
    """Make silence of that length."""
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def sequence(hz: Iterable[float], seconds_each: float = 0.3) -> Samples:
    """Make tones one after another, a voice that `heard_sequence` knows again."""
    return np.concatenate([tone(one, seconds_each) for one in hz])


def to_wav(samples: Samples) -> bytes:
    """Encode as a WAV file that Asterisk plays: 8 kHz, 16 bits, mono."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def from_wav(data: bytes) -> Samples:
    """Decode a WAV file of 8 kHz, 16 bits, mono.

    Raises:
        ValueError: it is of another shape.
    """
    with wave.open(io.BytesIO(data), "rb") as reader:
        shape = (reader.getframerate(), reader.getsampwidth(), reader.getnchannels())
        if shape != (SAMPLE_RATE, 2, 1):
            raise ValueError(f"expected 8000 Hz, 2 bytes, 1 channel; got {shape}")
        return np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2").astype(np.int16)


def to_ulaw(samples: Samples) -> bytes:
    """Encode as G.711 mu-law (ITU-T G.711), one byte a sample."""
    value = samples.astype(np.int32)
    sign = np.where(value < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(value), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return np.asarray(~(sign | (exponent << 4) | mantissa) & 0xFF, dtype=np.uint8).tobytes()


def from_ulaw(data: bytes) -> Samples:
    """Decode G.711 mu-law."""
    code = ~np.frombuffer(data, dtype=np.uint8).astype(np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 132) << ((code >> 4) & 0x07)) - 132
    return np.asarray(np.where(code & 0x80, -magnitude, magnitude), dtype=np.int16)


def heard(samples: Samples, known: Iterable[float] = KNOWN_HZ, *, min_seconds: float = 0.2) -> dict[float, float]:
    """Tell which known tones a recording holds.

    Args:
        samples: the recording.
        known: the frequencies looked for.
        min_seconds: a tone that sounds for less in all is left out.

    Returns:
        Seconds of each tone heard, by frequency.
    """
    seconds: dict[float, float] = {}
    for found in _tones_by_block(samples, tuple(known)):
        for hz in found:
            seconds[hz] = seconds.get(hz, 0.0) + _BLOCK / SAMPLE_RATE
    return {hz: round(length, 3) for hz, length in seconds.items() if length >= min_seconds - 1e-9}


def level(samples: Samples, hz: float) -> float:
    """Tell the amplitude of one tone in a recording, 1.0 being full scale; it may be far below what `heard` counts."""
    if len(samples) == 0:
        return 0.0
    turn = np.exp(-2j * math.pi * hz * np.arange(len(samples)) / SAMPLE_RATE)
    # A window keeps a loud neighbour from leaking into it.
    window = np.hanning(len(samples))
    return float(2 * np.abs(np.sum(samples / 32768 * window * turn)) / np.sum(window))


def heard_sequence(samples: Samples, known: Iterable[float] = KNOWN_HZ) -> list[float]:
    """Tell the loudest known tone of each tenth of a second, repetitions and silence left out."""
    order: list[float] = []
    for found in _tones_by_block(samples, tuple(known)):
        if found and (not order or order[-1] != found[0]):
            order.append(found[0])
    return order


def _tones_by_block(samples: Samples, known: tuple[float, ...]) -> list[list[float]]:
    """Find the tones of each tenth of a second, loudest first.

    A tone counts when it carries a fair share of the block's energy: noise spreads over all frequencies.
    """
    whole = len(samples) // _BLOCK
    if whole == 0:
        return []
    blocks = samples[: whole * _BLOCK].reshape(whole, _BLOCK).astype(np.float64) / 32768
    turn = 2j * math.pi * np.outer(np.arange(_BLOCK), np.asarray(known)) / SAMPLE_RATE
    # One matrix product does what Goertzel's recurrence does for one frequency at a time.
    amplitude = 2 * np.abs(blocks @ np.exp(-turn)) / _BLOCK
    energy = np.mean(blocks**2, axis=1)
    share = np.divide(amplitude**2 / 2, energy[:, None], out=np.zeros_like(amplitude), where=energy[:, None] > 0)
    found = []
    for amplitudes, shares in zip(amplitude, share, strict=True):
        loudest_first = np.argsort(-amplitudes)
        found.append([known[i] for i in loudest_first if amplitudes[i] >= _MIN_LEVEL and shares[i] >= _MIN_SHARE])
    return found
