"""The demo's bank, by keys and by ear: what is spoken is known again, in both languages, to the end of each path."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import pytest
import pytest_asyncio

from ctid.ivr.spoken.spoken import phrases
from sip_test_rig import kept_speech
from sip_test_rig.bank import Account, Bank
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.recognise import recognise, until_recognised
from sip_test_rig.site import RigSite, demo_config
from sip_test_rig.tones import Samples
from tests.integration.floor import (
    CALLER_HZ,
    PATIENCE_S,
    TYPING_S,
    assert_log_clean,
    assert_replays,
    both_hear,
    floor_config,
    staff,
    until_quiet,
    until_quiet_on_the_line,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

BANK, HURT = "103", "104"
ACCOUNT, PIN, OTHER = "4539148803", "90316475", "45391488"
WORDS: Final = {
    "en": {
        "welcome": "Welcome to the example bank.",
        "english": "For English, press one.",
        "chinese": "For Chinese, press two.",
        "balance": "For your balance, press one.",
        "person": "To talk to us, press two.",
        "nothing": "Nothing was pressed.",
        "wrong key": "That key means nothing here.",
        "account": "Please enter your account number, then the hash key.",
        "entered": "You entered",
        "right?": "If that is right, press one. If not, press two.",
        "pin": "Please enter your four digit code.",
        "not a pin": "That is not a code.",
        "moment": "One moment, please.",
        "do not fit": "Account and code do not fit.",
        "can not": "We can not look that up just now.",
        "is": "Your balance is",
        "more": "To hear it again, press one. To talk to us, press two. Or just hang up.",
        "bye": "Thank you for calling. Good bye.",
        "score": "How did we do? Press a key from one, bad, to five, very good.",
        "thanks": "Thank you. Good bye.",
    },
    "zh": {
        "balance": "查询余额请按一。",
        "person": "人工服务请按二。",
        "account": "请输入账号，以井号键结束。",
        "entered": "您输入的是",
        "right?": "确认请按一，重新输入请按二。",
        "pin": "请输入四位密码。",
        "moment": "请稍等。",
        "is": "您的余额是",
        "more": "再听一遍请按一，人工服务请按二，或者挂机。",
        "bye": "感谢来电，再见。",
    },
}


def config(bank: Bank) -> dict[str, Any]:
    """The demo's bank on the floor of one agent; PINs are longer, so that a search for them finds nothing by chance."""
    data, demo = floor_config(1, ring_seconds=30), demo_config()
    data["flows"], data["speech"], data["lookups"] = demo["flows"], {}, demo["lookups"]
    data["lookups"]["balance"]["http"]["url"] = f"{bank.url}/balance"
    data["lookups"]["balance"] |= {"timeout_seconds": 4, "retries": 0}
    data["entries"] |= {"bank": {"dnis": BANK, "open": {"flow": "bank"}}}
    identify, bank_nodes = data["flows"]["identify"]["nodes"], data["flows"]["bank"]["nodes"]
    identify["pin"]["collect"] |= {"max": 8}
    # Who listens by computing may take a while to be sure; nobody is to be taken for silent meanwhile.
    for asked in (identify["account"]["collect"], identify["pin"]["collect"], bank_nodes["language"]["menu"]):
        asked["timeout_seconds"] = 30
    for menu in ("main", "more"):
        bank_nodes[menu]["menu"]["timeout_seconds"] = 10
    data["queues"]["support"] |= {"survey": "survey", "wrap_up_seconds": 0, "disposition_required": False}
    return data


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bank() -> AsyncIterator[Bank]:
    """Open in each test that asks it, so that each test ends with nothing under way; always at the same address."""
    async with Bank() as bank:
        bank.accounts[ACCOUNT] = Account(PIN, "1250.50", "Ada")
    yield bank


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(bank: Bank) -> AsyncIterator[RigSite]:
    site = RigSite(config(bank))
    await site.pbx.prepare()
    spoken = site.pbx.folder / "spool/speech"
    # Hundreds of texts, the same each time: what an earlier run had spoken is there at once.
    kept_speech.take(spoken)
    async with site:
        yield site
        kept_speech.keep(spoken)
        await assert_replays(site)
        assert_log_clean(site, set())


async def sound(site: RigSite, text: str, language: str) -> Samples:
    """What is heard where this is spoken; it is prepared soon after the start."""
    found: list[Samples] = []

    async def there() -> bool:
        try:
            found[:] = [site.sound(text, language)]
        except FileNotFoundError:
            return False
        return True

    # In the first run hundreds of texts are rendered beforehand, one after another.
    await eventually(there, f"{text!r} is spoken", timeout=4 * PATIENCE_S)
    return found[0]


class Listener:
    """A caller who knows the bank's words by ear."""

    def __init__(self, call: PhoneCall, known: dict[str, Samples]) -> None:
        self.call = call
        self.known = known

    async def hears(self, *names: str) -> None:
        """Exactly this is heard next, and then forgotten."""
        # Not all that it knows: a few others, which would be heard if the flow took another way.
        others = [name for name in self.known if name in WORDS["en"]]
        known = {name: self.known[name] for name in (*names, *others)}
        await until_recognised(self.call.media, known, list(names), 60)
        self.call.media.forget()

    async def begins_to_hear(self, name: str) -> None:
        """Some of this is heard, and the rest of it is still to come."""

        async def heard() -> bool:
            known, recording = {name: self.known[name]}, self.call.media.recording()
            return bool(await asyncio.to_thread(recognise, recording, known, share=0.4))

        await eventually(heard, f"{name!r} begins", timeout=2 * PATIENCE_S, every=0.1)

    async def hears_somebody(self) -> None:
        """Something is said for a moment, which was not before."""
        self.call.media.forget()
        await eventually(lambda: len(self.call.media.heard_at) > 10, "something is said", timeout=PATIENCE_S)

    async def press(self, keys: str) -> None:
        """Press keys once all is said."""
        await until_quiet_on_the_line(self.call)
        self.call.press(keys, TYPING_S)


async def words(site: RigSite, language: str, *values: Sequence[str]) -> dict[str, Samples]:
    """What the bank says in a language, to be known again; it has to be there before a call that must not wait."""
    known = {name: await sound(site, text, language) for name, text in WORDS[language].items()}
    for phrase in {phrase for value in values for phrase in value}:
        known[phrase] = await sound(site, phrase, language)
    if language != "en":
        for name in ("welcome", "english", "chinese"):
            known[name] = await sound(site, WORDS["en"][name], "en")
    return known


async def path(boss: Desktop, contact_id: str) -> list[tuple[str, str, str]]:
    record = await until_record(boss, contact_id)
    return [(each["kind"], each["name"], each["result"] or "") for each in record["path"]]


async def newest(boss: Desktop) -> JsonObject:
    contact: JsonObject = (await boss.wait("contact.created", timeout=PATIENCE_S))["data"]["contact"]
    return contact


async def until_sealed(site: RigSite, secret: str) -> None:
    """The digits are nowhere: not in the journal, the database, the log, nor in what the PBX was told."""
    for file in sorted(site.folder.rglob("*")):
        # Some come and go.
        with contextlib.suppress(FileNotFoundError):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    with sqlite3.connect(site.folder / "journal.db") as journal:
        assert journal.execute("select count(*) from sqlite_master").fetchone()[0] > 0


async def test_the_balance_in_english(site: RigSite, boss: Desktop, bank: Bank) -> None:
    digits, money = phrases("digits", ACCOUNT, "en"), phrases("money", "1250.50", "en", currency="EUR")
    known = await words(site, "en", digits, money)
    async with bank, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(BANK)
        contact = await newest(boss)
        caller = Listener(call, known)
        await caller.hears("welcome", "english", "chinese")
        await caller.press("1")
        await caller.hears("balance", "person")
        await caller.press("1")
        await caller.hears("account")
        await caller.press(f"{ACCOUNT}#")
        await caller.hears("entered", *digits, "right?")
        await caller.press("1")
        await caller.hears("pin")
        await caller.press(f"{PIN}#")
        await caller.hears("moment", "is", *money, "more")
        await caller.hears("bye")
        await call.until("ended", timeout=PATIENCE_S)
    record = await until_record(boss, contact["id"])
    assert record["outcome"] == "handled"
    assert record["attributes"] == {"language": "en", "account": ACCOUNT, "balance": "1250.50"}
    assert [each["name"] for each in record["path"] if each["kind"] == "node"][:5] == [
        "bank/hours",
        "bank/welcome",
        "bank/language",
        "bank/main",
        "bank/identify",
    ]
    assert ("fetch", "balance", "ok") in await path(boss, contact["id"])
    await until_quiet(site, boss)
    await until_sealed(site, PIN)


async def test_the_balance_in_chinese_entered_anew_once(site: RigSite, boss: Desktop, bank: Bank) -> None:
    digits, money = phrases("digits", ACCOUNT, "zh"), phrases("money", "1250.50", "zh", currency="EUR")
    wrong = phrases("digits", "1234", "zh")
    known = await words(site, "zh", digits, money, wrong)
    async with bank, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(BANK)
        caller = Listener(call, known)
        await caller.hears("welcome", "english", "chinese")
        await caller.press("2")
        await caller.hears("balance", "person")
        await caller.press("1")
        await caller.hears("account")
        await caller.press("1234#")
        await caller.hears("entered", *wrong, "right?")
        await caller.press("2")
        await caller.hears("account")
        await caller.press(f"{ACCOUNT}#")
        await caller.hears("entered", *digits, "right?")
        await caller.press("1")
        await caller.hears("pin")
        await caller.press(f"{PIN}#")
        await caller.hears("moment", "is", *money, "more")
        call.hang_up()
    await until_quiet(site, boss)


async def test_to_an_agent_and_then_the_survey(site: RigSite, boss: Desktop) -> None:
    known = await words(site, "en")
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(BANK)
        contact = await newest(boss)
        caller = Listener(call, known)
        await caller.hears("welcome", "english", "chinese")
        # A key into the very first words of the next menu, a moment after the one that led there.
        await caller.press("1")
        await caller.hears_somebody()
        call.press("2")
        agent = await seat.ringing()
        pop = (await seat.offer())["data"]["offer"]["pop"]
        assert pop["attributes"]["topic"] == "bank"
        await both_hear(call, agent, seat)
        call.media.forget()
        agent.hang_up()
        await caller.hears("score")
        await seat.until_state("READY")
        await caller.press("9")
        await caller.hears("score")
        await caller.press("4")
        await caller.hears("thanks")
        await call.until("ended", timeout=PATIENCE_S)
    record = await until_record(boss, contact["id"])
    assert (record["outcome"], record["attributes"]["score"], record["agent_id"]) == ("handled", "4", "a01")


async def test_wrong_keys_and_none_lead_on(site: RigSite, boss: Desktop) -> None:
    known = await words(site, "en")
    async with staff(site, "a01", answer_after=None) as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(BANK)
        caller = Listener(call, known)
        await caller.hears_somebody()
        call.press("1")
        await caller.hears("balance", "person")
        await caller.press("7")
        await caller.hears("wrong key", "balance", "person")
        await caller.hears("nothing", "balance", "person")
        ringing = await seat.ringing()
        call.hang_up()
        await ringing.until("ended", timeout=PATIENCE_S)
    await until_quiet(site, boss)


async def identified(caller: Listener, account: str, pin: str) -> None:
    """Whose account it is, without listening to the end of anything."""
    for said, keys in (
        ("welcome", "1"),
        ("balance", "1"),
        ("account", f"{account}#"),
        ("right?", "1"),
        ("pin", f"{pin}#"),
    ):
        await caller.begins_to_hear(said)
        if keys != "#":
            caller.call.press(keys, TYPING_S)
            caller.call.media.forget()


async def test_a_bank_in_trouble_leads_its_callers_on_and_holds_up_nobody_else(
    site: RigSite, boss: Desktop, bank: Bank
) -> None:
    troubles: list[Any] = ["hang", "error", "garbage"]
    accounts = [f"{OTHER}{index}" for index in range(len(troubles))]
    bank.faults |= dict(zip(accounts, troubles, strict=True))
    money = phrases("money", "1250.50", "en", currency="EUR")
    known = await words(site, "en", money)

    async def asks(account: str, *hears: str) -> None:
        async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
            caller = Listener(await phone.call(BANK), known)
            await identified(caller, account, PIN)
            await caller.hears("moment", *hears)
            caller.call.hang_up()

    async with bank:
        await asyncio.gather(*(asks(account, "can not") for account in accounts), asks(ACCOUNT, "is", *money, "more"))
    bank.faults.clear()
    await until_quiet(site, boss)


async def test_a_wrong_pin_is_told(site: RigSite, boss: Desktop, bank: Bank) -> None:
    known = await words(site, "en")
    async with bank, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        caller = Listener(await phone.call(BANK), known)
        await identified(caller, ACCOUNT, "1111")
        await caller.hears("moment", "do not fit")
        caller.call.hang_up()
    await until_quiet(site, boss)


async def test_killed_while_the_pin_is_asked_for_it_is_asked_again_and_the_account_is_not(
    site: RigSite, boss: Desktop, bank: Bank
) -> None:
    known = await words(site, "en", phrases("money", "1250.50", "en", currency="EUR"))
    async with bank, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as phone:
        call = await phone.call(BANK)
        contact = await newest(boss)
        caller = Listener(call, known)
        await identified(caller, ACCOUNT, "")
        await site.ctid.kill()
        call.media.forget()
        await site.ctid.start()
        await until_recognised(call.media, {"pin": caller.known["pin"]}, ["pin"], 40)
        call.media.forget()
        await caller.press(f"{PIN}#")
        await caller.hears("moment", "is", *phrases("money", "1250.50", "en", currency="EUR"), "more")
        call.hang_up()
    async with site.supervisor() as after:
        record = await until_record(after, contact["id"])
    assert json.dumps(record).count(PIN) == 0
    await until_sealed(site, PIN)
