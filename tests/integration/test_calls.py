"""Calls from the first ring to the record: pop before ring, sound both ways, many in a row and many at once."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import re
from typing import Any

import pytest

from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.sipp import Sipp
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    MENU,
    MENU_HZ,
    PATIENCE_S,
    Seat,
    all_records,
    assert_whole,
    both_hear,
    floor_config,
    open_files,
    run_ctid,
    staff,
    states,
    through_the_menu,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CONFIG = floor_config(20, ring_seconds=15, wrap_up_seconds=60)
CONFIG["queues"]["support"]["wrap_up_seconds"] = 0
CONFIG["menus"]["main"]["keys"]["3"] = {"queue": "support"}
CONFIG["menus"]["main"]["timeout_seconds"] = 10
CONFIG["queues"]["sales"]["short_abandon_seconds"] = 60
CONFIG["entries"]["quick"] = {"dnis": "300", "open": {"queue": "support"}}
QUICK = "300"
"""Dialled by who goes to a queue without wrap-up."""
BEHIND_THE_PROMPTS = {"press_after_ms": 4_500}
"""When those press who cannot hear: a key between the two prompts is lost, and one behind them is waited for."""


@pytest.mark.parametrize("who", ["agent", "caller"])
async def test_a_caller_is_led_through_the_menu_to_an_agent_whose_screen_knows_before_the_phone_rings(
    site: RigSite, boss: Desktop, who: str
) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, "+493012345678") as outside:
        call = await outside.call(MENU)
        await through_the_menu(call)
        offer = (await seat.offer())["data"]["offer"]
        pop = offer["pop"]
        assert (pop["ani"], pop["dnis"], pop["entry"], pop["queue"]) == ("+493012345678", MENU, "hotline", "sales")
        assert pop["menu_path"] == [{"menu": "main"}, {"key": "1"}]
        # Who calls a second time brings along who served them last.
        assert {key: value for key, value in pop["attributes"].items() if "last_" not in key} == {"topic": "sales"}
        agent_call = await seat.ringing()
        assert agent_call.header("X-Ctid-Contact") == offer["contact_id"]
        assert agent_call.other == "+493012345678"
        seat.assert_popped_before_ringing()

        await seat.desktop.wait("contact.connected", timeout=PATIENCE_S)
        await both_hear(call, agent_call, seat)
        await seat.until_state("BUSY")
        (agent_call if who == "agent" else call).hang_up()
        await asyncio.gather(call.until("ended"), agent_call.until("ended"))
        assert (agent_call if who == "agent" else call).ended_by == "us"

        await seat.until_state("WRAP_UP")
        contact = f"/v1/contacts/{offer['contact_id']}"
        await seat.desktop.request("PUT", f"{contact}/wrap-up", {"disposition": "order", "notes": "two of them"})
        assert (await boss.request("GET", contact))["state"] == "wrap_up"
        await seat.desktop.request("PUT", f"{contact}/wrap-up", {"complete": True})
        await seat.until_state("READY")

        record = await until_record(boss, offer["contact_id"])
        assert states(record) == ["created", "queued", "offered", "connected", "wrap_up"]
        (entered,) = [step for step in record["path"] if step["kind"] == "flow"]
        assert [(step["kind"], step["name"], step["result"]) for step in record["path"]] == [
            ("entry", "hotline", "open"),
            ("flow", "main", entered["result"]),
            ("node", "main/menu", None),
            ("key", "1", "valid"),
            ("node", "main/key-1", None),
            ("left", "main/key-1", "left"),
            ("queue", "sales", None),
        ]
        (stay,) = record["flows"]
        assert (stay["flow"], stay["version"], stay["result"]) == ("main", entered["result"], "left")
        assert (stay["to_kind"], stay["to_name"]) == ("queue", "sales")
        assert [(made["agent_id"], made["state"]) for made in record["offers"]] == [("a01", "accepted")]
        told = (record["outcome"], record["agent_id"], record["disposition"], record["notes"], record["ani"])
        assert told == ("handled", "a01", "order", "two of them", "+493012345678")
        await until_quiet(site, boss)


async def test_the_record_comes_as_csv_too(site: RigSite, boss: Desktop) -> None:
    code, out, err = await run_ctid("records", "export", "--config", str(site.folder / "config"), "--agent", "a01")
    assert code == 0, err
    rows = {row["contact_id"]: row for row in csv.DictReader(io.StringIO(out))}
    records = await all_records(boss, agent_id="a01")
    assert rows.keys() == {record["contact_id"] for record in records} != set()
    for record in records:
        row = rows[record["contact_id"]]
        assert row["ani"] == f"'{record['ani']}"
        assert (row["outcome"], row["disposition"], row["notes"]) == ("handled", "order", "two of them")
        for name in ("created_at", "queued_at", "connected_at", "ended_at", "closed_at"):
            assert row[name] == record[name]
        for name in ("wait_ms", "talk_ms", "wrap_up_ms"):
            assert int(row[name]) == record[name]
        way = "entry:hotline=open > flow:main=VERSION > node:main/menu > key:1=valid > node:main/key-1"
        told = re.sub("=[0-9a-f]{12} ", "=VERSION ", row["path"])
        assert told == f"{way} > left:main/key-1=left > queue:sales"


async def test_a_sipp_caller_presses_a_key_and_is_heard_by_the_agent(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,):
        to = (site.pbx.host, site.pbx.sip_port)
        async with Sipp(
            "uac-menu-waits-for-bye", to=to, number=MENU, digits="3", tone_hz=2030, values=BEHIND_THE_PROMPTS
        ) as caller:
            agent_call = await seat.ringing()
            seat.assert_popped_before_ringing()
            await agent_call.until_heard(2030, 0.5, PATIENCE_S)
            agent_call.hang_up()
            result = await caller.wait()
        assert result.ok, result.errors
        record = await until_record(boss, (await seat.offer())["contact_id"])
        assert states(record) == ["created", "queued", "offered", "connected"]
        await until_quiet(site, boss)


async def test_fifty_calls_in_a_row_without_a_miss_or_a_leak(site: RigSite, boss: Desktop) -> None:
    before = len(await all_records(boss))
    async with staff(site, "a01", "a02") as seats, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as outside:
        await until_quiet(site, boss)
        files = open_files(site.ctid.pid)
        talks = asyncio.Queue[tuple[Seat, PhoneCall]]()

        async def take(seat: Seat) -> None:
            while True:
                talks.put_nowait((seat, await seat.phone.next_call(300)))

        takers = [asyncio.create_task(take(seat)) for seat in seats]
        for number in range(50):
            call = await outside.call(MENU)
            await through_the_menu(call, "3")
            seat, agent_call = await asyncio.wait_for(talks.get(), PATIENCE_S)
            await both_hear(call, agent_call, seat, 0.1)
            (call if number % 2 else agent_call).hang_up()
            await asyncio.gather(call.until("ended"), agent_call.until("ended"))
        for taker in takers:
            taker.cancel()
        await asyncio.gather(*takers, return_exceptions=True)
        for seat in seats:
            await seat.until_state("READY")
            seat.assert_popped_before_ringing()
            assert len(seat.offers()) == 25, "the longest idle gets the next call"
        await until_quiet(site, boss)
        await eventually(
            lambda: open_files(site.ctid.pid) <= files, "no file or socket is left open", timeout=PATIENCE_S
        )
    assert_all_handled((await until_records(boss, before + 50))[:50])


async def test_twenty_calls_at_once_without_a_miss_or_a_leak(site: RigSite, boss: Desktop) -> None:
    before = len(await all_records(boss))
    names = [f"a{number:02}" for number in range(1, 21)]
    async with staff(site, *names) as seats:
        await until_quiet(site, boss)
        files = open_files(site.ctid.pid)
        to = (site.pbx.host, site.pbx.sip_port)
        async with Sipp(
            "uac-menu-waits-for-bye",
            to=to,
            number=MENU,
            digits="3",
            calls=20,
            rate=100,
            time_limit_s=120,
            values=BEHIND_THE_PROMPTS,
        ) as callers:
            calls = await asyncio.gather(*(seat.ringing() for seat in seats))
            await asyncio.gather(*(call.until_heard(CALLER_HZ, 0.3, PATIENCE_S) for call in calls))
            assert len(await site.pbx.channels()) == 40
            for call in calls:
                call.hang_up()
            result = await callers.wait()
        assert result.ok, result.errors
        assert result.created == 20
        for seat in seats:
            await seat.until_state("READY")
            seat.assert_popped_before_ringing()
            assert len(seat.offers()) == 1
        await until_quiet(site, boss)
        await eventually(
            lambda: open_files(site.ctid.pid) <= files, "no file or socket is left open", timeout=PATIENCE_S
        )
    records = (await until_records(boss, before + 20))[:20]
    assert_all_handled(records)
    assert {record["agent_id"] for record in records} == set(names)


async def test_two_callers_and_one_agent_fifty_times_never_two_offers(site: RigSite, boss: Desktop) -> None:
    before = len(await all_records(boss))
    async with (
        staff(site, "a01") as (seat,),
        Phone.outside(site.pbx, "+12025550101") as one,
        Phone.outside(site.pbx, "+12025550102") as other,
    ):
        for _ in range(50):
            calls = await asyncio.gather(one.call(QUICK), other.call(QUICK))
            for _ in calls:
                agent_call = await seat.ringing()
                await seat.desktop.wait("contact.connected", timeout=PATIENCE_S)
                agent_call.hang_up()
            await asyncio.gather(*(call.until("ended", timeout=PATIENCE_S) for call in calls))
        await until_quiet(site, boss)
        assert len(seat.offers()) == 100
        seat.assert_popped_before_ringing()
        assert_never_two_offers(boss.events)
    assert_all_handled((await until_records(boss, before + 100))[:100])


async def test_a_caller_who_leaves_while_waiting_or_in_the_menu_is_recorded_as_abandoned(
    site: RigSite, boss: Desktop
) -> None:
    async with Phone.outside(site.pbx) as outside:
        in_menu = await outside.call(MENU)
        await in_menu.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        in_menu.hang_up()
        left_in_menu = await boss.wait("contact.closed", timeout=PATIENCE_S)
        waiting = await outside.call(DIRECT)
        await until_hears_more(waiting, MUSIC_HZ)
        waiting.hang_up()
        left_in_queue = await boss.wait("contact.closed", timeout=PATIENCE_S)
        await until_quiet(site, boss)
    record = await until_record(boss, left_in_menu["contact_id"])
    assert (record["outcome"], record["queue"], states(record)) == ("abandoned", None, ["created"])
    record = await until_record(boss, left_in_queue["contact_id"])
    assert (record["outcome"], record["queue"]) == ("short_abandon", "sales")
    assert states(record) == ["created", "queued"]
    assert record["offers"] == []


async def until_records(boss: Desktop, count: int) -> list[dict[str, Any]]:
    """Wait until there are so many records; newest first."""

    async def there() -> bool:
        return len(await all_records(boss)) >= count

    await eventually(there, f"{count} records", timeout=PATIENCE_S, every=0.2)
    records = await all_records(boss)
    assert len(records) == count
    return records


def assert_all_handled(records: list[dict[str, Any]]) -> None:
    """Every contact was handled by one agent with one offer, and its record is whole."""
    for record in records:
        assert_whole(record)
        assert states(record) == ["created", "queued", "offered", "connected"]
        assert (record["outcome"], len(record["offers"])) == ("handled", 1)


def assert_never_two_offers(events: list[dict[str, Any]]) -> None:
    """In the order of the stream: the agent's next offer comes after their part in the last contact is over.

    That is when their leg has ended and they are READY; the contact itself closes with its caller's leg, maybe later.
    """
    at_hand = ""
    closed = set()
    for event in events:
        if event["type"] == "offer.created":
            assert at_hand == "", event
            at_hand = event["contact_id"]
        elif event["type"] == "agent.state_changed" and event["data"]["agent"]["state"] == "READY":
            at_hand = ""
        elif event["type"] == "contact.closed":
            assert event["contact_id"] not in closed
            closed.add(event["contact_id"])
    seqs = [event["seq"] for event in events if "seq" in event and event["type"] != "live"]
    assert all(later == earlier + 1 for earlier, later in itertools.pairwise(seqs))
