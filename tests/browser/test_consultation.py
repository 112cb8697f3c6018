"""A caller goes from one agent's page to another's: after a talk between the two, picked up, parked, and sent on."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.site import demo_config
from sip_test_rig.tones import MUSIC_HZ
from tests.browser.accessibility import findings
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.desk import BOSS, Desk, shoot
from tests.browser.hearing import until_hears, until_hears_all
from tests.browser.supervisor_page import SupervisorPage
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    WELCOME_HZ,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

CONFIG = demo_config()
CONFIG["entries"]["direct"] = {"dnis": DIRECT, "open": {"queue": "sales"}}
CONFIG["queues"]["sales"] |= {
    "ring_seconds": 30,
    "wrap_up_seconds": 120,
    "steps": [{"skills": {"sales": 5}}, {"after_seconds": 300, "skills": {"sales": 1}}],
}
for agent in CONFIG["agents"].values():
    agent["web_phone"] = True


async def test_from_one_page_to_another_by_consultation(desk: Desk, boss: Desktop) -> None:
    looking_on = SupervisorPage(await desk.sign_in(BOSS))
    await looking_on.until_online()
    alice, bob = [AgentPage(await desk.sign_in(name)) for name in ("alice", "bob")]
    await bob.ready()
    await looking_on.until_agent("bob", "READY")
    async with Phone.outside(desk.site.pbx, voice_hz=CALLER_HZ) as customer:
        call = await customer.call(DIRECT)
        # Bob sells little: for the first minutes the caller waits for somebody who does.
        await looking_on.until_waiting("sales", 1)
        await alice.take_calls()
        contact_id = await alice.answer()
        await alice.assert_popped_before_ringing()
        await alice.until_contact(contact_id)
        await looking_on.until_waiting("sales", 0)
        await looking_on.until_agent("alice", "BUSY")

        await alice.click("hold")
        await alice.until_call("held")
        await until_hears_more(call, MUSIC_HZ)
        await alice.click("retrieve")
        await alice.until_call("connected")
        await until_hears(alice.page, CALLER_HZ)
        await alice.find("notes").fill("asked for the price of ten")
        await expect(alice.find("notes-state")).to_have_attribute("data-state", "saved")

        await alice.click("consult")
        await alice.click("target-agent-bob")
        await bob.until_contact(contact_id)
        await expect(bob.find("consulted")).to_be_visible()
        await expect(bob.find("ringing")).to_be_visible()
        await bob.click("answer")
        await bob.until_call("connected")
        # The caller hears music now, and the two agents each other: all browsers speak the same tone.
        await until_hears_more(call, MUSIC_HZ)
        await until_hears(alice.page, MICROPHONE_HZ)
        await until_hears(bob.page, MICROPHONE_HZ)
        (told,) = await bob.seen("consultation.created")
        assert told["event"]["data"]["consultation"]["contact_id"] == contact_id
        assert told["at"] < min(await bob.invited())

        await alice.click("complete-transfer")
        await until_hears(bob.page, CALLER_HZ)
        await until_hears_more(call, MICROPHONE_HZ)
        await alice.until_no_call()

        async def silent() -> bool:
            return bool(await alice.page.evaluate("__probes.heard(300)") == 0)

        await eventually(silent, "Alice hears nobody", timeout=PATIENCE_S)
        await alice.until_state("WRAP_UP")
        await bob.until_state("BUSY")
        await bob.until_contact(contact_id)
        await expect(bob.find("consulted")).to_have_count(0)
        await looking_on.until_agent("alice", "WRAP_UP")
        await looking_on.until_agent("bob", "BUSY")

        await alice.complete("Somebody has to get back to them")
        await alice.until_state("READY")
        await looking_on.until_agent("alice", "READY")
        await until_hears(bob.page, CALLER_HZ)

        await bob.click("hang-up")
        await bob.until_no_call()
        await call.until("ended", timeout=PATIENCE_S)
        await bob.until_state("WRAP_UP")
        await looking_on.until_agent("bob", "WRAP_UP")
        await bob.complete("Order taken")
        await bob.until_state("READY")
        await looking_on.until_agent("bob", "READY")

    record = await until_record(boss, contact_id)
    assert (record["agent_id"], record["disposition"]) == ("bob", "order")
    told = [(part["agent_id"], part["result"], part["disposition"], part["notes"]) for part in record["segments"]]
    assert told == [
        ("alice", "transferred", "follow-up", "asked for the price of ten"),
        ("bob", "ended", "order", None),
    ]
    for agent in ("alice", "bob"):
        await boss.request("PUT", f"/v1/agents/{agent}/state", {"state": "LOGGED_OUT"})
    await until_quiet(desk.site, boss)
    assert desk.profiles.problems == []


async def test_rejected_for_a_break_then_picked_up_parked_and_sent_on(desk: Desk, boss: Desktop) -> None:
    alice, bob = [AgentPage(await desk.sign_in(name)) for name in ("alice", "bob")]
    await bob.ready()
    await alice.ready()
    async with Phone.outside(desk.site.pbx, voice_hz=CALLER_HZ) as customer:
        call = await customer.call(DIRECT)
        await expect(alice.find("ringing")).to_be_visible()
        await alice.click("reject-for")
        await alice.click("reject-break")
        await alice.until_state("NOT_READY")
        await expect(alice.find("agent-reason")).to_have_text("Break")

        # Bob sells little: for the first minutes the caller waits for somebody who does. He takes it all the same.
        await bob.click("tab-waiting")
        await expect(bob.find("waiting-pick-up")).to_be_enabled()
        await bob.find("waiting-pick-up").press("Enter")
        await bob.until_call("connected")
        await until_hears(bob.page, CALLER_HZ)
        await until_hears_more(call, MICROPHONE_HZ)
        contact_id = await bob.find("contact").get_attribute("data-contact")
        assert contact_id
        await bob.until_contact(contact_id)
        await expect(bob.find("waiting-row")).to_have_count(0)

        await bob.click("park")
        await bob.click("target-agent-alice")
        await bob.until_state("WRAP_UP")
        await bob.until_no_call()
        await until_hears_more(call, MUSIC_HZ)
        await expect(bob.find("parked")).to_have_attribute("data-for", "mineFor")
        await expect(alice.find("parked")).to_have_attribute("data-for", "you")
        await expect(alice.find("parked-pick-up")).to_be_enabled()
        assert await findings(alice.page) == []
        await shoot(alice.page, "agent-parked")
        await alice.find("parked-pick-up").press("Enter")
        await alice.until_call("connected")
        await alice.until_contact(contact_id)
        await until_hears(alice.page, CALLER_HZ)
        await until_hears_more(call, MICROPHONE_HZ)
        for page in (alice, bob):
            await expect(page.find("parked")).to_have_count(0)
        await bob.complete("Order taken")
        await bob.until_state("READY")

        await alice.click("send-to-menu")
        await alice.click("target-flow-main")
        await call.until_heard(WELCOME_HZ, 0.1, PATIENCE_S)
        await expect(alice.find("call")).to_contain_text("in the flow main")
        await expect(alice.find("send-to-menu")).to_be_disabled()
        await alice.click("retrieve")
        await until_hears_more(call, MICROPHONE_HZ)
        await until_hears(alice.page, CALLER_HZ)

        await alice.click("add-party")
        await alice.click("target-agent-bob")
        await bob.click("answer")
        await expect(alice.find("party")).to_have_attribute("data-state", "conferenced")
        for page in (alice, bob):
            await until_hears_all(page.page, CALLER_HZ, MICROPHONE_HZ)
        await alice.click("party-remove")
        await bob.until_no_call()
        await alice.click("hang-up")
        await call.until("ended", timeout=PATIENCE_S)
        await alice.complete("Order taken")
        # The break goes on.
        await alice.until_state("NOT_READY")
        await bob.until_state("READY")

        await alice.click("ready")
        call = await customer.call(DIRECT)
        await expect(alice.find("ringing")).to_be_visible()
        await alice.page.keyboard.press("Shift+F4")
        await expect(alice.find("target-search")).to_be_focused()
        await alice.page.keyboard.type("bob")
        await expect(alice.find("targets").get_by_role("button")).to_have_count(1)
        await alice.page.keyboard.press("Enter")
        sent_on = await bob.answer()
        await alice.until_state("READY")
        await expect(alice.find("day-missed")).to_contain_text("0")
        await bob.click("hang-up")
        await bob.complete("Order taken")
        await call.until("ended", timeout=PATIENCE_S)

    for which, parts in {contact_id: [("bob", "parked"), ("alice", "ended")], sent_on: [("bob", "ended")]}.items():
        record = await until_record(boss, which)
        assert [(part["agent_id"], part["result"]) for part in record["segments"]] == parts
    for agent in ("alice", "bob"):
        await boss.request("PUT", f"/v1/agents/{agent}/state", {"state": "LOGGED_OUT"})
    await until_quiet(desk.site, boss)
    assert desk.profiles.problems == []
