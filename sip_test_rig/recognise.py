"""Recognise: which known prompts a phone heard, in which order and when, so that a test listens as a person would.

A prompt is looked for in pieces of a tenth of a second, each by normalised cross-correlation: neither loudness nor
mu-law matters, and a lost packet costs one piece. Nearly all pieces have to be there at their places, so that prompts
which share words are told apart; where two claim the same moment, the one that explains more of it was heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sip_test_rig.eventually import eventually
from sip_test_rig.media import Media
from sip_test_rig.tones import SAMPLE_RATE, Samples

PIECE: Final = SAMPLE_RATE // 10
LIKE: Final = 0.85
"""The correlation from which on a piece is the same; of two other sounds at one pitch it may be 0.7."""

SHARE: Final = 0.8
"""So many of a prompt's pieces have to be heard."""

_STEP: Final = SAMPLE_RATE // 50
"""The precision of a moment: a packet."""

_SLACK_STEPS: Final = 3
"""How far a piece may be from its place: what packets that were lost or repeated before it shift it by."""

_AUDIBLE: Final = 0.1
"""A piece counts if it is at least so loud compared with the prompt as a whole."""

_OVERLAP: Final = 0.3
"""Two prompts may share so much of the shorter one's time: what is silence at the end of one and begin of the other."""

Wave = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """A known prompt that was heard.

    Attributes:
        name: Which.
        at: When it began, seconds from the recording's begin.
        seconds: How long it is.
        share: How much of it was heard, 1.0 being all.
    """

    name: str
    at: float
    seconds: float
    share: float


def recognise(recording: Samples, known: Mapping[str, Samples], *, share: float = SHARE) -> list[Heard]:
    """Tell which known prompts a recording holds, in order.

    Args:
        recording: What a phone heard.
        known: Prompts by name, each with a sound in it.
        share: So much of a prompt has to be heard; less finds prompts that were interrupted.

    Raises:
        ValueError: A known prompt is silent or shorter than a tenth of a second.
    """
    signal = _Signal(recording)
    found = [heard for name, clip in known.items() for heard in _occurrences(signal, name, clip, share)]
    # Who explains most of a moment is right about it.
    found.sort(key=lambda heard: (-heard.share * heard.seconds, -heard.share, heard.at))
    kept: list[Heard] = []
    for heard in found:
        if not any(_overlap(heard, other) for other in kept):
            kept.append(heard)
    return sorted(kept, key=lambda heard: heard.at)


async def until_recognised(media: Media, known: Mapping[str, Samples], names: list[str], timeout: float) -> list[Heard]:
    """Wait until exactly these prompts were heard, in this order.

    Raises:
        TimeoutError: They were not; the message tells what was heard instead.
    """
    found: list[Heard] = []

    async def heard_all() -> bool:
        # In a thread, so that the phones go on hearing meanwhile.
        found[:] = await asyncio.to_thread(recognise, media.recording(), known)
        return [heard.name for heard in found] == names

    try:
        await eventually(heard_all, "all are heard", timeout=timeout, every=0.5)
    except TimeoutError as late:
        told = [(heard.name, round(heard.at, 2)) for heard in found]
        raise TimeoutError(f"expected {names} within {timeout} s, heard {told}") from late
    return found


class _Signal:
    """A recording, made ready for many comparisons."""

    def __init__(self, recording: Samples) -> None:
        # Room at the end, so that a piece at the very end is found and nothing wraps around.
        self.length = len(recording)
        self._size = 1 << int(np.ceil(np.log2(max(1, self.length) + 2 * PIECE)))
        samples = recording.astype(np.float64)
        self._spectrum = np.fft.rfft(samples, self._size)
        sums = np.concatenate([[0.0], np.cumsum(samples**2), np.full(PIECE, np.sum(samples**2))])
        self._energy = np.maximum(sums[PIECE : PIECE + self.length] - sums[: self.length], 0)

    def likeness(self, piece: Wave) -> Wave:
        """Normalised cross-correlation with a piece, at each sample of the recording."""
        product = np.fft.irfft(self._spectrum * np.conj(np.fft.rfft(piece, self._size)), self._size)[: self.length]
        norm = np.sqrt(self._energy * np.sum(piece**2))
        # Nothing is like silence, whose last bits are noise.
        audible = self._energy > PIECE * 10.0**2
        return np.asarray(np.divide(product, norm, out=np.zeros(self.length), where=audible))


def _occurrences(signal: _Signal, name: str, clip: Samples, share: float) -> Iterator[Heard]:
    pieces = _pieces(name, clip)
    needed = int(np.ceil(share * len(pieces) - 1e-9))
    votes = np.zeros(signal.length // _STEP + 2 * _SLACK_STEPS + 2, dtype=np.int64)
    missed = 0
    for offset, piece in pieces:
        # Where the prompt would have begun, for each place at which the piece is.
        begins = (np.flatnonzero(signal.likeness(piece) >= LIKE) - offset) // _STEP
        begins = np.unique(begins[begins >= -_SLACK_STEPS]) + _SLACK_STEPS
        missed += not len(begins)
        if missed > len(pieces) - needed:
            return
        near = np.zeros(len(votes), dtype=bool)
        for shift in range(-_SLACK_STEPS, _SLACK_STEPS + 1):
            near[np.clip(begins + shift, 0, len(votes) - 1)] = True
        votes += near
    for first, last in _runs(votes >= needed):
        most = votes[first:last].max()
        middle = float(np.mean(np.flatnonzero(votes[first:last] == most))) + first - _SLACK_STEPS
        at = max(0.0, middle * _STEP / SAMPLE_RATE)
        yield Heard(name, at, len(clip) / SAMPLE_RATE, float(most) / len(pieces))


def _pieces(name: str, clip: Samples) -> list[tuple[int, Wave]]:
    """The audible pieces of a prompt with their places, loudest first: what is not there at all is known soon."""
    samples = clip.astype(np.float64)
    whole = [(at, samples[at : at + PIECE]) for at in range(0, len(samples) - PIECE + 1, PIECE)]
    loudness = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    rated = [(float(np.sqrt(np.mean(piece**2))), at, piece) for at, piece in whole]
    audible = [
        (at, piece) for level, at, piece in sorted(rated, key=lambda each: -each[0]) if level > _AUDIBLE * loudness
    ]
    if not audible or not loudness:
        raise ValueError(f"{name} is silent or too short to be known again")
    return audible


def _runs(mask: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Begin and end of each stretch that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _overlap(one: Heard, other: Heard) -> bool:
    shared = min(one.at + one.seconds, other.at + other.seconds) - max(one.at, other.at)
    return shared > _OVERLAP * min(one.seconds, other.seconds)
