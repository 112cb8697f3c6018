"""The smoke of it all on Asterisk 16: menu, queue, pop, ring, talk, wrap-up, record, and a daemon killed meanwhile."""

from __future__ import annotations

from itertools import groupby

import pytest

from ctid.model.access import Grant, Role
from sip_test_rig import tones
from sip_test_rig.asterisk_config import Endpoint, pjsip_endpoint
from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import in_talk, until_consultation
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    MENU,
    PATIENCE_S,
    both_hear,
    floor_config,
    hear,
    staff,
    states,
    through_the_menu,
    until_hears_more,
    until_quiet,
    until_record,
)
from tests.integration.test_recordings import audio, parts, until_spool_is_empty, until_stored
from tests.integration.test_voicemail import SAY_HZ, TO_QUEUE, left, speaking
from tests.integration.test_voicemail import audio as message_audio

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300), pytest.mark.asterisk16]

OUTSIDE, EMERGENCY = "9004", "112"
CONFIG = floor_config(2, ring_seconds=15, wrap_up_seconds=60)
CONFIG["queues"]["sales"]["recording"] = {"percent": 100}
CONFIG["recordings"] = {"min_free_mb": 1}
CONFIG["voicemail"] = {"prompts": ["ctid/sorry"]}
CONFIG["entries"]["to_queue"] = {"dnis": TO_QUEUE, "open": {"voicemail": {"queue": "sales"}}}
CONFIG["agents"]["a01"]["emergency_caller_id"] = "+4930112233"
SITE = {
    "release": "16",
    "files": {"pjsip.conf": pjsip_endpoint(Endpoint(name=OUTSIDE)) + pjsip_endpoint(Endpoint(name=EMERGENCY))},
}


async def test_a_call_from_the_menu_to_its_record(site: RigSite, boss: Desktop) -> None:
    assert "Asterisk 16." in await site.pbx.cli("core show version")
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx) as outside:
        call = await outside.call(MENU)
        await through_the_menu(call)
        offer = await seat.offer()
        agent_call = await seat.ringing()
        seat.assert_popped_before_ringing()
        await both_hear(call, agent_call, seat)
        agent_call.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        await seat.until_state("WRAP_UP")
        body = {"disposition": "order", "complete": True}
        await seat.desktop.request("PUT", f"/v1/contacts/{offer['contact_id']}/wrap-up", body)
        record = await until_record(boss, offer["contact_id"])
        assert (record["outcome"], record["disposition"]) == ("handled", "order")
        assert states(record) == ["created", "queued", "offered", "connected", "wrap_up"]
        await until_quiet(site, boss)


async def test_a_busy_agent_and_a_silent_one_and_then_the_next(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02", ready=False) as (first, second), Phone.outside(site.pbx) as outside:
        first.phone.reject_with = 486
        await first.ready()
        call = await outside.call(DIRECT)
        offer = await first.offer()
        await until_hears_more(call, MUSIC_HZ)
        await second.ready()
        agent_call = await second.ringing()
        await both_hear(call, agent_call, second)
        call.hang_up()
        await second.until_state("WRAP_UP")
        await second.desktop.set_state("READY")
        record = await until_record(boss, offer["contact_id"])
        assert [(made["agent_id"], made["cause"]) for made in record["offers"]] == [("a01", "busy"), ("a02", None)]
        await until_quiet(site, boss)


async def test_a_daemon_killed_while_one_talks_and_one_waits(site: RigSite) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.outside(site.pbx, "+12025550101") as one,
        Phone.outside(site.pbx, "+12025550102", voice_hz=2030) as two,
    ):
        talk = await one.call(DIRECT)
        talking = await seat.ringing()
        await both_hear(talk, talking, seat)
        await seat.until_state("BUSY")
        waits = await two.call(DIRECT)
        await until_hears_more(waits, MUSIC_HZ)
        await site.ctid.kill()
        await both_hear(talk, talking, seat)
        await until_hears_more(waits, MUSIC_HZ)
        await site.ctid.start()
        await seat.come_back()
        await both_hear(talk, talking, seat)
        talking.hang_up()
        await seat.until_state("WRAP_UP")
        await seat.desktop.set_state("READY")
        taken = await seat.ringing()
        await both_hear(waits, taken, seat)
        taken.hang_up()
        await seat.until_state("WRAP_UP")
        await seat.desktop.set_state("READY")
        async with site.supervisor() as boss:
            await until_quiet(site, boss)
        assert len(seat.phone.invites) == 2


async def test_held_asked_and_brought_together_by_the_desktop(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02", ready=False) as (seat, other), Phone.outside(site.pbx) as outside:
        await seat.ready()
        call = await outside.call(DIRECT)
        contact_id = (await seat.offer())["data"]["offer"]["contact_id"]
        mine = await seat.ringing()
        await both_hear(call, mine, seat)
        await seat.until_state("BUSY")
        await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/hold")
        await until_hears_more(call, MUSIC_HZ)
        await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/retrieve")
        await seat.desktop.wait("leg.retrieved", timeout=PATIENCE_S)
        await both_hear(call, mine, seat)
        await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/digits", {"digits": "4"})
        await call.until_digits("4", PATIENCE_S)
        await other.desktop.set_state("NOT_READY", "break")
        body = {"agent": "a02", "dial": True}
        asked = await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/consultations", body)
        theirs = await other.ringing()
        await until_consultation(seat, "connected")
        await until_hears_more(mine, other.phone.voice_hz)
        await until_hears_more(call, MUSIC_HZ)
        path = f"/v1/consultations/{asked['consultation']['id']}"
        await seat.desktop.request("POST", f"{path}/conference")
        await until_consultation(seat, "conferenced")
        for one, hears in (
            (call, (seat.phone.voice_hz, other.phone.voice_hz)),
            (theirs, (outside.voice_hz, seat.phone.voice_hz)),
        ):
            for hz in hears:
                await until_hears_more(one, hz)
        await seat.desktop.request("POST", f"{path}/complete")
        await mine.until("ended", timeout=PATIENCE_S)
        await other.until_state("BUSY")
        await both_hear(call, theirs, other)
        theirs.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        for each in (seat, other):
            await each.until_state("WRAP_UP")
            done = {"disposition": "order", "complete": True}
            await each.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", done)
        record = await until_record(boss, contact_id)
        assert [part["agent_id"] for part in record["segments"]] == ["a01", "a02"]
        await until_quiet(site, boss)


async def test_recorded_but_for_a_paused_stretch(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as outside:
        call, mine, contact_id = await in_talk(outside, seat)
        for action in ("pause-recording", "resume-recording"):
            await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/{action}")
            await both_hear(call, mine, seat, 1.0)
        mine.hang_up()
        (recording,) = await until_stored(boss, contact_id)
        for samples, hz in zip(await audio(site, recording), (CALLER_HZ, seat.phone.voice_hz), strict=True):
            told = [each for each, _ in groupby(each for each in parts(samples) if each != "?")]
            while told[0] == "-":
                del told[0]
            assert told[:3] == [str(round(hz)), "-", str(round(hz))]
        done = {"disposition": "order", "complete": True}
        await seat.until_state("WRAP_UP")
        await seat.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", done)
        await until_quiet(site, boss)
        await until_spool_is_empty(site)


async def test_listened_to_coached_joined_and_taken_over(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", ready=False) as (seat, lead),
        site.client(Grant(subject="lead", role=Role.SUPERVISOR, agent_id="a02")) as client,
        Phone.outside(site.pbx) as outside,
    ):
        await seat.ready()
        await lead.desktop.set_state("NOT_READY", "break")
        call = await outside.call(DIRECT)
        contact_id = (await seat.offer())["data"]["offer"]["contact_id"]
        mine = await seat.ringing()
        await both_hear(call, mine, seat)
        await seat.until_state("BUSY")
        caller_hz, agent_hz, lead_hz = outside.voice_hz, seat.phone.voice_hz, lead.phone.voice_hz
        supervision = (await client.supervise(agent="a01"))["id"]
        own = await lead.ringing()
        await hear((call, {agent_hz}), (mine, {caller_hz}), (own, {agent_hz, caller_hz}))
        await client.set_mode(supervision, "whisper")
        await hear((call, {agent_hz}), (mine, {caller_hz, lead_hz}), (own, {agent_hz, caller_hz}))
        await client.set_mode(supervision, "barge")
        talking = ((call, {agent_hz, lead_hz}), (mine, {caller_hz, lead_hz}), (own, {agent_hz, caller_hz}))
        await hear(*talking)
        await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/hold")
        await hear((call, {MUSIC_HZ}), (mine, {lead_hz}), (own, {agent_hz}))
        await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/retrieve")
        await hear(*talking)
        await client.take_over(supervision)
        await mine.until("ended", timeout=PATIENCE_S)
        await hear((call, {lead_hz}), (own, {caller_hz}))
        own.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        for each in (seat, lead):
            await each.until_state("WRAP_UP")
            done = {"disposition": "order", "complete": True}
            await each.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", done)
        record = await until_record(boss, contact_id)
        assert [part["result"] for part in record["segments"]] == ["taken_over", "ended"]
        assert await client.supervisions() == []
        await until_quiet(site, boss)


async def test_a_message_is_left(site: RigSite, boss: Desktop) -> None:
    # What is still to be stored of a call before is no word of this caller's.
    await until_spool_is_empty(site)
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call = await caller.call(TO_QUEUE)
        await until_hears_more(call, SAY_HZ, 0.3)
        await eventually(lambda: speaking(site, 32_000), "two seconds are said", timeout=PATIENCE_S)
        call.hang_up()
    message = await left(boss)
    assert tones.heard(await message_audio(site, "a01", message)).keys() == {CALLER_HZ}


async def test_calls_outside_the_acd(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", ready=False) as (seat, other),
        Phone.of(site.pbx, OUTSIDE, voice_hz=1730) as outside,
        Phone.of(site.pbx, EMERGENCY, voice_hz=1830) as service,
    ):
        for each in (seat, other):
            await each.desktop.set_state("NOT_READY", "break")
        answer = await seat.desktop.request("POST", "/v1/agents/a01/calls", {"number": OUTSIDE})
        contact_id = answer["contact"]["id"]
        mine, theirs = await seat.ringing(), await outside.next_call(PATIENCE_S)
        await until_hears_more(mine, 1730)
        await until_hears_more(theirs, seat.phone.voice_hz)
        await seat.desktop.wait("contact.connected", timeout=PATIENCE_S)
        await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/hold")
        await until_hears_more(theirs, MUSIC_HZ)
        theirs.hang_up()
        await mine.until("ended", timeout=PATIENCE_S)
        assert (await until_record(boss, contact_id))["direction"] == "outbound"

        by_phone = await seat.phone.call("1002")
        await other.ringing()
        await until_hears_more(by_phone, other.phone.voice_hz)

        async def known() -> bool:
            return len((await seat.view())["own_calls"]) == 1

        await eventually(known, "the call by the phone is known", timeout=PATIENCE_S)
        by_phone.hang_up()
        closed = await boss.wait("contact.closed", timeout=PATIENCE_S)
        while closed["contact_id"] == contact_id:
            closed = await boss.wait("contact.closed", timeout=PATIENCE_S)
        assert (await until_record(boss, closed["contact_id"]))["direction"] == "internal"

        await seat.desktop.request("POST", "/v1/agents/a01/calls", {"number": EMERGENCY})
        mine, theirs = await seat.ringing(), await service.next_call(PATIENCE_S)
        assert theirs.other == "+4930112233"
        await until_hears_more(mine, 1830)
        mine.hang_up()
        await theirs.until("ended", timeout=PATIENCE_S)
    await until_quiet(site, boss)
