"""What the desktop does with calls at phones that know nothing of it: hold, mute, answer, ask, confer, hand over."""

from __future__ import annotations

import pytest

from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import (
    OUTSIDE,
    OUTSIDE_HZ,
    OUTSIDE_SITE,
    RINGBACK_HZ,
    act,
    asked,
    config,
    consult,
    finish,
    handed_over_by_who_hangs_up_at_once,
    hold,
    in_talk,
    retrieve,
    until_consultation,
    until_ended,
    until_silence,
)
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    both_hear,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CONFIG = config()
SITE = OUTSIDE_SITE


async def test_hold_and_retrieve_again_and_again_and_the_record_knows(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        for _ in range(3):
            await hold(seat, contact_id, call, mine)
            with pytest.raises(Exception, match="conflict"):
                await act(seat, contact_id, "hold")
            await retrieve(seat, contact_id, call, mine)
        assert (await seat.view())["state"] == "BUSY"
        day = await seat.desktop.request("GET", "/v1/agents/a01/day")
        assert day["hold_ms"] > 0
        mine.hang_up()
        await until_ended(call)
        await finish(seat, contact_id)
        record = await until_record(boss, contact_id)
        assert (record["outcome"], record["agent_id"], len(record["segments"])) == ("handled", "a01", 1)
    await until_quiet(site, boss)


@pytest.mark.parametrize("who", ["caller", "agent", "desktop"])
async def test_somebody_ends_it_while_the_caller_is_on_hold(site: RigSite, boss: Desktop, who: str) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await hold(seat, contact_id, call, mine)
        if who == "desktop":
            await act(seat, contact_id, "hang-up")
        else:
            (call if who == "caller" else mine).hang_up()
        await until_ended(call, mine)
        await finish(seat, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


async def test_a_mute_holds_over_a_hold(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await act(seat, contact_id, "mute", {"on": True})
        told = await seat.desktop.wait("leg.muted", timeout=PATIENCE_S)
        assert told["data"]["leg"]["muted"] is True
        await until_silence(call)
        await until_hears_more(mine, CALLER_HZ)
        await hold(seat, contact_id, call, mine)
        await act(seat, contact_id, "retrieve")
        await seat.desktop.wait("leg.retrieved", timeout=PATIENCE_S)
        await until_hears_more(mine, CALLER_HZ)
        await until_silence(call)
        await act(seat, contact_id, "mute", {"on": False})
        await seat.desktop.wait("leg.unmuted", timeout=PATIENCE_S)
        await both_hear(call, mine, seat)
        call.hang_up()
        await finish(seat, contact_id)
    await until_quiet(site, boss)


async def test_digits_go_to_whom_the_agent_talks_to(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await act(seat, contact_id, "digits", {"digits": "42#"})
        await call.until_digits("42#", PATIENCE_S)
        # The last one is over: a channel that is moved while a digit sounds tells it once more.
        await both_hear(call, mine, seat)
        await hold(seat, contact_id, call, mine)
        with pytest.raises(Exception, match="conflict"):
            await act(seat, contact_id, "digits", {"digits": "1"})
        _, theirs = await asked(seat, other, contact_id, call, mine)
        await act(seat, contact_id, "digits", {"digits": "7*"})
        await theirs.until_digits("7*", PATIENCE_S)
        assert call.digits == "42#"
        call.hang_up()
        await until_ended(mine, theirs)
        await finish(seat, contact_id)
    await until_quiet(site, boss)


async def test_keys_pressed_without_end_hold_nobody_up(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        for _ in range(80):
            await act(seat, contact_id, "digits", {"digits": "1"})
        await hold(seat, contact_id, call, mine)
        await retrieve(seat, contact_id, call, mine)
        await call.until_digits("11", PATIENCE_S)
        call.hang_up()
        await finish(seat, contact_id)
    await until_quiet(site, boss)
    assert not [event for event in boss.events if event["type"] == "pbx.down"], "the link was taken for dead"


async def test_the_desktop_has_the_ringing_phone_answer(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call = await caller.call(DIRECT)
        offer = (await seat.offer())["data"]["offer"]
        ringing = await seat.ringing()
        assert offer["allowed_actions"] == ["answer_offer", "reject_offer", "deflect_offer"]
        await seat.desktop.request("POST", f"/v1/offers/{offer['id']}/answer")
        again = await seat.ringing()
        assert "answer-after=0" in str(again.header("Call-Info"))
        await until_ended(ringing)
        assert again.header("X-Ctid-Offer") == offer["id"]
        await both_hear(call, again, seat)
        call.hang_up()
        await until_ended(again)
        await finish(seat, offer["contact_id"])
        record = await until_record(boss, offer["contact_id"])
        assert [(each["agent_id"], each["state"]) for each in record["offers"]] == [("a01", "accepted")]
    await until_quiet(site, boss)


async def test_a_colleague_is_asked_and_gets_the_caller(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/complete")
        moved = await other.desktop.wait("contact.transferred", timeout=PATIENCE_S)
        assert (moved["data"]["contact"]["id"], moved["data"]["contact"]["agent_id"]) == (contact_id, "a02")
        await both_hear(call, theirs, other)
        await until_ended(mine)
        await finish(seat, contact_id)
        await other.until_state("BUSY")
        # The contact is the colleague's like any other: they hold it, too.
        await hold(other, contact_id, call, theirs)
        await retrieve(other, contact_id, call, theirs)
        theirs.hang_up()
        await until_ended(call)
        await finish(other, contact_id)
        record = await until_record(boss, contact_id)
        assert [(each["agent_id"], each["result"]) for each in record["segments"]] == [
            ("a01", "transferred"),
            ("a02", "ended"),
        ]
        assert record["outcome"] == "handled"
    await until_quiet(site, boss)


async def test_who_hands_the_caller_over_may_hang_up_at_once(site: RigSite, boss: Desktop) -> None:
    await handed_over_by_who_hangs_up_at_once(site, boss)


@pytest.mark.parametrize("back", ["withdraw", "retrieve", "colleague"])
async def test_back_to_the_caller(site: RigSite, boss: Desktop, back: str) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        if back == "withdraw":
            await seat.desktop.request("DELETE", f"/v1/consultations/{consultation}")
        elif back == "colleague":
            theirs.hang_up()
        if back != "retrieve":
            ended = await seat.desktop.wait("consultation.ended", timeout=PATIENCE_S)
            assert ended["data"]["result"] == {"withdraw": "withdrawn", "colleague": "ended"}[back]
            await until_ended(theirs)
            await until_silence(mine)
            await until_hears_more(call, MUSIC_HZ)
        await retrieve(seat, contact_id, call, mine)
        await until_ended(theirs)
        mine.hang_up()
        await until_ended(call)
        await finish(seat, contact_id)
    await until_quiet(site, boss)


async def test_a_colleague_who_is_busy_and_one_who_is_called_off(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", "a03", answer_after=None) as (seat, busy, other),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        busy.phone.reject_with = 486
        seat.phone.answer_after = 0.0
        call, mine, contact_id = await in_talk(caller, seat)
        await consult(seat, contact_id, agent="a02")
        ended = await seat.desktop.wait("consultation.ended", timeout=PATIENCE_S)
        assert ended["data"]["result"] == "busy"
        await until_silence(mine)
        consultation = await consult(seat, contact_id, agent="a03")
        theirs = await other.ringing()
        await until_consultation(seat, "alerting")
        await until_hears_more(mine, RINGBACK_HZ)
        await seat.desktop.request("DELETE", f"/v1/consultations/{consultation}")
        await until_ended(theirs)
        await until_silence(mine)
        await retrieve(seat, contact_id, call, mine)
        call.hang_up()
        await finish(seat, contact_id)
    await until_quiet(site, boss)


@pytest.mark.parametrize("leaves", ["agent", "colleague", "caller"])
async def test_all_three_hear_each_other(site: RigSite, boss: Desktop, leaves: str) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/conference")
        await until_consultation(seat, "conferenced")
        for one, hears in (
            (call, (seat.phone.voice_hz, other.phone.voice_hz)),
            (mine, (CALLER_HZ, other.phone.voice_hz)),
            (theirs, (CALLER_HZ, seat.phone.voice_hz)),
        ):
            for hz in hears:
                await until_hears_more(one, hz)
        {"agent": mine, "colleague": theirs, "caller": call}[leaves].hang_up()
        match leaves:
            case "agent":
                await other.until_state("BUSY")
                await until_hears_more(call, other.phone.voice_hz)
                await until_hears_more(theirs, CALLER_HZ)
                await finish(seat, contact_id)
                theirs.hang_up()
                await until_ended(call)
                await finish(other, contact_id)
            case "colleague":
                await seat.desktop.wait("consultation.ended", timeout=PATIENCE_S)
                await both_hear(call, mine, seat)
                await hold(seat, contact_id, call, mine)
                await retrieve(seat, contact_id, call, mine)
                mine.hang_up()
                await until_ended(call)
                await finish(seat, contact_id)
            case _:
                await until_ended(mine, theirs)
                await finish(seat, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


async def test_somebody_outside_is_asked_and_gets_the_caller(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as outside,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, mine, contact_id = await in_talk(caller, seat)
        consultation = await consult(seat, contact_id, number=OUTSIDE)
        theirs = await outside.next_call(PATIENCE_S)
        await until_consultation(seat, "connected")
        await until_hears_more(mine, OUTSIDE_HZ)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/complete")
        await until_ended(mine)
        await until_hears_more(call, OUTSIDE_HZ)
        await until_hears_more(theirs, CALLER_HZ)
        await finish(seat, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "transferred"
        call.hang_up()
        await until_ended(theirs)
    await until_quiet(site, boss)


async def test_a_blind_transfer_of_a_caller_on_hold(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await hold(seat, contact_id, call, mine)
        await act(seat, contact_id, "transfer", {"to": {"agent": "a02"}})
        await until_ended(mine)
        theirs = await other.ringing()
        await both_hear(call, theirs, other)
        call.hang_up()
        await finish(seat, contact_id)
        await finish(other, contact_id)
    await until_quiet(site, boss)


async def test_killed_while_a_caller_is_on_hold_and_a_colleague_is_asked(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await site.ctid.kill()
        await until_hears_more(call, MUSIC_HZ)
        await until_hears_more(mine, other.phone.voice_hz)
        await site.ctid.start()
        for each in (seat, other):
            await each.come_back()
        await until_hears_more(call, MUSIC_HZ)
        known = seat.desktop.snapshot["data"]["consultations"]
        assert [(each["id"], each["state"]) for each in known] == [(consultation, "connected")]
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/complete")
        await both_hear(call, theirs, other)
        await until_ended(mine)
        await finish(seat, contact_id)
        theirs.hang_up()
        await until_ended(call)
        await finish(other, contact_id)
    async with site.supervisor() as fresh:
        assert (await until_record(fresh, contact_id))["outcome"] == "handled"
        await until_quiet(site, fresh)
