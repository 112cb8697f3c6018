"""What a real Asterisk does when several phones ring for one caller: one has the caller, the others are told so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ctid.model.commands import RingAgent
from ctid.pbx_adapters import asterisk_config
from ctid.pbx_adapters.ami.commands import ring_agent
from sip_test_rig.ami_recorder import AmiClient, AmiMessage
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import Endpoint
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

CALLER = "1700000000.1"
ROUNDS = {"22": 50, "16": 10}
ELSEWHERE = "Call completed elsewhere"
"""How Asterisk says Q.850's cause 26 in SIP (RFC 3326, with cause 200): a phone that reads it shows no missed call."""


@pytest.mark.parametrize("release", ["22", pytest.param("16", marks=pytest.mark.asterisk16)])
async def test_ringall_winners_one_talks_and_the_others_are_told_answered_elsewhere(release: str) -> None:
    """Three phones ring, two answer at once, fifty times; the third is answered too when the two have settled it.

    Nobody but Asterisk's own dialplan decides here: no daemon watches, and none would be fast enough.
    """
    files = asterisk_config.fragments(
        asterisk_config.ManagerUser(name="ctid", secret="demo-only-ami"),
        asterisk_config.Dialplan(pbx="a", agi="127.0.0.1:1"),
        [],
        release,  # type: ignore[arg-type]
    )
    names = ["1001", "1002", "1003", "1009"]
    dialplan = {"extensions.conf": files["extensions.conf"]}
    async with (
        Asterisk(release, endpoints=[Endpoint(name=name) for name in names], fragments=dialplan) as pbx,
        AmiClient.of(pbx) as ami,
        Phone.of(pbx, "1009", voice_hz=740) as customer,
    ):
        phones = [Phone.of(pbx, name, answer_after=None, voice_hz=470) for name in names[:3]]
        for phone in phones:
            await phone.start()
        try:
            winners = [
                await _one_round(ami, phones, customer, f"{CALLER}{number:03}", f"r{number}")
                for number in range(ROUNDS[release])
            ]
        finally:
            for phone in phones:
                await phone.stop()
        assert set(winners) <= {0, 1}

        async def none_is_up() -> bool:
            return not await pbx.channels()

        await eventually(none_is_up, "no channel is up")


async def _one_round(ami: AmiClient, phones: list[Phone], customer: Phone, caller_id: str, name: str) -> int:
    begin = len(ami.events)
    fields = {"Channel": "PJSIP/1009", "ChannelId": caller_id, "Application": "MusicOnHold", "Data": "default"}
    await ami.action("Originate", Async="true", **fields)
    waiting = await customer.next_call()
    await waiting.until("answered")
    # Whom Bridge() takes before the originate has let go of them leaves a channel behind that nobody ever ends.
    await ami.wait_event(
        lambda event: event["Event"] == "MusicOnHoldStart" and event["Uniqueid"] == caller_id, since=begin
    )
    legs = [f"{name}-{phone.name}" for phone in phones]
    for phone, leg in zip(phones, legs, strict=True):
        command = RingAgent(
            pbx="a",
            unique_id=leg,
            device=f"PJSIP/{phone.name}",
            peer_unique_id=caller_id,
            caller_number="",
            caller_name="",
            timeout_ms=60_000,
            headers={},
        )
        given = {key: value for key, value in ring_agent(command).items() if key not in ("Action", "Async")}
        await ami.action("Originate", Async="true", **given)
    calls = await asyncio.gather(*(phone.next_call() for phone in phones))
    calls[0].answer()
    calls[1].answer()
    loser = await _first_ended(calls[:2])
    winner = 1 - loser
    assert ELSEWHERE in calls[loser].reason
    # Whoever answers later comes too late as well, and takes nobody out of the talk.
    calls[2].answer()
    await calls[2].until("ended")
    assert ELSEWHERE in calls[2].reason
    for leg in (legs[loser], legs[2]):
        assert (await ami.wait_event(_ended(leg), since=begin))["Cause"] == "26"
    waiting.media.forget()
    calls[winner].media.forget()
    await asyncio.gather(waiting.until_heard(470, 0.1), calls[winner].until_heard(740, 0.1))
    waiting.hang_up()
    await calls[winner].until("ended")
    await ami.wait_event(_ended(legs[winner]), since=begin)
    await ami.wait_event(_ended(caller_id), since=begin)
    bridged = [event["Uniqueid"] for event in ami.events[begin:] if event["Event"] == "BridgeEnter"]
    assert sorted(bridged) == sorted([legs[winner], caller_id])
    return winner


async def _first_ended(calls: list[PhoneCall]) -> int:
    ends = [asyncio.create_task(call.until("ended"), name=f"end-{index}") for index, call in enumerate(calls)]
    done, pending = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    assert len(done) == 1
    return ends.index(done.pop())


def _ended(unique_id: str) -> Callable[[AmiMessage], bool]:
    def is_it(event: AmiMessage) -> bool:
        return event["Event"] == "Hangup" and event.get("Uniqueid") == unique_id

    return is_it
