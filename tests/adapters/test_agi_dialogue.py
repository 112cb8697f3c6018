"""What cuts short what a session plays or listens to, and telling a hang-up from a failure."""

from __future__ import annotations

import pytest

from ctid.model.commands import AwaitKey, CutPrompts, PlayAndCollect, PlayMusic, ReleaseLeg
from ctid.model.events import AgiEnded, CallArrived, CollectEnd, DigitsCollected
from sip_test_rig.fake_agi import FakeAgiCall
from tests.adapters.agi_running import running
from tests.adapters.seen import Seen

pytestmark = [pytest.mark.adapters, pytest.mark.timeout(120)]

LEG = {"pbx": "a", "unique_id": "1700000000.1"}
CUT = CutPrompts(**LEG, token="t")
LISTEN = AwaitKey(**LEG, token="k", accept="12", for_ms=60_000)
MUSIC = PlayMusic(**LEG, music_class="default")
RELEASE = ReleaseLeg(**LEG, next="hangup")


def say(*prompts: str, token: str = "t") -> PlayAndCollect:
    return PlayAndCollect(**LEG, token=token, prompts=list(prompts), accept="12")


def told(token: str = "t", digits: str = "", ended_by: CollectEnd = CollectEnd.TIMEOUT) -> DigitsCollected:
    return DigitsCollected(**LEG, token=token, digits=digits, ended_by=ended_by)


async def test_what_plays_is_cut_short_and_what_follows_is_not_played() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {"STREAM": None, "NOOP": "200 result=0"}
        await seen.first(CallArrived)
        server.execute(say("a", "b"))
        await call.commanded("STREAM")
        assert server.execute(CUT)
        assert server.execute(CUT)
        assert await seen.first(DigitsCollected) == told()
        server.execute(RELEASE)
        await call.closed.wait()
        assert call.commands == ['STREAM FILE "a" "12"', "NOOP", 'SET VARIABLE CTID_NEXT "hangup"']


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("200 result=0 endpos=8000", told()),
        ("200 result=49 endpos=8000", told(digits="1", ended_by=CollectEnd.DIGITS)),
        ("200 result=-1 endpos=0", told()),
        ("520 End of proper usage.", told()),
    ],
)
async def test_what_has_ended_in_the_same_moment_is_not_taken_for_cut_short(
    reply: str, expected: DigitsCollected
) -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {"STREAM": None, "NOOP": [f"{reply}\n200 result=0", "200 result=0"]}
        await seen.first(CallArrived)
        server.execute(say("a", "b"))
        await call.commanded("STREAM")
        server.execute(CUT)
        assert await seen.first(DigitsCollected) == expected
        call.replies = {"STREAM": "200 result=0 endpos=8000"}
        server.execute(say("c", token="next"))
        assert await seen.first(DigitsCollected, token="next") == told("next")


@pytest.mark.parametrize(
    ("command", "begun", "answers"),
    [
        (say("a", "b"), "STREAM", "200 result=0\n200 result=0"),
        (say("a", "b"), "STREAM", "200 result=0 endpos=8000\n200 result=0\n200 result=0"),
        (LISTEN, "WAIT", "200 result=1\n200 result=0\n200 result=0"),
    ],
)
async def test_what_is_read_together_with_what_it_is_to_cut_short_is_said_again(
    command: PlayAndCollect | AwaitKey, begun: str, answers: str
) -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {begun: None, "NOOP": [None, answers]}
        await seen.first(CallArrived)
        server.execute(command)
        await call.commanded(begun)
        server.execute(CUT)
        server.execute(RELEASE)
        await call.closed.wait()
        assert call.commands[1:] == ["NOOP", "NOOP", 'SET VARIABLE CTID_NEXT "hangup"']
    assert seen.all(DigitsCollected) == ([told()] if command is not LISTEN else [])


async def test_what_is_cut_short_before_it_has_begun_is_not_played() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {"ANSWER": "200 result=0", "EXEC StartMusicOnHold": None}
        await seen.first(CallArrived)
        server.execute(MUSIC)
        await call.commanded("EXEC StartMusicOnHold")
        server.execute(say("a"))
        server.execute(CUT)
        call.send(b"200 result=0\n")
        assert await seen.first(DigitsCollected) == told()
        assert call.commands == ['EXEC StartMusicOnHold "default"', "EXEC StopMusicOnHold"]


async def test_what_is_over_is_not_cut_short_nor_is_what_comes_after_it() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        server.execute(say("a"))
        await seen.first(DigitsCollected)
        call.replies = {"STREAM": None}
        server.execute(say("b", token="next"))
        await call.commanded("STREAM", 2)
        server.execute(CUT)
        call.send(b"200 result=0 endpos=8000\n")
        assert await seen.first(DigitsCollected, token="next") == told("next")
        assert call.commands == ['STREAM FILE "a" "12"', 'STREAM FILE "b" "12"']


async def test_a_key_is_waited_for_in_one_long_look_which_the_next_command_cuts_short() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {
            "WAIT": [*[f"200 result={ord(key)}" for key in "9#"], None],
            "NOOP": "200 result=1\n200 result=0",
        }
        await seen.first(CallArrived)
        server.execute(MUSIC)
        server.execute(LISTEN)
        looks = await call.commanded("WAIT FOR DIGIT", 3)
        assert all(30_000 < int(look.rpartition(" ")[2]) <= 60_000 for look in looks)
        server.execute(RELEASE)
        await call.closed.wait()
        assert call.commands[-3:] == ["NOOP", "EXEC StopMusicOnHold", 'SET VARIABLE CTID_NEXT "hangup"']
    assert seen.all(DigitsCollected) == []


async def test_a_key_that_was_pressed_in_the_moment_of_the_next_command_counts() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {"WAIT": None, "NOOP": "200 result=50\n200 result=0"}
        await seen.first(CallArrived)
        server.execute(LISTEN)
        await call.commanded("WAIT")
        server.execute(MUSIC)
        assert await seen.first(DigitsCollected) == told("k", "2", CollectEnd.DIGITS)
        await call.commanded("EXEC StartMusicOnHold")


async def test_a_look_that_is_nearly_over_is_not_cut_short() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {"WAIT": None}
        await seen.first(CallArrived)
        server.execute(AwaitKey(**LEG, token="k", accept="12", for_ms=10))
        assert await call.commanded("WAIT") == ["WAIT FOR DIGIT 500"]
        server.execute(MUSIC)
        call.send(b"200 result=0\n")
        await call.commanded("EXEC StartMusicOnHold")
        assert call.commands == ["WAIT FOR DIGIT 500", 'EXEC StartMusicOnHold "default"']


@pytest.mark.parametrize(
    ("doing", "reply"),
    [("STREAM", "200 result=-1 endpos=4320"), ("WAIT", "200 result=-1"), ("LISTEN", "200 result=-1")],
)
async def test_a_hang_up_is_told_after_what_it_ended_and_is_no_failure(doing: str, reply: str) -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {
            "STREAM": reply if doing == "STREAM" else "200 result=0 endpos=8000",
            "WAIT": reply,
            # As Asterisk does, which looks whether the channel is still there before it takes the next command.
            "NOOP": "HANGUP\n511 Command Not Permitted on a dead channel or intercept routine",
        }
        await seen.first(CallArrived)
        wait = PlayAndCollect(**LEG, token="t", prompts=["a"], accept="12", timeout_ms=5_000)
        server.execute(LISTEN if doing == "LISTEN" else wait)
        await seen.first(AgiEnded)
        assert call.commands[-1] == "NOOP"
    assert [type(event) for event in seen.events] == [CallArrived, AgiEnded]
