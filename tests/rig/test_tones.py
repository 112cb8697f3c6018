"""Known tones are known again, through mu-law and noise, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from sip_test_rig import tones
from sip_test_rig.dtmf_events import press, to_pcap

pytestmark = pytest.mark.rig


@pytest.mark.parametrize("hz", tones.KNOWN_HZ)
def test_a_tone_is_known_again_through_mu_law(hz: int) -> None:
    received = tones.from_ulaw(tones.to_ulaw(tones.tone(hz, 1.0)))
    assert tones.heard(received) == {hz: 1.0}


@pytest.mark.parametrize("hz", tones.KNOWN_HZ)
def test_a_quiet_tone_in_noise_is_known_again(hz: int) -> None:
    noise = np.random.default_rng(1).normal(0, 600, 8000)
    assert tones.heard((tones.tone(hz, 1.0, level=0.08) + noise).astype(np.int16)) == {hz: 1.0}


def test_silence_and_noise_hold_no_tone() -> None:
    assert tones.heard(tones.silence(1.0)) == {}
    assert tones.heard(np.random.default_rng(2).normal(0, 3000, 8000).astype(np.int16)) == {}


def test_two_at_once_are_both_heard() -> None:
    both = tones.tone(470, 1.0) + tones.tone(1310, 1.0)
    assert tones.heard(both) == {470: 1.0, 1310: 1.0}


def test_a_sequence_is_heard_in_its_order() -> None:
    voice = tones.sequence([470, 1030, 470, 2150])
    assert tones.heard_sequence(voice) == [470, 1030, 470, 2150]


def test_mu_law_is_the_standard_one() -> None:
    # Values from ITU-T G.711, table 2a: zero is 0xFF, the largest are 0x80 and 0x00.
    assert tones.to_ulaw(np.array([0, 32124, -32124, 32767, -32768], dtype=np.int16)) == b"\xff\x80\x00\x80\x00"
    every = bytes(range(256))
    decoded = tones.from_ulaw(every)
    assert tones.to_ulaw(decoded) == every.replace(b"\x7f", b"\xff")
    assert decoded.max() == 32124
    assert decoded.min() == -32124


def test_wav_goes_and_comes_back() -> None:
    samples = tones.tone(610, 0.5)
    assert np.array_equal(tones.from_wav(tones.to_wav(samples)), samples)


def test_a_key_press_is_one_event_with_a_threefold_end() -> None:
    packets = list(press("9#"))
    assert [packet.payload[0] for packet in packets] == [9] * 8 + [11] * 8
    assert [packet.marker for packet in packets] == ([True] + [False] * 7) * 2
    assert [bool(packet.payload[1] & 0x80) for packet in packets] == ([False] * 5 + [True] * 3) * 2
    assert len({packet.timestamp for packet in packets}) == 2


def test_a_key_that_no_phone_has_is_refused() -> None:
    with pytest.raises(ValueError, match="substring not found"):
        to_pcap("1x")
