"""Kill Asterisk while calls are up: contacts are closed as failed, agents are free, and all works when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite, prompts
from tests.faults.test_daemon_killed import until_contact_states
from tests.integration.floor import (
    DIRECT,
    MENU,
    MENU_HZ,
    PATIENCE_S,
    assert_replays,
    both_hear,
    floor_config,
    log_lines,
    metrics,
    staff,
    states,
    through_the_menu,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[RigSite]:
    config = floor_config(2, ring_seconds=120, pbx_grace_seconds=120)
    config["menus"]["main"]["timeout_seconds"] = 60
    async with RigSite(config, sounds=prompts(welcome=2.0, main_menu=2.0)) as site:
        yield site
        await assert_replays(site)


async def readiness(site: RigSite) -> dict[str, bool]:
    """Each component of `/readyz` and whether it works."""
    async with aiohttp.ClientSession() as session, session.get(f"{site.ctid.url}/readyz") as response:
        body = await response.json()
        assert (response.status == 200) is all(part["ok"] for part in body["components"])
        return {part["name"]: part["ok"] for part in body["components"]}


@pytest.mark.parametrize("comes_back", ["within the grace time", "after the grace time"])
async def test_asterisk_is_killed_while_calls_are_up(site: RigSite, comes_back: str) -> None:
    site.config["policy"]["pbx_grace_seconds"] = 120 if comes_back == "within the grace time" else 1
    site.write_config()
    async with (
        site.supervisor() as boss,
        staff(site, "a01", "a02", ready=False) as (talker, ringer),
        Phone.outside(site.pbx, "+12025550101") as one,
        Phone.outside(site.pbx, "+12025550102") as two,
        Phone.outside(site.pbx, "+12025550103") as three,
        Phone.outside(site.pbx, "+12025550104") as four,
    ):
        site.ctid.reload()
        await boss.wait("config.loaded", timeout=PATIENCE_S)
        ringer.phone.answer_after = None
        await talker.ready()
        talk = await one.call(DIRECT)
        talking = await talker.ringing()
        await both_hear(talk, talking, talker)
        await ringer.ready()
        rung = await two.call(DIRECT)
        ringing = await ringer.ringing()
        waits = await three.call(DIRECT)
        await boss.wait("contact.queued", lambda e: e["data"]["contact"]["ani"].endswith("103"), PATIENCE_S)
        in_menu = await four.call(MENU)
        await in_menu.until_heard(MENU_HZ, 0.1, PATIENCE_S)
        before = await until_contact_states(boss, "connected", "offered", "queued", "created")

        await site.pbx.kill()
        await site.ctid.until_ready(False)
        parts = await readiness(site)
        assert parts.pop("pbx:main") is False
        assert all(parts.values())
        assert (await metrics(site))['ctid_pbx_up{pbx="main"}'] == 0
        if comes_back == "within the grace time":
            await site.pbx.start()
            await site.ctid.until_ready()
        await assert_failed_and_free(boss, [contact["id"] for contact in before])
        if comes_back == "after the grace time":
            await site.pbx.start()
            await site.ctid.until_ready()
        for call in (talk, talking, rung, ringing, waits, in_menu):
            call.hang_up()
        assert (await metrics(site))['ctid_pbx_up{pbx="main"}'] == 1

        ringer.phone.answer_after = 0.0
        await asyncio.gather(talker.phone.register(), ringer.phone.register())
        known = len(talker.phone.calls), len(ringer.phone.calls)
        calls = [await one.call(MENU), await two.call(MENU)]
        await asyncio.gather(*map(through_the_menu, calls))
        again = [await talker.ringing(), await ringer.ringing()]
        assert (len(talker.phone.calls), len(ringer.phone.calls)) == (known[0] + 1, known[1] + 1)
        for agent_call in again:
            await agent_call.until_heard(740, 0.3, PATIENCE_S)
            agent_call.hang_up()
        for call in calls:
            await call.until("ended", timeout=PATIENCE_S)
        await until_quiet(site, boss)


async def assert_failed_and_free(boss: Desktop, contact_ids: list[str]) -> None:
    """The contacts are closed as failed with whole records, and no agent is bound by them."""
    last = []
    for contact_id in contact_ids:
        record = await until_record(boss, contact_id)
        assert record["outcome"] == "failed"
        last.append(states(record)[-1])
    assert last == ["connected", "offered", "queued", "created"]
    agents = (await boss.request("GET", "/v1/agents"))["items"]
    assert [(agent["state"], agent["offer_id"], agent["contact_id"]) for agent in agents] == [("READY", None, None)] * 2


async def test_a_frozen_asterisk_is_noticed_and_taken_up_again_with_its_calls(site: RigSite) -> None:
    async with (
        site.supervisor() as boss,
        staff(site, "a01") as (seat,),
        Phone.outside(site.pbx) as outside,
    ):
        call = await outside.call(DIRECT)
        agent_call = await seat.ringing()
        await both_hear(call, agent_call, seat)
        contact_id = (await seat.offer())["contact_id"]
        await seat.desktop.wait("contact.connected", timeout=PATIENCE_S)
        site.pbx.pause()
        try:
            await site.ctid.until_ready(False)
        finally:
            site.pbx.resume()
        await site.ctid.until_ready()
        await both_hear(call, agent_call, seat)
        assert (await boss.request("GET", f"/v1/contacts/{contact_id}"))["state"] == "connected"
        agent_call.hang_up()
        record = await until_record(boss, contact_id)
        assert (record["outcome"], states(record)) == ("handled", ["created", "queued", "offered", "connected"])
        await until_quiet(site, boss)


async def test_the_loss_was_logged_once_and_without_the_callers(site: RigSite) -> None:
    text = site.ctid.log.read_text()
    assert "12025550" not in text
    assert not [line for line in log_lines(site) if "text" in line], "no traceback"
