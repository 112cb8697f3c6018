"""Prompts: the spoken prompts of the demo, recognised by ear: by correlation with what a caller has heard."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from sip_test_rig import tones
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import PhoneCall

# Mu-law leaves a prompt above 0.99 of itself; another prompt of the same voice stays below 0.3.
RECOGNISED: Final = 0.9
LISTEN_EVERY_S: Final = 0.2


class Prompts:
    """The WAV files below a folder, by name without ending: ``ctid/welcome``."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, bytes] = {
            path.relative_to(folder).with_suffix("").as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*.wav"))
        }

    def likeness(self, recording: tones.Samples, name: str, seconds: float | None = None) -> float:
        """Tell how well a recording holds a prompt, from 0 to 1.

        Args:
            recording: What was heard.
            name: Which prompt.
            seconds: Only its beginning, so long; all of it when left out.
        """
        samples = tones.from_wav(self.files[name])
        wanted = samples if seconds is None else samples[: round(seconds * tones.SAMPLE_RATE)]
        return likeness(recording, wanted)

    async def until_heard(
        self, call: PhoneCall, name: str, seconds: float | None = None, timeout: float = 20.0
    ) -> float:
        """Wait until a caller has heard a prompt, or its beginning; tell how like it was.

        Raises:
            TimeoutError: It was not heard in time, or the call ended before.
        """
        best = 0.0

        def recognised() -> bool:
            nonlocal best
            best = max(best, self.likeness(call.media.recording(), name, seconds))
            return best >= RECOGNISED or call.state == "ended"

        await eventually(recognised, f"prompt {name} heard", timeout=timeout, every=LISTEN_EVERY_S)
        if best < RECOGNISED:
            raise TimeoutError(f"the call ended before prompt {name} was heard (likeness {best:.2f})")
        return best


def likeness(recording: tones.Samples, wanted: tones.Samples) -> float:
    """The highest normalised cross-correlation of a sound with any stretch of a recording, from 0 to 1."""
    length = len(wanted)
    if len(recording) < length:
        return 0.0
    heard, sought = recording.astype(np.float64), wanted.astype(np.float64)
    size = 1 << (len(heard) + length - 1).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sought, size))
    products = np.fft.irfft(spectrum, size)[: len(heard) - length + 1]
    sums = np.concatenate(([0.0], np.cumsum(heard**2)))
    energy = (sums[length:] - sums[:-length]) * np.sum(sought**2)
    # Where next to nothing was heard, chance would look like likeness.
    quiet = energy <= 1e-4 * np.sum(sought**2) ** 2
    scores = np.where(quiet, 0.0, products / np.sqrt(np.where(quiet, 1.0, energy)))
    return float(np.clip(np.max(scores), 0.0, 1.0))
