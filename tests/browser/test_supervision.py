"""At the supervisor's page: listen, coach, barge in, take over; the agent's page says what its agent is told."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from sip_test_rig.asterisk_config import Endpoint, pjsip_endpoint
from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone
from sip_test_rig.site import demo_config
from tests.browser.accessibility import findings
from tests.browser.agent_page import AgentPage
from tests.browser.desk import BOSS, Desk, shoot
from tests.browser.supervisor_page import SupervisorPage
from tests.integration.floor import CALLER_HZ, DIRECT, PATIENCE_S, hear, until_quiet, until_record

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

ALICE_HZ, BOSS_HZ = 470.0, 2_150.0

CONFIG = demo_config()
CONFIG["entries"]["direct"] = {"dnis": DIRECT, "open": {"queue": "sales"}}
CONFIG["queues"]["sales"] |= {"ring_seconds": 30, "wrap_up_seconds": 120, "steps": [{"agents": ["alice"]}]}
CONFIG["policy"]["supervision"] = {"tell_agent": {"monitor": False}, "devices": ["PJSIP/9004"]}
SITE = {"files": {"pjsip.conf": pjsip_endpoint(Endpoint(name="9004"))}}


async def test_listen_coach_barge_in_and_take_over_at_the_page(desk: Desk, boss: Desktop) -> None:
    pbx = desk.site.pbx
    async with (
        Phone.of(pbx, "1001", voice_hz=ALICE_HZ) as phone,
        Phone.of(pbx, "9004", voice_hz=BOSS_HZ) as theirs,
        Phone.outside(pbx, voice_hz=CALLER_HZ) as customer,
    ):
        alice = AgentPage(await desk.sign_in("alice"))
        await alice.ready()
        sue = SupervisorPage(await desk.sign_in(BOSS))
        await sue.until_online()
        await sue.click("agent-open-alice")
        await expect(sue.find("agent-drawer")).to_be_visible()
        await expect(sue.find("supervise-monitor")).to_have_count(0)
        call = await customer.call(DIRECT)
        mine = await phone.next_call(PATIENCE_S)
        await alice.until_call("connected")
        contact_id = await alice.find("contact").get_attribute("data-contact")
        assert contact_id

        await sue.find("supervise-phone").fill("PJSIP/9004")
        assert await findings(sue.page) == []
        await sue.click("supervise-monitor")
        own = await theirs.next_call(PATIENCE_S)
        await expect(sue.find("supervise")).to_have_attribute("data-state", "active")
        await hear((call, {ALICE_HZ}), (mine, {CALLER_HZ}), (own, {ALICE_HZ, CALLER_HZ}))
        await expect(alice.find("supervised")).to_have_count(0)

        await sue.click("supervise-whisper")
        await expect(alice.find("supervised")).to_have_attribute("data-mode", "whisper")
        await hear((call, {ALICE_HZ}), (mine, {CALLER_HZ, BOSS_HZ}))
        assert await findings(alice.page) == []
        await shoot(alice.page, "agent-supervised")

        await sue.click("supervise-barge")
        await expect(alice.find("supervised")).to_have_attribute("data-mode", "barge")
        await hear((call, {ALICE_HZ, BOSS_HZ}), (mine, {CALLER_HZ, BOSS_HZ}))
        await shoot(sue.page, "supervisor-supervising")

        assert await findings(sue.page) == []

        await sue.click("supervise-take-over")
        await expect(sue.find("supervise-take-over-sure")).to_be_visible()
        assert await findings(sue.page) == []
        await sue.click("supervise-take-over-sure")
        await mine.until("ended", timeout=PATIENCE_S)
        await hear((call, {BOSS_HZ}), (own, {CALLER_HZ}))
        await expect(alice.find("supervised")).to_have_count(0)
        await expect(sue.find("supervise")).to_have_count(0)
        await alice.complete("Order taken")
        own.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, contact_id)
        assert [part["result"] for part in record["segments"]] == ["taken_over"]
        await boss.request("PUT", "/v1/agents/alice/state", {"state": "LOGGED_OUT"})
    await until_quiet(desk.site, boss)
    assert desk.profiles.problems == []
