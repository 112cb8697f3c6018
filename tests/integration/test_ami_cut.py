"""The manager link is cut in the middle of a consultation: the talk goes on, and ctid finds out what it has missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sip_test_rig.cut_line import CutLine
from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import PROMPTS, RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import (
    OUTSIDE_SITE,
    act,
    asked,
    config,
    consult,
    finish,
    in_talk,
    retrieve,
    until_consultation,
    until_ended,
    until_silence,
)
from tests.integration.floor import (
    CALLER_HZ,
    MENU_HZ,
    PATIENCE_S,
    Seat,
    assert_log_clean,
    assert_replays,
    both_hear,
    press_until_past,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


IN_FLOW = "500"


def with_flow(data: dict[str, Any]) -> dict[str, Any]:
    """A number at which a flow asks for a key, and then for digits."""
    data["entries"]["flow"] = {"dnis": IN_FLOW, "open": {"flow": "ask"}}
    data["flows"] = {
        "ask": {
            "start": "menu",
            "nodes": {
                "menu": {
                    "menu": {
                        "say": {"prompt": "ctid/main-menu"},
                        "keys": {"1": "digits"},
                        "timeout_seconds": 1,
                        "tries": 10,
                        "otherwise": "end",
                    }
                },
                "digits": {
                    "collect": {
                        "into": "number",
                        "say": {"prompt": "ctid/sorry"},
                        "max": 4,
                        "timeout_seconds": 30,
                        "then": "end",
                        "otherwise": "end",
                    }
                },
                "end": {"end": "done"},
            },
        }
    }
    return data


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line() -> AsyncIterator[CutLine]:
    """What leads from ctid to the manager interface."""
    async with CutLine() as line:
        yield line


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(line: CutLine) -> AsyncIterator[RigSite]:
    """A site whose manager link can be cut; at the end its journal comes out the same again."""
    site = RigSite(with_flow(config()), ami_port=line.port, **OUTSIDE_SITE)
    line.target = (site.pbx.host, site.pbx.ami_port)
    async with site:
        yield site
        await assert_replays(site)
        assert_log_clean(site, {"pbx.lost"})


async def cut(line: CutLine, boss: Desktop) -> None:
    """Cut the link; ctid knows."""
    line.cut()
    await boss.wait("pbx.down", timeout=PATIENCE_S)


async def mend(line: CutLine, boss: Desktop) -> None:
    """Mend it; ctid has looked what there is."""
    line.mend()
    await boss.wait("pbx.up", timeout=PATIENCE_S)


async def they_talk_on(seat: Seat, other: Seat, call: PhoneCall, mine: PhoneCall, theirs: PhoneCall) -> None:
    """Agent and colleague hear each other, the caller hears music."""
    await until_hears_more(mine, other.phone.voice_hz)
    await until_hears_more(theirs, seat.phone.voice_hz)
    await until_hears_more(call, MUSIC_HZ)


async def consultation_of(seat: Seat) -> dict[str, object] | None:
    """The consultation as a desktop that comes now is told of it."""
    await seat.come_back()
    found = seat.desktop.snapshot["data"]["consultations"]
    return found[0] if found else None


@pytest.mark.parametrize("then", ["complete", "withdraw", "conference"])
async def test_all_talk_on_and_it_ends_as_the_agent_wants(
    line: CutLine, site: RigSite, boss: Desktop, then: str
) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await cut(line, boss)
        await they_talk_on(seat, other, call, mine, theirs)
        await mend(line, boss)
        await they_talk_on(seat, other, call, mine, theirs)
        known = await consultation_of(seat)
        assert known is not None
        assert (known["id"], known["state"]) == (consultation, "connected")
        if then == "withdraw":
            await seat.desktop.request("DELETE", f"/v1/consultations/{consultation}")
            await until_ended(theirs)
            await until_hears_more(call, MUSIC_HZ)
            await retrieve(seat, contact_id, call, mine)
            call.hang_up()
            await until_ended(mine)
            await finish(seat, contact_id)
        else:
            await seat.desktop.request("POST", f"/v1/consultations/{consultation}/{then}")
            if then == "conference":
                await until_consultation(seat, "conferenced")
                await both_hear(call, mine, seat)
                await seat.desktop.request("POST", f"/v1/consultations/{consultation}/complete")
            await other.until_state("BUSY")
            await until_ended(mine)
            await both_hear(call, theirs, other)
            await finish(seat, contact_id)
            theirs.hang_up()
            await until_ended(call)
            await finish(other, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


@pytest.mark.parametrize("who", ["caller", "agent", "colleague"])
async def test_somebody_hangs_up_meanwhile(line: CutLine, site: RigSite, boss: Desktop, who: str) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        _, theirs = await asked(seat, other, contact_id, call, mine)
        await cut(line, boss)
        await they_talk_on(seat, other, call, mine, theirs)
        gone = {"caller": call, "agent": mine, "colleague": theirs}[who]
        gone.hang_up()
        await until_ended(gone)
        if who == "caller":
            await until_hears_more(mine, other.phone.voice_hz)
        else:
            await until_hears_more(call, MUSIC_HZ)
        await mend(line, boss)
        if who == "colleague":
            await seat.desktop.wait("consultation.ended", timeout=PATIENCE_S)
            await until_silence(mine)
            await retrieve(seat, contact_id, call, mine)
            mine.hang_up()
        await until_ended(call, mine, theirs)
        await finish(seat, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


async def test_the_colleague_answers_meanwhile(line: CutLine, site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        other.phone.answer_after = None
        call, mine, contact_id = await in_talk(caller, seat)
        consultation = await consult(seat, contact_id, agent="a02")
        theirs = await other.ringing()
        await until_consultation(seat, "alerting")
        await cut(line, boss)
        theirs.answer()
        await they_talk_on(seat, other, call, mine, theirs)
        await mend(line, boss)

        async def connected() -> bool:
            known = await consultation_of(seat)
            return known is not None and (known["id"], known["state"]) == (consultation, "connected")

        await eventually(connected, "ctid knows that they talk", timeout=PATIENCE_S, every=0.2)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/complete")
        await until_ended(mine)
        await both_hear(call, theirs, other)
        await finish(seat, contact_id)
        call.hang_up()
        await until_ended(theirs)
        await finish(other, contact_id)
    await until_quiet(site, boss)


async def test_the_agent_is_with_the_caller_while_the_colleague_waits_and_goes_back(
    line: CutLine, site: RigSite, boss: Desktop
) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/alternate")
        await until_consultation(seat, "held")
        await both_hear(call, mine, seat)
        await cut(line, boss)
        await both_hear(call, mine, seat)
        await until_hears_more(theirs, MUSIC_HZ)
        await mend(line, boss)
        known = await consultation_of(seat)
        assert known is not None
        assert known["state"] == "held"
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/alternate")
        await until_consultation(seat, "connected")
        await they_talk_on(seat, other, call, mine, theirs)
        await act(seat, contact_id, "hang-up")
        await until_ended(call, mine, theirs)
        await finish(seat, contact_id)
    await until_quiet(site, boss)


async def type_in(call: PhoneCall, keys: str) -> None:
    """Press keys as people do: Asterisk drops one that is pressed and let go before ctid asks for the next."""
    for key in keys:
        call.press(key)
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_callers_go_on_through_a_flow_meanwhile(
    line: CutLine, site: RigSite, boss: Desktop, hangs_up: bool
) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call = await caller.call(IN_FLOW)
        created = await boss.wait(
            "contact.created", lambda event: event["data"]["contact"]["dnis"] == IN_FLOW, PATIENCE_S
        )
        contact_id = created["contact_id"]
        await until_hears_more(call, MENU_HZ, 0.2)
        await cut(line, boss)
        await until_hears_more(call, MENU_HZ, 0.2)
        await press_until_past(call, "1", MENU_HZ)
        await call.until_heard(PROMPTS["ctid/sorry"], 0.2, PATIENCE_S)
        if hangs_up:
            call.hang_up()
        else:
            await type_in(call, "12")
        await mend(line, boss)
        if not hangs_up:
            await type_in(call, "34")
            await call.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact_id)
        assert record["outcome"] == ("abandoned" if hangs_up else "handled")
        assert record["attributes"].get("number") == (None if hangs_up else "1234")
    await until_quiet(site, boss)
