"""Stereo: the two files that a PBX writes of one channel become one WAV file, the caller left, the agent right."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from typing import BinaryIO, Final

SAMPLE_RATE: Final = 8_000
SAMPLE_BYTES: Final = 2
FRAME_BYTES: Final = 2 * SAMPLE_BYTES
HEADER_BYTES: Final = 44
_BLOCK_SAMPLES: Final = 32_768
_SILENT_LEVEL: Final = 0
_MAX_DATA: Final = 2**32 - 1 - HEADER_BYTES


def header(data_bytes: int, channels: int = 2) -> bytes:
    """The header of a WAV file: 8 kHz, 16 bits."""
    data_bytes = min(data_bytes, _MAX_DATA)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        HEADER_BYTES - 8 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        SAMPLE_RATE,
        SAMPLE_RATE * SAMPLE_BYTES * channels,
        SAMPLE_BYTES * channels,
        8 * SAMPLE_BYTES,
        b"data",
        data_bytes,
    )


def duration_ms(samples: int) -> int:
    """How long so many samples of one channel last."""
    return samples * 1_000 // SAMPLE_RATE


def skipped_ms(wanted_ms: int, clock_ms: int, file_ms: int) -> int:
    """How much of the head of a PBX's files is left out, because nobody wanted it kept.

    The files begin as the channel is answered, which may be before what is to be kept: before the customer who is
    called back has answered, or before somebody asked for the recording. In both cases the PBX records silence or a
    ringing tone there, but for the moments that an order takes to reach it.

    Where nothing comes from either side, the PBX writes nothing, so that the files may be shorter than the time they
    were written in; nobody knows at which place. So of what is wanted nothing is lost whatever that place is.

    Args:
        wanted_ms: From the answer until it was to be kept.
        clock_ms: From the answer until the end.
        file_ms: The length of the files.
    """
    return max(0, wanted_ms - max(0, clock_ms - file_ms) - _TOLERANCE_MS)


_TOLERANCE_MS: Final = 500
"""How far the clock of ctid and that of the samples may be from each other: what it takes to be told of an answer."""


def blocks(caller: BinaryIO, agent: BinaryIO, samples: int) -> Iterator[bytes]:
    """Interleave so many samples of two files of 16 bits; a file that ends before is silent from there.

    Args:
        caller: What the agent hears, at the first sample that counts.
        agent: What the agent says, likewise.
        samples: Of the longer one.
    """
    left = samples
    while left > 0:
        count = min(left, _BLOCK_SAMPLES)
        frames = array("h", bytes(count * FRAME_BYTES))
        for channel, file in enumerate((caller, agent)):
            mono = _read(file, count)
            frames[channel : 2 * len(mono) : 2] = mono
        if sys.byteorder == "big":
            frames.byteswap()
        yield frames.tobytes()
        left -= count


def leading_silence(caller: BinaryIO, agent: BinaryIO) -> int:
    """How many samples both files are wholly silent at their beginning, as only a muted recording is."""
    silent = 0
    while True:
        parts = [_read(file, _BLOCK_SAMPLES) for file in (caller, agent)]
        longest = max(map(len, parts))
        if not longest:
            return silent
        first = min((_first_sound(part) for part in parts), default=longest)
        if first < longest:
            return silent + first
        silent += longest


def _first_sound(part: array[int]) -> int:
    # Most of a muted stretch is told by one comparison of bytes.
    if not any(part.tobytes()):
        return 1 << 62
    return next(index for index, sample in enumerate(part) if sample != _SILENT_LEVEL)


def _read(file: BinaryIO, count: int) -> array[int]:
    data = file.read(count * SAMPLE_BYTES)
    mono = array("h", data[: len(data) // SAMPLE_BYTES * SAMPLE_BYTES])
    if sys.byteorder == "big":
        mono.byteswap()
    return mono
