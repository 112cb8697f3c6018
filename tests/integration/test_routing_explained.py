"""Why a caller waits and why an agent got them, told by the daemon on the real Asterisk."""

from __future__ import annotations

import pytest

from ctid.desktop.schemas.routing_schemas import RoutingView
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    PATIENCE_S,
    both_hear,
    floor_config,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

ENGLISH = "401"
CONFIG = floor_config(2, ring_seconds=20)
CONFIG["skills"] = sorted({*CONFIG["skills"], "english"})
CONFIG["queues"]["english"] = {
    "steps": [{"skills": {"english": 5}}, {"after_seconds": 300, "skills": {"english": 1}}],
}
CONFIG["entries"]["english"] = {"dnis": ENGLISH, "open": {"queue": "english"}}
CONFIG["agents"]["a01"]["skills"]["english"] = 3
CONFIG["agents"]["a02"]["skills"]["english"] = 8


async def explained(boss: Desktop, contact_id: str, language: str = "en") -> JsonObject:
    """The explanation, in the documented shape."""
    view: JsonObject = await boss.request("GET", f"/v1/contacts/{contact_id}/routing?language={language}")
    RoutingView.model_validate(view)
    return view


async def test_a_caller_waits_for_a_skill_that_nobody_free_has_and_then_gets_who_has_it(
    site: RigSite, boss: Desktop
) -> None:
    async with (
        staff(site, "a01", "a02", ready=False) as (poor, fluent),
        Phone.outside(site.pbx) as outside,
    ):
        await poor.ready()
        await fluent.desktop.set_state("NOT_READY", "lunch")
        call = await outside.call(ENGLISH)
        await until_hears_more(call, MUSIC_HZ)
        (contact,) = (await boss.request("GET", "/v1/contacts?state=queued"))["items"]

        view = await explained(boss, contact["id"])
        waiting = view["waiting"]
        assert (waiting["queue"], waiting["place"], waiting["held"]) == ("english", 1, None)
        assert waiting["needs"] == "english at 5 or above"
        assert waiting["able"]["by_hindrance"] == {"free": 0, "not_ready": 1}
        (able,) = waiting["able"]["agents"]
        assert (able["agent_id"], able["hindrance"], able["reason"]) == ("a02", "not_ready", "lunch")
        (miss,) = waiting["near_misses"]["agents"]
        assert (miss["agent_id"], miss["text"]) == ("a01", "english 5 (has 3)")
        (coming,) = waiting["helps"]
        assert (coming["kind"], coming["adds"], coming["adds_free"]) == ("step", 1, 1)
        assert 200_000 < coming["begins_in_ms"] < 300_000
        assert "1 free agent is not able, a01: english 5 (has 3)." in view["text"]
        assert "需要：english 5 级以上。" in (await explained(boss, contact["id"], "zh"))["text"]

        await fluent.ready()
        agent_call = await fluent.ringing()
        await both_hear(call, agent_call, fluent)

        async def connected() -> bool:
            return bool((await explained(boss, contact["id"]))["state"] == "connected")

        await eventually(connected, "the daemon knows that they talk", timeout=PATIENCE_S)
        view = await explained(boss, contact["id"])
        assert (view["agent_id"], view["waiting"], view["offers"]) == ("a02", None, [])
        assert view["text"].startswith("a02 serves it. ")
        (decision,) = view["decisions"]
        assert (decision["agent_id"], decision["trigger"], decision["by"]) == ("a02", "freed", "alone")
        assert (decision["able"], decision["offer_state"]) == (1, "accepted")

        agent_call.hang_up()
        await until_record(boss, contact["id"])
        await until_quiet(site, boss)
        view = await explained(boss, contact["id"])
        assert view["state"] == "closed"
        assert view["decisions"] == [decision]
        assert view["text"].startswith("Closed: handled. After ")
        assert poor.offers() == []
