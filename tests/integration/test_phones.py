"""Do not disturb and forwarding, live: set by the API with and without ctid there, and set at the phone itself."""

from __future__ import annotations

from typing import Any

import pytest

from ctid.engine.agent.phones import DO_NOT_DISTURB
from ctid.pbx_adapters.ami.commands import PHONE_CALLS
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.sipp import Sipp
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    DIRECT,
    PATIENCE_S,
    Seat,
    floor_config,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CONFIG = floor_config(4, ring_seconds=20, exclude_seconds=0.2)
FORWARDS_TO_A04 = Sipp("uas-forwards-302", calls=None, values={"forward_to": "1004@127.0.0.1"})
SITE = {"contacts": {"1003": FORWARDS_TO_A04.contact("1003")}}


async def set_phone(desktop: Desktop, agent_id: str, **what: Any) -> JsonObject:
    """Set what becomes of calls for the agent; gives their phone as it is then."""
    answer = await desktop.request("PATCH", f"/v1/agents/{agent_id}/phone", what)
    phone: JsonObject = answer["agent"]["phone"]
    return phone


async def until_phone(desktop: Desktop, agent_id: str, state: str) -> JsonObject:
    """Wait until the agent's phone is shown so; gives what it said."""

    async def is_so() -> bool:
        return bool((await desktop.request("GET", f"/v1/agents/{agent_id}"))["phone"]["state"] == state)

    await eventually(is_so, f"the phone of {agent_id}: {state}", timeout=PATIENCE_S)
    said: JsonObject = (await desktop.request("GET", f"/v1/agents/{agent_id}"))["phone"]["said"]
    return said


async def until_waits(boss: Desktop, hindrance: str) -> None:
    """Wait until a contact waits for an agent who is kept from it by this."""

    async def is_so() -> bool:
        waiting = [each for each in (await boss.request("GET", "/v1/contacts"))["items"] if each["state"] == "queued"]
        if not waiting:
            return False
        told = await boss.request("GET", f"/v1/contacts/{waiting[0]['id']}/routing")
        return any(each["hindrance"] == hindrance for each in told["waiting"]["able"]["agents"])

    await eventually(is_so, f"a contact waits because of {hindrance}", timeout=PATIENCE_S)


async def until_pbx_knows(site: RigSite, extension: str, calls: str) -> None:
    """Wait until the PBX has been told, a moment after ctid is, what becomes of calls for this phone."""

    async def told() -> bool:
        return f"{PHONE_CALLS}{extension}={calls}\n" in await site.pbx.cli("dialplan show globals")

    await eventually(told, f"the PBX is told of phone {extension}: {calls or 'rings'}", timeout=PATIENCE_S)


async def dials(seat: Seat, number: str) -> int | None:
    """Dial at the agent's phone; gives the answer of who is not reached."""
    call = await seat.phone.call(number)
    await call.until("ended", timeout=PATIENCE_S)
    return call.status


@pytest.mark.parametrize(
    ("on", "off", "hindrance"),
    [
        ({"do_not_disturb": True}, {"do_not_disturb": False}, "do_not_disturb"),
        ({"forwarded_to": "1004"}, {"forwarded_to": None}, "forwarded"),
    ],
    ids=["do not disturb", "forwarded"],
)
async def test_a_contact_goes_to_somebody_else_or_waits_and_is_offered_at_once_afterwards(
    site: RigSite, boss: Desktop, on: JsonObject, off: JsonObject, hindrance: str
) -> None:
    async with staff(site, "a01", "a02", ready=False) as (first, second), Phone.outside(site.pbx) as outside:
        assert (await set_phone(first.desktop, "a01", **on))["state"] == hindrance
        await first.ready()
        call = await outside.call(DIRECT)
        await until_waits(boss, hindrance)
        await until_hears_more(call, MUSIC_HZ)
        await second.ready()
        await second.talks_to(call)
        call.hang_up()
        await second.desktop.set_state("NOT_READY", "break")
        waits = await outside.call(DIRECT)
        await until_waits(boss, hindrance)
        assert (first.offers(), first.phone.invites) == ([], {})
        assert (await set_phone(first.desktop, "a01", **off))["state"] == "rings"
        await first.talks_to(waits)
        waits.hang_up()
        await until_record(boss, (await first.offer())["contact_id"])
    await until_quiet(site, boss)


async def test_colleagues_are_refused_or_reach_who_it_is_forwarded_to_with_and_without_ctid(
    site: RigSite, boss: Desktop
) -> None:
    async with staff(site, "a01", "a02", "a04", ready=False) as (first, second, fourth):
        await first.desktop.set_state("NOT_READY", "break")
        await set_phone(boss, "a02", do_not_disturb=True)
        await until_pbx_knows(site, "1002", DO_NOT_DISTURB)
        assert await dials(first, "1002") == 486
        with pytest.raises(Exception, match="not to be disturbed"):
            await first.desktop.request("POST", "/v1/agents/a01/calls", {"number": "1002"})
        await set_phone(second.desktop, "a02", forwarded_to="1004")
        await until_pbx_knows(site, "1002", "1004")
        for ctid_is_there in (True, False):
            if not ctid_is_there:
                # No pop comes to a desktop that is cut off, and none is looked for.
                fourth.phone.desktop = None
                await site.ctid.kill()
            mine = await first.phone.call("1002")
            theirs = await fourth.ringing()
            await until_hears_more(mine, fourth.phone.voice_hz)
            await until_hears_more(theirs, first.phone.voice_hz)
            mine.hang_up()
            await theirs.until("ended", timeout=PATIENCE_S)
        await site.ctid.start()
        for seat in (first, second, fourth):
            await seat.come_back()
        assert second.phone.invites == {}
        async with site.supervisor() as again:
            view = (await second.view())["phone"]
            assert (view["state"], view["do_not_disturb"], view["forwarded_to"]) == ("forwarded", True, "1004")
            assert (await set_phone(again, "a02", do_not_disturb=False, forwarded_to=None))["state"] == "rings"
            await until_pbx_knows(site, "1002", "")
            mine = await first.phone.call("1002")
            await until_hears_more(mine, second.phone.voice_hz)
            mine.hang_up()
            await until_quiet(site, again)


async def test_a_transfer_goes_to_where_the_colleague_is_forwarded(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02", "a04") as (first, second, fourth), Phone.outside(site.pbx) as outside:
        for seat in (second, fourth):
            await seat.desktop.set_state("NOT_READY", "break")
        await set_phone(second.desktop, "a02", forwarded_to="1004")
        call = await outside.call(DIRECT)
        await first.talks_to(call)
        await first.until_state("BUSY")
        contact_id = (await first.offer())["contact_id"]
        await fourth.ready()
        await first.desktop.request("POST", f"/v1/contacts/{contact_id}/transfer", {"to": {"agent": "a02"}})
        await fourth.talks_to(call)
        call.hang_up()
        await until_record(boss, contact_id)
        assert second.phone.invites == {}
        await set_phone(second.desktop, "a02", forwarded_to=None)
    await until_quiet(site, boss)


@pytest.mark.parametrize(("status", "cause"), [(486, "busy"), (603, "rejected"), (480, "no_answer")])
async def test_a_phone_that_refuses_by_itself_is_shown_and_no_more_once_it_rings(
    site: RigSite, boss: Desktop, status: int, cause: str
) -> None:
    async with staff(site, "a01", "a02", ready=False) as (first, second), Phone.outside(site.pbx) as outside:
        first.phone.reject_with = status
        await first.ready()
        call = await outside.call(DIRECT)
        said = await until_phone(boss, "a01", "do_not_disturb")
        assert (said["state"], said["cause"]) == ("do_not_disturb", cause)
        first.phone.reject_with = None
        await first.talks_to(call)
        assert await until_phone(boss, "a01", "rings") is None
        call.hang_up()
        await until_record(boss, (await first.offer())["contact_id"])
        assert second.phone.invites == {}
    await until_quiet(site, boss)


async def test_a_phone_that_forwards_by_itself_is_shown_with_where_to(site: RigSite, boss: Desktop) -> None:
    async with (
        FORWARDS_TO_A04,
        staff(site, "a02", "a04", ready=False) as (second, fourth),
        site.desktop("a03") as desktop,
        Phone.outside(site.pbx) as outside,
    ):
        await desktop.set_state("READY")
        call = await outside.call(DIRECT)
        said = await until_phone(boss, "a03", "forwarded")
        assert (said["state"], said["cause"], said["forwarded_to"]) == ("forwarded", "forwarded", "1004")
        await desktop.set_state("NOT_READY", "break")
        await second.ready()
        await second.talks_to(call)
        call.hang_up()
        contact_id = (await second.offer())["contact_id"]
        record = await until_record(boss, contact_id)
        assert {(each["state"], each["cause"]) for each in record["offers"] if each["agent_id"] == "a03"} == {
            ("rejected", "forwarded")
        }
        assert fourth.phone.invites == {}
        assert (await set_phone(desktop, "a03", do_not_disturb=False))["state"] == "rings"
        await desktop.set_state("LOGGED_OUT")
    await until_quiet(site, boss)
