"""Phones and SIPp call each other through a real Asterisk: sound both ways, keys, and every way of not answering."""

from __future__ import annotations

import asyncio

import pytest

from sip_test_rig import tones
from sip_test_rig.ami_recorder import AmiClient
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import Endpoint
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneError
from sip_test_rig.sipp import Sipp, SippError

pytestmark = pytest.mark.rig

RELEASES = pytest.mark.parametrize("release", ["22", pytest.param("16", marks=pytest.mark.asterisk16)])


def endpoints(*names: str) -> list[Endpoint]:
    return [Endpoint(name=name) for name in names]


@RELEASES
async def test_two_phones_hear_each_other_and_each_others_keys(release: str) -> None:
    async with (
        Asterisk(release, endpoints=endpoints("1001", "1002")) as pbx,
        Phone.of(pbx, "1001", voice_hz=470) as one,
        Phone.of(pbx, "1002", voice_hz=610, answer_after=None) as two,
    ):
        assert f"Asterisk {release}." in await pbx.cli("core show version")
        assert await pbx.registered() == {"1001", "1002"}
        dialled = await one.call("1002")
        received = await two.next_call()
        assert received.state == "ringing"
        assert received.other == "1001"
        received.answer()
        await dialled.until("answered")
        await asyncio.gather(dialled.until_heard(610, 0.5), received.until_heard(470, 0.5))
        assert set(dialled.heard()) == {610}
        assert set(received.heard()) == {470}
        dialled.press("12#")
        await received.until_digits("12#")
        received.press("9*0")
        await dialled.until_digits("9*0")
        received.hang_up()
        await dialled.until("ended")
        assert (dialled.ended_by, received.ended_by) == ("them", "us")
        assert one.unreadable == two.unreadable == 0


@RELEASES
async def test_sipp_presses_a_key_when_told_and_asterisk_takes_it(release: str) -> None:
    async with Asterisk(release) as pbx, AmiClient.of(pbx) as ami:
        caller = Sipp("uac-menu-waits-for-bye", to=(pbx.host, pbx.sip_port), number="800", digits="7")
        result = await caller.run()
        assert result.ok, result.errors
        assert result.exit_status == 0
        pressed = await ami.wait_event("DTMFEnd")
        assert (pressed["Digit"], pressed["Direction"]) == ("7", "Received")
        assert (await ami.wait_event(lambda event: event.get("UserEvent") == "RigDigits"))["Pressed"] == "7"


async def test_a_callers_voice_comes_back_from_the_echo_and_music_is_heard() -> None:
    async with Asterisk() as pbx, Phone.outside(pbx, voice_hz=1030) as caller:
        echo = await caller.call("600")
        await echo.until_heard(1030)
        echo.hang_up()
        music = await caller.call("700")
        await music.until_heard(tones.MUSIC_HZ)
        assert set(music.heard()) == {tones.MUSIC_HZ}


async def test_a_phone_and_sipp_hear_each_other() -> None:
    phone = Sipp("uas-answers", calls=None, tone_hz=890, values={"answer_after_ms": 1_000})
    async with Asterisk(endpoints=[Endpoint(name="1001", contact=phone.contact("1001"))]) as pbx, phone:
        async with Phone.outside(pbx) as caller:
            call = await (await caller.call("1001")).until("answered")
            await call.until_heard(890)
            call.hang_up()
        async with Phone.outside(pbx, "+12025550111") as caller:
            call = await (await caller.call("1001")).until("ringing")
            call.hang_up()
            await call.until("ended")
        result = await phone.stop()
        assert result is not None
        assert result.created == 2
        assert result.failed == 0, result.errors


async def test_a_callers_tone_from_sipp_is_heard_by_the_phone() -> None:
    async with Asterisk(endpoints=endpoints("1001")) as pbx, Phone.of(pbx, "1001") as agent:
        to = (pbx.host, pbx.sip_port)
        async with Sipp("uac-silent-waits-for-bye", to=to, number="1001", tone_hz=1190) as caller:
            call = await agent.next_call()
            await call.until_heard(1190)
            call.hang_up()
            result = await caller.wait()
            assert result.ok, result.errors


@pytest.mark.parametrize(
    ("scenario", "values", "status", "cause"),
    [
        ("uas-busy-486", {}, "BUSY", "17"),
        ("uas-declines-603", {"answer_after_ms": 200}, "CHANUNAVAIL", "21"),
        ("uas-never-answers", {}, "NOANSWER", "0"),
    ],
)
async def test_each_way_of_not_answering_is_seen(
    scenario: str, values: dict[str, str | int], status: str, cause: str
) -> None:
    phone = Sipp(scenario, calls=1, values=values)
    # Only the phone that never answers is given up on.
    limit_s = 1 if status == "NOANSWER" else 30
    dialplan = (
        f"[from-carrier]\nexten => _1XXX,1,Dial(PJSIP/${{EXTEN}},{limit_s})\n"
        " same => n,UserEvent(RigDialed,Status: ${DIALSTATUS},Cause: ${HANGUPCAUSE})\n same => n,Hangup()\n"
    )
    known = [Endpoint(name="1001", contact=phone.contact("1001"))]
    async with (
        Asterisk(endpoints=known, fragments={"extensions.conf": dialplan}) as pbx,
        AmiClient.of(pbx) as ami,
        phone,
    ):
        async with Phone.outside(pbx) as caller:
            call = await (await caller.call("1001")).until("ended")
            assert call.status is not None
            assert call.status >= 400
        dialled = await ami.wait_event(lambda event: event.get("UserEvent") == "RigDialed")
        assert (dialled["Status"], dialled["Cause"]) == (status, cause)
        result = await phone.wait()
        assert result.ok, result.errors


async def test_a_forward_reaches_the_other_phone() -> None:
    phone = Sipp("uas-forwards-302", calls=1, values={"forward_to": "1002@127.0.0.1"})
    known = [Endpoint(name="1001", contact=phone.contact("1001")), Endpoint(name="1002")]
    async with (
        Asterisk(endpoints=known) as pbx,
        phone,
        Phone.of(pbx, "1002", voice_hz=610),
        Phone.outside(pbx) as caller,
    ):
        call = await caller.call("1001")
        await call.until_heard(610)
        result = await phone.wait()
        assert result.ok, result.errors


async def test_a_phone_refuses_leaves_ringing_and_is_cancelled() -> None:
    async with (
        Asterisk(endpoints=endpoints("1001")) as pbx,
        Phone.of(pbx, "1001", answer_after=None) as agent,
        Phone.outside(pbx) as caller,
    ):
        call = await caller.call("1001")
        ringing = await agent.next_call()
        await call.until("ringing")
        call.hang_up()
        await ringing.until("ended")
        assert (ringing.status, ringing.ended_by) == (487, "them")

        call = await caller.call("1001")
        (await agent.next_call()).reject(486)
        assert (await call.until("ended")).status == 486

        agent.reject_with = 486
        assert (await (await caller.call("1001")).until("ended")).status == 486

        agent.reject_with = None
        call = await caller.call("1001")
        (await agent.next_call()).answer()
        await call.until("answered")
        result = await Sipp(
            "uac-cancels-while-ringing", to=(pbx.host, pbx.sip_port), number="1001", values={"cancel_after_ms": 100}
        ).run()
        assert result.ok, result.errors
        with pytest.raises(PhoneError, match="not ringing"):
            agent.calls[0].answer()


async def test_a_call_that_is_called_off_at_once_does_not_ring_on() -> None:
    """The INVITE and its CANCEL lie in the phone's socket together, as they do when it was late."""
    async with Phone(("127.0.0.1", 9), "1001", registers=False, answer_after=None) as called:
        assert called._transport is not None
        port = called._transport.get_extra_info("sockname")[1]
        async with Phone(("127.0.0.1", port), "1002", registers=False) as caller:
            (await caller.call("1001")).hang_up()
            received = await (await called.next_call()).until("ended")
            assert (received.status, received.ended_by) == (487, "them")


async def test_a_wrong_password_is_refused() -> None:
    async with Asterisk(endpoints=endpoints("1001")) as pbx:
        with pytest.raises(PhoneError, match="refused with 401"):
            await Phone.of(pbx, "1001", password="demo-only-wrong").start()
        assert await pbx.registered() == set()


async def test_a_phone_that_vanished_is_still_registered_and_a_stopped_one_is_not() -> None:
    async with Asterisk(endpoints=endpoints("1001", "1002")) as pbx:
        gone, away = Phone.of(pbx, "1001"), Phone.of(pbx, "1002")
        await gone.start()
        await away.start()
        await gone.stop(unregister=False)
        await away.stop()
        assert await pbx.registered() == {"1001"}


async def test_twenty_phones_talk_at_once() -> None:
    names = [f"10{number:02}" for number in range(1, 21)]
    async with Asterisk(endpoints=endpoints(*names)) as pbx:
        phones = [Phone.of(pbx, name, voice_hz=hz) for name, hz in zip(names, [470] * 10 + [610] * 10, strict=True)]
        await asyncio.gather(*(phone.start() for phone in phones))
        calls = await asyncio.gather(*(phone.call(str(int(phone.name) + 10)) for phone in phones[:10]))
        await asyncio.gather(*(call.until_heard(610) for call in calls))
        received = [await phone.next_call() for phone in phones[10:]]
        await asyncio.gather(*(call.until_heard(470) for call in received))
        assert len(await pbx.channels()) == 20
        await asyncio.gather(*(phone.stop() for phone in phones))

        async def all_ended() -> bool:
            return await pbx.channels() == []

        await eventually(all_ended, "every channel ends", every=0.1)


async def test_sipp_callers_and_phones_in_numbers() -> None:
    phone = Sipp("uas-answers-hangs-up", calls=None, values={"talk_least_ms": 100, "talk_most_ms": 400})
    async with Asterisk(endpoints=[Endpoint(name="1001", contact=phone.contact("1001"))]) as pbx, phone:
        result = await Sipp(
            "uac-silent-waits-for-bye", to=(pbx.host, pbx.sip_port), number="1001", calls=40, rate=20
        ).run()
        assert result.ok, result.errors
        assert result.created == 40
        assert result.response_ms >= 200
        served = await phone.stop()
        assert served is not None
        assert (served.successful, served.failed) == (40, 0), served.errors


async def test_twenty_keys_pressed_at_once_all_arrive() -> None:
    async with Asterisk() as pbx, AmiClient.of(pbx) as ami:
        result = await Sipp(
            "uac-menu-waits-for-bye", to=(pbx.host, pbx.sip_port), number="800", digits="4", calls=20, rate=100
        ).run()
        assert result.ok, result.errors

        def pressed() -> list[str]:
            return [event["Pressed"] for event in ami.events if event.get("UserEvent") == "RigDigits"]

        await eventually(lambda: len(pressed()) == 20, "Asterisk tells of twenty keys")
        assert pressed() == ["4"] * 20


async def test_a_caller_who_is_cut_off_early_counts_as_failed() -> None:
    async with Asterisk() as pbx:
        result = await Sipp(
            "uac-menu-answered-hangs-up", to=(pbx.host, pbx.sip_port), number="800", values={"hang_up_after_ms": 5000}
        ).run()
        assert not result.ok
        assert result.failed == 1
        assert "unexpected BYE" in result.errors


async def test_sipp_that_never_ends_is_ended() -> None:
    phone = Sipp("uas-never-answers", calls=1, time_limit_s=1)
    await phone.start()
    result = await phone.wait()
    await phone.stop()
    assert not result.ok
    with pytest.raises(SippError, match="no such scenario"):
        Sipp("uac-does-not-exist")


async def test_a_phone_answers_when_the_pbx_asks_whether_it_is_there() -> None:
    async with Asterisk(endpoints=endpoints("1001")) as pbx, Phone.of(pbx, "1001") as phone:

        async def qualified() -> bool:
            return " Avail " in await pbx.cli("pjsip show contacts")

        await eventually(qualified, "the phone's contact is available")
        assert phone.unreadable == 0
