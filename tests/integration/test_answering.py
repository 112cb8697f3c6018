"""A desktop has a desk phone answer: the call that rings is answered by NOTIFY, or the phone is rung again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ctid.pbx_adapters.ami.commands import NO_DIALOG
from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.sip_messages import SIPMessage
from sip_test_rig.site import NOTIFIER, RigSite
from tests.integration.call_acts import finish, hold, retrieve, until_ended
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    Seat,
    both_hear,
    floor_config,
    log_lines,
    metrics,
    staff,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


def config() -> dict[str, Any]:
    """Two agents whose phones are said to take the order."""
    data = floor_config(2, ring_seconds=20, wrap_up_seconds=60)
    for agent in data["agents"].values():
        agent["notify_talk"] = True
    for queue in data["queues"].values():
        queue["dispositions"] = []
    return data


CONFIG = config()


class Stubborn:
    """What a phone answers to NOTIFY within a call, in the place of what it would."""

    def __init__(self, phone: Phone, status: int) -> None:
        self._phone = phone
        self._status = status
        self._take = phone._on_request
        phone._on_request = self  # type: ignore[method-assign, assignment]

    def __call__(self, message: SIPMessage, transfer: int) -> None:
        if message.method == "NOTIFY" and message.headers["Call-ID"] in self._phone._by_id:
            self._phone._send(self._phone._write.response(message, self._status, None))
        else:
            self._take(message, transfer)


async def told(site: RigSite, caller: Phone, seat: Seat) -> tuple[PhoneCall, PhoneCall, str]:
    """A caller at whose call the agent's phone rings, which the agent answers at the desktop."""
    call = await caller.call(DIRECT)
    offer = (await seat.offer())["data"]["offer"]
    ringing = await seat.ringing()
    assert "answer-after" not in str(ringing.header("Call-Info"))
    await seat.desktop.wait("leg.alerting", timeout=PATIENCE_S)
    answered = await seat.desktop.request("POST", f"/v1/offers/{offer['id']}/answer")
    assert answered["offer"]["state"] == "accepted"
    return call, ringing, offer["contact_id"]


async def ended(call: PhoneCall, mine: PhoneCall, seat: Seat, contact_id: str, boss: Desktop) -> None:
    """They part, and the record tells of one offer, accepted."""
    call.hang_up()
    await until_ended(mine)
    await finish(seat, contact_id)
    record = await until_record(boss, contact_id)
    assert record["outcome"] == "handled"
    assert [(each["agent_id"], each["state"]) for each in record["offers"]] == [("a01", "accepted")]


async def rung_again(call: PhoneCall, ringing: PhoneCall, seat: Seat, contact_id: str, boss: Desktop) -> None:
    """The phone is rung with the order to answer, and does; caller and agent hear each other."""
    again = await seat.ringing()
    assert "answer-after=0" in str(again.header("Call-Info"))
    await until_ended(ringing)
    await both_hear(call, again, seat)
    await ended(call, again, seat, contact_id, boss)


async def test_the_call_that_rings_is_the_one_that_is_answered(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        seat.phone.obeys_talk = True
        call, ringing, contact_id = await told(site, caller, seat)
        await both_hear(call, ringing, seat)
        await seat.until_state("BUSY")
        assert (seat.phone.told_to_talk, len(seat.phone.calls)) == (1, 1)
        # It is a call like any other from here on.
        await hold(seat, contact_id, call, ringing)
        await retrieve(seat, contact_id, call, ringing)
        await both_hear(call, ringing, seat)
        await ended(call, ringing, seat, contact_id, boss)
        assert len(seat.phone.calls) == 1
    await until_quiet(site, boss)


async def test_a_phone_that_takes_no_notice_is_rung_again(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, ringing, contact_id = await told(site, caller, seat)
        await rung_again(call, ringing, seat, contact_id, boss)
        assert seat.phone.told_to_talk == 1
    await until_quiet(site, boss)


@pytest.mark.parametrize("status", [481, 489])
async def test_a_phone_that_refuses_the_order_is_rung_again(site: RigSite, boss: Desktop, status: int) -> None:
    """At 481 Asterisk ends the call at the phone (RFC 3261, 12.2.1.2), and goes on to say that it rings."""
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        Stubborn(seat.phone, status)
        call, ringing, contact_id = await told(site, caller, seat)
        await rung_again(call, ringing, seat, contact_id, boss)
    await until_quiet(site, boss)


async def test_a_phone_that_rings_without_a_dialog_is_rung_again_at_once(site: RigSite, boss: Desktop) -> None:
    """Its 180 has no tag, so Asterisk has nothing to send it a NOTIFY in."""
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        seat.phone.obeys_talk = True
        respond = seat.phone._write.response
        seat.phone._write.response = lambda request, status, tag: respond(  # type: ignore[method-assign]
            request, status, tag if status != 180 else None
        )
        call, ringing, contact_id = await told(site, caller, seat)
        await rung_again(call, ringing, seat, contact_id, boss)
        assert seat.phone.told_to_talk == 0
    refusals = [line["detail"] for line in log_lines(site) if line["event"] == "leg.answer_refused"]
    assert refusals == [NO_DIALOG]
    await until_quiet(site, boss)


async def test_a_caller_who_hangs_up_in_that_moment_leaves_nobody_ringing(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, ringing, contact_id = await told(site, caller, seat)
        call.hang_up()
        await until_ended(ringing)
        await seat.until_state("READY")
        assert (await until_record(boss, contact_id))["outcome"] == "short_abandon"
        assert len(seat.phone.calls) == 1
    await until_quiet(site, boss)


async def test_the_user_has_no_rights_but_that_one_class_and_reads_nothing(site: RigSite) -> None:
    shown = await site.pbx.cli(f"manager show user {NOTIFIER}")
    rights = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in shown.splitlines())}
    assert (rights["read perm"], rights["write perm"]) == ("<none>", "system")
    mine = await site.pbx.cli("manager show user ctid")
    assert "write perm: call,reporting,originate" in mine.replace("originate,reporting", "reporting,originate")


@pytest_asyncio.fixture(loop_scope="module")
async def older() -> AsyncIterator[RigSite]:
    """An Asterisk 16."""
    async with RigSite(CONFIG, release="16") as site:
        yield site


async def test_an_older_pbx_tells_phones_as_well(older: RigSite) -> None:
    site = older
    async with (
        site.supervisor() as boss,
        staff(site, "a01", answer_after=None) as (seat,),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        seat.phone.obeys_talk = True
        call, ringing, contact_id = await told(site, caller, seat)
        await both_hear(call, ringing, seat)
        await ended(call, ringing, seat, contact_id, boss)
        assert (seat.phone.told_to_talk, len(seat.phone.calls)) == (1, 1)


@pytest_asyncio.fixture(loop_scope="module")
async def lacking() -> AsyncIterator[RigSite]:
    """A PBX whose operator has given ctid no second user."""
    site = RigSite(CONFIG)
    site.pbx._fragments["manager.conf"] = site.pbx._fragments["manager.conf"].replace(f"[{NOTIFIER}]", "[nobody]")  # type: ignore[union-attr]
    async with site:
        yield site


async def test_a_pbx_that_does_not_let_us_costs_nothing_else(lacking: RigSite) -> None:
    site = lacking
    async with (
        site.supervisor() as boss,
        staff(site, "a01", answer_after=None) as (seat,),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, ringing, contact_id = await told(site, caller, seat)
        await rung_again(call, ringing, seat, contact_id, boss)
        assert seat.phone.told_to_talk == 0
        assert not [event for event in boss.events if event["type"] == "pbx.down"]
    assert "notify.not_connected" in {line["event"] for line in log_lines(site)}
    assert (await metrics(site))['ctid_pbx_notifies_total{pbx="main",result="refused"}'] == 1
