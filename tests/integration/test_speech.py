"""Callers hear texts and values in their language, from a real Asterisk, and know them again by ear."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from ctid.ivr.spoken.spoken import phrases
from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.recognise import until_recognised
from sip_test_rig.site import RigSite
from sip_test_rig.tones import Samples
from tests.integration.floor import CALLER_HZ, PATIENCE_S, floor_config, metrics, until_quiet

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

FLOW, BROKEN = "401", "402"
BALANCE = "12234.05"
ENGLISH, CHINESE = "Welcome to Example Bank. Your balance is", "您的余额是"
DYNAMIC = {"en": "Goodbye {who}.", "zh": "{who}，再见。"}
EXPECTED_ERRORS = {"agi.speech_failed", "speech.failed", "speech.unprepared"}


def config() -> dict[str, Any]:
    site = floor_config(1)
    amount = {"number": "balance"}
    site["flows"] = {
        "balance": {
            "start": "known",
            "languages": ["en", "zh"],
            "attributes": {"balance": "number"},
            "nodes": {
                "known": {"set": {"balance": BALANCE, "who": "Jane"}, "then": "english"},
                "english": {"say": [{"en": ENGLISH, "zh": CHINESE}, amount], "then": "mandarin"},
                "mandarin": {"language": "zh", "then": "chinese"},
                "chinese": {"say": [{"en": ENGLISH, "zh": CHINESE}, amount], "then": "back"},
                "back": {"language": "en", "then": "bye"},
                "bye": {"say": DYNAMIC, "then": "end"},
                "end": {"go": {"hangup": True}},
            },
        },
        "broken": {
            "start": "wrong",
            "languages": ["fr", "en"],
            "nodes": {
                "wrong": {"say": {"fr": "Bonjour.", "en": "Good day."}, "then": "right"},
                "right": {"language": "en", "then": "heard"},
                "heard": {"say": {"fr": "Tout va bien.", "en": "All is well."}, "then": "end"},
                "end": {"go": {"hangup": True}},
            },
        },
    }
    site["entries"]["flow"] = {"dnis": FLOW, "open": {"flow": "balance"}}
    site["entries"]["broken"] = {"dnis": BROKEN, "open": {"flow": "broken"}}
    espeak = {tag: {"command": ["espeak-ng", "-b", "1", "-v", voice, "--stdin", "-w", "{file}"]}
              for tag, voice in (("en", "en-us"), ("zh", "cmn"))}  # fmt: skip
    site["speech"] = {"voices": {**espeak, "fr": {"command": ["false", "{file}"]}}}
    return site


CONFIG = config()


def sounds(site: RigSite, *texts: tuple[str, str]) -> dict[str, Samples]:
    return {f"{language}: {text}": site.sound(text, language) for text, language in texts}


async def test_a_text_a_value_and_a_name_are_heard_in_both_languages(site: RigSite, boss: Desktop) -> None:
    said = [
        (ENGLISH, "en"),
        *((phrase, "en") for phrase in phrases("number", BALANCE, "en")),
        (CHINESE, "zh"),
        *((phrase, "zh") for phrase in phrases("number", BALANCE, "zh")),
        ("Goodbye Jane.", "en"),
    ]
    others = [("two", "en"), ("thirty", "en"), ("二", "zh"), ("All is well.", "en")]

    async def prepared() -> bool:
        try:
            return bool(sounds(site, *said[:-1], *others))
        except FileNotFoundError:
            return False

    await eventually(prepared, "what is known beforehand is rendered", timeout=120)
    before = await metrics(site)
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call = await caller.call(FLOW)
        await call.until("ended", timeout=60)
        known = sounds(site, *said, *others)
        heard = await until_recognised(
            call.media, known, [f"{language}: {text}" for text, language in said], PATIENCE_S
        )
    # Nobody waits for what is known: phrases of a value follow each other as in one breath.
    for one, following in pairwise(heard[:-1]):
        assert following.at - (one.at + one.seconds) < 0.6, (one, following)
    now = await metrics(site)
    rendered = 'ctid_speech_total{language="en",result="rendered"}'
    assert now[rendered] - before[rendered] == 1
    await until_quiet(site, boss)


async def test_a_voice_that_fails_leaves_nobody_in_silence(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call = await caller.call(BROKEN)
        await call.until("ended", timeout=PATIENCE_S)
        (heard,) = await until_recognised(
            call.media, sounds(site, ("All is well.", "en")), ["en: All is well."], PATIENCE_S
        )
        assert heard.at < 3
    assert (await metrics(site))['ctid_speech_total{language="fr",result="failed"}'] > 0
    await until_quiet(site, boss)
