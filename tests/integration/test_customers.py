"""Who calls stands on the screen before the phone rings: from the imported table, or from a server that may hang."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import pytest
from aiohttp import web

from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.ports import free_port
from sip_test_rig.site import RigSite
from tests.integration.floor import (
    DIRECT,
    PATIENCE_S,
    both_hear,
    floor_config,
    metrics,
    run_ctid,
    staff,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

CONFIG = floor_config(1, ring_seconds=15)
CONFIG["entries"]["direct"]["open"] = {"play": ["ctid/welcome"], "queue": "sales"}
"""Time for a directory to answer, as in life: a caller hears something before the queue."""
NUMBER, HANGS, STRANGER = "+493011112222", "+493033334444", "+493055556666"


async def pop_of(site: RigSite, boss: Desktop, number: str) -> JsonObject:
    """What the agent's screen shows when this number calls."""
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, number) as outside:
        call = await outside.call(DIRECT)
        offer = await seat.offer()
        agent_call = await seat.ringing()
        seat.assert_popped_before_ringing()
        await both_hear(call, agent_call, seat, 0.1)
        agent_call.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        record = await until_record(boss, offer["contact_id"])
        pop: JsonObject = offer["data"]["offer"]["pop"]
        assert record["customer"] == pop["customer"]
        await until_quiet(site, boss)
        return pop


async def test_customers_imported_from_csv_are_on_the_pop(site: RigSite, boss: Desktop) -> None:
    file = site.folder / "customers.csv"
    file.write_text(f"id,name,numbers,tier,language,city\nK-1,Kim Klar,{NUMBER},gold,de,Bonn\n", encoding="utf-8")
    code, out, err = await run_ctid("customers", "import", "--config", str(site.folder / "config"), str(file))
    assert code == 0, out + err
    customer = (await pop_of(site, boss, NUMBER))["customer"]
    told = (customer["id"], customer["name"], customer["tier"], customer["language"], customer["attributes"])
    assert told == ("K-1", "Kim Klar", "gold", "de", {"city": "Bonn"})
    assert (await pop_of(site, boss, STRANGER))["customer"] is None
    assert "Kim Klar" not in site.ctid.log.read_text()


@asynccontextmanager
async def customer_server(asked: list[str]) -> AsyncIterator[str]:
    """A CRM that knows one number, hangs over another, and knows no others."""

    over = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        number = unquote(request.match_info["number"])
        asked.append(number)
        if number == HANGS:
            await over.wait()
        if number != NUMBER:
            raise web.HTTPNotFound
        return web.json_response({"id": "C-7", "name": "Chris Calm", "tier": "silver"})

    app = web.Application()
    app.router.add_get("/customers/{number}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port("127.0.0.1")
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/customers/{{ani}}"
    finally:
        over.set()
        await runner.cleanup()


async def test_a_lookup_by_http_is_on_the_pop_and_one_that_hangs_holds_nobody_up(site: RigSite, boss: Desktop) -> None:
    asked: list[str] = []
    async with customer_server(asked) as url:
        site.config["directory"] = {"http": {"url": url, "timeout_seconds": 3}}
        site.write_config()
        assert await site.ctid.stop() == 0
        await site.ctid.start()
        async with site.supervisor() as now:
            customer = (await pop_of(site, now, NUMBER))["customer"]
            assert (customer["id"], customer["name"], customer["tier"]) == ("C-7", "Chris Calm", "silver")
            assert (await pop_of(site, now, NUMBER))["customer"]["name"] == "Chris Calm"
            assert asked == [NUMBER], "the second answer came from the cache"
            assert (await pop_of(site, now, HANGS))["customer"] is None
            assert asked == [NUMBER, HANGS]

            async def given_up() -> bool:
                return (await metrics(site)).get('ctid_notes_total{code="lookup-failed"}') == 1

            await eventually(given_up, "the lookup that hangs is given up", timeout=PATIENCE_S)
            assert (await pop_of(site, now, STRANGER))["customer"] is None
        del site.config["directory"]
