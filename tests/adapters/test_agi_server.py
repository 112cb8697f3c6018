"""FastAGI server and sessions, against a peer that plays Asterisk's part."""

from __future__ import annotations

import asyncio

import pytest

from ctid.errors import OverloadedError, PbxConnectionError
from ctid.model.commands import (
    AnswerLeg,
    PlayAndCollect,
    PlayMusic,
    RecordMessage,
    ReleaseLeg,
    SetVariable,
    StopMusic,
)
from ctid.model.events import (
    AgiEnded,
    CallArrived,
    CallerReturned,
    CallUndelivered,
    CollectEnd,
    DigitsCollected,
    Event,
    MessageBegun,
)
from ctid.pbx_adapters.agi.dialogue import MAX_LINE_BYTES
from ctid.pbx_adapters.agi.server import AgiServer
from ctid.pbx_adapters.agi.session import MAX_QUEUED_COMMANDS
from ctid.telemetry.metrics import Metrics
from sip_test_rig.fake_agi import FakeAgiCall
from tests.adapters.agi_running import running
from tests.adapters.seen import Seen

pytestmark = [pytest.mark.adapters, pytest.mark.timeout(120)]

LEG = {"pbx": "a", "unique_id": "1700000000.1"}


def collect(**changes: object) -> PlayAndCollect:
    fields: dict[str, object] = {**LEG, "token": "t", "prompts": [], "accept": "", "max_digits": 1, "timeout_ms": 0}
    return PlayAndCollect(**(fields | changes))  # type: ignore[arg-type]


async def test_arrival_takes_numbers_from_the_arguments_first() -> None:
    seen = Seen()
    arguments = ("pbx=a", "dnis=493055550100", "ani=+12025550123", "tenant=blue", "no-value", "=x", "bad key=1")
    async with (
        running(seen) as (server, _),
        FakeAgiCall(server.port, arguments=arguments, callerid="12025550199"),
    ):
        assert await seen.first(CallArrived) == CallArrived(
            **LEG, ani="+12025550123", dnis="493055550100", attributes={"tenant": "blue"}
        )


@pytest.mark.parametrize(
    ("callerid", "ani"), [("unknown", ""), ("<unknown>", ""), ("Anonymous", ""), ("12025550199", "12025550199")]
)
async def test_arrival_takes_numbers_from_the_channel_else(callerid: str, ani: str) -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port, arguments=(), callerid=callerid):
        assert await seen.first(CallArrived) == CallArrived(**LEG, ani=ani, dnis="4930111")


async def test_return() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port, script="after"):
        assert await seen.first(CallerReturned) == CallerReturned(**LEG)


@pytest.mark.parametrize(
    ("dialled", "cause"),
    [
        (("cause=BUSY", "q850=17"), "busy"),
        (("cause=NOANSWER", "q850=0"), "no_answer"),
        (("cause=CHANUNAVAIL", "q850=20"), "unreachable"),
        (("cause=CHANUNAVAIL", "q850=21"), "rejected"),
        (("cause=CONGESTION", "q850=34"), "failed"),
        ((), "failed"),
    ],
    ids=str,
)
async def test_a_number_that_did_not_answer_tells_why(dialled: tuple[str, ...], cause: str) -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port, script="undelivered", arguments=dialled):
        assert await seen.first(CallUndelivered) == CallUndelivered(**LEG, cause=cause)


async def test_unknown_script_goes_to_the_fallback() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port, script="elsewhere") as call:
        assert await call.commanded("SET VARIABLE") == ['SET VARIABLE CTID_NEXT "fallback"']
        await call.closed.wait()
    assert seen.events == []


@pytest.mark.parametrize(("arguments", "pbxes"), [(("pbx=b",), ("a",)), ((), ("a", "b")), (("pbx=",), ("a", "b"))])
async def test_a_pbx_that_is_not_ours_is_refused(arguments: tuple[str, ...], pbxes: tuple[str, ...]) -> None:
    seen = Seen()
    async with running(seen, pbxes=pbxes) as (server, metrics):
        async with FakeAgiCall(server.port, arguments=arguments) as call:
            await call.closed.wait()
        assert metrics.registry.get_sample_value("ctid_agi_refused_total", {"reason": "garbage"}) == 1
    assert seen.events == []


async def test_commands_run_one_after_another() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        for command in (
            AnswerLeg(**LEG),
            SetVariable(**LEG, name="X", value='a "b" \\ c\r\nHANGUP'),
            PlayMusic(**LEG, music_class="default"),
            StopMusic(**LEG),
            StopMusic(**LEG),
            PlayMusic(**LEG, music_class="default"),
            collect(prompts=["menu/welcome"]),
            ReleaseLeg(**LEG, next="hangup"),
        ):
            assert server.execute(command)
        await call.closed.wait()
        assert call.commands == [
            "ANSWER",
            r'SET VARIABLE "X" "a \"b\" \\ c  HANGUP"',
            'EXEC StartMusicOnHold "default"',
            "EXEC StopMusicOnHold",
            'EXEC StartMusicOnHold "default"',
            "EXEC StopMusicOnHold",
            'STREAM FILE "menu/welcome" ""',
            'SET VARIABLE CTID_NEXT "hangup"',
        ]
        await seen.first(AgiEnded)
    assert seen.all(AgiEnded) == [AgiEnded(**LEG)]


async def test_a_line_that_asterisk_would_take_for_two_is_not_sent() -> None:
    seen = Seen()
    fits = "x" * (MAX_LINE_BYTES - len('SET VARIABLE "X" ""'))
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        await seen.first(CallArrived)
        for command in (
            SetVariable(**LEG, name="X", value=fits),
            SetVariable(**LEG, name="X", value=fits + "x"),
            # What counts is what is sent: two bytes for each of these.
            SetVariable(**LEG, name="X", value="ä" * (len(fits) // 2 + 1)),
            SetVariable(**LEG, name="X", value='"' * (len(fits) // 2 + 1)),
            collect(prompts=["long/" * 500, "menu/welcome"]),
            ReleaseLeg(**LEG, next="number", target="1" * 3_000),
        ):
            assert server.execute(command)
        await call.closed.wait()
        assert call.commands == [
            f'SET VARIABLE "X" "{fits}"',
            'STREAM FILE "menu/welcome" ""',
            'SET VARIABLE CTID_NEXT "number"',
        ]


async def test_music_that_plays_already_is_not_begun_anew_and_is_stopped_for_a_prompt() -> None:
    seen = Seen()
    arguments = ("pbx=a", "ctid_music=jazz")
    async with running(seen) as (server, _), FakeAgiCall(server.port, arguments=arguments) as call:
        assert (await seen.first(CallArrived)).attributes == {}
        for command in (
            PlayMusic(**LEG, music_class="jazz"),
            PlayMusic(**LEG, music_class="default"),
            collect(prompts=["menu/welcome"]),
            PlayMusic(**LEG, music_class="default"),
            ReleaseLeg(**LEG, next="hangup"),
        ):
            assert server.execute(command)
        await call.closed.wait()
        assert call.commands == [
            'EXEC StartMusicOnHold "default"',
            "EXEC StopMusicOnHold",
            'STREAM FILE "menu/welcome" ""',
            'EXEC StartMusicOnHold "default"',
            "EXEC StopMusicOnHold",
            'SET VARIABLE CTID_NEXT "hangup"',
        ]


@pytest.mark.parametrize(
    ("command", "replies", "digits", "ended_by"),
    [
        (collect(prompts=["a", "b"]), {}, "", CollectEnd.PLAYED),
        (collect(prompts=["a"], accept="12"), {}, "", CollectEnd.TIMEOUT),
        (collect(prompts=["a"], accept="12"), {"STREAM": "200 result=50 endpos=9"}, "2", CollectEnd.DIGITS),
        (collect(prompts=["a"]), {"STREAM": "200 result=0 endpos=0"}, "", CollectEnd.FAILED),
        (collect(prompts=["a"]), {"STREAM": "200 result=-1 endpos=0"}, "", CollectEnd.FAILED),
        (collect(prompts=["a"]), {"STREAM": "520 End of proper usage."}, "", CollectEnd.FAILED),
        (collect(accept="1", timeout_ms=500), {"WAIT": "200 result=0"}, "", CollectEnd.TIMEOUT),
        (collect(accept="1", timeout_ms=500), {"WAIT": ["200 result=57", "200 result=49"]}, "1", CollectEnd.DIGITS),
        (
            collect(prompts=["a", "b"], accept="0123", max_digits=3, timeout_ms=500),
            {"STREAM": ["200 result=0 endpos=8", "200 result=49 endpos=8"], "WAIT": ["200 result=50", "200 result=51"]},
            "123",
            CollectEnd.DIGITS,
        ),
        (
            collect(accept="0123", max_digits=3, timeout_ms=500),
            {"WAIT": ["200 result=49", "200 result=0"]},
            "1",
            CollectEnd.DIGITS,
        ),
    ],
)
async def test_collect(
    command: PlayAndCollect, replies: dict[str, str | list[str | None] | None], digits: str, ended_by: CollectEnd
) -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = replies
        await seen.first(CallArrived)
        server.execute(command)
        assert await seen.first(DigitsCollected) == DigitsCollected(**LEG, token="t", digits=digits, ended_by=ended_by)


async def test_hang_up_while_a_prompt_plays_ends_the_session_once() -> None:
    seen = Seen()
    async with running(seen) as (server, metrics), FakeAgiCall(server.port) as call:
        call.replies = {"STREAM": None}
        await seen.first(CallArrived)
        server.execute(collect(prompts=["a"]))
        await call.commanded("STREAM")
        call.hang_up()
        call.send(b"200 result=-1 endpos=9\n")
        await seen.first(AgiEnded)
        await call.closed.wait()
        assert not server.execute(AnswerLeg(**LEG))
        assert metrics.registry.get_sample_value("ctid_agi_sessions", {"pbx": "a"}) == 0
    assert [type(event) for event in seen.events] == [CallArrived, AgiEnded]


@pytest.mark.parametrize("reply", ["200 result=99999999", f"200 result={'9' * 5_000}"], ids=["no key", "no number"])
async def test_a_reply_that_nobody_can_make_sense_of_ends_the_session_and_that_is_told(reply: str) -> None:
    """Else the engine would take the leg for one that waits with us, and give it orders, for ever."""
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies["STREAM FILE"] = reply
        await seen.first(CallArrived)
        assert server.execute(collect(prompts=["menu/welcome"]))
        await seen.first(AgiEnded)
        await call.closed.wait()
        assert not server.execute(StopMusic(**LEG))


async def test_second_session_of_a_leg_takes_the_place_of_the_first() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as first:
        await seen.first(CallArrived)
        async with FakeAgiCall(server.port) as second:
            await seen.several(CallArrived, 2)
            await first.closed.wait()
            server.execute(AnswerLeg(**LEG))
            await second.commanded("ANSWER")
            assert seen.all(AgiEnded) == []
            second.cut()
            await seen.first(AgiEnded)
    assert len(seen.all(AgiEnded)) == 1


async def test_full_session_refuses_and_lives_on() -> None:
    seen = Seen()
    async with running(seen) as (server, _), FakeAgiCall(server.port) as call:
        call.replies = {"ANSWER": None}
        await seen.first(CallArrived)
        server.execute(AnswerLeg(**LEG))
        await call.commanded("ANSWER")
        accepted = [server.execute(StopMusic(**LEG)) for _ in range(MAX_QUEUED_COMMANDS + 3)]
        assert accepted == [True] * MAX_QUEUED_COMMANDS + [False] * 3
        server_reply = b"200 result=0\n"
        call.send(server_reply)
        call.hang_up()
        await seen.first(AgiEnded)


async def test_no_more_than_the_limit_are_served_and_the_rest_comes_again() -> None:
    seen = Seen()
    async with running(seen, max_sessions=1) as (server, metrics):
        async with FakeAgiCall(server.port, unique_id="1.1") as first:
            await seen.first(CallArrived)
            async with FakeAgiCall(server.port, unique_id="1.2") as second:
                await second.closed.wait()
            assert metrics.registry.get_sample_value("ctid_agi_refused_total", {"reason": "too-many"}) == 1
            first.cut()
            await seen.first(AgiEnded)
        async with FakeAgiCall(server.port, unique_id="1.3"):
            await seen.first(CallArrived, unique_id="1.3")


async def test_stopping_says_nothing_and_closes_all() -> None:
    seen = Seen()
    async with running(seen) as (server, _):
        call = FakeAgiCall(server.port)
        await call.__aenter__()
        await seen.first(CallArrived)
    await asyncio.wait_for(call.closed.wait(), 30)
    await call.__aexit__(None, None, None)
    assert [type(event) for event in seen.events] == [CallArrived]


async def test_overloaded_engine_sends_the_caller_round_again() -> None:
    def full(_event: Event) -> None:
        raise OverloadedError("the inbox is full")

    async with running(full) as (server, metrics), FakeAgiCall(server.port) as call:
        await call.closed.wait()
        assert metrics.registry.get_sample_value("ctid_agi_refused_total", {"reason": "overloaded"}) == 1


async def test_address_in_use_is_told() -> None:
    seen = Seen()
    async with running(seen) as (server, _):
        with pytest.raises(PbxConnectionError, match="cannot listen"):
            await AgiServer("127.0.0.1", server.port, seen, Metrics("0"), pbxes=["a"]).listen()


def message(**changes: object) -> RecordMessage:
    fields: dict[str, object] = {
        **LEG, "token": "m", "prompts": ["say-it"], "record": "rc-e1-1", "max_seconds": 30, "silence_seconds": 4,
    }  # fmt: skip
    return RecordMessage(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "ended_by"),
    [
        ("200 result=0 (timeout) endpos=8000", CollectEnd.PLAYED),
        ("200 result=35 (dtmf) endpos=8000", CollectEnd.PLAYED),
        ("200 result=-1 (hangup) endpos=8000", CollectEnd.PLAYED),
        ("200 result=-1 (writefile)", CollectEnd.FAILED),
        ("510 Invalid or unknown command", CollectEnd.FAILED),
    ],
)
async def test_a_message_is_recorded_after_its_prompts(reply: str, ended_by: CollectEnd) -> None:
    seen = Seen()
    async with (
        running(seen, recordings={"a": "/var/spool/ctid"}) as (server, _),
        FakeAgiCall(server.port) as call,
    ):
        call.replies = {"STREAM FILE": "200 result=0 endpos=4000", "RECORD FILE": reply}
        await seen.first(CallArrived)
        server.execute(message())
        assert await seen.first(DigitsCollected) == DigitsCollected(**LEG, token="m", digits="", ended_by=ended_by)
        assert call.commands[:2] == [
            'STREAM FILE "say-it" "#"',
            'RECORD FILE "/var/spool/ctid/rc-e1-1-caller" sln "#" 30000 BEEP s=4',
        ]
        assert call.commands[2:] == (["NOOP"] if ended_by is CollectEnd.FAILED else [])
        kinds = [type(event) for event in seen.events]
        assert kinds.index(MessageBegun) < kinds.index(DigitsCollected)


async def test_who_hangs_up_in_the_beep_is_gone_and_nothing_has_failed() -> None:
    seen = Seen()
    async with (
        running(seen, recordings={"a": "/var/spool/ctid"}) as (server, _),
        FakeAgiCall(server.port) as call,
    ):
        call.replies = {"RECORD FILE": "200 result=-1 (randomerror) endpos=0", "NOOP": None}
        await seen.first(CallArrived)
        server.execute(message(prompts=[]))
        await call.commanded("NOOP")
        call.hang_up()
        call.send(b"200 result=0\n")
        await seen.first(AgiEnded)
    assert [type(event) for event in seen.events] == [CallArrived, MessageBegun, AgiEnded]


async def test_a_message_without_limit_of_silence_and_one_without_a_spool() -> None:
    seen = Seen()
    async with (
        running(seen, recordings={"a": "/var/spool/ctid"}) as (server, _),
        FakeAgiCall(server.port) as call,
    ):
        await seen.first(CallArrived)
        server.execute(message(prompts=[], silence_seconds=0))
        assert await call.commanded("RECORD FILE") == [
            'RECORD FILE "/var/spool/ctid/rc-e1-1-caller" sln "#" 30000 BEEP'
        ]
    nowhere = Seen()
    async with running(nowhere) as (server, _), FakeAgiCall(server.port) as call:
        await nowhere.first(CallArrived)
        server.execute(message())
        assert (await nowhere.first(DigitsCollected)).ended_by is CollectEnd.FAILED
        assert call.commands == []
