"""A browser as an agent's phone, by the least page that can be one: registers, rings, talks, holds, and goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.hearing import audio_paths, until_hears
from tests.browser.network import WEB_HOST, cut_off
from tests.browser.phone_page.server import phone_server
from tests.browser.profiles import Profiles
from tests.integration.floor import CALLER_HZ, DIRECT, PATIENCE_S, floor_config, until_hears_more, until_quiet

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

CONFIG = floor_config(2, ring_seconds=30)
CONFIG["agents"]["a01"]["web_phone"] = True
CONFIG["agents"]["a02"] |= {"web_phone": True, "answer": "auto"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phones(site: RigSite) -> AsyncIterator[TestServer]:
    """Serves the phones of all agents, each with what ctid tells that agent."""
    told = {}
    for agent_id in CONFIG["agents"]:
        async with site.desktop(agent_id) as desktop:
            told[agent_id] = await desktop.request("GET", f"/v1/agents/{agent_id}/phone")
    async with phone_server(told) as server:
        yield server


async def open_phone(profiles: Profiles, phones: TestServer, agent_id: str) -> Page:
    """Open the page, and see it registered."""
    page = await profiles.page()
    await page.goto(str(phones.make_url(f"/{agent_id}")))
    await until_shows(page, "registered")
    return page


async def until_shows(page: Page, state: str) -> None:
    """Wait until the phone is in this state."""
    await expect(page.locator("body")).to_have_attribute("data-state", state, timeout=PATIENCE_S * 1000)


async def until_it_may(page: Page, change: str) -> None:
    """Hold or unhold as soon as the phone can: while an offer of ours is not answered yet it makes no other."""
    await page.wait_for_function(f"session.{change}()", polling=50, timeout=PATIENCE_S * 1000)


@contextlib.asynccontextmanager
async def ready(site: RigSite, agent_id: str) -> AsyncIterator[Desktop]:
    """The agent's desktop, ready, once the PBX has told that the phone can be reached."""
    async with site.desktop(agent_id) as desktop:

        async def reachable() -> bool:
            return bool((await desktop.request("GET", f"/v1/agents/{agent_id}"))["device_reachable"])

        await eventually(reachable, f"the phone of {agent_id} can be reached", timeout=PATIENCE_S)
        await desktop.set_state("READY")
        try:
            yield desktop
        finally:
            await desktop.set_state("LOGGED_OUT")
            await desktop.wait_state("LOGGED_OUT")


async def test_a_call_with_hold(site: RigSite, boss: Desktop, profiles: Profiles, phones: TestServer) -> None:
    page = await open_phone(profiles, phones, "a01")
    async with ready(site, "a01") as desktop, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as customer:
        call = await customer.call(DIRECT)
        offer = (await desktop.wait("offer.created", timeout=PATIENCE_S))["data"]["offer"]
        await until_shows(page, "ringing")
        body = page.locator("body")
        assert await body.get_attribute("data-offer") == offer["id"]
        assert await body.get_attribute("data-contact") == offer["contact_id"]
        await page.evaluate("answerCall()")
        await until_shows(page, "talking")
        await desktop.wait("contact.connected", timeout=PATIENCE_S)
        await until_hears(page, CALLER_HZ)
        await until_hears_more(call, MICROPHONE_HZ)
        assert await audio_paths(page) == [("127.0.0.1", WEB_HOST)]
        await until_it_may(page, "hold")
        await until_hears_more(call, MUSIC_HZ)
        await until_it_may(page, "unhold")
        await until_hears(page, CALLER_HZ)
        await until_hears_more(call, MICROPHONE_HZ)
        call.hang_up()
        await until_shows(page, "registered")
    await until_quiet(site, boss)
    assert profiles.problems == []


async def test_a_phone_that_is_told_to_answers_by_itself(
    site: RigSite, boss: Desktop, profiles: Profiles, phones: TestServer
) -> None:
    page = await open_phone(profiles, phones, "a02")
    async with ready(site, "a02"), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as customer:
        call = await customer.call(DIRECT)
        await until_shows(page, "talking")
        await until_hears(page, CALLER_HZ)
        call.hang_up()
        await until_shows(page, "registered")
    await until_quiet(site, boss)


async def test_a_page_that_is_loaded_anew_takes_its_call_up_again(
    site: RigSite, boss: Desktop, profiles: Profiles, phones: TestServer
) -> None:
    page = await open_phone(profiles, phones, "a02")
    async with ready(site, "a02") as desktop, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as customer:
        call = await customer.call(DIRECT)
        contact_id = (await desktop.wait("contact.connected", timeout=PATIENCE_S))["data"]["contact"]["id"]
        for _ in range(2):
            await until_hears(page, CALLER_HZ)
            async with page.expect_navigation():
                await page.evaluate("loadAnew()")
            await until_shows(page, "talking")
            await until_hears(page, CALLER_HZ)
            await until_hears_more(call, MICROPHONE_HZ)
            assert (await desktop.request("GET", f"/v1/contacts/{contact_id}"))["state"] == "connected"
        await until_it_may(page, "hold")
        await desktop.wait("leg.held", timeout=PATIENCE_S)
        await until_it_may(page, "unhold")
        await desktop.wait("leg.retrieved", timeout=PATIENCE_S)
        await page.evaluate("session.terminate()")
        await desktop.wait("contact.closed", timeout=PATIENCE_S)
        await call.until("ended", timeout=PATIENCE_S)
    await until_quiet(site, boss)


async def test_a_call_outlives_a_network_that_is_away_for_ten_seconds(
    site: RigSite, boss: Desktop, profiles: Profiles, phones: TestServer
) -> None:
    page = await open_phone(profiles, phones, "a02")
    async with ready(site, "a02") as desktop, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as customer:
        call = await customer.call(DIRECT)
        await until_hears(page, CALLER_HZ)
        with cut_off():
            await asyncio.sleep(5)
            call.media.forget()
            await asyncio.sleep(5)
            assert MICROPHONE_HZ not in call.heard()
        await until_hears(page, CALLER_HZ)
        await until_hears_more(call, MICROPHONE_HZ)
        assert (await desktop.request("GET", "/v1/agents/a02"))["state"] == "BUSY"
        await page.evaluate("session.terminate()")
        await call.until("ended", timeout=PATIENCE_S)
        await until_shows(page, "registered")
        call = await customer.call(DIRECT)
        await until_hears(page, CALLER_HZ)
        call.hang_up()
        await until_shows(page, "registered")
    await until_quiet(site, boss)


async def test_a_page_that_is_closed_ends_its_call_and_is_offered_nothing(
    site: RigSite, boss: Desktop, profiles: Profiles, phones: TestServer
) -> None:
    page = await open_phone(profiles, phones, "a01")
    async with ready(site, "a01") as desktop, Phone.outside(site.pbx, voice_hz=CALLER_HZ) as customer:
        await customer.call(DIRECT)
        await until_shows(page, "ringing")
        await page.evaluate("answerCall()")
        await until_hears(page, CALLER_HZ)
        await page.close(run_before_unload=False)
        await desktop.wait("contact.closed", timeout=PATIENCE_S)

        async def gone() -> bool:
            return not (await desktop.request("GET", "/v1/agents/a01"))["device_reachable"]

        await eventually(gone, "the phone can't be reached any more", timeout=PATIENCE_S)
    await until_quiet(site, boss)
