"""Calls are recorded as configured: what each side said, nothing of what must not be kept, and nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import wave
from hashlib import sha256
from typing import Any, Final

import aiohttp
import numpy as np
import pytest

from ctid.desktop.identity.auth import Role
from sip_test_rig import tones
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import PROMPTS, RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import act, asked, in_talk, until_silence
from tests.integration.floor import (
    CALLER_HZ,
    PATIENCE_S,
    TYPING_S,
    both_hear,
    floor_config,
    staff,
    until_hears_more,
    until_quiet,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

ASKED_FOR: Final = "202"
"""Dialled by who goes to a queue whose calls are recorded when somebody asks for it."""


def config() -> dict[str, Any]:
    """A floor of two agents; every call of the queue `sales` is recorded, one of `support` on demand."""
    data = floor_config(2, ring_seconds=20)
    for name, recording in (("sales", {"percent": 100}), ("support", {"percent": 0, "on_demand": True})):
        data["queues"][name] |= {
            "steps": [{"agents": ["a01"]}],
            "dispositions": [],
            "disposition_required": False,
            "recording": recording,
        }
    data["entries"]["asked_for"] = {"dnis": ASKED_FOR, "open": {"queue": "support"}}
    data["recordings"] = {"min_free_mb": 1}
    return data


CONFIG = config()
CONFIG["flows"] = {
    "pay": {
        "start": "card",
        "nodes": {
            "card": {
                "collect": {
                    "into": "card",
                    "sensitive": True,
                    "say": {"prompt": "ctid/sorry"},
                    "max": 4,
                    "then": "asked",
                    "otherwise": "over",
                }
            },
            "asked": {"set": {"asked": "yes"}, "then": "over"},
            "over": {"end": "done"},
        },
    }
}


async def until_stored(boss: Desktop, contact_id: str, count: int = 1) -> list[JsonObject]:
    """Wait for the contact's recordings, oldest first."""
    found: list[JsonObject] = []

    async def there() -> bool:
        page = await boss.request("GET", f"/v1/recordings?contact_id={contact_id}")
        found[:] = reversed(page["items"])
        return len(found) == count

    await eventually(there, f"{count} recordings of {contact_id}", timeout=PATIENCE_S, every=0.1)
    return found


async def audio(site: RigSite, recording: JsonObject) -> tuple[tones.Samples, tones.Samples]:
    """Play it: what is heard left and right."""
    headers = {"Authorization": f"Bearer {site.token('supervisor', Role.SUPERVISOR)}"}
    url = f"{site.ctid.url}/v1/recordings/{recording['id']}/audio"
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            whole = await answer.read()
        assert (len(whole), sha256(whole).hexdigest()) == (recording["bytes"], recording["sha256"])
        middle = len(whole) // 2
        async with session.get(url, headers={"Range": f"bytes={middle}-{middle + 999}"}) as answer:
            assert answer.status == 206
            assert await answer.read() == whole[middle : middle + 1_000]
    with wave.open(io.BytesIO(whole), "rb") as reader:
        assert (reader.getframerate(), reader.getsampwidth(), reader.getnchannels()) == (8_000, 2, 2)
        assert reader.getnframes() * 1_000 // 8_000 == recording["duration_ms"]
        frames = np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2").reshape(-1, 2)
    return frames[:, 0].copy(), frames[:, 1].copy()


def parts(samples: tones.Samples) -> list[str]:
    """Which tones are heard, and where it is exactly silent (`-`), without repetitions.

    Silence of less than half a second is none: of a phone that was late for a moment there is nothing to record.
    """
    told: list[tuple[str, int]] = []
    for at in range(0, len(samples) - 800, 800):
        block = samples[at : at + 800]
        found = tones.heard(block, min_seconds=0.1)
        what = tone(next(iter(found))) if found else "-" if not block.any() else "?"
        tenths = told.pop()[1] if told and told[-1][0] == what else 0
        told.append((what, tenths + 1))
    counted = [what for what, tenths in told if what not in "?-" or (what == "-" and tenths >= 5)]
    return [what for what, _ in itertools.groupby(counted)]


def tone(hz: float) -> str:
    return str(round(hz))


async def end(site: RigSite, boss: Desktop, *calls: PhoneCall) -> None:
    calls[0].hang_up()
    for call in calls:
        await call.until("ended", timeout=PATIENCE_S)
    await until_quiet(site, boss)


async def until_spool_is_empty(site: RigSite) -> None:
    async def empty() -> bool:
        return not list(site.spool.iterdir())

    await eventually(empty, "nothing lies in the spool any more", timeout=PATIENCE_S)


async def test_both_sides_in_stereo_and_nothing_readable_on_the_disk(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        view = await boss.request("GET", f"/v1/contacts/{contact_id}")
        assert view["recording"]["state"] == "recording"
        await asyncio.gather(until_hears_more(call, seat.phone.voice_hz, 1.0), until_hears_more(mine, CALLER_HZ, 1.0))
        await end(site, boss, mine, call)
        started = await boss.wait("recording.started", timeout=PATIENCE_S)
        finished = await boss.wait("recording.finished", timeout=PATIENCE_S)
        assert started["data"]["recording"] == finished["data"]["recording"]
        (recording,) = await until_stored(boss, contact_id)
        assert (recording["agent_id"], recording["queue"], recording["result"]) == ("a01", "sales", None)
        assert recording["encrypted"] is True
        left, right = await audio(site, recording)
        assert tones.heard(left).keys() == {CALLER_HZ}
        assert tones.heard(right).keys() == {seat.phone.voice_hz}
        assert min(tones.heard(left)[CALLER_HZ], tones.heard(right)[seat.phone.voice_hz]) > 1.0
        (file,) = (site.folder / "recordings").rglob("*.rec")
        assert b"RIFF" not in file.read_bytes()[:100]
        assert file.stat().st_mode & 0o077 == 0
        await until_spool_is_empty(site)


async def test_a_paused_stretch_and_a_hold_are_silent(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        contact = (await act(seat, contact_id, "pause-recording"))["contact"]
        assert contact["recording"]["state"] == "paused"
        assert "resume_recording" in contact["allowed_actions"]
        await seat.desktop.wait("recording.paused", timeout=PATIENCE_S)
        await both_hear(call, mine, seat, 1.0)
        await act(seat, contact_id, "resume-recording")
        await both_hear(call, mine, seat, 0.6)
        contact = (await act(seat, contact_id, "hold"))["contact"]
        assert contact["recording"]["state"] == "held"
        await until_hears_more(call, MUSIC_HZ, 1.0)
        await act(seat, contact_id, "retrieve")
        await both_hear(call, mine, seat, 0.6)
        await end(site, boss, call, mine)
        (recording,) = await until_stored(boss, contact_id)
        for samples, hz in zip(await audio(site, recording), (CALLER_HZ, seat.phone.voice_hz), strict=True):
            told = parts(samples)
            first = told.index(tone(hz))
            assert told[first : first + 5] == [tone(hz), "-", tone(hz), "-", tone(hz)]
            assert told.count(tone(hz)) == 3


async def test_it_is_silent_while_the_caller_enters_sensitive_digits(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await act(seat, contact_id, "menu", {"flow": "pay"})
        await call.until_heard(PROMPTS["ctid/sorry"], 0.3, PATIENCE_S)
        await boss.wait("recording.paused", timeout=PATIENCE_S)
        call.press("4929", TYPING_S)
        await boss.wait("recording.resumed", timeout=PATIENCE_S)
        await both_hear(call, mine, seat, 0.6)
        contact = await boss.request("GET", f"/v1/contacts/{contact_id}")
        assert contact["recording"]["state"] == "recording"
        assert (contact["attributes"]["asked"], "4929" in str(contact)) == ("yes", False)
        await end(site, boss, call, mine)
        (recording,) = await until_stored(boss, contact_id)
        left, _ = await audio(site, recording)
        assert parts(left).count(tone(CALLER_HZ)) == 2
        for file in site.folder.rglob("*"):
            # Some come and go.
            with contextlib.suppress(FileNotFoundError):
                assert not file.is_file() or b'"4929"' not in file.read_bytes()


async def test_what_is_not_asked_for_is_not_kept(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat, ASKED_FOR)
        view = await boss.request("GET", f"/v1/contacts/{contact_id}")
        assert view["recording"]["state"] == "armed"
        assert "record" in view["allowed_actions"]
        await end(site, boss, mine, call)
        await until_spool_is_empty(site)
        assert (await boss.request("GET", f"/v1/recordings?contact_id={contact_id}"))["items"] == []
        assert not [each for each in boss.events if each["type"].startswith("recording.")]


async def test_recorded_from_the_moment_in_which_it_is_asked_for(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat, ASKED_FOR)
        # What was said before is told from what is kept by its tone.
        for phone_call, hz in ((call, 1_870.0), (mine, 2_030.0)):
            phone_call.media.say(tones.tone(hz, 1.0))
        await until_hears_more(mine, 1_870.0, 2.0)
        for phone_call, hz in ((call, CALLER_HZ), (mine, seat.phone.voice_hz)):
            phone_call.media.say(tones.tone(hz, 1.0))
        await both_hear(call, mine, seat)
        await act(seat, contact_id, "record")
        await both_hear(call, mine, seat, 1.0)
        await end(site, boss, mine, call)
        (recording,) = await until_stored(boss, contact_id)
        assert recording["on_demand"] is True
        left, right = await audio(site, recording)
        assert tones.heard(left, min_seconds=0.1).keys() == {CALLER_HZ}
        assert tones.heard(right, min_seconds=0.1).keys() == {seat.phone.voice_hz}
        # It begins with what was asked for, as soon as the PBX has heard of it, and not with the two seconds before.
        assert tones.heard(left[:16_000]).keys() == {CALLER_HZ}


async def test_a_colleague_who_gets_the_caller_has_a_recording_of_their_own(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/complete")
        await both_hear(call, theirs, other, 1.0)
        await other.until_state("BUSY")
        await end(site, boss, theirs, call)
        first, second = await until_stored(boss, contact_id, 2)
        assert (first["agent_id"], second["agent_id"]) == ("a01", "a02")
        left, right = await audio(site, first)
        assert tones.heard(left, min_seconds=0.1).keys() == {CALLER_HZ}
        assert tones.heard(right, min_seconds=0.1).keys() == {seat.phone.voice_hz}
        left, right = await audio(site, second)
        assert tones.heard(left, min_seconds=0.1).keys() == {CALLER_HZ}
        assert tones.heard(right, min_seconds=0.1).keys() == {other.phone.voice_hz}


async def test_all_three_are_on_the_recording_of_a_conference(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/conference")
        for hz in (CALLER_HZ, other.phone.voice_hz):
            await until_hears_more(mine, hz, 1.0)
        await end(site, boss, call, mine, theirs)
        (recording,) = await until_stored(boss, contact_id)
        left, right = await audio(site, recording)
        assert tones.heard(left).keys() == {CALLER_HZ, other.phone.voice_hz}
        assert tones.heard(right).keys() == {seat.phone.voice_hz}
        await until_spool_is_empty(site)


async def test_a_mute_is_silent_on_the_recording_too(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await act(seat, contact_id, "mute", {"on": True})
        await until_silence(call)
        mine.media.say(tones.tone(2_030.0, 1.0))
        await until_hears_more(mine, CALLER_HZ, 1.0)
        await end(site, boss, mine, call)
        (recording,) = await until_stored(boss, contact_id)
        _, right = await audio(site, recording)
        assert tones.heard(right).keys() == {seat.phone.voice_hz}


async def test_killed_in_the_middle_of_a_call(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await site.ctid.kill()
        await both_hear(call, mine, seat, 1.0)
        await site.ctid.start()
        await seat.come_back()
        contact = (await act(seat, contact_id, "pause-recording"))["contact"]
        assert contact["recording"]["state"] == "paused"
        await both_hear(call, mine, seat, 1.0)
        await act(seat, contact_id, "resume-recording")
        await both_hear(call, mine, seat, 0.5)
        # And once more, before the end; nobody tells it of the end of the talk then.
        await site.ctid.kill()
        mine.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        await site.ctid.start()
        await seat.come_back()
    async with site.supervisor() as fresh:
        (recording,) = await until_stored(fresh, contact_id)
        await until_quiet(site, fresh)
    left, right = await audio(site, recording)
    assert tones.heard(left).keys() == {CALLER_HZ}
    assert tones.heard(right).keys() == {seat.phone.voice_hz}
    assert "-" in parts(left)
    assert recording["duration_ms"] > 2_000
    await until_spool_is_empty(site)
