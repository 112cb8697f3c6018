"""An agent between two parties, and more than three in one talk, at phones that know nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ctid.client import ConflictError, NotFoundError
from ctid.pbx_adapters.asterisk_config.conferences import ALONE_SECONDS
from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.call_acts import (
    OUTSIDE,
    OUTSIDE_HZ,
    OUTSIDE_SITE,
    act,
    asked,
    config,
    finish,
    hold,
    in_talk,
    retrieve,
    until_consultation,
    until_ended,
    until_silence,
)
from tests.integration.floor import (
    CALLER_HZ,
    PATIENCE_S,
    Seat,
    both_hear,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CONFIG = config()
SITE = OUTSIDE_SITE


@contextlib.asynccontextmanager
async def outside(site: RigSite) -> AsyncIterator[Phone]:
    """Somebody outside who can be called."""
    async with Phone.of(site.pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as phone:
        yield phone


async def alternate(seat: Seat, consultation: str, state: str) -> None:
    """The agent goes to the other of the two."""
    await seat.desktop.request("POST", f"/v1/consultations/{consultation}/alternate")
    await until_consultation(seat, state)


async def to_caller(seat: Seat, consultation: str, calls: tuple[PhoneCall, PhoneCall, PhoneCall]) -> None:
    """The agent talks to the caller, who was asked hears music and neither of them."""
    call, mine, theirs = calls
    await alternate(seat, consultation, "held")
    await both_hear(call, mine, seat)
    await until_hears_more(theirs, MUSIC_HZ)
    assert not theirs.heard(0.3).keys() & {CALLER_HZ, seat.phone.voice_hz}


async def to_asked(seat: Seat, other: Seat, consultation: str, calls: tuple[PhoneCall, PhoneCall, PhoneCall]) -> None:
    """The agent talks to who was asked, the caller hears music and neither of them."""
    call, mine, theirs = calls
    await alternate(seat, consultation, "connected")
    await until_hears_more(mine, other.phone.voice_hz)
    await until_hears_more(theirs, seat.phone.voice_hz)
    await until_hears_more(call, MUSIC_HZ)
    assert not call.heard(0.3).keys() & {other.phone.voice_hz, seat.phone.voice_hz}


async def call_in(seat: Seat, contact_id: str, phone: Phone, **whom: str) -> tuple[str, PhoneCall]:
    """Have ctid call somebody into the talk; gives the id under which they are in it, and the call at their phone."""
    answer = await act(seat, contact_id, "parties", dict(whom))
    call = await phone.next_call(PATIENCE_S)
    await until_consultation(seat, "conferenced")
    return str(answer["consultation"]["id"]), call


async def until_all_hear(voices: dict[PhoneCall, float]) -> None:
    """Wait until each hears every other one."""
    for call in voices:
        for other, hz in voices.items():
            if other is not call:
                await until_hears_more(call, hz)


async def until_left(boss: Desktop, consultation: str) -> None:
    """Wait until ctid knows that somebody is out of the conference, which is heard before."""
    await boss.wait("consultation.ended", lambda event: event["data"]["consultation"]["id"] == consultation, PATIENCE_S)


async def parties(seat: Seat, contact_id: str) -> list[dict[str, Any]]:
    """The legs of the contact."""
    view = await seat.desktop.request("GET", f"/v1/contacts/{contact_id}")
    return [leg for leg in view["legs"] if leg["state"] != "disconnected"]


async def test_from_one_to_the_other_and_back(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        calls = (call, mine, theirs)
        for _ in range(2):
            await to_caller(seat, consultation, calls)
            await to_asked(seat, other, consultation, calls)
        await to_caller(seat, consultation, calls)
        # Both wait, and then the caller is the first to be talked to.
        await hold(seat, contact_id, call, mine)
        await until_hears_more(theirs, MUSIC_HZ)
        await retrieve(seat, contact_id, call, mine)
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/complete")
        await other.until_state("BUSY")
        await both_hear(call, theirs, other)
        await until_ended(mine)
        await finish(seat, contact_id)
        call.hang_up()
        await until_ended(theirs)
        await finish(other, contact_id)
        record = await until_record(boss, contact_id)
        assert [(each["agent_id"], each["result"]) for each in record["segments"]] == [
            ("a01", "transferred"),
            ("a02", "ended"),
        ]
    await until_quiet(site, boss)


async def test_a_conference_out_of_the_talk_with_the_caller(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await to_caller(seat, consultation, (call, mine, theirs))
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/conference")
        await until_consultation(seat, "conferenced")
        await until_all_hear({call: CALLER_HZ, mine: seat.phone.voice_hz, theirs: other.phone.voice_hz})
        call.hang_up()
        await until_ended(mine, theirs)
        await finish(seat, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


@pytest.mark.parametrize("who", ["caller", "agent", "colleague"])
async def test_somebody_hangs_up_while_the_colleague_waits(site: RigSite, boss: Desktop, who: str) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        await to_caller(seat, consultation, (call, mine, theirs))
        {"caller": call, "agent": mine, "colleague": theirs}[who].hang_up()
        if who == "colleague":
            ended = await seat.desktop.wait("consultation.ended", timeout=PATIENCE_S)
            assert ended["data"]["result"] == "ended"
            await both_hear(call, mine, seat)
            call.hang_up()
        await until_ended(call, mine, theirs)
        await finish(seat, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


@pytest.mark.parametrize("after_ms", [0, 5, 15, 40])
@pytest.mark.parametrize("talks_to", ["caller", "colleague"])
async def test_the_agent_hangs_up_just_as_they_ask_for_a_conference(
    site: RigSite, boss: Desktop, talks_to: str, after_ms: int
) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        if talks_to == "caller":
            await to_caller(seat, consultation, (call, mine, theirs))
        if not await confer_and(seat, consultation, mine, after_ms):
            await until_ended(call, theirs)
            await finish(seat, contact_id)
            return
        await other.until_state("BUSY")
        await both_hear(call, theirs, other)
        await finish(seat, contact_id)
        theirs.hang_up()
        await until_ended(call)
        await finish(other, contact_id)
        record = await until_record(boss, contact_id)
        assert [(each["agent_id"], each["result"]) for each in record["segments"]] == [
            ("a01", "transferred"),
            ("a02", "ended"),
        ]
    await until_quiet(site, boss)


@pytest.mark.parametrize("after_ms", [0, 5, 15, 40])
@pytest.mark.parametrize("talks_to", ["caller", "colleague"])
async def test_the_colleague_hangs_up_just_as_a_conference_is_asked_for(
    site: RigSite, boss: Desktop, talks_to: str, after_ms: int
) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        if talks_to == "caller":
            await to_caller(seat, consultation, (call, mine, theirs))
        in_time = await confer_and(seat, consultation, theirs, after_ms)
        await seat.desktop.wait("consultation.ended", timeout=PATIENCE_S)
        if not in_time and talks_to == "colleague":
            await retrieve(seat, contact_id, call, mine)
        await both_hear(call, mine, seat)
        await hold(seat, contact_id, call, mine)
        await retrieve(seat, contact_id, call, mine)
        call.hang_up()
        await until_ended(mine)
        await finish(seat, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


@pytest.mark.parametrize("after_ms", [0, 5, 15, 40])
@pytest.mark.parametrize("talks_to", ["caller", "colleague"])
async def test_both_hang_up_just_as_a_conference_is_asked_for(
    site: RigSite, boss: Desktop, talks_to: str, after_ms: int
) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        consultation, theirs = await asked(seat, other, contact_id, call, mine)
        if talks_to == "caller":
            await to_caller(seat, consultation, (call, mine, theirs))
        await confer_and(seat, consultation, mine, after_ms)
        theirs.hang_up()
        await until_ended(call)
        await finish(seat, contact_id)
        # The colleague may have had the caller for a moment, and have hung up on them.
        had = (await boss.request("GET", f"/v1/contacts/{contact_id}"))["segments"][1:]
        if had:
            await finish(other, contact_id)
        record = await until_record(boss, contact_id)
        assert (record["outcome"], record["segments"][0]["agent_id"]) == ("handled", "a01")
    await until_quiet(site, boss)


async def confer_and(seat: Seat, consultation: str, call: PhoneCall, after_ms: int) -> bool:
    """The agent asks for a conference, and so much later somebody hangs up; gives whether ctid knew of it only then."""
    async with asyncio.TaskGroup() as both:
        conference = both.create_task(confers(seat, consultation))
        await asyncio.sleep(after_ms / 1_000)
        call.hang_up()
    return await conference


async def confers(seat: Seat, consultation: str) -> bool:
    """The agent asks for a conference; gives whether they may, as nobody has left."""
    try:
        await seat.desktop.request("POST", f"/v1/consultations/{consultation}/conference")
    except (NotFoundError, ConflictError):
        return False
    return True


async def test_two_are_called_into_the_talk_muted_and_let_go(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02") as (seat, other),
        outside(site) as phone,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, mine, contact_id = await in_talk(caller, seat)
        colleague, theirs = await call_in(seat, contact_id, other.phone, agent="a02")
        voices = {call: CALLER_HZ, mine: seat.phone.voice_hz, theirs: other.phone.voice_hz}
        await until_all_hear(voices)
        stranger, fourth = await call_in(seat, contact_id, phone, number=OUTSIDE)
        await until_all_hear({**voices, fourth: OUTSIDE_HZ})
        (leg,) = [each for each in await parties(seat, contact_id) if each["agent_id"] == "a02"]
        assert leg["party"] == "consulted"
        await act(seat, contact_id, f"legs/{leg['id']}/mute", {"on": True})

        async def hushed() -> bool:
            call.media.forget()
            # That something does not come can only be waited for by the clock.
            await asyncio.sleep(0.5)
            heard = call.heard(0.4)
            return other.phone.voice_hz not in heard and OUTSIDE_HZ in heard

        await eventually(hushed, "the caller hears all but the colleague", timeout=PATIENCE_S)
        await until_hears_more(theirs, CALLER_HZ)
        await act(seat, contact_id, f"legs/{leg['id']}/mute", {"on": False})
        await until_all_hear({**voices, fourth: OUTSIDE_HZ})
        await seat.desktop.request("DELETE", f"/v1/consultations/{stranger}")
        await until_ended(fourth)
        await until_left(boss, stranger)
        await until_all_hear(voices)
        await seat.desktop.request("DELETE", f"/v1/contacts/{contact_id}/legs/{leg['id']}")
        await until_ended(theirs)
        await until_left(boss, colleague)
        await both_hear(call, mine, seat)
        await hold(seat, contact_id, call, mine)
        await retrieve(seat, contact_id, call, mine)
        mine.hang_up()
        await until_ended(call)
        await finish(seat, contact_id)
        assert (await until_record(boss, contact_id))["outcome"] == "handled"
    await until_quiet(site, boss)


async def test_of_four_the_agent_leaves_and_the_colleague_has_the_caller(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02") as (seat, other),
        outside(site) as phone,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, mine, contact_id = await in_talk(caller, seat)
        stranger, fourth = await call_in(seat, contact_id, phone, number=OUTSIDE)
        _, theirs = await call_in(seat, contact_id, other.phone, agent="a02")
        voices = {call: CALLER_HZ, theirs: other.phone.voice_hz, fourth: OUTSIDE_HZ}
        await until_all_hear({**voices, mine: seat.phone.voice_hz})
        mine.hang_up()
        await other.until_state("BUSY")
        await until_all_hear(voices)
        await finish(seat, contact_id)
        (known,) = (await other.desktop.request("GET", "/v1/contacts/" + contact_id))["legs"][2:]
        await other.desktop.request("DELETE", f"/v1/contacts/{contact_id}/legs/{known['id']}")
        await until_ended(fourth)
        await until_left(boss, stranger)
        await both_hear(call, theirs, other)
        # Whoever is left is in a talk like any other, which is given on without asking.
        await act(other, contact_id, "transfer", {"to": {"agent": "a01"}})
        await until_ended(theirs)
        again = await seat.talks_to(call)
        again.hang_up()
        await until_ended(call)
        await finish(seat, contact_id)
        await finish(other, contact_id)
        record = await until_record(boss, contact_id)
        assert [each["agent_id"] for each in record["segments"]] == ["a01", "a02", "a01"]
    await until_quiet(site, boss)


async def with_a_stranger(
    seat: Seat, phone: Phone, caller: Phone
) -> tuple[tuple[PhoneCall, PhoneCall, PhoneCall], str]:
    """A conference of caller, agent and somebody outside, who hear each other; their calls, and the contact's id."""
    call, mine, contact_id = await in_talk(caller, seat)
    _, third = await call_in(seat, contact_id, phone, number=OUTSIDE)
    await until_all_hear({call: CALLER_HZ, mine: seat.phone.voice_hz, third: OUTSIDE_HZ})
    return (call, mine, third), contact_id


async def talk_on(voices: dict[PhoneCall, float]) -> None:
    """For longer than somebody is left alone in a conference, they hear each other."""
    for _ in range(3):
        await until_all_hear(voices)
        # That nothing happens can only be waited for by the clock.
        await asyncio.sleep(ALONE_SECONDS)
    await until_all_hear(voices)


@pytest.mark.parametrize("dead", [False, True], ids=["ctid-lives", "ctid-is-dead"])
@pytest.mark.parametrize("last", ["caller", "stranger"])
async def test_who_is_left_alone_is_let_go_and_two_are_not(site: RigSite, boss: Desktop, last: str, dead: bool) -> None:
    async with (
        staff(site, "a01") as (seat,),
        outside(site) as phone,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        (call, mine, third), contact_id = await with_a_stranger(seat, phone, caller)
        if dead:
            await site.ctid.kill()
        mine.hang_up()
        await talk_on({call: CALLER_HZ, third: OUTSIDE_HZ})
        first, left = (third, call) if last == "caller" else (call, third)
        first.hang_up()
        await until_ended(left)
        if dead:
            await site.ctid.start()
            await seat.come_back()
        await finish(seat, contact_id)
    async with site.supervisor() as fresh:
        await until_quiet(site, fresh)


async def test_everybody_of_ours_leaves_a_stranger_who_has_just_come(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01") as (seat,),
        outside(site) as phone,
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        call, mine, contact_id = await in_talk(caller, seat)
        _, third = await call_in(seat, contact_id, phone, number=OUTSIDE)
        await site.ctid.kill()
        call.hang_up()
        mine.hang_up()
        await until_ended(third)
        await site.ctid.start()
        await seat.come_back()
        await finish(seat, contact_id)
    async with site.supervisor() as fresh:
        await until_quiet(site, fresh)


async def test_killed_in_the_middle_of_a_conference(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        _, theirs = await call_in(seat, contact_id, other.phone, agent="a02")
        voices = {call: CALLER_HZ, mine: seat.phone.voice_hz, theirs: other.phone.voice_hz}
        await site.ctid.kill()
        await until_all_hear(voices)
        await site.ctid.start()
        for each in (seat, other):
            await each.come_back()
        await until_all_hear(voices)
        (known,) = seat.desktop.snapshot["data"]["consultations"]
        assert known["state"] == "conferenced"
        await seat.desktop.request("POST", f"/v1/consultations/{known['id']}/complete")
        await until_ended(mine)
        await other.until_state("BUSY")
        await until_all_hear({call: CALLER_HZ, theirs: other.phone.voice_hz})
        await finish(seat, contact_id)
        theirs.hang_up()
        await until_ended(call)
        await finish(other, contact_id)
    async with site.supervisor() as fresh:
        assert (await until_record(fresh, contact_id))["outcome"] == "handled"
        await until_quiet(site, fresh)


async def test_who_is_called_in_does_not_come(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", "a02", answer_after=None) as (seat, other),
        Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller,
    ):
        seat.phone.answer_after, other.phone.reject_with = 0.0, 486
        call, mine, contact_id = await in_talk(caller, seat)
        await act(seat, contact_id, "parties", {"agent": "a02"})
        ended = await seat.desktop.wait("consultation.ended", timeout=PATIENCE_S)
        assert ended["data"]["result"] == "busy"
        await both_hear(call, mine, seat)
        await hold(seat, contact_id, call, mine)
        await until_silence(mine)
        call.hang_up()
        await until_ended(mine)
        await finish(seat, contact_id)
    await until_quiet(site, boss)
