"""Lookups by HTTP from a bank that behaves, and one that doesn't: each failure by its name, and nobody held up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import pytest
from structlog.testing import capture_logs

from ctid.lookups.by_http import address
from ctid.lookups.failure import NoAnswer
from ctid.lookups.lookups import Lookups
from ctid.spec.lookup import HttpLookupSpec, LookupSpec
from ctid.telemetry.metrics import Metrics
from sip_test_rig.bank import TOKEN, Bank, Fault
from sip_test_rig.eventually import eventually
from sip_test_rig.ports import free_port

ADA, WANG = "4539148803", "79927398713"
GOOD = {ADA: "1234", WANG: "9876"}


def balance(bank: Bank, **changes: Any) -> LookupSpec:
    http = {
        "method": "POST",
        "url": f"{bank.url}/balance",
        "headers": {"Authorization": f"Bearer {TOKEN}"},
        "json": {"account": "{account}", "pin": "{pin}"},
        "idempotent": True,
    }
    http.update(changes.pop("http", {}))
    return LookupSpec.model_validate({"http": http, "retries": 0, **changes})


def cases(bank: Bank, **changes: Any) -> LookupSpec:
    http = {"url": f"{bank.url}/accounts/{{account}}/cases", "headers": {"Authorization": f"Bearer {TOKEN}"}}
    http.update(changes.pop("http", {}))
    return LookupSpec.model_validate({"http": http, "retries": 0, **changes})


class Asking:
    """Lookups, and what comes of asking them, as one word where there is no answer."""

    def __init__(self, lookups: Lookups, metrics: Metrics) -> None:
        self.lookups = lookups
        self.metrics = metrics

    async def balance(self, account: str = ADA, *paths: str, pin: str = "") -> dict[str, str | None] | str:
        secret = {"pin": pin or GOOD.get(account, "0000")}
        return await self.ask("balance", {"account": account}, secret, *paths or ("account.balance",))

    async def cases(self, account: str = ADA, *paths: str) -> dict[str, str | None] | str:
        return await self.ask("cases", {"account": account}, {}, *paths or ("open",))

    async def ask(
        self, name: str, give: dict[str, str], secret: dict[str, str], *paths: str
    ) -> dict[str, str | None] | str:
        try:
            return await self.lookups.ask(name, give, secret, paths)
        except NoAnswer as error:
            return error.failure

    def counted(self, name: str, result: str) -> float:
        value = self.metrics.registry.get_sample_value("ctid_lookups_total", {"lookup": name, "result": result})
        return value or 0.0


@asynccontextmanager
async def asking(**specs: LookupSpec) -> AsyncIterator[Asking]:
    metrics = Metrics("test")
    async with Lookups(specs, metrics) as lookups:
        yield Asking(lookups, metrics)


# ---- answers -------------------------------------------------------------------------------------------------------


async def test_fields_come_as_text(bank: Bank) -> None:
    async with asking(balance=balance(bank), cases=cases(bank)) as bank_asked:
        paths = ("account.balance", "account.holder.name", "account.holder.vip", "account.holder.since")
        assert await bank_asked.balance(WANG, *paths) == {
            "account.balance": "-20.05",
            "account.holder.name": "Wang Wei",
            "account.holder.vip": "false",
            "account.holder.since": None,
        }
        assert await bank_asked.cases(ADA, "open", "cases.0.title", "cases.1.title") == {
            "open": "1",
            "cases.0.title": "Lost card",
            "cases.1.title": None,
        }
        assert bank_asked.counted("balance", "ok") == 1
    assert bank.asked[0].body == f'{{"account":"{WANG}","pin":"9876"}}'
    assert bank.asked[0].target == "/balance"
    assert bank.asked[1].target == f"/accounts/{ADA}/cases"


async def test_a_wrong_pin_or_account_is_not_found(bank: Bank) -> None:
    async with asking(balance=balance(bank), cases=cases(bank)) as asked:
        assert await asked.balance(ADA, pin="9999") == "not_found"
        assert await asked.cases("17") == "not_found"
        assert asked.counted("balance", "not_found") == 1


def limit_s(fault: Fault) -> float:
    """A limit that is waited for where nobody answers, and otherwise far away."""
    return 1 if fault == "hang" else 6


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ("error", "unavailable"),
        ("cut", "unavailable"),
        ("redirect", "unavailable"),
        ("garbage", "invalid"),
        ("huge", "invalid"),
        ("list", "invalid"),
        ("hang", "timeout"),
    ],
)
async def test_each_failure_has_its_name(bank: Bank, fault: Fault, failure: str) -> None:
    bank.faults[ADA] = fault
    with capture_logs() as logs:
        async with asking(balance=balance(bank, timeout_seconds=limit_s(fault))) as asked:
            assert await asked.balance() == failure
            assert asked.counted("balance", failure) == 1
            # Somebody else's answer is there all the same, over what connections there are.
            assert await asked.balance(WANG) == {"account.balance": "-20.05"}
    assert len(bank.asked) == 2
    [told] = logs
    assert told["lookup"] == "balance"
    assert told["failure"] == failure
    assert ADA not in str(logs)
    assert "1234" not in str(logs)
    assert bank.url not in str(logs)


async def test_what_a_server_does_not_let_us_do_is_told_as_such(bank: Bank) -> None:
    spec = balance(bank, http={"headers": {"Authorization": "Bearer demo-only-wrong"}}, retries=3)
    with capture_logs() as logs:
        async with asking(balance=spec) as asked:
            assert await asked.balance() == "unavailable"
    assert [told["cause"] for told in logs] == ["status-401"]
    assert len(bank.asked) == 1


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("account.holder.age", "invalid"),
        ("account.holder", "invalid"),
        ("account", "invalid"),
        ("account.balance.0", "invalid"),
        ("account.holder.since.year", None),
    ],
)
async def test_a_field_that_is_missing_or_no_value_is_invalid(bank: Bank, path: str, failure: str | None) -> None:
    async with asking(balance=balance(bank)) as asked:
        assert await asked.balance(ADA, path) == (failure or {path: None})


async def test_nobody_at_the_address_is_unavailable_and_nothing_of_the_caller_is_told() -> None:
    nowhere = Bank()
    spec = cases(nowhere, http={"url": f"http://127.0.0.1:{free_port()}/{{account}}"}, timeout_seconds=2)
    async with asking(cases=spec) as asked:
        with pytest.raises(NoAnswer) as caught:
            await asked.lookups.ask("cases", {"account": "4711"}, {}, ["open"])
    assert caught.value.failure == "unavailable"
    assert caught.value.cause == "connection"
    assert "4711" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_a_lookup_that_is_not_there_is_unavailable() -> None:
    async with asking() as asked:
        assert await asked.cases() == "unavailable"


async def test_a_parameter_that_is_not_given_asks_nobody(bank: Bank) -> None:
    async with asking(balance=balance(bank)) as asked:
        assert await asked.ask("balance", {"account": ADA}, {}, "account.balance") == "invalid"
    assert bank.asked == []


# ---- who waits for whom --------------------------------------------------------------------------------------------


async def test_one_that_hangs_holds_up_nobody_else(bank: Bank) -> None:
    bank.faults[ADA] = "hang"
    async with asking(balance=balance(bank, timeout_seconds=20, total_seconds=20)) as asked:
        waiting = asyncio.create_task(asked.balance(ADA))
        await eventually(lambda: bank.hanging == 1, "the bank hangs for one")
        began = time.monotonic()
        answers = await asyncio.gather(*(asked.balance(WANG) for _ in range(50)))
        took = time.monotonic() - began
        assert answers == [{"account.balance": "-20.05"}] * 50
        assert took < 15
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_lookup_whose_server_hangs_holds_up_no_other_lookup(bank: Bank) -> None:
    bank.faults[ADA] = "hang"
    slow, other = balance(bank, max_parallel=1, max_waiting=1, timeout_seconds=20, total_seconds=20), cases(bank)
    async with asking(balance=slow, cases=other) as asked:
        first = asyncio.create_task(asked.balance(ADA))
        await eventually(lambda: bank.hanging == 1, "the only turn is taken")
        second = asyncio.create_task(asked.balance(WANG))
        await asyncio.sleep(0)
        assert await asked.balance(WANG) == "overloaded"
        assert asked.counted("balance", "overloaded") == 1
        assert await asked.cases(WANG) == {"open": "0"}
        first.cancel()
        assert await second == {"account.balance": "-20.05"}


async def test_turns_and_the_wait_for_them_are_bounded(bank: Bank) -> None:
    bank.faults[ADA] = "hang"
    async with asking(balance=balance(bank, max_parallel=2, timeout_seconds=0.4, total_seconds=0.6)) as asked:
        began = time.monotonic()
        answers = await asyncio.gather(*(asked.balance(ADA) for _ in range(8)))
        assert time.monotonic() - began < 5
        assert answers == ["timeout"] * 8
    assert bank.most_hanging == 2


# ---- tries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["error", "cut", "hang"])
async def test_what_failed_for_once_is_tried_again(bank: Bank, fault: Fault) -> None:
    bank.faults[ADA], bank.fail_times = fault, 2
    async with asking(balance=balance(bank, retries=2, timeout_seconds=limit_s(fault))) as asked:
        assert await asked.balance() == {"account.balance": "1250.5"}
    assert len(bank.asked) == 3


@pytest.mark.parametrize("fault", ["garbage", "huge", "list", "redirect"])
async def test_what_would_fail_again_is_asked_once(bank: Bank, fault: Fault) -> None:
    bank.faults[ADA] = fault
    async with asking(balance=balance(bank, retries=3)) as asked:
        assert await asked.balance() in ("invalid", "unavailable")
    assert len(bank.asked) == 1


@pytest.mark.parametrize("fault", ["error", "cut", "hang"])
async def test_a_post_that_may_have_done_something_is_not_made_twice(bank: Bank, fault: Fault) -> None:
    bank.faults[ADA], bank.fail_times = fault, 1
    spec = balance(bank, http={"idempotent": False}, retries=3, timeout_seconds=limit_s(fault))
    async with asking(balance=spec) as asked:
        assert await asked.balance() in ("timeout", "unavailable")
        assert len(bank.asked) == 1
        assert await asked.balance() == {"account.balance": "1250.5"}


async def test_a_post_whose_connection_was_refused_is_tried_again(bank: Bank) -> None:
    spec = balance(bank, http={"idempotent": False}, retries=5)
    await bank.stop()
    async with asking(balance=spec) as asked:
        waiting = asyncio.create_task(asked.balance())
        # The first try finds nobody; while it waits for the next one, the bank opens.
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await bank.start()
        assert await waiting == {"account.balance": "1250.5"}
    assert len(bank.asked) == 1


async def test_all_tries_together_are_bounded(bank: Bank) -> None:
    bank.faults[ADA] = "hang"
    async with asking(balance=balance(bank, retries=5, timeout_seconds=0.5, total_seconds=2)) as asked:
        began = time.monotonic()
        assert await asked.balance() == "timeout"
        assert 1.9 < time.monotonic() - began < 15
    assert 2 <= len(bank.asked) <= 4


# ---- answers that are kept -----------------------------------------------------------------------------------------


async def test_an_answer_is_kept_for_who_asks_the_same(bank: Bank) -> None:
    async with asking(cases=cases(bank, cache_seconds=60)) as asked:
        assert await asked.cases(ADA) == await asked.cases(ADA) == {"open": "1"}
        assert len(bank.asked) == 1
        assert await asked.cases(WANG) == {"open": "0"}
        assert await asked.cases(ADA, "cases.0.title") == {"cases.0.title": "Lost card"}
        assert len(bank.asked) == 3
        assert await asked.cases("17") == await asked.cases("17") == "not_found"
        assert len(bank.asked) == 5


async def test_an_answer_is_kept_for_its_time_only(bank: Bank) -> None:
    async with asking(cases=cases(bank, cache_seconds=0.2)) as asked:
        began = time.monotonic()
        await asked.cases(ADA)
        bank.accounts[ADA].cases.append("New card")
        while await asked.cases(ADA) != {"open": "2"}:
            assert time.monotonic() - began < 30
            await asyncio.sleep(0.02)
        assert time.monotonic() - began >= 0.2


async def test_no_answer_is_kept_that_sensitive_digits_were_given_for(bank: Bank) -> None:
    async with asking(balance=balance(bank, cache_seconds=60)) as asked:
        assert await asked.balance(ADA) == {"account.balance": "1250.5"}
        assert await asked.balance(ADA, pin="9999") == "not_found"
        assert await asked.balance(ADA) == {"account.balance": "1250.5"}
    assert len(bank.asked) == 3


# ---- what callers may try ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["", ".", "..", "../..", "a/b", "/", "\\..\\", "x\r\nHost: y", "a\x00", "\u2028"])
async def test_what_is_no_segment_of_a_path_asks_nobody(bank: Bank, value: str) -> None:
    async with asking(cases=cases(bank)) as asked:
        assert await asked.cases(value) == "invalid"
        assert await asked.ask("cases", {"account": "\ud800"}, {}, "open") == "invalid"
    assert bank.asked == []


@pytest.mark.parametrize(
    "value", ["?x=1", "#a", "a?b", "%2e%2e%2f", "@evil.example.org", ":80", "a;b", "x&y=z", "{y}", "钱"]
)
async def test_a_value_stays_one_segment_of_the_path(bank: Bank, value: str) -> None:
    async with asking(cases=cases(bank)) as asked:
        assert await asked.cases(value) == "not_found"
    [request] = bank.asked
    _, accounts, segment, end = request.target.split("/")
    assert (accounts, unquote(segment), end) == ("accounts", value, "cases")
    assert not set("?#&;@:") & set(request.target)


def test_values_stay_values_of_the_query() -> None:
    spec = HttpLookupSpec.model_validate(
        {"url": "https://bank.example.org/a/{a}?x={x}&fixed=%20", "query": {"y z": "<{y}>", "n": ""}}
    )
    values = {"a": "1", "x": "1&fixed=2", "y": "{x}&#/../?"}
    assert (
        address(spec, values)
        == "https://bank.example.org/a/1?x=1%26fixed%3D2&fixed=%20&y%20z=%3C%7Bx%7D%26%23%2F..%2F%3F%3E&n="
    )


def test_what_is_given_to_one_segment_cannot_make_another_out_of_two() -> None:
    spec = HttpLookupSpec.model_validate({"url": "https://bank.example.org/{a}{b}/x"})
    assert address(spec, {"a": "1", "b": "."}) == "https://bank.example.org/1./x"
    with pytest.raises(ValueError, match="leads elsewhere"):
        address(spec, {"a": ".", "b": "."})


async def test_a_body_holds_what_was_given_and_no_more(bank: Bank) -> None:
    value = '1","pin":"1234'
    async with asking(balance=balance(bank)) as asked:
        assert await asked.balance(value, pin="{account}") == "not_found"
    assert bank.asked[0].body == '{"account":"1\\",\\"pin\\":\\"1234","pin":"{account}"}'


# ---- changes while it runs -----------------------------------------------------------------------------------------


async def test_a_reload_takes_nobody_their_answer(bank: Bank) -> None:
    bank.faults[ADA], bank.fail_times = "hang", 1
    spec = balance(bank, timeout_seconds=1.5, retries=1)
    async with asking(balance=spec) as asked:
        waiting = asyncio.create_task(asked.balance(ADA))
        await eventually(lambda: bank.hanging == 1, "it is asked")
        asked.lookups.reload({"cases": cases(bank)})
        assert await asked.balance(WANG) == "unavailable"
        assert await asked.cases(WANG) == {"open": "0"}
        assert await waiting == {"account.balance": "1250.5"}
