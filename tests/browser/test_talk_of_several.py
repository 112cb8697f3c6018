"""An agent with a phone on the desk goes between two and calls others in, at the page, and is told of recordings."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone
from sip_test_rig.site import demo_config, prompts
from sip_test_rig.tones import MUSIC_HZ
from tests.browser.accessibility import findings
from tests.browser.agent_page import AgentPage
from tests.browser.desk import Desk, shoot
from tests.integration.call_acts import OUTSIDE, OUTSIDE_HZ, OUTSIDE_SITE
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    hear,
    through_the_menu,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

ALICE_HZ, BOB_HZ = 470.0, 610.0

CONFIG = demo_config()
CONFIG["entries"]["direct"] = {"dnis": DIRECT, "open": {"queue": "sales"}}
CONFIG["queues"]["sales"] |= {"ring_seconds": 30, "wrap_up_seconds": 120, "recording": {"percent": 100}}
CONFIG["recordings"] = {"min_free_mb": 1}
SITE = {**OUTSIDE_SITE, "sounds": prompts(welcome=2.0, main_menu=2.0)}


def card(alice: AgentPage, state: str, *, consulting: bool) -> Locator:
    """The card of the caller or of who is asked, in this state."""
    marks = f"[data-testid=call][data-state={state}][data-consulting={str(consulting).lower()}]"
    return alice.page.locator(marks)


async def test_between_two_and_then_with_several(desk: Desk, boss: Desktop) -> None:
    pbx = desk.site.pbx
    async with (
        Phone.of(pbx, "1001", voice_hz=ALICE_HZ) as phone,
        Phone.of(pbx, "1002", voice_hz=BOB_HZ) as colleague,
        Phone.of(pbx, OUTSIDE, voice_hz=OUTSIDE_HZ) as somebody,
        Phone.outside(pbx, voice_hz=CALLER_HZ) as customer,
        desk.site.desktop("bob") as bob,
    ):
        await bob.set_state("NOT_READY", "break")
        alice = AgentPage(await desk.sign_in("alice"))
        await alice.ready()
        call = await customer.call(DIRECT)
        talk = await phone.next_call(PATIENCE_S)
        await alice.until_call("connected")
        contact_id = await alice.find("contact").get_attribute("data-contact")
        assert contact_id
        recording = alice.find("recording")
        for action, state in (("pause_recording", "paused"), ("resume_recording", "recording")):
            await alice.click(action)
            await expect(recording).to_have_attribute("data-state", state)

        await alice.click("send-to-menu")
        await alice.click("target-flow-main")
        await expect(alice.find("call")).to_contain_text("in the flow main")
        await through_the_menu(call)
        await alice.until_call("connected")
        await hear((call, {ALICE_HZ}), (talk, {CALLER_HZ}))

        await alice.click("consult")
        await alice.click("target-agent-bob")
        theirs = await colleague.next_call(PATIENCE_S)
        await expect(card(alice, "held", consulting=False)).to_be_visible()
        await expect(card(alice, "connected", consulting=True)).to_be_visible()
        await hear((call, {MUSIC_HZ}), (talk, {BOB_HZ}), (theirs, {ALICE_HZ}))
        await alice.click("swap")
        await expect(card(alice, "connected", consulting=False)).to_be_visible()
        await expect(card(alice, "held", consulting=True)).to_be_visible()
        await hear((call, {ALICE_HZ}), (talk, {CALLER_HZ}), (theirs, {MUSIC_HZ}))
        assert await findings(alice.page) == []
        await shoot(alice.page, "agent-between-two")
        # By the keyboard alone, and back.
        await alice.find("swap").press("Enter")
        await expect(card(alice, "held", consulting=False)).to_be_visible()
        await hear((call, {MUSIC_HZ}), (talk, {BOB_HZ}), (theirs, {ALICE_HZ}))

        await alice.click("conference")
        party = alice.page.locator("[data-testid=party][data-state=conferenced]")
        await expect(party).to_have_count(1)
        await alice.click("add-party")
        await alice.find("target-search").fill(OUTSIDE)
        await alice.click("target-number")
        other = await somebody.next_call(PATIENCE_S)
        await expect(party).to_have_count(2)
        voices = {CALLER_HZ, ALICE_HZ, BOB_HZ, OUTSIDE_HZ}
        heard_by = {call: CALLER_HZ, talk: ALICE_HZ, theirs: BOB_HZ, other: OUTSIDE_HZ}
        await hear(*((each, voices - {own}) for each, own in heard_by.items()))
        assert await findings(alice.page) == []
        await shoot(alice.page, "agent-conference")
        await party.filter(has_text="Bob").get_by_test_id("party-mute").click()
        await expect(party.filter(has_text="Bob")).to_have_attribute("data-muted", "true")
        await hear(*((each, voices - {own, BOB_HZ}) for each, own in heard_by.items()))
        await party.filter(has_text=OUTSIDE).get_by_test_id("party-remove").click()
        await other.until("ended", timeout=PATIENCE_S)
        await expect(party).to_have_count(1)
        await party.get_by_test_id("party-remove").click()
        await theirs.until("ended", timeout=PATIENCE_S)
        await expect(party).to_have_count(0)
        await until_hears_more(call, ALICE_HZ)
        await until_hears_more(talk, CALLER_HZ)

        # What is given on and not taken comes back, and says so.
        colleague.answer_after = None
        await bob.set_state("READY")
        await alice.click("transfer")
        await alice.click("target-agent-bob")
        await talk.until("ended", timeout=PATIENCE_S)
        offer = await bob.wait("offer.created", timeout=PATIENCE_S)
        await bob.request("POST", f"/v1/offers/{offer['data']['offer']['id']}/reject")
        returned = alice.find("pop-returned")
        await expect(returned).to_have_attribute("data-cause", "rejected")
        await expect(returned).to_contain_text("bob did not take it: rejected")
        again = await phone.next_call(PATIENCE_S)
        await alice.until_call("connected")
        await until_hears_more(again, CALLER_HZ)
        await expect(returned).to_be_visible()
        await shoot(alice.page, "agent-returned")
        call.hang_up()
        await alice.complete("Order taken")
        await until_record(boss, contact_id)
        for agent in ("alice", "bob"):
            await boss.request("PUT", f"/v1/agents/{agent}/state", {"state": "LOGGED_OUT"})
    await until_quiet(desk.site, boss)
    assert desk.profiles.problems == []
