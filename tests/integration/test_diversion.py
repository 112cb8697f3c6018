"""Callers who are taken elsewhere than ctid would, or forgotten on hold; on the real Asterisk, all listened to."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from ctid.client import ConflictError, NotAllowedError, NotFoundError
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import (
    OUTSIDE_HZ,
    act,
    answered_as_it_is_sent_on,
    asked,
    finish,
    hold,
    in_talk,
    retrieve,
    rung,
    until_ended,
    until_silence,
)
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    Seat,
    both_hear,
    floor_config,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


OUTSIDE = "1004"
PARK_S = 10.0
RECALL_S = 2.0
BEEP_HZ = 1_400.0


def config() -> dict[str, Any]:
    """A floor of agents who all serve both queues; ctid offers each queue's callers to one of them."""
    data = floor_config(4, ring_seconds=20, wrap_up_seconds=60, park_seconds=PARK_S, hold_recall_seconds=RECALL_S)
    for queue in data["queues"].values():
        queue["dispositions"] = []
    data["queues"]["sales"]["steps"] = [{"agents": ["a01"]}]
    data["queues"]["support"]["steps"] = [{"agents": ["a03"]}]
    return data


CONFIG = config()


async def waiting(seat: Seat) -> list[JsonObject]:
    """What the agent is shown that they may pick up."""
    answer = await seat.desktop.request("GET", f"/v1/agents/{seat.agent_id}/waiting")
    items: list[JsonObject] = answer["items"]
    return items


async def pick_up(seat: Seat, contact_id: str) -> PhoneCall:
    """The agent picks it up; gives the call at their phone, which is told to answer by itself."""
    await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/pick-up")
    offer = (await seat.offer())["data"]["offer"]
    assert (offer["contact_id"], offer["agent_id"]) == (contact_id, seat.agent_id)
    call = await seat.ringing()
    assert "answer-after=0" in str(call.header("Call-Info"))
    return call


# ---- picked up -------------------------------------------------------------------------------------------------------


async def test_from_a_break_a_waiting_caller_is_picked_up(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02", ready=False) as (_, helper), Phone.outside(site.pbx) as caller:
        await helper.desktop.set_state("NOT_READY", "lunch")
        call = await caller.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ)
        (shown,) = await waiting(helper)
        assert (shown["allowed_actions"], shown["offered_to"], shown["queue"]) == (["pick_up"], [], "sales")
        mine = await pick_up(helper, shown["id"])
        await both_hear(call, mine, helper)
        await helper.until_state("BUSY")
        assert await waiting(helper) == []
        mine.hang_up()
        await until_ended(call)
        await finish(helper, shown["id"])
        await helper.until_state("NOT_READY", "lunch")
        record = await until_record(boss, shown["id"])
        assert [(each["agent_id"], each["state"]) for each in record["offers"]] == [("a02", "accepted")]
    await until_quiet(site, boss)


async def test_a_phone_that_rings_elsewhere_stops_and_has_missed_nothing(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", answer_after=None) as (seat, helper),
        Phone.outside(site.pbx) as caller,
    ):
        call = await caller.call(DIRECT)
        offer = (await seat.offer())["data"]["offer"]
        ringing = await seat.ringing()
        (shown,) = await waiting(helper)
        assert shown["offered_to"] == ["a01"]
        mine = await pick_up(helper, offer["contact_id"])
        rescinded = await seat.desktop.wait("offer.rescinded", timeout=PATIENCE_S)
        assert rescinded["data"]["offer"]["cause"] == "answered_elsewhere"
        await until_ended(ringing)
        assert "completed elsewhere" in ringing.reason
        await seat.until_state("READY")
        await both_hear(call, mine, helper)
        call.hang_up()
        await until_ended(mine)
        await finish(helper, offer["contact_id"])
        day = await seat.desktop.request("GET", "/v1/agents/a01/day")
        assert day["missed"] == 0
    await until_quiet(site, boss)


async def test_a_phone_that_fails_leaves_the_caller_with_music_and_the_next_takes_them(
    site: RigSite, boss: Desktop
) -> None:
    async with staff(site, "a01", "a02", ready=False) as (seat, helper), Phone.outside(site.pbx) as caller:
        await helper.desktop.set_state("READY")
        helper.phone.reject_with = 486
        call = await caller.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ)
        (shown,) = await waiting(helper)
        await helper.desktop.request("POST", f"/v1/contacts/{shown['id']}/pick-up")
        canceled = await helper.desktop.wait("offer.canceled", timeout=PATIENCE_S)
        assert canceled["data"]["offer"]["cause"] == "busy"
        await helper.until_state("READY")
        await until_hears_more(call, MUSIC_HZ)
        await seat.ready()
        theirs = await seat.ringing()
        await both_hear(call, theirs, seat)
        theirs.hang_up()
        await until_ended(call)
        await finish(seat, shown["id"])
        record = await until_record(boss, shown["id"])
        assert [(each["agent_id"], each["state"]) for each in record["offers"]] == [
            ("a02", "canceled"),
            ("a01", "accepted"),
        ]
    await until_quiet(site, boss)


@pytest.mark.parametrize("after_ms", [0, 5, 15, 40])
async def test_the_caller_hangs_up_just_when_they_are_picked_up(site: RigSite, boss: Desktop, after_ms: int) -> None:
    async with staff(site, "a02") as (helper,), Phone.outside(site.pbx) as caller:
        call = await caller.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ)
        (shown,) = await waiting(helper)

        async def ask() -> None:
            # Who has hung up by then is nobody to pick up.
            with contextlib.suppress(NotFoundError, ConflictError, NotAllowedError):
                await helper.desktop.request("POST", f"/v1/contacts/{shown['id']}/pick-up")

        async with asyncio.TaskGroup() as both:
            both.create_task(ask())
            await asyncio.sleep(after_ms / 1_000)
            call.hang_up()

        async def free() -> bool:
            view = await helper.view()
            if view["state"] == "WRAP_UP":
                await finish(helper, shown["id"])
            return bool(view["state"] == "READY" and view["offer_id"] is None)

        await eventually(free, "whoever was quicker, the agent is free again", timeout=PATIENCE_S)
        record = await until_record(boss, shown["id"])
        assert record["outcome"] in ("abandoned", "short_abandon", "handled")
    await until_quiet(site, boss)


async def test_two_who_pick_up_at_once_are_one(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a02", "a03") as (one, other), Phone.outside(site.pbx) as caller:
        call = await caller.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ)
        (shown,) = await waiting(one)
        mine = await pick_up(one, shown["id"])
        # By then it is taken, or no longer theirs to see.
        with pytest.raises(Exception, match=r"conflict|forbidden"):
            await other.desktop.request("POST", f"/v1/contacts/{shown['id']}/pick-up")
        await both_hear(call, mine, one)
        assert other.phone.invites == {}
        mine.hang_up()
        await until_ended(call)
        await finish(one, shown["id"])
    await until_quiet(site, boss)


# ---- deflected -------------------------------------------------------------------------------------------------------


async def deflect(seat: Seat, offer: JsonObject, ringing: PhoneCall, **to: str) -> None:
    """The agent sends on what rings; their phone shows no missed call, and they are free."""
    answer = await seat.desktop.request("POST", f"/v1/offers/{offer['id']}/deflect", to)
    assert (answer["offer"]["state"], answer["offer"]["cause"]) == ("rescinded", "deflected")
    told = await seat.desktop.wait("contact.deflected", timeout=PATIENCE_S)
    assert (told["data"]["from_agent"], told["data"]["contact"]["id"]) == (seat.agent_id, offer["contact_id"])
    await until_ended(ringing)
    assert "completed elsewhere" in ringing.reason
    await seat.until_state("READY")


async def test_a_ringing_call_is_sent_on_to_a_colleague_and_by_them_to_a_queue(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", "a03", answer_after=None) as (one, two, three),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, ringing, offer = await rung(caller, one)
        await until_hears_more(call, MUSIC_HZ)
        await deflect(one, offer, ringing, agent="a02")
        next_offer = (await two.offer())["data"]["offer"]
        assert next_offer["contact_id"] == offer["contact_id"]
        theirs = await two.ringing()
        await until_hears_more(call, MUSIC_HZ)
        await deflect(two, next_offer, theirs, queue="support")
        last = await three.ringing()
        last.answer()
        await both_hear(call, last, three)
        call.hang_up()
        await until_ended(last)
        await finish(three, offer["contact_id"])
        record = await until_record(boss, offer["contact_id"])
        assert [(each["agent_id"], each["state"], each["cause"]) for each in record["offers"]] == [
            ("a01", "rescinded", "deflected"),
            ("a02", "rescinded", "deflected"),
            ("a03", "accepted", None),
        ]
        assert (record["queue"], record["outcome"]) == ("support", "handled")
    await until_quiet(site, boss)


async def test_a_ringing_call_is_sent_on_to_a_number(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", answer_after=None) as (one,),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as outside,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, ringing, offer = await rung(caller, one)
        await deflect(one, offer, ringing, number=OUTSIDE)
        answered = await outside.next_call(PATIENCE_S)
        await until_hears_more(call, OUTSIDE_HZ)
        await until_hears_more(answered, CALLER_HZ)
        record = await until_record(boss, offer["contact_id"])
        assert (record["outcome"], record["segments"]) == ("transferred", [])
        call.hang_up()
        await until_ended(answered)
    await until_quiet(site, boss)


@pytest.mark.parametrize("after_ms", [0, 3, 10, 30])
async def test_the_phone_is_answered_just_when_its_call_is_sent_on(site: RigSite, boss: Desktop, after_ms: int) -> None:
    """Whoever was quicker, the caller ends up with an agent who hears them."""
    async with (
        staff(site, "a01", "a02", answer_after=None) as (one, two),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, ringing, offer = await rung(caller, one)
        seat = await answered_as_it_is_sent_on(call, ringing, one, two, offer["id"], after_ms)
        call.hang_up()
        await finish(seat, offer["contact_id"])
        record = await until_record(boss, offer["contact_id"])
        assert record["outcome"] == "handled"
    await until_quiet(site, boss)


# ---- parked ----------------------------------------------------------------------------------------------------------


async def park(seat: Seat, contact_id: str, call: PhoneCall, mine: PhoneCall, **whom: str) -> JsonObject:
    """The agent parks their caller, who hears music; gives the contact."""
    answer = await act(seat, contact_id, "park", whom or None)
    contact: JsonObject = answer["contact"]
    assert (contact["state"], contact["park"]["by"], contact["agent_id"]) == ("queued", seat.agent_id, None)
    await until_ended(mine)
    await seat.until_state("WRAP_UP")
    await until_hears_more(call, MUSIC_HZ)
    return contact


@pytest.mark.parametrize("on_hold", [False, True])
async def test_a_parked_caller_is_fetched_by_the_colleague_they_were_parked_for(
    site: RigSite, boss: Desktop, on_hold: bool
) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        if on_hold:
            await hold(one, contact_id, call, mine)
        await park(one, contact_id, call, mine, agent="a02")
        told = await two.desktop.wait("contact.parked", timeout=PATIENCE_S)
        assert (told["data"]["contact"]["id"], told["data"]["contact"]["park"]["agent"]) == (contact_id, "a02")
        assert told["data"]["pop"]["dnis"] == DIRECT
        await two.come_back()
        assert [each["contact"]["id"] for each in two.desktop.snapshot["data"]["parked"]] == [contact_id]
        theirs = await pick_up(two, contact_id)
        await both_hear(call, theirs, two)
        over = await two.desktop.wait("contact.unparked", timeout=PATIENCE_S)
        assert over["data"]["result"] == "fetched"
        await finish(one, contact_id)
        theirs.hang_up()
        await until_ended(call)
        await finish(two, contact_id)
        record = await until_record(boss, contact_id)
        assert [(each["agent_id"], each["result"]) for each in record["segments"]] == [
            ("a01", "parked"),
            ("a02", "ended"),
        ]
        assert record["outcome"] == "handled"
    await until_quiet(site, boss)


async def test_whom_nobody_fetches_comes_back_to_who_parked_them(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        await park(one, contact_id, call, mine)
        await two.desktop.wait("contact.parked", timeout=PATIENCE_S)
        await finish(one, contact_id)
        await one.until_state("READY")
        over = await two.desktop.wait("contact.unparked", timeout=PATIENCE_S)
        assert over["data"]["result"] == "unfetched"
        again = await one.offer()
        assert (again["data"]["offer"]["contact_id"], again["data"]["offer"]["pop"]["park"]["returned"]) == (
            contact_id,
            True,
        )
        mine = await one.ringing()
        await both_hear(call, mine, one)
        assert two.phone.invites == {}
        call.hang_up()
        await finish(one, contact_id)
        record = await until_record(boss, contact_id)
        assert [each["result"] for each in record["segments"]] == ["parked", "ended"]
    await until_quiet(site, boss)


@pytest.mark.parametrize("after_ms", [None, 0, 10, 30])
async def test_a_caller_who_is_being_parked_or_is_hangs_up(site: RigSite, boss: Desktop, after_ms: int | None) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        if after_ms is None:
            await park(one, contact_id, call, mine)
            call.hang_up()
            over = await two.desktop.wait("contact.unparked", timeout=PATIENCE_S)
            assert over["data"]["result"] == "left"
        else:

            async def ask() -> None:
                # Who has hung up by then is nobody to park.
                with contextlib.suppress(Exception):
                    await act(one, contact_id, "park")

            async with asyncio.TaskGroup() as both:
                both.create_task(ask())
                await asyncio.sleep(after_ms / 1_000)
                call.hang_up()
        await until_ended(mine)
        await finish(one, contact_id)
        record = await until_record(boss, contact_id)
        assert record["outcome"] in (("abandoned",) if after_ms is None else ("abandoned", "handled"))
        assert await waiting(two) == []
    await until_quiet(site, boss)


async def test_parked_in_the_middle_of_a_consultation(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        _, theirs = await asked(one, two, contact_id, call, mine)
        await park(one, contact_id, call, mine, agent="a02")
        await until_ended(theirs)
        theirs = await pick_up(two, contact_id)
        await both_hear(call, theirs, two)
        call.hang_up()
        await finish(one, contact_id)
        await finish(two, contact_id)
    await until_quiet(site, boss)


@pytest.mark.parametrize("at_once", [False, True])
async def test_killed_while_a_caller_is_parked(site: RigSite, boss: Desktop, at_once: bool) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        if at_once:
            await act(one, contact_id, "park", {"agent": "a02"})
        else:
            await park(one, contact_id, call, mine, agent="a02")
        await site.ctid.kill()
        await until_ended(mine)
        await until_hears_more(call, MUSIC_HZ)
        await site.ctid.start()
        for each in (one, two):
            await each.come_back()
        shown = two.desktop.snapshot["data"]["parked"]
        if shown:
            assert [each["contact"]["id"] for each in shown] == [contact_id]
        await until_hears_more(call, MUSIC_HZ)

        async def fetched() -> bool:
            # Until the caller is with ctid again, and the PBX has told so.
            with contextlib.suppress(Exception):
                await two.desktop.request("POST", f"/v1/contacts/{contact_id}/pick-up")
                return True
            return False

        await eventually(fetched, "the caller can be fetched", timeout=PATIENCE_S)
        theirs = await two.ringing()
        await both_hear(call, theirs, two)
        await finish(one, contact_id)
        call.hang_up()
        await until_ended(theirs)
        await finish(two, contact_id)
    async with site.supervisor() as fresh:
        record = await until_record(fresh, contact_id)
        assert [each["result"] for each in record["segments"]] == ["parked", "ended"]


# ---- forgotten -------------------------------------------------------------------------------------------------------


async def recalled(seat: Seat) -> int:
    """Wait until the agent is told that their caller is on hold still; gives for how many milliseconds."""
    told = await seat.desktop.wait("contact.hold_recalled", timeout=PATIENCE_S)
    return int(told["data"]["held_ms"])


async def test_a_forgotten_caller_is_beeped_for_until_they_are_taken_back(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (one,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        await hold(one, contact_id, call, mine)
        mine.media.forget()
        first = await recalled(one)
        await mine.until_heard(BEEP_HZ, 0.3, PATIENCE_S)
        mine.media.forget()
        second = await recalled(one)
        await mine.until_heard(BEEP_HZ, 0.3, PATIENCE_S)
        assert second - first >= RECALL_S * 900
        await until_silence(mine)
        await until_hears_more(call, MUSIC_HZ)
        await retrieve(one, contact_id, call, mine)
        seen = len([event for event in one.desktop.events if event["type"] == "contact.hold_recalled"])
        mine.media.forget()
        await until_hears_more(mine, CALLER_HZ, RECALL_S + 0.5)
        assert len([event for event in one.desktop.events if event["type"] == "contact.hold_recalled"]) == seen
        mine.hang_up()
        await until_ended(call)
        await finish(one, contact_id)
    await until_quiet(site, boss)


async def test_who_asks_a_colleague_meanwhile_hears_them_and_no_beep(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        _, theirs = await asked(one, two, contact_id, call, mine)
        for each in (mine, theirs):
            each.media.forget()
        await recalled(one)
        await recalled(one)
        await until_hears_more(mine, two.phone.voice_hz)
        await until_hears_more(theirs, one.phone.voice_hz)
        call.hang_up()
        await until_ended(mine, theirs)
        await finish(one, contact_id)
    await until_quiet(site, boss)


async def test_a_hold_by_the_phone_itself_is_told_as_well(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (one,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        mine.hold()
        await until_hears_more(call, MUSIC_HZ)
        assert await recalled(one) >= RECALL_S * 900
        mine.retrieve()
        await both_hear(call, mine, one)
        mine.hang_up()
        await until_ended(call)
        await finish(one, contact_id)
    await until_quiet(site, boss)
