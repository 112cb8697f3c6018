"""Every way out of a queue on the real Asterisk: closed, full, nobody able, overflow; to voicemail, numbers, queues."""

from __future__ import annotations

import contextlib

import pytest

from sip_test_rig.asterisk_config import MAILBOX
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.site import PROMPTS, RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    DIRECT,
    PATIENCE_S,
    both_hear,
    floor_config,
    staff,
    states,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

OUTSIDE = "1003"
"""A number that no agent has: the dialplan dials it, and a phone of the rig answers."""
UNREACHABLE = "1002"
CONFIG = floor_config(1, ring_seconds=30)
CONFIG["calendars"]["never"] = {"timezone": "Europe/Berlin", "hours": {}}
CONFIG["queues"] |= {
    "closed": {
        "steps": [{}],
        "calendar": "never",
        "closed": {"play": ["ctid/closed"], "voicemail": MAILBOX},
    },
    "full": {
        "steps": [{}],
        "max_waiting": 1,
        "full": {"play": ["ctid/sorry"], "hangup": True},
        "short_abandon_seconds": 300,
    },
    "nobody": {"steps": [{"skills": {"english": 1}}], "nobody": {"number": OUTSIDE}},
    "nowhere": {"steps": [{"skills": {"english": 1}}], "nobody": {"number": UNREACHABLE}},
    "no-mailbox": {"steps": [{"skills": {"english": 1}}], "nobody": {"voicemail": "9009@default"}},
    "slow": {"steps": [{"skills": {"sales": 5}}], "handling_seconds": 900},
    "long": {
        "steps": [{"skills": {"english": 1}}],
        "music": "default",
        "overflow": [{"wait_seconds": 1, "to": {"play": ["ctid/sorry"], "queue": "sales"}}],
    },
}
for number, queue in enumerate(("closed", "full", "nobody", "nowhere", "no-mailbox", "long", "slow"), start=1):
    CONFIG["entries"][f"to-{queue}"] = {"dnis": f"40{number}", "open": {"queue": queue}}
SITE = {
    "files": {
        "pjsip.conf": "".join(
            f"[{name}]\ntype=endpoint\ncontext=internal\ndisallow=all\nallow=ulaw\ndirect_media=no\n"
            f"media_address=127.0.0.1\nauth={name}\naors={name}\n"
            f"[{name}]\ntype=auth\nauth_type=userpass\nusername={name}\npassword=demo-only-phone\n"
            f"[{name}]\ntype=aor\nmax_contacts=1\nremove_existing=yes\n"
            for name in (OUTSIDE, UNREACHABLE)
        ),
    },
}


async def contact(boss: Desktop) -> str:
    """The id of the next call that comes."""
    return str((await boss.wait("contact.created", timeout=PATIENCE_S))["contact_id"])


def recorded_bytes(site: RigSite) -> list[int]:
    """The sizes of what mailboxes have recorded."""
    sizes = []
    for path in site.pbx.folder.glob("spool/voicemail/**/*.wav"):
        # One that is recorded is moved when it is done.
        with contextlib.suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return sizes


def way(record: JsonObject) -> list[tuple[str, str, str | None]]:
    """Kind, name and result of each step of a record's path, announcements apart."""
    return [(step["kind"], step["name"], step["result"]) for step in record["path"] if step["kind"] != "announcement"]


async def test_outside_the_hours_the_caller_leaves_a_message(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx) as outside:
        call = await outside.call("401")
        await call.until_heard(PROMPTS["ctid/closed"], 0.2, PATIENCE_S)
        record = await until_record(boss, await contact(boss))
        assert call.state == "answered", "the record is closed when the mailbox has the caller"
        await eventually(
            lambda: any(size > 8_000 for size in recorded_bytes(site)),
            "the mailbox records the caller",
            timeout=PATIENCE_S,
        )
        call.hang_up()
        await eventually(lambda: bool(site.pbx.messages()), "a message lies in the mailbox", timeout=PATIENCE_S)
        assert site.pbx.messages()[0].stat().st_size > 8_000
        assert (record["outcome"], record["queue"], record["queued_at"]) == ("overflow", None, None)
        assert way(record)[1:] == [("queue", "closed", "closed"), ("voicemail", MAILBOX, None)]
        await until_quiet(site, boss)


async def test_nobody_able_means_a_number_outside_that_is_dialled_and_answers(site: RigSite, boss: Desktop) -> None:
    async with (
        Phone.of(site.pbx, OUTSIDE, voice_hz=890, answer_after=0.0) as other,
        Phone.outside(site.pbx) as outside,
    ):
        call = await outside.call("403")
        answered = await other.next_call(PATIENCE_S)
        await until_hears_more(call, 890, 0.3)
        await until_hears_more(answered, 740, 0.3)
        record = await until_record(boss, await contact(boss))
        assert record["outcome"] == "overflow"
        assert way(record)[1:] == [("queue", "nobody", "nobody"), ("number", OUTSIDE, None)]
        call.hang_up()
        await answered.until("ended", timeout=PATIENCE_S)
        await until_quiet(site, boss)


@pytest.mark.parametrize(("dnis", "entry"), [("404", "to-nowhere"), ("405", "to-no-mailbox")])
async def test_a_number_or_mailbox_that_cannot_be_had_is_the_fallback(
    site: RigSite, boss: Desktop, dnis: str, entry: str
) -> None:
    def played() -> int:
        return site.pbx.log.read_text(errors="replace").count("Playing 'tt-allbusy")

    before = played()
    async with Phone.outside(site.pbx) as outside:
        call = await outside.call(dnis)
        record = await until_record(boss, await contact(boss))
        assert (record["entry"], record["outcome"]) == (entry, "overflow")
        await call.until("ended", timeout=PATIENCE_S)
        await eventually(lambda: played() > before, "the fallback is played", timeout=PATIENCE_S)
        await until_quiet(site, boss)


async def test_a_full_queue_is_told_and_let_go(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx) as outside, Phone.outside(site.pbx, "+12025550111") as another:
        waiting = await outside.call("402")
        first = await contact(boss)
        await until_hears_more(waiting, MUSIC_HZ)
        call = await another.call("402")
        await call.until_heard(PROMPTS["ctid/sorry"], 0.2, PATIENCE_S)
        await call.until("ended", timeout=PATIENCE_S)
        assert call.ended_by == "them"
        record = await until_record(boss, await contact(boss))
        assert (record["outcome"], way(record)[1:]) == ("overflow", [("queue", "full", "full")])
        assert waiting.state == "answered"
        waiting.hang_up()
        assert (await until_record(boss, first))["outcome"] == "short_abandon"
        await until_quiet(site, boss)


async def test_who_waited_long_enough_is_served_from_another_queue(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx) as outside:
        call = await outside.call("406")
        await call.until_heard(PROMPTS["ctid/sorry"], 0.2, PATIENCE_S)
        agent_call = await seat.ringing()
        await both_hear(call, agent_call, seat)
        agent_call.hang_up()
        record = await until_record(boss, await contact(boss))
        assert states(record) == ["created", "queued", "created", "queued", "offered", "connected"]
        assert way(record)[1:] == [("queue", "long", None), ("queue", "sales", None)]
        assert record["outcome"] == "handled"
        await until_quiet(site, boss)


async def test_who_waits_is_told_position_and_wait_and_may_be_moved_without_losing_the_place(
    site: RigSite, boss: Desktop
) -> None:
    async with (
        staff(site, "a01") as (seat,),
        Phone.outside(site.pbx) as outside,
        Phone.outside(site.pbx, "+12025550111") as another,
        Phone.outside(site.pbx, "+12025550122") as third,
    ):
        first = await outside.call(DIRECT)
        agent_call = await seat.ringing()
        await both_hear(first, agent_call, seat)
        second = await another.call("407")
        await until_hears_more(second, MUSIC_HZ)
        last = await third.call("407")
        await until_hears_more(last, MUSIC_HZ)
        waiting = (await boss.request("GET", "/v1/contacts?queue=slow"))["items"]
        assert [each["position"] for each in waiting] == [1, 2]
        waits = [each["expected_wait_ms"] for each in waiting]
        assert 800_000 < waits[0] <= 900_000 < 1_700_000 < waits[1] <= 1_800_000
        (queue,) = [each for each in (await boss.request("GET", "/v1/queues"))["items"] if each["id"] == "slow"]
        assert (queue["expected_wait_ms"], queue["agents_able"], queue["agents_free"]) == (2_700_000, 1, 0)
        path = f"/v1/contacts/{waiting[1]['id']}/routing"
        moved = (await boss.request("PATCH", path, {"queue": "sales", "priority": 10}))["contact"]
        assert (moved["queue"], moved["priority"], moved["queued_at"]) == ("sales", 10, waiting[1]["queued_at"])
        agent_call.hang_up()
        next_call = await seat.ringing()
        await both_hear(last, next_call, seat)
        next_call.hang_up()
        next_call = await seat.ringing()
        await both_hear(second, next_call, seat)
        next_call.hang_up()
        await until_quiet(site, boss)


async def test_when_the_last_able_agent_logs_out_the_caller_who_waits_is_sent_on(site: RigSite, boss: Desktop) -> None:
    site.config["queues"]["sales"]["nobody"] = {"voicemail": MAILBOX}
    site.write_config()
    site.ctid.reload()

    async def reloaded() -> bool:
        return any(event["type"] == "config.loaded" for event in boss.events)

    await eventually(reloaded, "the configuration is in force", timeout=PATIENCE_S)
    before = len(site.pbx.messages())
    async with site.desktop("a01") as desktop, Phone.outside(site.pbx) as outside:
        await desktop.set_state("NOT_READY")
        call = await outside.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ)
        await desktop.set_state("LOGGED_OUT")
        record = await until_record(boss, await contact(boss))
        assert (record["outcome"], record["queue"]) == ("overflow", "sales")
        assert way(record)[-1] == ("voicemail", MAILBOX, None)
        await eventually(
            lambda: sum(size > 8_000 for size in recorded_bytes(site)) > before,
            "the mailbox records the caller",
            timeout=PATIENCE_S,
        )
        call.hang_up()
        await eventually(lambda: len(site.pbx.messages()) > before, "a message more", timeout=PATIENCE_S)
        await until_quiet(site, boss)
