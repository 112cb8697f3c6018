"""Calls outside the ACD, live: placed by ctid, dialled at the phone, rung by anybody, and to emergency services."""

from __future__ import annotations

from typing import Any

import pytest

from sip_test_rig.asterisk_config import Endpoint, pjsip_endpoint
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import until_consultation
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    Seat,
    both_hear,
    floor_config,
    staff,
    states,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

OUTSIDE = "9004"
OUTSIDE_HZ = 1_730.0
RINGBACK_HZ = 440.0
EMERGENCY = "112"
PLACE = "+4930112233"
SHOWN = "+4930555000"
OWN_NUMBER = "7001"


def config() -> dict[str, Any]:
    """A floor of three agents, of whom the second serves the support queue."""
    data = floor_config(3, ring_seconds=20, wrap_up_seconds=60)
    for name, queue in data["queues"].items():
        queue["steps"] = [{"agents": ["a02" if name == "support" else "a01"]}]
        queue["dispositions"] = []
    data["own_calls"] = {"caller_ids": [SHOWN], "blocked": ["1"], "ring_seconds": 30}
    data["agents"]["a01"]["emergency_caller_id"] = PLACE
    return data


CONFIG = config()
SITE = {
    "files": {"pjsip.conf": pjsip_endpoint(Endpoint(name=OUTSIDE)) + pjsip_endpoint(Endpoint(name=EMERGENCY))},
    # A number of its own leads from outside to the first agent's phone, another one to whom ctid has for it afterwards.
    "extensions": f"[from-carrier](+)\nexten => {OWN_NUMBER},1,Dial(PJSIP/1001,10)\n same => n,Hangup()\n"
    f"exten => {OWN_NUMBER}0,1,Dial(PJSIP/1002,1)\n same => n,Goto(ctid-in,{DIRECT},1)\n[internal]",
}


async def place(seat: Seat, number: str, **more: Any) -> str:
    """Have the agent call somebody by the desktop; gives the contact's id."""
    answer = await seat.desktop.request("POST", f"/v1/agents/{seat.agent_id}/calls", {"number": number, **more})
    assert answer["contact"]["state"] == "created"
    return str(answer["contact"]["id"])


async def act(seat: Seat, contact_id: str, what: str, body: JsonObject | None = None) -> JsonObject:
    """Ask for something at the agent's desktop."""
    answer: JsonObject = await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/{what}", body)
    return answer


async def until_contact(boss: Desktop, state: str, **fields: Any) -> JsonObject:
    """Wait for a live contact of this kind."""
    found: list[JsonObject] = []

    async def there() -> bool:
        contacts = (await boss.request("GET", "/v1/contacts"))["items"]
        found[:] = [each for each in contacts if each["state"] == state and fields.items() <= each.items()]
        return bool(found)

    await eventually(there, f"a contact {state} with {fields}", timeout=PATIENCE_S)
    return found[0]


async def offered(boss: Desktop) -> list[int]:
    """How many contacts came to each queue today."""
    return [queue["today"]["offered"] for queue in (await boss.request("GET", "/v1/queues"))["items"]]


async def hear_each_other(one: PhoneCall, other: PhoneCall) -> None:
    """Each side hears the other's tone."""
    await until_hears_more(one, other._phone.voice_hz)
    await until_hears_more(other, one._phone.voice_hz)


async def called(seat: Seat, outside: Phone, **more: Any) -> tuple[str, PhoneCall, PhoneCall]:
    """The agent talks to whom they called; gives the contact and both calls."""
    contact_id = await place(seat, OUTSIDE, **more)
    mine, theirs = await seat.ringing(), await outside.next_call(PATIENCE_S)
    await hear_each_other(mine, theirs)
    await seat.desktop.wait("contact.connected", timeout=PATIENCE_S)
    return contact_id, mine, theirs


# ---- placed by ctid -------------------------------------------------------------------------------------------------


async def test_a_call_to_a_number_is_a_contact(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ, answer_after=None) as outside,
    ):
        contact_id = await place(seat, OUTSIDE, caller_id=SHOWN, attributes={"case": "7"})
        mine = await seat.ringing()
        assert "answer-after=0" in str(mine.header("Call-Info"))
        theirs = await outside.next_call(PATIENCE_S)
        assert theirs.other == SHOWN
        await until_hears_more(mine, RINGBACK_HZ)
        view = await seat.view()
        assert (view["state"], view["reason"], view["own_calls"]) == ("BUSY", "non-acd-call", [contact_id])
        theirs.answer()
        await hear_each_other(mine, theirs)
        contact = await until_contact(boss, "connected", id=contact_id)
        assert (contact["direction"], contact["dnis"], contact["ani"]) == ("outbound", OUTSIDE, SHOWN)
        theirs.hang_up()
        await mine.until("ended", timeout=PATIENCE_S)
        await seat.until_state("READY")
        record = await until_record(boss, contact_id)
        assert (record["outcome"], record["direction"], record["cause"]) == ("handled", "outbound", None)
        assert (record["agent_id"], record["attributes"]) == ("a01", {"case": "7"})
        assert states(record) == ["created", "connected"]
    await until_quiet(site, boss)


async def test_call_control_out_of_an_own_call(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02") as (seat, other),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as outside,
    ):
        contact_id, mine, theirs = await called(seat, outside)
        await act(seat, contact_id, "hold")
        await until_hears_more(theirs, MUSIC_HZ)
        await act(seat, contact_id, "retrieve")
        await seat.desktop.wait("leg.retrieved", timeout=PATIENCE_S)
        await hear_each_other(mine, theirs)
        await act(seat, contact_id, "digits", {"digits": "42"})
        await theirs.until_digits("42", PATIENCE_S)
        consultation = await act(seat, contact_id, "consultations", {"agent": "a02", "dial": True})
        asked = await other.ringing()
        await until_consultation(seat, "connected")
        await until_hears_more(mine, other.phone.voice_hz)
        await until_hears_more(theirs, MUSIC_HZ)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation['consultation']['id']}/complete")
        await hear_each_other(theirs, asked)
        await mine.until("ended", timeout=PATIENCE_S)
        await seat.until_state("READY")
        await other.until_state("BUSY")
        theirs.hang_up()
        await asked.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact_id)
        assert [each["agent_id"] for each in record["segments"]] == ["a01", "a02"]
    await until_quiet(site, boss)


async def test_given_to_a_queue(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02") as (seat, other),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as outside,
    ):
        before = (await boss.request("GET", "/v1/queues"))["items"]
        contact_id, mine, theirs = await called(seat, outside)
        now = (await boss.request("GET", "/v1/queues"))["items"]
        assert [each["connected"] for each in now] == [each["connected"] for each in before]
        await act(seat, contact_id, "transfer", {"to": {"queue": "support"}})
        taken = await other.ringing()
        await hear_each_other(theirs, taken)
        await mine.until("ended", timeout=PATIENCE_S)
        theirs.hang_up()
        await other.until_state("WRAP_UP")
        body = {"disposition": "order", "complete": True}
        await other.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body)
        record = await until_record(boss, contact_id)
        assert (record["direction"], record["queue"], record["agent_id"]) == ("outbound", "support", "a02")
    await until_quiet(site, boss)


async def test_given_to_a_colleague_without_a_queue(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02") as (seat, other),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as outside,
    ):
        contact_id, mine, theirs = await called(seat, outside)
        await act(seat, contact_id, "transfer", {"to": {"agent": "a02"}})
        taken = await other.ringing()
        await hear_each_other(theirs, taken)
        await mine.until("ended", timeout=PATIENCE_S)
        assert (await until_record(boss, contact_id))["outcome"] == "transferred"
        assert (await until_contact(boss, "connected", agent_id="a02"))["direction"] == "inbound"
        taken.hang_up()
        await theirs.until("ended", timeout=PATIENCE_S)
    await until_quiet(site, boss)


async def test_on_behalf_of_a_queue_it_is_wrapped_up(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as outside:
        contact_id, mine, _ = await called(seat, outside, queue="sales")
        mine.hang_up()
        await seat.until_state("WRAP_UP")
        body = {"disposition": "order", "complete": True}
        await seat.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body)
        await seat.until_state("READY")
        record = await until_record(boss, contact_id)
        assert (record["queue"], record["disposition"], record["queued_at"]) == ("sales", "order", None)
    await until_quiet(site, boss)


@pytest.mark.parametrize(("status", "cause"), [(486, "busy"), (603, "rejected"), (404, "unreachable")])
async def test_who_is_not_reached(site: RigSite, boss: Desktop, status: int, cause: str) -> None:
    async with staff(site, "a01") as (seat,), Phone.of(site.pbx, OUTSIDE, reject_with=status):
        contact_id = await place(seat, OUTSIDE)
        mine = await seat.ringing()
        closed = await seat.desktop.wait("contact.closed", timeout=PATIENCE_S)
        assert (closed["data"]["contact"]["outcome"], closed["data"]["contact"]["cause"]) == ("not_reached", cause)
        await mine.until("ended", timeout=PATIENCE_S)
        await seat.until_state("READY")
        assert (await until_record(boss, contact_id))["cause"] == cause
    await until_quiet(site, boss)


async def test_a_number_that_is_not_there(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,):
        contact_id = await place(seat, OUTSIDE)
        mine = await seat.ringing()
        await mine.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact_id)
        assert (record["outcome"], record["cause"]) == ("not_reached", "unreachable")
        await seat.until_state("READY")
    await until_quiet(site, boss)


@pytest.mark.parametrize("by", ["phone", "desktop"])
async def test_an_agent_gives_up_and_nobody_rings_on(site: RigSite, boss: Desktop, by: str) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ, answer_after=None) as outside,
    ):
        contact_id = await place(seat, OUTSIDE)
        mine, theirs = await seat.ringing(), await outside.next_call(PATIENCE_S)
        await until_hears_more(mine, RINGBACK_HZ)
        if by == "phone":
            mine.hang_up()
        else:
            await act(seat, contact_id, "hang-up")
        await theirs.until("ended", timeout=PATIENCE_S)
        await mine.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact_id)
        assert (record["outcome"], record["cause"]) == ("abandoned", "agent_left")
        await seat.until_state("READY")
    await until_quiet(site, boss)


async def test_an_agents_own_phone_that_is_busy(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,):
        seat.phone.reject_with = 486
        record = await until_record(boss, await place(seat, OUTSIDE))
        assert (record["outcome"], record["cause"]) == ("failed", "agent_busy")
        await seat.until_state("READY")
    await until_quiet(site, boss)


async def test_a_colleague_is_called_by_the_desktop(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02", answer_after=None) as (seat, other):
        await seat.desktop.set_state("NOT_READY", "break")
        contact_id = await place(seat, "1002", attributes={"about": "lunch"})
        told = await other.desktop.wait("contact.created", timeout=PATIENCE_S)
        assert told["data"]["contact"]["attributes"] == {"about": "lunch"}
        mine = await seat.ringing()
        theirs = await other.ringing()
        assert theirs.other == "1001"
        theirs.answer()
        await hear_each_other(mine, theirs)
        assert (await until_contact(boss, "connected"))["direction"] == "internal"
        assert (await other.view())["own_calls"] == [contact_id]
        theirs.hang_up()
        await mine.until("ended", timeout=PATIENCE_S)
        await seat.until_state("NOT_READY", "break")
        assert (await until_record(boss, contact_id))["direction"] == "internal"
        assert (await other.view())["own_calls"] == []
    await until_quiet(site, boss)


@pytest.mark.parametrize("when", ["rings", "talks"])
async def test_killed_in_the_middle(site: RigSite, when: str) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ, answer_after=None) as outside,
    ):
        contact_id = await place(seat, OUTSIDE)
        mine, theirs = await seat.ringing(), await outside.next_call(PATIENCE_S)
        if when == "talks":
            theirs.answer()
            await hear_each_other(mine, theirs)
        await site.ctid.kill()
        if when == "rings":
            theirs.answer()
        await hear_each_other(mine, theirs)
        await site.ctid.start()
        await seat.come_back()
        async with site.supervisor() as boss:
            await until_contact(boss, "connected", id=contact_id)
            await hear_each_other(mine, theirs)
            mine.hang_up()
            await theirs.until("ended", timeout=PATIENCE_S)
            assert (await until_record(boss, contact_id))["outcome"] == "handled"
            await seat.until_state("READY")
            await until_quiet(site, boss)


# ---- dialled and taken at the phone ---------------------------------------------------------------------------------


async def test_a_number_dialled_at_the_phone(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ, answer_after=None) as outside,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        mine = await seat.phone.call(OUTSIDE)
        theirs = await outside.next_call(PATIENCE_S)
        contact = await until_contact(boss, "created", direction="outbound", dnis=OUTSIDE, agent_id="a01")
        assert contact["allowed_actions"] == ["set_attributes", "hang_up"]
        theirs.answer()
        await hear_each_other(mine, theirs)
        contact = await until_contact(boss, "connected", id=contact["id"])
        assert {"mute", "send_digits", "hang_up"} <= set(contact["allowed_actions"])
        assert "hold" not in contact["allowed_actions"]
        view = await seat.view()
        assert (view["state"], view["own_calls"]) == ("READY", [contact["id"]])
        waits = await caller.call(DIRECT)
        await until_hears_more(waits, MUSIC_HZ)
        assert seat.offers() == [], "nothing is offered meanwhile"
        await act(seat, contact["id"], "digits", {"digits": "5"})
        await theirs.until_digits("5", PATIENCE_S)
        mine.hold()
        await seat.desktop.wait("leg.held", timeout=PATIENCE_S)
        mine.retrieve()
        await seat.desktop.wait("leg.retrieved", timeout=PATIENCE_S)
        await act(seat, contact["id"], "hang-up")
        await theirs.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact["id"])
        assert (record["outcome"], record["agent_id"], record["direction"]) == ("handled", "a01", "outbound")
        taken = await seat.ringing()
        await both_hear(waits, taken, seat)
        waits.hang_up()
        await seat.until_state("WRAP_UP")
        await seat.desktop.set_state("READY")
    await until_quiet(site, boss)


@pytest.mark.parametrize(
    ("status", "outcome", "cause"),
    [(486, "not_reached", "busy"), (603, "not_reached", "rejected"), (None, "abandoned", "agent_left")],
)
async def test_dialled_at_the_phone_and_not_reached(
    site: RigSite, boss: Desktop, status: int | None, outcome: str, cause: str
) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.of(site.pbx, OUTSIDE, reject_with=status, answer_after=None) as outside,
    ):
        mine = await seat.phone.call(OUTSIDE)
        if status is None:
            theirs = await outside.next_call(PATIENCE_S)
            mine.hang_up()
            await theirs.until("ended", timeout=PATIENCE_S)
        closed = await boss.wait("contact.closed", timeout=PATIENCE_S)
        record = await until_record(boss, closed["contact_id"])
        assert (record["outcome"], record["cause"], record["dnis"]) == (outcome, cause, OUTSIDE)
        await mine.until("ended", timeout=PATIENCE_S)
    await until_quiet(site, boss)


@pytest.mark.parametrize("ends", ["maker", "taker"])
async def test_a_colleague_dialled_at_the_phone(site: RigSite, boss: Desktop, ends: str) -> None:
    async with staff(site, "a01", "a02") as (seat, other):
        mine = await seat.phone.call("1002")
        theirs = await other.ringing()
        await hear_each_other(mine, theirs)
        contact = await until_contact(boss, "connected", direction="internal", agent_id="a01", called="a02")
        assert [(await each.view())["own_calls"] for each in (seat, other)] == [[contact["id"]]] * 2
        (mine if ends == "maker" else theirs).hang_up()
        await (theirs if ends == "maker" else mine).until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact["id"])
        assert [(each["agent_id"], each["result"]) for each in record["segments"]] == [
            ("a01", "ended"),
            ("a02", "ended"),
        ]
    await until_quiet(site, boss)


@pytest.mark.parametrize("answers", [True, False])
async def test_an_agent_is_rung_from_outside(site: RigSite, boss: Desktop, answers: bool) -> None:
    async with (
        staff(site, "a01", answer_after=0.0 if answers else None) as (seat,),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        before = await offered(boss)
        call = await caller.call(OWN_NUMBER)
        ringing = await seat.ringing()
        contact = await until_contact(boss, "connected" if answers else "created", direction="inbound", agent_id="a01")
        assert (contact["ani"], contact["dnis"], contact["queue"]) == ("+12025550100", OWN_NUMBER, None)
        if answers:
            await hear_each_other(call, ringing)
        call.hang_up()
        await ringing.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact["id"])
        told = (record["outcome"], record["cause"], record["agent_id"])
        assert told == (("handled", None, "a01") if answers else ("abandoned", "caller_left", "a01"))
        assert await offered(boss) == before
    await until_quiet(site, boss)


async def test_who_finds_nobody_at_an_extension_and_comes_to_the_acd(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", answer_after=None) as (seat, other),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call = await caller.call(f"{OWN_NUMBER}0")
        # It is there for as long as the phone rings.
        first = await boss.wait(
            "contact.created", lambda event: event["data"]["contact"]["agent_id"] == "a02", PATIENCE_S
        )
        await (await other.ringing()).until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, first["contact_id"])
        assert (record["outcome"], record["cause"]) == ("not_reached", "no_answer")
        offer = (await seat.offer())["data"]["offer"]
        assert offer["contact_id"] != first["contact_id"]
        call.hang_up()
        assert (await until_record(boss, offer["contact_id"]))["direction"] == "inbound"
    await until_quiet(site, boss)


async def test_an_enquiry_by_the_phone_is_a_call_of_its_own_until_it_transfers(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call = await caller.call(DIRECT)
        contact_id = (await seat.offer())["data"]["offer"]["contact_id"]
        mine = await seat.ringing()
        await both_hear(call, mine, seat)
        mine.hold()
        enquiry = await seat.phone.call("1002")
        theirs = await other.ringing()
        await hear_each_other(enquiry, theirs)
        asked = await until_contact(boss, "connected", direction="internal")
        assert (await seat.view())["own_calls"] == [asked["id"]]
        assert await mine.transfer_to(enquiry) == 200
        await both_hear(call, theirs, other)
        await other.until_state("BUSY")
        record = await until_record(boss, asked["id"])
        assert (record["outcome"], record["direction"]) == ("transferred", "internal")
        view = await other.view()
        assert (view["contact_id"], view["own_calls"], view["reason"]) == (contact_id, [], None)
        call.hang_up()
        for each in (seat, other):
            await each.until_state("WRAP_UP")
            body = {"disposition": "order", "complete": True}
            await each.desktop.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body)
        assert [each["agent_id"] for each in (await until_record(boss, contact_id))["segments"]] == ["a01", "a02"]
    await until_quiet(site, boss)


async def test_a_call_by_the_phone_outlives_a_kill(site: RigSite) -> None:
    async with staff(site, "a01", "a02") as (seat, other):
        mine = await seat.phone.call("1002")
        theirs = await other.ringing()
        await hear_each_other(mine, theirs)
        async with site.supervisor() as boss:
            contact = await until_contact(boss, "connected", direction="internal")
        await site.ctid.kill()
        await hear_each_other(mine, theirs)
        await site.ctid.start()
        for each in (seat, other):
            await each.come_back()
        async with site.supervisor() as boss:
            assert (await until_contact(boss, "connected"))["id"] == contact["id"]
            mine.hang_up()
            assert (await until_record(boss, contact["id"]))["outcome"] == "handled"
            await until_quiet(site, boss)


# ---- emergencies ----------------------------------------------------------------------------------------------------


async def test_an_emergency_call_is_never_refused_and_shows_the_agents_place(site: RigSite, boss: Desktop) -> None:
    """Blocked prefixes (`1`), a chosen number to be shown, an agent who is logged out, NOT_READY or in talk."""
    async with (
        staff(site, "a01", ready=False) as (seat,),
        Phone.of(site.pbx, EMERGENCY, voice_hz=OUTSIDE_HZ) as service,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        for state in ("LOGGED_OUT", "NOT_READY", "BUSY"):
            call = None
            if state == "BUSY":
                await seat.ready()
                call = await caller.call(DIRECT)
                talk = await seat.ringing()
                await both_hear(call, talk, seat)
                await seat.until_state("BUSY")
            elif state == "NOT_READY":
                await seat.desktop.set_state("NOT_READY", "break")
            answer = await seat.desktop.request(
                "POST", "/v1/agents/a01/calls", {"number": EMERGENCY, "caller_id": SHOWN}
            )
            assert answer["contact"]["emergency"] is True
            mine, theirs = await seat.ringing(), await service.next_call(PATIENCE_S)
            assert theirs.other == PLACE
            await hear_each_other(mine, theirs)
            await until_contact(boss, "connected", id=answer["contact"]["id"])
            with pytest.raises(Exception, match="conflict"):
                await boss.request("POST", f"/v1/contacts/{answer['contact']['id']}/hang-up")
            await hear_each_other(mine, theirs)
            await act(seat, answer["contact"]["id"], "hang-up")
            await theirs.until("ended", timeout=PATIENCE_S)
            assert (await until_record(boss, answer["contact"]["id"]))["outcome"] == "handled"
            if call is not None:
                call.hang_up()
                await seat.until_state("WRAP_UP")
    await until_quiet(site, boss)


async def test_an_emergency_call_goes_out_without_a_daemon(site: RigSite) -> None:
    async with (
        staff(site, "a01", ready=False) as (seat,),
        Phone.of(site.pbx, EMERGENCY, voice_hz=OUTSIDE_HZ) as service,
    ):
        await site.ctid.kill()
        mine = await seat.phone.call(EMERGENCY)
        theirs = await service.next_call(PATIENCE_S)
        assert theirs.other == PLACE
        await hear_each_other(mine, theirs)
        await site.ctid.start()
        await seat.come_back()
        await hear_each_other(mine, theirs)
        mine.hang_up()
        await theirs.until("ended", timeout=PATIENCE_S)
        async with site.supervisor() as boss:
            await until_quiet(site, boss)
