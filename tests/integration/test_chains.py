"""One call through many hands, through a menu and back, and hang-ups that fall together: nobody is left over."""

from __future__ import annotations

from typing import Any

import pytest

from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import PROMPTS, RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import (
    act,
    asked,
    config,
    finish,
    hold,
    in_talk,
    until_consultation,
    until_ended,
    until_silence,
)
from tests.integration.floor import (
    CALLER_HZ,
    MENU_HZ,
    WELCOME_HZ,
    Seat,
    both_hear,
    press_until_past,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


def _config() -> dict[str, Any]:
    data = config()
    data["queues"]["support"]["steps"] = [{"agents": ["a03"]}]
    data["queues"]["support"]["survey"] = "survey"
    data["flows"] = {
        "survey": {
            "start": "score",
            "nodes": {
                "score": {
                    "collect": {
                        "into": "score",
                        "say": {"prompt": "ctid/sorry"},
                        "max": 1,
                        "timeout_seconds": 2,
                        "tries": 10,
                        "then": "over",
                        "otherwise": "over",
                    }
                },
                "over": {"end": "done"},
            },
        }
    }
    data["menus"]["main"]["keys"]["3"] = {"queue": "support", "set": {"paid": "yes"}}
    return data


CONFIG = _config()


async def test_one_contact_through_the_hands_of_three(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", "a03") as (first, second, third),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, mine, contact_id = await in_talk(caller, first)
        consultation, theirs = await asked(first, second, contact_id, call, mine)
        await first.desktop.request("POST", f"/v1/consultations/{consultation}/conference")
        await until_consultation(first, "conferenced")
        await until_hears_more(call, second.phone.voice_hz)
        mine.hang_up()
        await second.until_state("BUSY")
        await until_hears_more(call, second.phone.voice_hz)
        await finish(first, contact_id)
        await act(second, contact_id, "transfer", {"to": {"queue": "support"}})
        await until_ended(theirs)
        last = await third.ringing()
        await both_hear(call, last, third)
        await finish(second, contact_id)
        last.hang_up()
        await until_hears_more(call, PROMPTS["ctid/sorry"], 0.2)
        await finish(third, contact_id)
        await press_until_past(call, "5", PROMPTS["ctid/sorry"])
        await until_ended(call)
        record = await until_record(boss, contact_id)
        assert record["attributes"]["score"] == "5"
        assert [(each["agent_id"], each["result"]) for each in record["segments"]] == [
            ("a01", "transferred"),
            ("a02", "transferred"),
            ("a03", "ended"),
        ]
        assert (record["outcome"], record["agent_id"]) == ("handled", "a03")
        talked = [each["agent_id"] for each in record["spans"] if each["state"] == "connected"]
        assert talked == ["a01", "a02", "a03"]
    await until_quiet(site, boss)


async def in_menu(seat: Seat, contact_id: str, call: PhoneCall, mine: PhoneCall) -> None:
    """The caller hears the menu, the agent nothing."""
    answer = await act(seat, contact_id, "menu", {"menu": "main"})
    assert answer["contact"]["state"] == "connected"
    await until_hears_more(call, WELCOME_HZ, 0.2)
    await until_hears_more(call, MENU_HZ, 0.2)
    await until_silence(mine)


@pytest.mark.parametrize("killed", [False, True], ids=["", "killed"])
async def test_through_a_menu_and_back(site: RigSite, boss: Desktop, killed: bool) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await in_menu(seat, contact_id, call, mine)
        if killed:
            await site.ctid.kill()
            await until_hears_more(call, MUSIC_HZ)
            await site.ctid.start()
            await seat.come_back()
            await until_hears_more(call, MENU_HZ, 0.2)
        await press_until_past(call, "3", MENU_HZ)
        await both_hear(call, mine, seat)
        assert (await seat.view())["state"] == "BUSY"
        mine.hang_up()
        await until_ended(call)
        await finish(seat, contact_id)
        async with site.supervisor() as fresh:
            record = await until_record(fresh, contact_id)
            assert (record["outcome"], record["attributes"]["paid"]) == ("handled", "yes")
            assert len(record["segments"]) == 1
            await until_quiet(site, fresh)


async def test_the_agent_leaves_the_caller_to_the_menu(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a03") as (seat, third), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        await in_menu(seat, contact_id, call, mine)
        mine.hang_up()
        await finish(seat, contact_id)
        await until_hears_more(call, MENU_HZ, 0.2)
        await press_until_past(call, "3", MENU_HZ)
        theirs = await third.ringing()
        await both_hear(call, theirs, third)
        call.hang_up()
        await finish(third, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


TOGETHER = [
    ("hold", "caller and agent"),
    *(
        (step, who)
        for step in ("asks", "waits", "conference")
        for who in ("caller and agent", "agent and colleague", "all")
    ),
]


@pytest.mark.parametrize(("step", "who"), TOGETHER)
async def test_hang_ups_that_fall_together(site: RigSite, boss: Desktop, step: str, who: str) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        calls = {"caller": call, "agent": mine}
        if step == "hold":
            await hold(seat, contact_id, call, mine)
        else:
            consultation, calls["colleague"] = await asked(seat, other, contact_id, call, mine)
            path = {"asks": "", "waits": "alternate", "conference": "conference"}[step]
            if path:
                await seat.desktop.request("POST", f"/v1/consultations/{consultation}/{path}")
                await until_consultation(seat, {"waits": "held", "conference": "conferenced"}[step])
        for name, each in calls.items():
            if who == "all" or name in who:
                each.hang_up()
        await until_ended(*calls.values())
        await finish(seat, contact_id)
        if (await other.view())["state"] == "WRAP_UP":
            # The agent was gone an instant earlier, out of a conference, so that the contact was the colleague's.
            await finish(other, contact_id)
        record = await until_record(boss, contact_id)
        assert record["outcome"] in ("handled", "transferred")
    await until_quiet(site, boss)
