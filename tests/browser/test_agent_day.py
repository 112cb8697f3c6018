"""An agent's day at their page: from signing in to the wrap-up, and what may go wrong in the middle of a call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.desk import Desk
from tests.browser.hearing import audio_paths, until_hears
from tests.browser.network import WEB_HOST, cut_off
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    floor_config,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

CONFIG = floor_config(1, ring_seconds=30, wrap_up_seconds=60)
CONFIG["agents"]["a01"]["web_phone"] = True
EXPECTED_ERRORS = {"ami.lost"}


@contextlib.asynccontextmanager
async def at_work(desk: Desk, boss: Desktop) -> AsyncIterator[AgentPage]:
    """The agent has signed in and is ready; at the end nothing is up any more, and they are logged out."""
    agent = AgentPage(await desk.sign_in("a01"))
    await agent.ready()
    try:
        yield agent
    except BaseException:
        # The next test shall find nobody ready.
        with contextlib.suppress(Exception):
            await boss.request("PUT", "/v1/agents/a01/state", {"state": "LOGGED_OUT"})
        raise
    await boss.request("PUT", "/v1/agents/a01/state", {"state": "LOGGED_OUT"})
    await agent.until_state("LOGGED_OUT")
    await until_quiet(desk.site, boss)


@contextlib.asynccontextmanager
async def talking(site: RigSite, agent: AgentPage) -> AsyncIterator[tuple[PhoneCall, str]]:
    """A caller talks to the agent; afterwards the agent hangs up and wraps up."""
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as customer:
        call = await customer.call(DIRECT)
        contact_id = await agent.answer()
        yield call, contact_id
        await agent.click("hang-up")
        await agent.complete("Order taken")
        await agent.until_state("READY")
        await call.until("ended", timeout=PATIENCE_S)


async def both_hear(agent: AgentPage, call: PhoneCall) -> None:
    """Wait until each side hears the other."""
    await until_hears(agent.page, CALLER_HZ)
    await until_hears_more(call, MICROPHONE_HZ)


async def test_from_signing_in_to_the_wrap_up(desk: Desk, boss: Desktop) -> None:
    async with at_work(desk, boss) as agent:
        async with Phone.outside(desk.site.pbx, voice_hz=CALLER_HZ) as customer:
            call = await customer.call(DIRECT)
            await expect(agent.find("ringing")).to_be_visible()
            contact_id = await agent.answer()
            await agent.assert_popped_before_ringing()
            await agent.until_contact(contact_id)
            await agent.until_state("BUSY")
            await until_hears_more(call, MICROPHONE_HZ)
            assert await audio_paths(agent.page) == [("127.0.0.1", WEB_HOST)]
            await agent.click("hold")
            await agent.until_call("held")
            await until_hears_more(call, MUSIC_HZ)
            await agent.click("retrieve")
            await agent.until_call("connected")
            await both_hear(agent, call)
            await agent.find("notes").fill("wants two of them")
            call.hang_up()
            await agent.until_no_call()
            await agent.complete("Order taken")
            await agent.until_state("READY")
        record = await until_record(boss, contact_id)
        assert (record["agent_id"], record["disposition"], record["notes"]) == ("a01", "order", "wants two of them")
    assert desk.profiles.problems == []


async def test_a_reload_in_mid_call_loses_neither_call_nor_contact(desk: Desk, boss: Desktop) -> None:
    async with at_work(desk, boss) as agent, talking(desk.site, agent) as (call, contact_id):
        await agent.find("notes").fill("half a word")
        await expect(agent.find("notes-state")).to_have_attribute("data-state", "saved")
        await agent.page.reload()
        await agent.until_contact(contact_id)
        await agent.until_state("BUSY")
        await agent.until_call("connected")
        await both_hear(agent, call)
        await expect(agent.find("notes")).to_have_value("half a word")


async def test_ten_seconds_without_network_in_mid_call(desk: Desk, boss: Desktop) -> None:
    async with at_work(desk, boss) as agent, talking(desk.site, agent) as (call, contact_id):
        with cut_off():
            await asyncio.sleep(10)
        await both_hear(agent, call)
        await agent.until_online()
        await agent.until_contact(contact_id)
        await agent.until_call("connected")


async def test_audio_that_finds_no_way_at_first_is_sought_anew(desk: Desk, boss: Desktop) -> None:
    async with at_work(desk, boss) as agent, Phone.outside(desk.site.pbx, voice_hz=CALLER_HZ) as customer:
        with cut_off("udp"):
            call = await customer.call(DIRECT)
            await agent.click("answer")
            await agent.until_call("connected")
            # By then both sides have given up, and neither answers by its old name any more.
            await asyncio.sleep(18)
        await both_hear(agent, call)
        await agent.click("hang-up")
        await agent.complete("Order taken")
        await agent.until_state("READY")


async def test_ctid_killed_and_restarted_in_mid_call(desk: Desk, boss: Desktop) -> None:
    async with at_work(desk, boss) as agent, talking(desk.site, agent) as (call, contact_id):
        await desk.site.ctid.kill()
        await expect(agent.find("connection-lost")).to_be_visible()
        await both_hear(agent, call)
        await desk.site.ctid.start()
        await agent.until_online()
        await agent.until_contact(contact_id)
        await agent.until_call("connected")
        await both_hear(agent, call)


async def test_asterisk_restarted_in_mid_call(desk: Desk, boss: Desktop) -> None:
    async with at_work(desk, boss) as agent:
        async with Phone.outside(desk.site.pbx, voice_hz=CALLER_HZ) as customer:
            call = await customer.call(DIRECT)
            await agent.answer()
            await desk.site.pbx.kill()
            await desk.site.pbx.start()
            await agent.until_no_call()
            await agent.until_online()
            # Asterisk knows nothing of the call any more; that it is over is the caller's own to find out.
            call.hang_up()
        await agent.until_state("READY")
        async with talking(desk.site, agent) as (call, _):
            await both_hear(agent, call)


async def test_a_second_tab_is_asked_before_it_takes_over(desk: Desk, boss: Desktop) -> None:
    async with at_work(desk, boss) as agent:
        second = AgentPage(await agent.page.context.new_page())
        await second.page.goto(desk.site.web_url)
        await expect(second.find("elsewhere")).to_be_visible()
        await agent.until_state("READY")
        await second.click("take-over")
        await second.until_online()
        await second.until_state("READY")
        await expect(agent.find("connection")).to_have_attribute("data-state", "elsewhere")
        await agent.page.close()
        async with talking(desk.site, second) as (call, _):
            await both_hear(second, call)
        await boss.request("PUT", "/v1/agents/a01/state", {"state": "LOGGED_OUT"})
        agent.page = second.page
