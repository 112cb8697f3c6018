"""Phones that are to be told to answer: whatever becomes of the second login, the link to the PBX does not mind."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from ctid.model.commands import RingAgent, TellToAnswer
from ctid.model.events import AnswerRefused, PbxLost
from ctid.pbx_adapters.ami import notifier
from ctid.pbx_adapters.ami.notifier import MAX_WAITING
from ctid.spec.daemon import NotifySpec
from sip_test_rig.fake_ami import FakeAmi
from tests.adapters.ami_running import Running, running, spec, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

RING = RingAgent(
    pbx="a",
    unique_id="leg-1",
    device="PJSIP/1001",
    peer_unique_id="1.1",
    caller_number="",
    caller_name="",
    timeout_ms=5_000,
    headers={},
)

TOLD = NotifySpec(username="ctid-notify", secret=SecretStr("demo-only-notify"))
TELL = TellToAnswer(pbx="a", unique_id="lg-1")


def results(run: Running) -> dict[str, float]:
    """Phones that were to be told, by what became of it."""
    value = run.metrics.registry.get_sample_value
    found = {each: value("ctid_pbx_notifies_total", {"pbx": "a", "result": each}) for each in ("sent", "refused")}
    return {each: count for each, count in found.items() if count}


async def test_a_phone_is_told_to_answer_by_a_user_and_on_a_connection_of_its_own() -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5), notify=TOLD) as run:
        await run.until_ready()
        await until(lambda: ami.connections == 3)
        run.link.execute(TELL)
        (sent,) = await ami.requested("PJSIPNotify")
        assert {key: sent[key] for key in ("Channel", "Variable")} == {"Channel": "lg-1", "Variable": "Event=talk"}
        logins = [(one["Username"], one["Events"]) for one in await ami.requested("Login", 3)]
        assert logins == [("ctid", "on"), ("ctid", "off"), ("ctid-notify", "off")]
        await until(lambda: results(run) == {"sent": 1})
        assert not run.seen.all(AnswerRefused)


async def test_without_a_user_for_it_a_phone_is_not_told() -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5)) as run:
        await run.until_ready()
        run.link.execute(TELL)
        assert run.seen.all(AnswerRefused) == [AnswerRefused(pbx="a", unique_id="lg-1")]
        assert ami.connections == 2


async def test_a_login_for_telling_phones_that_is_refused_is_told_at_once_and_costs_the_link_nothing() -> None:
    async with FakeAmi() as ami:
        ami.refused_users = {"ctid-notify"}
        with capture_logs() as logs:
            async with running(spec(ami.port, ping_seconds=5), notify=TOLD) as run:
                await run.until_ready()
                # Before any phone is to be told.
                await until(lambda: [line for line in logs if line["event"] == "notify.not_connected"])
                run.link.execute(TELL)
                assert await run.seen.first(AnswerRefused, unique_id="lg-1")
                # Its operator has put it right.
                ami.refused_users = set()
                run.link.execute(TELL)
                await until(lambda: results(run) == {"refused": 1, "sent": 1})
                assert not run.seen.all(PbxLost)
        (line, *_) = [line for line in logs if line["event"] == "notify.not_connected"]
        assert (line["log_level"], line["detail"], line["pbx"]) == ("warning", "Authentication failed", "a")


async def test_what_the_pbx_refuses_is_told_and_the_next_phone_is_told_on_the_same_connection() -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5), notify=TOLD) as run:
        await run.until_ready()
        for refusal, level in (("Channel not found", "info"), ("Permission denied", "warning")):
            ami.errors = {"PJSIPNotify": refusal}
            with capture_logs() as logs:
                run.link.execute(TELL)
                await until(lambda: run.seen.all(AnswerRefused))
            run.seen.events.clear()
            told = [(line["detail"], line["log_level"]) for line in logs if line["event"] == "leg.answer_refused"]
            assert told == [(refusal, level)]
        ami.errors = {}
        run.link.execute(TELL)
        await until(lambda: results(run) == {"refused": 2, "sent": 1})
        assert len(await ami.requested("Login", 3)) == 3


async def test_one_that_hangs_holds_up_neither_the_link_nor_those_behind_it_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notifier, "TIME_LIMIT_S", 5.0)
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=30, action_seconds=30), notify=TOLD) as run:
        await run.until_ready()
        await until(lambda: ami.connections == 3)
        ami.deaf = {"PJSIPNotify"}
        for number in range(MAX_WAITING + 50):
            run.link.execute(TellToAnswer(pbx="a", unique_id=f"lg-{number}"))
        run.link.execute(RING)
        await asyncio.wait_for(ami.requested("Originate"), 4)
        # All of them within the time of one; those that found no room before.
        async with asyncio.timeout(30):
            await until(lambda: len(run.seen.all(AnswerRefused)) == MAX_WAITING + 50)
        ami.deaf = set()
        run.link.execute(TELL)
        await until(lambda: results(run).get("sent") == 1)
        assert not run.seen.all(PbxLost)


async def test_a_connection_for_telling_phones_that_vanished_is_made_anew() -> None:
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5), notify=TOLD) as run:
        await run.until_ready()
        await until(lambda: ami.connections == 3)
        for count in (1, 2):
            ami.cut("ctid-notify")
            await until(lambda: ami.connections == 2)
            run.link.execute(TELL)
            await until(lambda: results(run) == {"sent": count})  # noqa: B023
        assert not run.seen.all(AnswerRefused) + run.seen.all(PbxLost)


async def test_while_the_link_is_lost_no_phone_is_told() -> None:
    """Whether one rings still, the snapshot shows that comes when the link is there again."""
    async with FakeAmi() as ami, running(spec(ami.port, ping_seconds=5), notify=TOLD) as run:
        await run.until_ready()
        await ami.close()
        await run.seen.first(PbxLost)
        run.link.execute(TELL)
        assert not run.seen.all(AnswerRefused)
        await ami.open()
        await run.until_ready()
        run.link.execute(TELL)
        await until(lambda: results(run) == {"sent": 1})
