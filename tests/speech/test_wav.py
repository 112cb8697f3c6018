"""Whatever is written becomes 8 kHz, 16 bits, mono; what the telephone can't carry is not heard as something else."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from ctid.errors import SpeechError
from ctid.speech.wav import to_telephone
from tests.speech.engines import sine, wav


def heard(data: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(data), "rb") as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8_000, 2, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 2**15


def level(samples: np.ndarray, hz: float) -> float:
    window = np.hanning(len(samples))
    turn = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / 8_000)
    return float(2 * np.abs(np.sum(samples * window * turn)) / np.sum(window))


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_a_tone_stays_what_it_is_at_every_rate(rate: int) -> None:
    samples = heard(to_telephone(sine(1_000, 0.5, rate)))
    assert len(samples) == pytest.approx(4_000, abs=10)
    assert level(samples, 1_000) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_a_tone_stays_what_it_is_at_every_width(width: int) -> None:
    at = np.arange(11_025) / 22_050
    samples = heard(to_telephone(wav(np.sin(2 * np.pi * 700 * at) * 0.5, 22_050, width)))
    assert level(samples, 700) == pytest.approx(0.5, abs=0.01)


def test_of_several_channels_the_mean_is_heard() -> None:
    at = np.arange(11_025) / 22_050
    left, right = np.sin(2 * np.pi * 700 * at) * 0.5, np.sin(2 * np.pi * 1_500 * at) * 0.3
    samples = heard(to_telephone(wav(np.stack([left, right], axis=1).reshape(-1), 22_050, channels=2)))
    assert level(samples, 700) == pytest.approx(0.25, abs=0.01)
    assert level(samples, 1_500) == pytest.approx(0.15, abs=0.01)


def test_what_8_khz_cannot_carry_does_not_come_back_as_another_tone() -> None:
    at = np.arange(22_050) / 22_050
    both = np.sin(2 * np.pi * 500 * at) * 0.4 + np.sin(2 * np.pi * 6_500 * at) * 0.4
    samples = heard(to_telephone(wav(both, 22_050)))
    assert level(samples, 500) == pytest.approx(0.4, abs=0.01)
    # 6.5 kHz would be heard at 1.5 kHz.
    assert level(samples, 1_500) < 0.0005


def test_silence_at_the_ends_is_taken_away_but_for_a_breath() -> None:
    at = np.arange(22_050) / 22_050
    quiet = np.zeros(22_050)
    samples = heard(to_telephone(wav(np.concatenate([quiet, np.sin(2 * np.pi * 700 * at) * 0.5, quiet]), 22_050)))
    assert len(samples) == pytest.approx(8_000 + 2 * 320, abs=40)


def test_a_loud_sound_is_not_turned_over() -> None:
    square = np.sign(np.sin(2 * np.pi * 700 * np.arange(22_050) / 22_050))
    samples = heard(to_telephone(wav(square, 22_050)))
    # An overflow would make single samples jump from one end to the other.
    assert np.max(np.abs(samples)) > 0.95
    assert level(samples, 700) == pytest.approx(4 / np.pi, abs=0.1)


WHOLE = sine(440)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"not a sound at all" * 1_000,
        WHOLE[:40],
        WHOLE[:20] + b"\x03" + WHOLE[21:],  # floating point
        WHOLE[:24] + bytes(4) + WHOLE[28:],  # no rate
        WHOLE[:24] + b"\xff\xff\xff\x7f" + WHOLE[28:],
        WHOLE[:22] + bytes(2) + WHOLE[24:],  # no channel
        wav(np.zeros(1_000), 22_050),
        wav(np.zeros(0), 22_050),
        wav(np.full(4_000 * 601, 0.5), 4_000, 1),
    ],
    ids=range(11),
)
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(SpeechError):
        to_telephone(data)


def test_a_file_that_ends_early_is_heard_so_far() -> None:
    """Engines that write into a pipe tell a length that is not so."""
    samples = heard(to_telephone(WHOLE[: len(WHOLE) // 2 - 1]))
    assert len(samples) == pytest.approx(2_000, abs=40)
