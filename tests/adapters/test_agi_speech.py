"""Texts in a FastAGI session: made sound while music plays on; one that cannot be is a prompt that is missing."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from ctid.errors import SpeechError
from ctid.model.commands import PlayAndCollect, PlayMusic, RecordMessage
from ctid.model.events import AgiEnded, CallArrived, CollectEnd, DigitsCollected
from ctid.model.speech import Speech, Utterance
from sip_test_rig.eventually import eventually
from sip_test_rig.fake_agi import FakeAgiCall
from tests.adapters.agi_running import running
from tests.adapters.seen import Seen

pytestmark = [pytest.mark.adapters, pytest.mark.timeout(120)]

LEG = {"pbx": "a", "unique_id": "1700000000.1"}
HELLO, BALANCE, JANE = (Speech(text=text, language="en") for text in ("Hello.", "Your balance is", "Dear Jane Doe,"))


class Voice:
    """Gives files when it is told to; texts that are not known fail."""

    def __init__(self) -> None:
        self.files = {"Hello.": "/spool/en/hello", "Your balance is": "/spool/en/balance"}
        self.asked: list[str] = []
        self.may = asyncio.Event()
        self.may.set()

    async def file(self, pbx: str, speech: Speech) -> str:
        assert pbx == "a"
        self.asked.append(speech.text)
        await self.may.wait()
        if speech.text not in self.files:
            raise SpeechError("it is silent")
        return self.files[speech.text]


def collect(*prompts: Utterance, accept: str = "", timeout_ms: int = 0) -> PlayAndCollect:
    return PlayAndCollect(**LEG, token="t", prompts=list(prompts), accept=accept, timeout_ms=timeout_ms)


async def test_texts_and_sounds_are_played_in_order() -> None:
    seen = Seen()
    async with running(seen, speech=Voice()) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        server.execute(collect(HELLO, "ctid/welcome", BALANCE))
        done = await seen.first(DigitsCollected)
        assert done.ended_by is CollectEnd.PLAYED
        assert call.commands == [
            'STREAM FILE "/spool/en/hello" ""',
            'STREAM FILE "ctid/welcome" ""',
            'STREAM FILE "/spool/en/balance" ""',
        ]


async def test_music_plays_on_until_the_first_text_is_there_and_all_are_made_at_the_same_time() -> None:
    seen, voice = Seen(), Voice()
    voice.may.clear()
    async with running(seen, speech=voice) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        server.execute(PlayMusic(**LEG, music_class="default"))
        server.execute(collect(HELLO, BALANCE))
        await call.commanded("EXEC StartMusicOnHold")
        await eventually(lambda: len(voice.asked) == 2, "both are asked for")
        assert voice.asked == ["Hello.", "Your balance is"]
        assert call.commands == ['EXEC StartMusicOnHold "default"']
        voice.may.set()
        await seen.first(DigitsCollected)
        assert call.commands[1:] == [
            "EXEC StopMusicOnHold",
            'STREAM FILE "/spool/en/hello" ""',
            'STREAM FILE "/spool/en/balance" ""',
        ]


async def test_a_sound_before_a_text_does_not_wait_for_it() -> None:
    seen, voice = Seen(), Voice()
    voice.may.clear()
    async with running(seen, speech=voice) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        server.execute(collect("ctid/welcome", HELLO))
        await call.commanded('STREAM FILE "ctid/welcome"')
        voice.may.set()
        await call.commanded('STREAM FILE "/spool/en/hello"')


async def test_who_hangs_up_while_a_text_is_made_is_noticed() -> None:
    seen, voice = Seen(), Voice()
    voice.may.clear()
    async with running(seen, speech=voice) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        server.execute(collect(HELLO, BALANCE))
        await eventually(lambda: len(voice.asked) == 2, "both are asked for")
        call.hang_up()
        await seen.first(AgiEnded)
        assert seen.all(DigitsCollected) == []
        assert call.commands == []


async def test_a_key_ends_the_texts_that_are_still_being_made() -> None:
    seen, voice = Seen(), Voice()
    voice.may.clear()
    async with running(seen, speech=voice) as (server, _), FakeAgiCall(server.port) as call:
        call.replies["STREAM FILE"] = "200 result=49 endpos=800"
        await seen.first(CallArrived)
        server.execute(collect("ctid/menu", HELLO, accept="1"))
        done = await seen.first(DigitsCollected)
        assert (done.digits, done.ended_by) == ("1", CollectEnd.DIGITS)
        assert call.commands == ['STREAM FILE "ctid/menu" "1"']


@pytest.mark.parametrize("with_voice", [True, False])
async def test_a_text_that_cannot_be_made_is_a_prompt_that_is_missing_and_in_no_log(with_voice: bool) -> None:
    seen, voice = Seen(), Voice() if with_voice else None
    with structlog.testing.capture_logs() as logs:
        async with running(seen, speech=voice) as (server, _), FakeAgiCall(server.port) as call:
            await seen.first(CallArrived)
            server.execute(PlayMusic(**LEG, music_class="default"))
            server.execute(collect(JANE, JANE, accept="1", timeout_ms=5_000))
            done = await seen.first(DigitsCollected)
            assert (done.digits, done.ended_by) == ("", CollectEnd.FAILED)
            assert call.commands[1:] == ["EXEC StopMusicOnHold"]
    assert "Jane" not in str(logs)
    assert {each["event"] for each in logs} == {"agi.speech_failed" if with_voice else "agi.speech_unconfigured"}


async def test_what_comes_after_a_text_that_cannot_be_made_is_played() -> None:
    seen = Seen()
    async with running(seen, speech=Voice()) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        server.execute(collect(JANE, HELLO))
        assert (await seen.first(DigitsCollected)).ended_by is CollectEnd.PLAYED
        assert call.commands == ['STREAM FILE "/spool/en/hello" ""']


async def test_a_message_is_asked_for_by_a_text() -> None:
    seen = Seen()
    async with (
        running(seen, speech=Voice(), recordings={"a": "/spool/rec"}) as (server, _),
        FakeAgiCall(server.port) as call,
    ):
        await seen.first(CallArrived)
        server.execute(
            RecordMessage(**LEG, token="t", prompts=[HELLO], record="vm-1", max_seconds=60, silence_seconds=0)
        )
        await seen.first(DigitsCollected)
        assert call.commands[0] == 'STREAM FILE "/spool/en/hello" "#"'
        assert call.commands[1].startswith('RECORD FILE "/spool/rec/vm-1-caller"')
