"""A PBX that is far away: FastAGI's news come late behind AMI's, and nobody is led astray by what is of the past."""

from __future__ import annotations

from typing import Any

import pytest

from sip_test_rig.desktop import Desktop
from sip_test_rig.far_pbx import Distance
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import (
    act,
    answered_as_it_is_sent_on,
    finish,
    handed_over_by_who_hangs_up_at_once,
    hold,
    in_talk,
    retrieve,
    rung,
    until_ended,
)
from tests.integration.floor import (
    CALLER_HZ,
    both_hear,
    floor_config,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


def config() -> dict[str, Any]:
    data = floor_config(2, ring_seconds=20, wrap_up_seconds=60)
    for queue in data["queues"].values():
        queue["dispositions"] = []
    data["queues"]["sales"]["steps"] = [{"agents": ["a01"]}]
    return data


CONFIG = config()
SITE = {"distance": Distance(ami_ms=30, agi_ms=60)}


@pytest.mark.parametrize("after_ms", [0, 30, 60])
async def test_the_phone_is_answered_just_when_its_call_is_sent_on(site: RigSite, boss: Desktop, after_ms: int) -> None:
    """The caller has talked to the one for a moment and comes back from them when the other has them already."""
    async with (
        staff(site, "a01", "a02", answer_after=None) as (one, two),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, ringing, offer = await rung(caller, one)
        seat = await answered_as_it_is_sent_on(call, ringing, one, two, offer["id"], after_ms)
        await until_hears_more(call, seat.phone.voice_hz)
        assert (await seat.view())["state"] == "BUSY"
        call.hang_up()
        await finish(seat, offer["contact_id"])
        record = await until_record(boss, offer["contact_id"])
        assert (record["outcome"], len(record["segments"])) == ("handled", 1)
    await until_quiet(site, boss)


async def test_who_hands_the_caller_over_may_hang_up_at_once(site: RigSite, boss: Desktop) -> None:
    """The phone's word is with the PBX before ctid's order is."""
    await handed_over_by_who_hangs_up_at_once(site, boss)


async def test_hold_and_retrieve_one_upon_the_other(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        for _ in range(3):
            await hold(seat, contact_id, call, mine)
            await retrieve(seat, contact_id, call, mine)
        await act(seat, contact_id, "hold")
        await until_hears_more(call, MUSIC_HZ)
        await act(seat, contact_id, "retrieve")
        await both_hear(call, mine, seat)
        mine.hang_up()
        await until_ended(call)
        await finish(seat, contact_id)
        record = await until_record(boss, contact_id)
        assert (record["outcome"], len(record["segments"])) == ("handled", 1)
    await until_quiet(site, boss)


async def test_a_quick_hand_need_not_know_that_channels_are_on_their_way(site: RigSite, boss: Desktop) -> None:
    """Each request comes as soon as the one before was taken in; the last one counts."""
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        for action in ("hold", "retrieve") * 3:
            await act(seat, contact_id, action)
        await both_hear(call, mine, seat)
        await act(seat, contact_id, "hold")
        await until_hears_more(call, MUSIC_HZ)
        mine.hang_up()
        await until_ended(call)
        await finish(seat, contact_id)
    await until_quiet(site, boss)
