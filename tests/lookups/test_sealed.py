"""Sensitive digits: from a caller's keys to the bank, through journal and engine, and nowhere to be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from ctid.lookups.lookups import Lookups
from ctid.model import commands as do
from ctid.model import events as ev
from ctid.model.commands import Command
from ctid.pbx_adapters.agi.server import AgiServer
from ctid.runtime import sealed as sealed_module
from ctid.runtime.fetches import Fetches
from ctid.runtime.replay import replay
from ctid.runtime.sealed import SealedDigits
from ctid.spec.lookup import LookupSpec
from ctid.spec.site import SiteSpec
from sip_test_rig.bank import TOKEN, Bank
from sip_test_rig.eventually import eventually
from sip_test_rig.fake_agi import FakeAgiCall
from tests.runtime.site import Life

ACCOUNT, PIN = "4539148803", "73918264"

SITE: dict[str, Any] = {
    "site": "demo",
    "country": "DE",
    "entries": {"all": {"dnis": ".*", "open": {"flow": "bank"}}},
    "queues": {"sales": {"steps": [{}]}},
    "flows": {
        "bank": {
            "start": "pin",
            "attributes": {"account": "digits", "balance": "money"},
            "nodes": {
                "pin": {
                    "collect": {
                        "into": "pin", "sensitive": True, "say": {"prompt": "your-pin"}, "min": 8, "max": 8,
                        "then": "get", "otherwise": "agent",
                    }
                },
                "get": {
                    "fetch": {
                        "lookup": "balance", "give": {"account": "{account}", "pin": "{pin}"},
                        "into": {"balance": "account.balance"}, "then": "agent", "failed": "agent",
                    }
                },
                "agent": {"go": {"queue": "sales"}},
            },
        }
    },
}  # fmt: skip


class BankSite(Life):
    """The runtime with a real FastAGI server, and lookups at the bank."""

    agi: AgiServer
    fetches: Fetches

    def execute(self, commands: Sequence[Command]) -> None:
        super().execute(commands)
        for command in commands:
            match command:
                case do.FetchLookup():
                    self.fetches.start(command)
                case do.ForgetSealed():
                    self.fetches.forget(command)
                case _ if isinstance(command, do.AgiCommand):
                    self.agi.execute(command)


@asynccontextmanager
async def living(
    path: Path, bank: Bank, sealed: SealedDigits, seal: Callable[[str, str], None], heard: list[ev.Event]
) -> AsyncIterator[BankSite]:
    spec = LookupSpec.model_validate(
        {
            "http": {
                "method": "POST", "url": f"{bank.url}/balance", "headers": {"Authorization": f"Bearer {TOKEN}"},
                "json": {"account": "{account}", "pin": "{pin}"},
            }
        }
    )  # fmt: skip
    site = BankSite(path)

    def put(event: ev.Event) -> None:
        heard.append(event)
        site.runner.put(event)

    site.agi = AgiServer("127.0.0.1", 0, put, site.metrics, pbxes=["main"], seal=seal)
    await site.agi.listen()
    spec_data = SiteSpec.model_validate(SITE).model_dump(mode="json")
    async with Lookups({"balance": spec}, site.metrics) as lookups, asyncio.TaskGroup() as group:
        site.fetches = Fetches(lookups, sealed, put, group)
        await site.take(
            ev.SiteStarted(site="demo", epoch="e1", release="test"),
            ev.ConfigLoaded(spec=spec_data),
            ev.PbxReconciled(pbx="main", legs=[], devices={}, boot="1"),
        )
        tasks = [group.create_task(site.agi.run()), group.create_task(site.runner.run(site))]
        yield site
        for task in tasks:
            task.cancel()
    site.agi.close()
    await site.end()


def caller(site: BankSite) -> FakeAgiCall:
    call = FakeAgiCall(site.agi.port, arguments=("pbx=main", f"account={ACCOUNT}"), callerid="unknown")
    call.replies["STREAM FILE"] = "200 result=0 endpos=8000"
    call.replies["WAIT FOR DIGIT"] = [f"200 result={ord(digit)}" for digit in PIN * 2]
    return call


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_sensitive_digits_reach_the_bank_and_are_written_nowhere(tmp_path: Path, bank: Bank) -> None:
    bank.accounts[ACCOUNT].pin = PIN
    sealed, heard = SealedDigits(), list[ev.Event]()
    with capture_logs() as logs:
        async with living(tmp_path / "journal.db", bank, sealed, sealed.keep, heard) as site:
            async with caller(site) as call:
                await eventually(lambda: bool(site.of(do.PlayMusic)), "the caller waits in the queue")
                assert PIN not in "".join(call.commands)
                call.hang_up()
                await call.closed.wait()
            site.runner.put(ev.LegEnded(pbx="main", unique_id="1700000000.1", cause=16))
            await eventually(lambda: bool(site.of(do.SaveRecord)), "the contact is over")
            assert len(sealed) == 0
            state = site.engine.snapshot()
            metrics = site.metrics.exposition()
    assert [asked.body for asked in bank.asked] == [f'{{"account":"{ACCOUNT}","pin":"{PIN}"}}']
    [collected] = [event for event in heard if isinstance(event, ev.DigitsCollected)]
    assert (collected.digits, collected.acceptable) == ("", True)
    assert collected.sealed
    [answered] = [event for event in heard if isinstance(event, ev.LookupAnswered)]
    assert answered.fields == {"account.balance": "1250.5"}
    [saved] = site.of(do.SaveRecord)
    assert saved.record.attributes["balance"] == "1250.50"
    journal = await asyncio.to_thread(_all_bytes, tmp_path)
    # What is looked for would be found: the account is no secret.
    told = msgspec.json.encode([heard, site.commands])
    assert ACCOUNT.encode() in told
    for place in (told, journal, state, metrics, repr(logs).encode(), repr(sealed).encode()):
        assert PIN.encode() not in place
    report = replay(tmp_path / "journal.db")
    assert report.differences == []
    assert report.outcomes_compared > 3


async def test_who_outlives_their_digits_is_asked_again(tmp_path: Path, bank: Bank) -> None:
    bank.accounts[ACCOUNT].pin = PIN
    sealed, heard, kept = SealedDigits(), list[ev.Event](), list[str]()

    def seal(token: str, digits: str) -> None:
        # The first time, as if the daemon were another one by now.
        kept.append(token)
        if len(kept) > 1:
            sealed.keep(token, digits)

    async with living(tmp_path / "journal.db", bank, sealed, seal, heard) as site, caller(site):
        await eventually(lambda: bool(site.of(do.PlayMusic)), "the caller waits in the queue")
    failures = [event.failure for event in heard if isinstance(event, ev.LookupAnswered)]
    assert failures == ["sealed_lost", ""]
    assert len(bank.asked) == 1


async def test_digits_are_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = SealedDigits(seconds=0.05)
    sealed.keep("tk-1", PIN)
    assert sealed.reveal({"pin": "tk-1"}) == {"pin": PIN}
    assert sealed.reveal({"pin": "tk-1", "other": "tk-2"}) is None
    assert sealed.reveal({}) == {}
    await eventually(lambda: len(sealed) == 0, "their time is over")
    assert sealed.reveal({"pin": "tk-1"}) is None
    monkeypatch.setattr(sealed_module, "MAX_KEPT", 2)
    bounded = SealedDigits()
    for number in range(4):
        bounded.keep(f"tk-{number}", PIN)
    assert len(bounded) == 2
    assert bounded.reveal({"pin": "tk-1"}) is None
    assert PIN not in repr(bounded)
    with pytest.raises(TypeError):
        bounded.__reduce__()
    bounded.forget(["tk-2", "tk-3", "tk-9"])
    assert len(bounded) == 0


class Broken:
    """Lookups with a bug in them."""

    async def ask(self, name: str, give: Any, secret: Any, paths: Any) -> dict[str, str | None]:
        raise RuntimeError(f"cannot ask with {give} {secret}")

    def repeatable(self, name: str) -> bool:
        return True


async def test_a_bug_costs_one_answer_and_tells_nothing() -> None:
    sealed, events = SealedDigits(), list[ev.Event]()
    sealed.keep("tk-1", PIN)
    command = do.FetchLookup(
        contact_id="co-1", token="tk-2", lookup="balance", give={"a": ACCOUNT}, sealed={"pin": "tk-1"}, fields=[]
    )
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as group:
            Fetches(Broken(), sealed, events.append, group).start(command)
    assert events == [ev.LookupAnswered(contact_id="co-1", token="tk-2", failure="unavailable")]
    assert PIN not in str(logs)
    assert ACCOUNT not in str(logs)
    sealed.forget(["tk-1"])
