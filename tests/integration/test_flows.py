"""Flows on the real Asterisk, by tones: keys and hang-ups at any moment, crowds, reloads, decisions, waiting."""

from __future__ import annotations

import asyncio
import copy
import random
from typing import Any

import pytest

from sip_test_rig import tones
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.sipp import Sipp
from sip_test_rig.site import PROMPTS, RigSite, prompts
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    CALLER_HZ,
    PATIENCE_S,
    TYPING_S,
    all_records,
    both_hear,
    floor_config,
    hear,
    staff,
    until_hears_more,
    until_quiet,
    until_quiet_on_the_line,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

EXPECTED_ERRORS = {"config.refused"}
"""Of the reload that is refused."""
TOUR, WAIT, DECIDED, LISTEN = "500", "501", "502", "503"
LONG_HZ, LONG_SECONDS = 850.0, 30.0
WELCOME_HZ, MENU_HZ, NUMBER_HZ, WRONG_HZ, CLOSED_HZ, SORRY_HZ = (
    PROMPTS[f"ctid/{name}"] for name in ("welcome", "main-menu", "no-key", "wrong-key", "closed", "sorry")
)


def say(name: str) -> dict[str, str]:
    return {"prompt": f"ctid/{name}"}


FLOWS: dict[str, Any] = {
    "tour": {
        "start": "welcome",
        "nodes": {
            "welcome": {"say": [say("welcome")], "then": "menu"},
            "menu": {
                "menu": {
                    "say": [say("main-menu")],
                    "keys": {"1": "number", "2": "ask", "3": "words", "4": "welcome", "5": "agent", "6": "deaf"},
                    "wrong_key": [say("wrong-key")],
                    # Nobody is late for a key, however busy the machine is.
                    "timeout_seconds": 30,
                    "otherwise": "bye",
                }
            },
            "number": {
                "collect": {
                    "into": "number",
                    "say": [say("no-key")],
                    "min": 3,
                    "max": 6,
                    "timeout_seconds": 30,
                    "between_seconds": 5,
                    "invalid": [say("wrong-key")],
                    "then": "bye",
                    "otherwise": "bye",
                }
            },
            "deaf": {"say": [say("closed")] * 3, "interruptible": False, "then": "menu"},
            "ask": {"fetch": {"lookup": "nobody", "say": [say("sorry")], "then": "menu", "failed": "bye"}},
            "words": {
                "record": {"into": "words", "say": [say("sorry")], "max_seconds": 5, "then": "bye", "failed": "bye"}
            },
            "agent": {"go": {"queue": "sales"}},
            "bye": {"say": [say("closed")], "then": "end"},
            "end": {"end": "done"},
        },
    },
    "route": {
        "start": "who",
        "attributes": {"tier": "text"},
        "nodes": {
            "who": {"decide": [{"when": 'attributes.tier == "gold"', "then": "gold"}], "otherwise": "others"},
            "gold": {"go": {"number": "600", "set": {"why": "gold"}}},
            "others": {"end": "ordinary"},
        },
    },
}


def config() -> dict[str, Any]:
    data = floor_config(1, ring_seconds=20)
    data["flows"] = FLOWS
    data["lookups"] = {
        # Nobody listens there.
        "nobody": {"http": {"url": "http://127.0.0.1:9/nothing"}, "timeout_seconds": 0.5, "retries": 0}
    }
    data["recordings"] = {"min_free_mb": 1}
    data["entries"] |= {
        "tour": {"dnis": TOUR, "open": {"flow": "tour"}},
        "wait": {"dnis": WAIT, "open": {"queue": "patient"}},
        "listen": {"dnis": LISTEN, "open": {"queue": "talkative"}},
    }
    data["queues"]["talkative"] = {
        "steps": [{"skills": {"sales": 5}}],
        "ring_seconds": 8,
        "waiting": {
            "first_seconds": 1,
            "every_seconds": 5,
            "messages": [[say("long")]],
            "keys": {"1": {"flow": "tour"}},
        },
    }
    data["queues"]["patient"] = {
        "steps": [{"skills": {"sales": 5}}],
        "ring_seconds": 20,
        "waiting": {
            "first_seconds": 1.5,
            "every_seconds": 5,
            "messages": [[say("sorry")], [say("no-key")]],
            "keys": {"1": {"flow": "tour"}, "2": {"play": ["ctid/closed"], "hangup": True}},
        },
    }
    return data


CONFIG = config()
SITE = {
    # Keys are pressed into all but the short ones.
    "sounds": prompts(welcome=1.0, no_key=1.5),
    # The PBX answers by itself, asks, and goes where it is told; a tone stands for its own menu.
    "extensions": f"""
[from-carrier](+)
exten => {DECIDED},1,Answer()
 same => n,AGI(agi://${{CTID_AT}}/decide,flow=route,tier=${{TIER}})
 same => n,GotoIf($["${{CTID_DECISION}}${{CTID_TARGET}}" = "number600"]?gold)
 same => n,GotoIf($["${{CTID_DECISION}}${{CTID_TARGET}}" = "endordinary"]?others)
 same => n,Hangup()
 same => n(gold),Playtones(1450)
 same => n,Wait(20)
 same => n(others),Playtones(1050)
 same => n,Wait(20)
[internal](+)
""",
}


def calls(record: JsonObject, *kinds: str) -> list[tuple[str, str]]:
    return [(each["name"], each["result"] or "") for each in record["path"] if each["kind"] in kinds]


async def newest(boss: Desktop) -> str:
    return str((await boss.wait("contact.created", timeout=PATIENCE_S))["data"]["contact"]["id"])


async def until_recorded(boss: Desktop, fewest: int, most: int) -> list[JsonObject]:
    """Wait until each contact that the test has made has its record; between so many and so many there are."""
    found: list[JsonObject] = []

    async def all_told() -> bool:
        made = {each["contact_id"] for each in boss.events if each["type"] == "contact.created"}
        found[:] = [record for record in await all_records(boss) if record["contact_id"] in made]
        return fewest <= len(made) == len(found)

    await eventually(all_told, "every call has its record", timeout=PATIENCE_S, every=0.2)
    assert len(found) <= most
    return found


@pytest.mark.parametrize("when", ["before", "during", "after"])
async def test_a_key_before_during_and_after_the_prompt(site: RigSite, boss: Desktop, when: str) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(TOUR)
        contact_id = await newest(boss)
        if when == "before":
            await call.until_heard(WELCOME_HZ, 0.1, PATIENCE_S)
        else:
            await call.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        if when == "after":
            await until_quiet_on_the_line(call)
        call.press("1")
        await until_hears_more(call, NUMBER_HZ, 0.1)
        call.press("12345#", TYPING_S)
        await call.until_heard(CLOSED_HZ, 0.3, PATIENCE_S)
        await call.until("ended", timeout=PATIENCE_S)
    record = await until_record(boss, contact_id)
    assert record["attributes"]["number"] == "12345"
    assert calls(record, "key", "digits") == [("1", "valid"), ("", "valid")]


async def test_what_is_not_to_be_interrupted_is_not(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(TOUR)
        await call.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        call.press("6")
        await until_hears_more(call, CLOSED_HZ, 0.2)
        call.press("1")
        # To its end, and so is the menu then, for the key led nowhere.
        await call.until_heard(CLOSED_HZ, 1.2, PATIENCE_S)
        await call.until_heard(MENU_HZ, 1.2, PATIENCE_S)
        call.hang_up()
    await until_quiet(site, boss)


async def test_a_hundred_digits_at_once(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(TOUR)
        contact_id = await newest(boss)
        await call.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        call.press("1" + "7" * 99)
        # The words at the end may be cut short by those that are still to come.
        await call.until("ended", timeout=PATIENCE_S)
    record = await until_record(boss, contact_id)
    assert record["attributes"]["number"] == "777777"


async def test_no_answer_from_elsewhere_leads_on(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(TOUR)
        contact_id = await newest(boss)
        await call.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        call.press("2")
        await call.until_heard(SORRY_HZ, 0.3, PATIENCE_S)
        await call.until_heard(CLOSED_HZ, 0.3, PATIENCE_S)
        await call.until("ended", timeout=PATIENCE_S)
    assert calls(await until_record(boss, contact_id), "fetch") == [("nobody", "unavailable")]


async def test_what_a_caller_says_is_kept(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(TOUR)
        contact_id = await newest(boss)
        await call.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        call.press("3")
        await call.until_heard(SORRY_HZ, 0.3, PATIENCE_S)

        def spoken() -> bool:
            return any(path.stat().st_size > 16_000 for path in site.spool.iterdir())

        await eventually(spoken, "they have spoken for a second", timeout=PATIENCE_S)
        call.press("#")
        await call.until_heard(CLOSED_HZ, 0.3, PATIENCE_S)
        await call.until("ended", timeout=PATIENCE_S)
    record = await until_record(boss, contact_id)
    stored = (await boss.wait("recording.finished", timeout=PATIENCE_S))["data"]
    assert stored["recording"]["id"] == record["attributes"]["words"]
    assert 500 < stored["duration_ms"] < 5_500


@pytest.mark.parametrize("seed", [1, 2])
async def test_callers_hang_up_anywhere(site: RigSite, boss: Desktop, seed: int) -> None:
    chance = random.Random(seed)

    async def wander() -> bool:
        """Whether ctid has had the call: one that is given up sooner may never come to it."""
        async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
            call = await phone.call(TOUR)
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(chance.uniform(0, 1.2))
                if call.state == "answered":
                    call.press(chance.choice(["1", "2", "3", "4", "5", "6", "9", "12#", "44"]))
            await asyncio.sleep(chance.uniform(0, 1.2))
            answered = call.state == "answered" or call.ended_by == "them"
            call.hang_up()
            await call.until("ended", timeout=PATIENCE_S)
            return answered

    had = sum(await asyncio.gather(*(wander() for _ in range(12))))
    await until_quiet(site, boss)
    await until_recorded(boss, had, 12)
    log = site.ctid.log.read_text()
    assert "prompt-failed" not in log, "a hang-up is taken for a prompt that is not there"
    assert "agi.prompt_failed" not in log


async def test_two_hundred_callers_at_once(site: RigSite, boss: Desktop) -> None:
    keys = ["1", "4", "6", "12345#", "9"]
    to = ("127.0.0.1", site.pbx.sip_port)
    crowd = [Sipp("uac-wanders", to=to, number=TOUR, calls=40, rate=20, digits=each, at_once=40) for each in keys]
    for each in crowd:
        await each.start()
    most = 0
    try:
        pending = [asyncio.create_task(each.wait()) for each in crowd]
        while not all(task.done() for task in pending):
            most = max(most, len(await site.pbx.channels()))
            await asyncio.sleep(0.5)
    finally:
        for each in crowd:
            await each.stop()
    await until_quiet(site, boss)
    assert most > 100
    assert {record["outcome"] for record in await until_recorded(boss, 200, 200)} <= {"abandoned", "handled"}


async def test_a_changed_flow_is_for_the_next_caller(site: RigSite, boss: Desktop) -> None:
    async with (
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as first,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as second,
    ):
        former = await first.call(TOUR)
        former_id = await newest(boss)
        await former.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        before = copy.deepcopy(site.config["flows"])
        site.config["flows"] = copy.deepcopy(before)
        site.config["flows"]["tour"]["nodes"]["number"]["collect"]["say"] = [say("sorry")]
        site.write_config()
        site.ctid.reload()
        await boss.wait("config.loaded", timeout=PATIENCE_S)
        later = await second.call(TOUR)
        later_id = await newest(boss)
        await later.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        later.press("1")
        await until_quiet_on_the_line(former)
        former.press("1")
        await former.until_heard(NUMBER_HZ, 0.2, PATIENCE_S)
        await later.until_heard(SORRY_HZ, 0.2, PATIENCE_S)
        # A broken file changes nothing.
        site.config["flows"]["tour"]["nodes"]["number"]["collect"]["then"] = "nowhere"
        site.write_config()
        site.ctid.reload()
        await eventually(
            lambda: "nowhere" in site.ctid.log.read_text(), "the fault is told in the log", timeout=PATIENCE_S
        )
        for call in (former, later):
            await until_quiet_on_the_line(call)
            call.press("123#", TYPING_S)
            await call.until_heard(CLOSED_HZ, 0.2, PATIENCE_S)
            await call.until("ended", timeout=PATIENCE_S)
        site.config["flows"] = before
        site.write_config()
        site.ctid.reload()
        await boss.wait("config.loaded", timeout=PATIENCE_S)
    versions = [calls(await until_record(boss, each), "flow") for each in (former_id, later_id)]
    assert versions[0] != versions[1]


@pytest.mark.parametrize(("tier", "hz"), [("gold", WRONG_HZ), ("none", CLOSED_HZ)])
async def test_the_pbx_asks_for_a_decision(site: RigSite, boss: Desktop, tier: str, hz: float) -> None:
    await site.pbx.cli(f"dialplan set global TIER {tier}")
    await site.pbx.cli(f"dialplan set global CTID_AT 127.0.0.1:{site.agi_port}")
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(DECIDED)
        await call.until_heard(hz, 0.3, PATIENCE_S)
        call.hang_up()
    await until_quiet(site, boss)


def seconds_of(call: PhoneCall, hz: float) -> float:
    """For how long the caller has heard a prompt."""
    return tones.heard(call.media.recording(), (*tones.KNOWN_HZ, hz)).get(hz, 0.0)


async def heard_music(call: PhoneCall) -> None:
    await until_hears_more(call, MUSIC_HZ, 0.3)


async def test_who_waits_is_told_between_the_music_and_leaves_by_a_key(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(WAIT)
        await heard_music(call)
        await until_hears_more(call, SORRY_HZ, 0.3)
        await heard_music(call)
        await until_hears_more(call, NUMBER_HZ, 0.3)
        await heard_music(call)
        call.press("1")
        await until_hears_more(call, WELCOME_HZ, 0.2)
        await call.until_heard(MENU_HZ, 0.2, PATIENCE_S)
        call.press("5")
        await heard_music(call)
        call.hang_up()
    await until_quiet(site, boss)


async def test_nothing_is_said_while_an_agent_is_rung(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", answer_after=None) as (seat,),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone,
    ):
        call = await phone.call(WAIT)
        ringing = await seat.ringing()
        call.media.forget()
        await call.until_heard(MUSIC_HZ, 3.0, PATIENCE_S)
        assert seconds_of(call, SORRY_HZ) == 0.0
        ringing.answer()
        await both_hear(call, ringing, seat)
        await hear((call, {seat.phone.voice_hz}), (ringing, {CALLER_HZ}))
        call.hang_up()
    await until_quiet(site, boss)


async def test_an_announcement_is_cut_short_as_an_agent_is_rung_and_comes_again_if_nobody_answers(
    site: RigSite, boss: Desktop
) -> None:
    (site.pbx.sounds_dir / "ctid/long.wav").write_bytes(tones.to_wav(tones.tone(LONG_HZ, LONG_SECONDS)))
    async with (
        staff(site, "a01", ready=False, answer_after=None) as (seat,),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone,
    ):
        call = await phone.call(LISTEN)
        await call.until_heard(LONG_HZ, 0.5, PATIENCE_S)
        await seat.ready()
        await seat.offer()
        call.media.forget()
        await call.until_heard(MUSIC_HZ, 1.0, PATIENCE_S)
        # What was on its way to the phone is heard, too, and on a busy machine that may be a second's worth.
        assert seconds_of(call, LONG_HZ) < LONG_SECONDS / 12, "it plays on while the agent is rung"
        assert "offer.timed_out" not in [event["type"] for event in boss.events], "they are rung no more"
        await boss.wait("offer.timed_out", timeout=PATIENCE_S)
        await until_hears_more(call, LONG_HZ, 0.5)
        call.press("1")
        await until_hears_more(call, WELCOME_HZ, 0.2)
        call.hang_up()
    await until_quiet(site, boss)
