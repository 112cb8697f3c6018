"""Every page as people see it in the midst of a busy hour: axe finds nothing grave, and pictures are taken."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sip_test_rig.demo.customers import import_all
from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import RigSite, demo_config, prompts
from tests.browser.accessibility import findings, put_on
from tests.browser.agent_page import AgentPage
from tests.browser.desk import ADMIN, Desk, shoot
from tests.browser.past import add_past
from tests.browser.past_flows import add_past_of_the_bank
from tests.browser.profiles import Profiles
from tests.browser.supervisor_page import SupervisorPage
from tests.integration.floor import CALLER_HZ, MENU, PATIENCE_S, through_the_menu, until_quiet

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

SCREEN = {"viewport": {"width": 1280, "height": 800}}
WALL = {"viewport": {"width": 1920, "height": 1080}}
CHINESE = {"locale": "zh-CN"}
CUSTOMERS = Path(__file__).parents[2] / "config/demo/customers.csv"
GRETA, MEI, HANNAH, PAUL = "+493023125017", "+493023125042", "+4917139200047", "+494066969128"

SITE = {"sounds": prompts(welcome=2.0, main_menu=2.0)}
CONFIG = demo_config()
# Where it is afternoon now: the hours that are laid into the store are of today.
_EAST = min(14, 15 - datetime.now(UTC).hour)
CONFIG["timezone"] = f"Etc/GMT{-_EAST:+d}"
for agent in CONFIG["agents"].values():
    agent["web_phone"] = True
# Bob sells nothing here, so that it is known who is offered to him.
CONFIG["agents"]["bob"]["skills"] = {"support": 7}
CONFIG["agents"] |= {
    "carol": {"name": "Carol Chen", "device": "PJSIP/1003", "pbx": "main", "skills": {"sales": 3}, "team": "blue"},
    "dan": {"name": "Dan Duarte", "device": "PJSIP/1004", "pbx": "main", "skills": {"support": 8}, "team": "blue"},
    "emil": {"name": "Emil Eriksen", "device": "PJSIP/1005", "pbx": "main", "skills": {"sales": 6}, "team": "blue"},
}
for queue in CONFIG["queues"].values():
    queue |= {"ring_seconds": 120, "wrap_up_seconds": 300}


class Looks:
    """What was found wrong with the pages that were looked at, by name."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    async def at(self, page: Page, name: str, *, picture: bool = True) -> None:
        """Look at a page as it is now, and take its picture."""
        if wrong := await findings(page):
            self.found[name] = wrong
            print(name, *wrong, sep="\n  ")
        if picture:
            await shoot(page, name)


async def waiting(customer: Phone, key: str) -> PhoneCall:
    """Call, and press the key that leads to the queue."""
    call = await customer.call(MENU)
    await through_the_menu(call, key)
    return call


async def open_pages(desk: Desk) -> tuple[AgentPage, AgentPage, SupervisorPage, Page]:
    """Alice's page, Bob's in Chinese, the supervisor's, and the wallboard."""
    alice = AgentPage(await desk.sign_in("alice", await desk.profiles.open(**SCREEN)))
    bob = AgentPage(await desk.sign_in("bob", await desk.profiles.open(**SCREEN, **CHINESE)))
    boss = SupervisorPage(await desk.sign_in(ADMIN, await desk.profiles.open(**SCREEN)))
    wall = await desk.sign_in(ADMIN, await desk.profiles.open(**WALL))
    await wall.goto(f"{desk.site.web_url}/wallboard")
    return alice, bob, boss, wall


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
async def test_signing_in(site: RigSite, profiles: Profiles, language: str) -> None:
    page = await profiles.page(**{**SCREEN, "locale": language})
    await page.goto(site.web_url)
    await expect(page.get_by_test_id("sign-in-submit")).to_be_visible()
    looks = Looks()
    await looks.at(page, "sign-in", picture=language == "en-GB")
    assert looks.found == {}


async def test_a_busy_hour(desk: Desk, boss: Desktop) -> None:
    await import_all(CUSTOMERS, desk.site)
    await add_past(desk.site)
    await add_past_of_the_bank(desk.site)
    looks = Looks()
    alice, bob, supervisor, wall = await open_pages(desk)
    greta, mei, hannah, paul = [
        Phone.outside(desk.site.pbx, number, voice_hz=CALLER_HZ) for number in (GRETA, MEI, HANNAH, PAUL)
    ]
    async with greta, mei, hannah, paul, desk.site.desktop("carol") as carol, desk.site.desktop("dan") as dan:
        await carol.set_state("NOT_READY", "break")
        await dan.set_state("NOT_READY", "lunch")
        await bob.until_online()
        await alice.ready()
        await looks.at(alice.page, "agent-idle")
        first = await waiting(greta, "1")
        await expect(alice.find("answer")).to_be_enabled()
        await looks.at(alice.page, "agent-ringing")
        await alice.click("reject-for")
        await expect(alice.find("reject-lunch")).to_be_visible()
        await looks.at(alice.page, "agent-rejecting", picture=False)
        await alice.page.keyboard.press("Escape")
        await alice.click("deflect")
        await expect(alice.find("target-agent-bob")).to_be_visible()
        await looks.at(alice.page, "agent-sending-on")
        await alice.page.keyboard.press("Escape")
        await alice.answer()
        others = [await waiting(mei, "1"), await waiting(hannah, "2"), await waiting(paul, "2")]
        await alice.find("notes").fill("Wants two more of the lamps, delivery on Friday.")
        await expect(alice.find("notes-state")).to_have_attribute("data-state", "saved")
        await looks.at(alice.page, "agent-talking")
        await alice.click("tab-waiting")
        await expect(alice.find("waiting-row")).to_have_count(3)
        await looks.at(alice.page, "agent-waiting")
        await alice.click("send-to-menu")
        await expect(alice.find("target-flow-main")).to_be_visible()
        await looks.at(alice.page, "agent-menu", picture=False)
        await alice.page.keyboard.press("Escape")
        await alice.click("park")
        await expect(alice.find("target-anybody")).to_be_visible()
        await looks.at(alice.page, "agent-parking")
        await alice.page.keyboard.press("Escape")
        await look_at_supervisor(looks, supervisor)
        await expect(wall.get_by_test_id("wall-support-waiting")).to_contain_text("2")
        await looks.at(wall, "wallboard")

        first.hang_up()
        await alice.until_state("WRAP_UP")
        await looks.at(alice.page, "agent-wrap-up")

        await bob.take_calls()
        await bob.answer()
        await looks.at(bob.page, "agent-zh", picture=False)
        await put_on(bob.page, "dark")
        await shoot(bob.page, "agent-zh-dark")
        for call in others:
            call.hang_up()
            await call.until("ended", timeout=PATIENCE_S)
        await bob.complete("Solved in this call")
        await alice.complete("Order taken")
        for agent in ("alice", "bob", "carol", "dan"):
            await boss.request("PUT", f"/v1/agents/{agent}/state", {"state": "LOGGED_OUT"})
    await until_quiet(desk.site, boss)
    assert looks.found == {}
    assert desk.profiles.problems == []


async def look_at_supervisor(looks: Looks, supervisor: SupervisorPage) -> None:
    """Go through all that the page shows."""
    await supervisor.until_online()
    await supervisor.until_waiting("support", 2)
    await supervisor.until_agent("alice", "BUSY")
    await looks.at(supervisor.page, "supervisor")
    await supervisor.click("queue-open-support")
    await expect(supervisor.find("why-text")).to_be_visible()
    await looks.at(supervisor.page, "supervisor-why")
    await supervisor.page.keyboard.press("Escape")
    await expect(supervisor.find("queue-drawer")).to_be_hidden()
    await supervisor.click("agent-open-alice")
    await expect(supervisor.find("agent-drawer")).to_be_visible()
    await looks.at(supervisor.page, "supervisor-agent", picture=False)
    await supervisor.page.keyboard.press("Escape")
    await expect(supervisor.find("agent-drawer")).to_be_hidden()
    await supervisor.click("nav-trends")
    await expect(supervisor.find("trends-waits").locator("canvas")).to_be_visible()
    await looks.at(supervisor.page, "supervisor-trends")
    await supervisor.click("nav-flows")
    await supervisor.click("flows-flow")
    await supervisor.click("flows-option-bank")
    await expect(supervisor.find("flow-figure-entered")).not_to_have_text("0")
    await supervisor.click("flow-node-main")
    await expect(supervisor.find("flow-picture").locator("img")).to_be_visible()
    await looks.at(supervisor.page, "supervisor-flows")
    for tab in ("records", "staffing", "users", "audit"):
        await supervisor.click(f"nav-{tab}")
        await expect(supervisor.find(tab)).to_be_visible()
        await looks.at(supervisor.page, f"supervisor-{tab}", picture=False)
    await supervisor.click("nav-live")
    await supervisor.click("agents-message")
    await expect(supervisor.find("message-text")).to_be_visible()
    await looks.at(supervisor.page, "supervisor-message", picture=False)
