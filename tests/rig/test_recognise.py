"""Prompts are known again by ear: through mu-law, noise and lost packets, and told from those that share words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from ctid.ivr.spoken.spoken import phrases
from ctid.spec.speech import ESPEAK
from ctid.speech.wav import to_telephone
from sip_test_rig import tones
from sip_test_rig.recognise import Heard, recognise
from sip_test_rig.tones import Samples

pytestmark = pytest.mark.rig

ENGLISH = (
    "Welcome to Example Bank.",
    "Welcome to Example Insurance.",
    "For sales, press one.",
    "For sales, press two.",
    "Your balance is",
    "Your balance is not available.",
    "Goodbye.",
)
NUMBERS = (
    "one", "two", "three", "twelve", "twenty", "twenty-one", "twenty-two", "twenty-seven", "seventy-two", "seventy",
    "hundred", "thousand",
)  # fmt: skip
CHINESE = (
    "欢迎致电。",
    "欢迎光临。",
    "一",
    "二",
    "十",
    "十一",
    "十二",
    "二十",
    "二十二",
    "一百",
    "一千",
    "一点",
    "十一点",
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Samples]:
    folder = tmp_path_factory.mktemp("voice")
    texts = [*((text, "en") for text in (*ENGLISH, *NUMBERS)), *((text, "zh") for text in CHINESE)]
    return {text: spoken(folder, text, language) for text, language in texts}


def spoken(folder: Path, text: str, language: str) -> Samples:
    command = [part.replace("{file}", str(folder / "said.wav")) for part in ESPEAK[language].command]
    subprocess.run(command, input=text.encode(), check=True, timeout=30)
    return tones.from_wav(to_telephone((folder / "said.wav").read_bytes()))


def on_the_phone(*parts: Samples, noise: float = 20, gain: float = 1) -> Samples:
    """What a phone hears: quieter, with noise, through mu-law."""
    whole = np.concatenate(parts) * gain
    noisy = np.clip(whole + np.random.default_rng(1).normal(0, noise, len(whole)), -32_768, 32_767)
    return tones.from_ulaw(tones.to_ulaw(noisy.astype(np.int16)))


def names(found: list[Heard]) -> list[str]:
    return [heard.name for heard in found]


@pytest.mark.parametrize("text", [*ENGLISH, *NUMBERS, *CHINESE])
def test_each_prompt_is_told_from_all_others(known: dict[str, Samples], text: str) -> None:
    quiet = tones.silence(0.73)
    (found,) = recognise(on_the_phone(quiet, known[text], quiet, gain=0.4), known)
    assert (found.name, found.share) == (text, 1.0)
    assert found.at == pytest.approx(0.73, abs=0.05)
    assert found.seconds == pytest.approx(len(known[text]) / 8_000)


@pytest.mark.parametrize("said", [
    ["Welcome to Example Bank.", "Your balance is", "twenty-two", "thousand", "two", "hundred", "twenty", "Goodbye."],
    ["Your balance is", "one", "Your balance is not available.", "one", "one"],
    ["欢迎致电。", "二十二", "十二", "二", "一千", "一", "十一点", "For sales, press two."],
])  # fmt: skip
@pytest.mark.parametrize("gap", [0.0, 0.31])
def test_prompts_one_after_another_are_heard_in_order(known: dict[str, Samples], said: list[str], gap: float) -> None:
    parts = [part for text in said for part in (known[text], tones.silence(gap))]
    found = recognise(on_the_phone(*parts), known)
    assert names(found) == said
    begins = np.cumsum([0.0, *(len(known[text]) / 8_000 + gap for text in said)])[:-1]
    assert [heard.at for heard in found] == pytest.approx(begins.tolist(), abs=0.06)


def test_lost_and_repeated_packets_do_not_matter(known: dict[str, Samples]) -> None:
    said = ["Welcome to Example Insurance.", "For sales, press one.", "Goodbye."]
    heard = on_the_phone(*(known[text] for text in said))
    packets = np.split(heard[: len(heard) // 160 * 160], len(heard) // 160)
    for lost in (30, 75, 120):
        del packets[lost]
    packets.insert(50, packets[50])
    assert names(recognise(np.concatenate(packets), known)) == said


def test_neither_silence_nor_noise_tones_or_other_words_are_taken_for_a_prompt(
    known: dict[str, Samples], tmp_path: Path
) -> None:
    noise = np.random.default_rng(2).normal(0, 3_000, 40_000).astype(np.int16)
    other = spoken(tmp_path, "A completely different sentence, which mentions nothing that anybody knows.", "en")
    for sound in (tones.silence(3), noise, tones.sequence(tones.KNOWN_HZ), on_the_phone(other)):
        assert recognise(sound, known) == []
    assert recognise(tones.silence(0), known) == []


def test_half_a_prompt_is_none_unless_half_is_asked_for(known: dict[str, Samples]) -> None:
    whole = known["Welcome to Example Insurance."]
    half = on_the_phone(whole[: len(whole) * 6 // 10], tones.silence(1))
    only = {"insurance": whole}
    assert recognise(half, only) == []
    (found,) = recognise(half, only, share=0.4)
    assert found.name == "insurance"
    assert 0.4 < found.share < 0.7


def test_a_prompt_beneath_another_sound_is_not_heard_for_sure(known: dict[str, Samples]) -> None:
    """Music that plays on over a prompt would be a fault, and is not overheard."""
    said = known["For sales, press one."]
    music = tones.tone(330, len(said) / 8_000, level=0.3)[: len(said)]
    assert recognise(on_the_phone(said // 2 + music // 2), known) == []


def test_a_number_is_heard_phrase_by_phrase(known: dict[str, Samples]) -> None:
    for value, language in ((2_122, "en"), (72_002, "en"), (20, "zh"), (12, "zh")):
        said = phrases("number", value, language)
        assert names(recognise(on_the_phone(*(known[text] for text in said)), known)) == said


def test_what_cannot_be_known_again_is_refused() -> None:
    for clip in (tones.silence(1), tones.tone(440, 0.05), tones.silence(0)):
        with pytest.raises(ValueError, match="nothing is silent"):
            recognise(tones.silence(1), {"nothing": clip})
