"""An agent whose phone stands on the desk does everything at the page; and a page's phone brings three together."""

from __future__ import annotations

import copy

import pytest
from aiohttp import web
from playwright.async_api import expect

from sip_test_rig import tones
from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import demo_config
from sip_test_rig.tones import MUSIC_HZ
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.desk import Desk, shoot
from tests.browser.hearing import until_hears, until_hears_all
from tests.integration.floor import CALLER_HZ, DIRECT, PATIENCE_S, until_hears_more, until_quiet, until_record

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

ALICE_HZ, BOB_HZ = 470.0, 610.0

CONFIG = demo_config()
CONFIG["entries"]["direct"] = {"dnis": DIRECT, "open": {"queue": "sales"}}
CONFIG["queues"]["sales"] |= {"ring_seconds": 30, "wrap_up_seconds": 120, "steps": [{"agents": ["alice", "carol"]}]}
CONFIG["agents"]["carol"] = {
    **copy.deepcopy(CONFIG["agents"]["alice"]),
    "name": "Carol",
    "device": "PJSIP/1003",
    "web_phone": True,
}


def level(call: PhoneCall) -> float:
    """How loud the browsers' microphone is in what was heard last."""
    return tones.level(call.media.recording(0.5), MICROPHONE_HZ)


async def test_everything_at_the_page_of_a_phone_on_the_desk(desk: Desk, boss: Desktop) -> None:
    pbx = desk.site.pbx
    async with (
        Phone.of(pbx, "1001", voice_hz=ALICE_HZ, answer_after=None) as phone,
        Phone.of(pbx, "1002", voice_hz=BOB_HZ) as colleague,
        Phone.outside(pbx, voice_hz=CALLER_HZ) as customer,
        desk.site.desktop("bob") as bob,
    ):
        await bob.set_state("NOT_READY", "break")
        alice = AgentPage(await desk.sign_in("alice"))
        await alice.ready()
        call = await customer.call(DIRECT)
        await phone.next_call(PATIENCE_S)
        await expect(alice.find("ringing")).to_be_visible()
        contact_id = await alice.find("ringing").get_attribute("data-contact")
        assert contact_id
        await alice.click("answer")
        talk = await phone.next_call(PATIENCE_S)
        await alice.until_call("connected")
        await alice.until_contact(contact_id)
        await until_hears_more(talk, CALLER_HZ)
        await until_hears_more(call, ALICE_HZ)

        await alice.click("hold")
        await alice.until_call("held")
        await until_hears_more(call, MUSIC_HZ)
        await alice.click("retrieve")
        await alice.until_call("connected")
        await until_hears_more(call, ALICE_HZ)

        await alice.click("mute")
        await expect(alice.find("mute")).to_have_attribute("aria-pressed", "true")
        await alice.click("mute")
        await expect(alice.find("mute")).to_have_attribute("aria-pressed", "false")
        await until_hears_more(call, ALICE_HZ)
        await alice.click("key-4")
        await alice.click("key-2")
        await call.until_digits("42", PATIENCE_S)

        await alice.click("consult")
        await alice.click("target-agent-bob")
        enquiry = alice.page.locator("[data-testid=call][data-consulting=true]")
        await expect(enquiry).to_have_attribute("data-state", "connected")
        theirs = await colleague.next_call(PATIENCE_S)
        await until_hears_more(talk, BOB_HZ)
        await until_hears_more(call, MUSIC_HZ)
        await shoot(alice.page, "agent-consulting")
        await alice.click("conference")
        await expect(alice.find("party")).to_have_attribute("data-state", "conferenced")
        for one, hears in ((call, (ALICE_HZ, BOB_HZ)), (talk, (CALLER_HZ, BOB_HZ)), (theirs, (CALLER_HZ, ALICE_HZ))):
            for hz in hears:
                await until_hears_more(one, hz)
        await alice.click("leave")
        await talk.until("ended", timeout=PATIENCE_S)
        await alice.until_no_call()
        await until_hears_more(call, BOB_HZ)
        await until_hears_more(theirs, CALLER_HZ)
        await alice.complete("Order taken")
        await alice.until_state("READY")
        theirs.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        await bob.wait_state("WRAP_UP", timeout=PATIENCE_S)
        body = {"disposition": "follow-up", "complete": True}
        await bob.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body)
        record = await until_record(boss, contact_id)
        told = [(part["agent_id"], part["result"], part["disposition"]) for part in record["segments"]]
        assert told == [("alice", "transferred", "order"), ("bob", "ended", "follow-up")]
        for agent in ("alice", "bob"):
            await boss.request("PUT", f"/v1/agents/{agent}/state", {"state": "LOGGED_OUT"})
    await until_quiet(desk.site, boss)
    assert desk.profiles.problems == []


async def test_a_pages_phone_brings_three_together(desk: Desk, boss: Desktop) -> None:
    pbx = desk.site.pbx
    async with (
        Phone.of(pbx, "1002", voice_hz=BOB_HZ) as colleague,
        Phone.outside(pbx, voice_hz=CALLER_HZ) as customer,
        desk.site.desktop("bob") as bob,
    ):
        await bob.set_state("NOT_READY", "break")
        carol = AgentPage(await desk.sign_in("carol"))
        await carol.ready()
        call = await customer.call(DIRECT)
        contact_id = await carol.answer()
        await carol.click("consult")
        await carol.click("target-agent-bob")
        theirs = await colleague.next_call(PATIENCE_S)
        await until_hears(carol.page, BOB_HZ)
        await carol.click("conference")
        await expect(carol.find("conference").first).to_have_attribute("aria-pressed", "true")
        await until_hears_more(call, BOB_HZ)
        await until_hears_more(theirs, CALLER_HZ)
        # A tone that lasts is noise to the browser's microphone, which takes it back; it is there all the same.
        for one in (call, theirs):
            await eventually(lambda one=one: level(one) > 0.005, "the microphone is heard", timeout=PATIENCE_S)
        await until_hears_all(carol.page, CALLER_HZ, BOB_HZ)
        # A mute is the agent's alone: the other two still hear each other.
        await carol.click("mute")
        await until_hears_more(call, BOB_HZ)
        await until_hears_more(theirs, CALLER_HZ)
        for one in (call, theirs):
            await eventually(lambda one=one: level(one) < 0.001, "the microphone is silent", timeout=PATIENCE_S)
        call.hang_up()
        theirs.hang_up()
        await carol.complete("Order taken")
        await until_record(boss, contact_id)
        for agent in ("carol", "bob"):
            await boss.request("PUT", f"/v1/agents/{agent}/state", {"state": "LOGGED_OUT"})
    await until_quiet(desk.site, boss)
    assert desk.profiles.problems == []


async def test_the_crms_own_page_stands_beside_the_caller(desk: Desk, boss: Desktop) -> None:
    async def customer_page(request: web.Request) -> web.Response:
        return web.Response(text=f"<h1>Orders of {request.query['ani']}</h1>", content_type="text/html")

    crm = web.Application()
    crm.router.add_get("/customers", customer_page)
    runner = web.AppRunner(crm)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    link = {"name": "Customer", "url": f"http://127.0.0.1:{port}/customers?ani={{ani}}", "embed": True}
    desk.site.config["queues"]["sales"]["links"] = [link]
    desk.site.write_config()
    desk.site.ctid.reload()
    await boss.wait("config.loaded", timeout=PATIENCE_S)
    pbx = desk.site.pbx
    async with Phone.of(pbx, "1001", voice_hz=ALICE_HZ) as phone, Phone.outside(pbx, voice_hz=CALLER_HZ) as customer:
        alice = AgentPage(await desk.sign_in("alice"))
        await alice.ready()
        call = await customer.call(DIRECT)
        await phone.next_call(PATIENCE_S)
        await alice.until_call("connected")
        framed = alice.page.frame_locator(".agent-embedded")
        await expect(framed.get_by_role("heading")).to_have_text("Orders of +12025550100")
        call.hang_up()
        await alice.complete("Order taken")
        await boss.request("PUT", "/v1/agents/alice/state", {"state": "LOGGED_OUT"})
    await until_quiet(desk.site, boss)
    await runner.cleanup()
    assert desk.profiles.problems == []


async def test_calls_to_me_are_switched_off_and_forwarded_at_the_page(desk: Desk, boss: Desktop) -> None:
    async with Phone.of(desk.site.pbx, "1001", voice_hz=ALICE_HZ):
        alice = AgentPage(await desk.sign_in("alice"))
        await alice.ready()
        button = alice.find("calls-to-me")
        await expect(button).to_have_attribute("data-state", "rings")
        await button.click()
        await alice.click("do-not-disturb")
        await expect(button).to_have_attribute("data-state", "do_not_disturb")
        field = alice.find("forward-to")
        await field.fill("sip:nowhere")
        await field.press("Enter")
        await expect(alice.find("fault")).to_contain_text("no number that can be dialled")
        await field.fill("1002")
        await field.press("Enter")
        await expect(button).to_have_attribute("data-state", "forwarded")
        phone = (await boss.request("GET", "/v1/agents/alice"))["phone"]
        assert (phone["do_not_disturb"], phone["forwarded_to"]) == (True, "1002")
        await shoot(alice.page, "agent-forwarded")
        await alice.click("forward-off")
        await alice.click("do-not-disturb")
        await expect(button).to_have_attribute("data-state", "rings")
