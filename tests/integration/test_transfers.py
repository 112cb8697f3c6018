"""Transfers, live: by the desktop and by REFER, with and without a consultation; who hears whom is measured."""

from __future__ import annotations

from typing import Any

import pytest

from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import in_talk
from tests.integration.floor import (
    CALLER_HZ,
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
OUTSIDE_HZ = 1_730.0


def _config() -> dict[str, Any]:
    config = floor_config(4, ring_seconds=5, wrap_up_seconds=60, exclude_seconds=30, transfer_seconds=6)
    config["dispositions"] = {"solved": "Solved"}
    for queue in config["queues"].values():
        queue["dispositions"] = []
    config["queues"]["support"]["steps"] = [{"agents": ["a02"]}]
    config["queues"]["sales"]["steps"] = [{"agents": ["a01", "a03"]}]
    return config


CONFIG = _config()


async def transfer(seat: Seat, contact_id: str, **to: str) -> JsonObject:
    """Ask for it at the agent's desktop; they wrap up from that moment on."""
    answer: JsonObject = await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/transfer", {"to": to})
    if (await seat.view())["state"] != "WRAP_UP":
        # What can't be reached may have brought the contact back already.
        await seat.desktop.wait("agent.state_changed", lambda event: wraps_up(event, seat), PATIENCE_S)
    return answer


def wraps_up(event: JsonObject, seat: Seat) -> bool:
    agent = event["data"]["agent"]
    return (agent["id"], agent["state"]) == (seat.agent_id, "WRAP_UP")


async def wrapped_up(seat: Seat, contact_id: str, disposition: str, notes: str) -> None:
    """The agent's own disposition and notes, which end their wrap-up."""
    await seat.until_state("WRAP_UP")
    body = {"disposition": disposition, "notes": notes, "complete": True}
    await seat.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body)
    await seat.until_state("READY")


def parts(record: JsonObject) -> list[tuple[str, str, str | None]]:
    """Who had the contact, how it ended for them, and with which disposition."""
    return [(each["agent_id"], each["result"], each["disposition"]) for each in record["segments"]]


async def test_blind_to_an_agent_by_the_desktop(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, _, contact_id = await in_talk(caller, one)
        await transfer(one, contact_id, agent="a02")
        pop = await two.offer()
        assert pop["data"]["offer"]["contact_id"] == contact_id
        theirs = await two.talks_to(call)
        await wrapped_up(one, contact_id, "solved", "to my colleague")
        await two.until_state("BUSY")
        theirs.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        await wrapped_up(two, contact_id, "solved", "done")
        record = await until_record(boss, contact_id)
        assert parts(record) == [("a01", "transferred", "solved"), ("a02", "ended", "solved")]
        assert (record["outcome"], record["agent_id"], record["notes"]) == ("handled", "a02", "done")
        two.assert_popped_before_ringing()
    await until_quiet(site, boss)


async def test_blind_to_an_agent_who_does_not_answer_falls_back_to_the_queue(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", answer_after=None) as (one, two),
        staff(site, "a03") as (three,),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        await three.desktop.set_state("NOT_READY", "break")
        one.phone.answer_after = 0.0
        call, _, contact_id = await in_talk(caller, one)
        # Whom it comes back to does not take it again.
        one.phone.answer_after = None
        await transfer(one, contact_id, agent="a02")
        await two.ringing()
        await until_hears_more(call, MUSIC_HZ)
        await three.desktop.set_state("READY")
        await three.talks_to(call)
        call.hang_up()
        await three.until_state("WRAP_UP")
        assert (await two.view())["state"] in ("READY", "NOT_READY")
    await until_quiet(site, boss)


async def test_blind_to_a_queue_and_to_a_number(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02") as (one, two),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as outside,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, _, contact_id = await in_talk(caller, one)
        before = (await boss.request("GET", f"/v1/contacts/{contact_id}"))["queued_at"]
        await transfer(one, contact_id, queue="support")
        await two.talks_to(call)
        await two.until_state("BUSY")
        assert (await boss.request("GET", f"/v1/contacts/{contact_id}"))["queued_at"] == before
        await transfer(two, contact_id, number=OUTSIDE)
        answered = await outside.next_call(PATIENCE_S)
        await until_hears_more(call, OUTSIDE_HZ)
        await until_hears_more(answered, CALLER_HZ)
        for seat in (one, two):
            await wrapped_up(seat, contact_id, "solved", seat.agent_id)
        record = await until_record(boss, contact_id)
        assert record["outcome"] == "transferred"
        assert [each[:2] for each in parts(record)] == [("a01", "transferred"), ("a02", "transferred")]
        call.hang_up()
        await answered.until("ended", timeout=PATIENCE_S)
    await until_quiet(site, boss)


@pytest.mark.parametrize("first", ["caller", "colleague"])
async def test_a_consultation_that_the_phone_completes(site: RigSite, boss: Desktop, first: str) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        asked = await one.desktop.request("POST", f"/v1/contacts/{contact_id}/consultations", {"agent": "a02"})
        told = await two.desktop.wait("consultation.created", timeout=PATIENCE_S)
        assert told["data"]["consultation"] == asked["consultation"]
        assert told["data"]["pop"]["ani"] is not None
        mine.hold()
        held = await one.desktop.wait("leg.held", timeout=PATIENCE_S)
        assert held["data"]["leg"]["agent_id"] == "a01"
        await until_hears_more(call, MUSIC_HZ)
        enquiry = await one.phone.call(asked["consultation"]["number"])
        theirs = await two.ringing()
        await until_hears_more(enquiry, two.phone.voice_hz)
        assert await mine.transfer_to(enquiry) == 200
        moved = await two.desktop.wait("contact.transferred", timeout=PATIENCE_S)
        assert (moved["data"]["contact"]["id"], moved["data"]["contact"]["agent_id"]) == (contact_id, "a02")
        ended = await two.desktop.wait("consultation.ended", timeout=PATIENCE_S)
        assert ended["data"]["result"] == "transferred"
        await both_hear(call, theirs, two)
        await one.until_state("WRAP_UP")
        await two.until_state("BUSY")
        await wrapped_up(one, contact_id, "solved", "asked")
        (call if first == "caller" else theirs).hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        await theirs.until("ended", timeout=PATIENCE_S)
        await wrapped_up(two, contact_id, "solved", "answered")
        record = await until_record(boss, contact_id)
        assert parts(record) == [("a01", "transferred", "solved"), ("a02", "ended", "solved")]
        assert (record["outcome"], len(record["offers"])) == ("handled", 1)
    await until_quiet(site, boss)


async def test_a_phone_sends_its_caller_on_to_a_colleague(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        assert await mine.transfer_to("1002") == 200
        await one.until_state("WRAP_UP")
        assert (await two.offer())["data"]["offer"]["contact_id"] == contact_id
        await two.talks_to(call)
        two.assert_popped_before_ringing()
        call.hang_up()
        await two.until_state("WRAP_UP")
    await until_quiet(site, boss)


async def test_ctid_killed_after_a_transfer_knows_the_second_agent(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        enquiry = await one.phone.call("1002")
        theirs = await two.ringing()
        await until_hears_more(enquiry, two.phone.voice_hz)
        # While nobody looks, the phone completes.
        await site.ctid.kill()
        assert await mine.transfer_to(enquiry) == 200
        await both_hear(call, theirs, two)
        await site.ctid.start()
        for seat in (one, two):
            await seat.come_back()
        await two.until_state("BUSY")
        await one.until_state("WRAP_UP")
        async with site.supervisor() as fresh:
            contact = await fresh.request("GET", f"/v1/contacts/{contact_id}")
        assert (contact["state"], contact["agent_id"]) == ("connected", "a02")
        theirs.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        await two.until_state("WRAP_UP")
    async with site.supervisor() as fresh:
        await until_quiet(site, fresh)


async def test_the_desktop_hangs_up_and_dials(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (one, two), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, one)
        await one.desktop.request("POST", f"/v1/contacts/{contact_id}/hang-up")
        await mine.until("ended", timeout=PATIENCE_S)
        await call.until("ended", timeout=PATIENCE_S)
        await wrapped_up(one, contact_id, "solved", "")
        await one.desktop.request("POST", "/v1/agents/a01/calls", {"number": "1002"})
        own = await one.ringing()
        theirs = await two.ringing()
        assert theirs.other == "1001"
        await until_hears_more(own, two.phone.voice_hz)
        await until_hears_more(theirs, one.phone.voice_hz)
        own.hang_up()
        await theirs.until("ended", timeout=PATIENCE_S)
    await until_quiet(site, boss)


@pytest.mark.parametrize(
    ("status", "cause"), [(486, "busy"), (603, "rejected"), (480, "no_answer"), (None, "no_answer")], ids=str
)
async def test_a_colleague_who_does_not_take_it_brings_it_back(
    site: RigSite, boss: Desktop, status: int | None, cause: str
) -> None:
    async with (
        staff(site, "a01") as (one,),
        staff(site, "a02", answer_after=None) as (two,),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        two.phone.reject_with = status
        call, _, contact_id = await in_talk(caller, one)
        await transfer(one, contact_id, agent="a02")
        if status is None:
            await until_hears_more(call, MUSIC_HZ)
        told = await one.desktop.wait("contact.returned", timeout=PATIENCE_S)
        assert (told["data"]["by"], told["data"]["cause"], told["data"]["to_agent"]) == ("a02", cause, "a01")
        again = await one.ringing()
        assert (await one.offer())["data"]["offer"]["pop"]["returned"] == {"by": "a02", "cause": cause}
        await both_hear(call, again, one)
        again.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        await wrapped_up(one, contact_id, "solved", "done")
        record = await until_record(boss, contact_id)
        assert [each[:2] for each in parts(record)] == [("a01", "transferred"), ("a01", "ended")]
        assert ("transfer", "a02", cause) in [(each["kind"], each["name"], each["result"]) for each in record["path"]]
    await until_quiet(site, boss)


@pytest.mark.parametrize(
    ("number", "status", "cause"),
    [(OUTSIDE, 486, "busy"), (OUTSIDE, 603, "rejected"), ("7777", None, "unreachable")],
    ids=str,
)
async def test_a_number_that_does_not_answer_brings_it_back(
    site: RigSite, boss: Desktop, number: str, status: int | None, cause: str
) -> None:
    async with (
        staff(site, "a01") as (one,),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ, reject_with=status),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, _, contact_id = await in_talk(caller, one)
        await transfer(one, contact_id, number=number)
        told = await one.desktop.wait("contact.returned", timeout=PATIENCE_S)
        assert (told["data"]["by"], told["data"]["cause"]) == (number, cause)
        again = await one.talks_to(call)
        call.hang_up()
        await again.until("ended", timeout=PATIENCE_S)
        await wrapped_up(one, contact_id, "solved", "done")
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


@pytest.mark.parametrize("ends", ["caller", "killed"])
async def test_while_a_number_rings(site: RigSite, boss: Desktop, ends: str) -> None:
    async with (
        staff(site, "a01") as (one,),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ, answer_after=None) as outside,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, mine, contact_id = await in_talk(caller, one)
        await transfer(one, contact_id, number=OUTSIDE)
        ringing = await outside.next_call(PATIENCE_S)
        await mine.until("ended", timeout=PATIENCE_S)
        if ends == "caller":
            call.hang_up()
            await ringing.until("ended", timeout=PATIENCE_S)
        else:
            await site.ctid.kill()
            ringing.answer()
            await until_hears_more(call, OUTSIDE_HZ)
            await until_hears_more(ringing, CALLER_HZ)
            await site.ctid.start()
            await one.come_back()
        await wrapped_up(one, contact_id, "solved", "done")
        async with site.supervisor() as fresh:
            record = await until_record(fresh, contact_id)
            assert record["outcome"] == {"caller": "abandoned", "killed": "transferred"}[ends]
            if ends == "killed":
                await until_hears_more(call, OUTSIDE_HZ)
                call.hang_up()
                await ringing.until("ended", timeout=PATIENCE_S)
            await until_quiet(site, fresh)
