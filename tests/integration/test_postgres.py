"""The same site on PostgreSQL: records are written and found, customers too, and nothing waits while it is away."""

from __future__ import annotations

import pytest

from sip_test_rig.phone import Phone
from sip_test_rig.postgres import Postgres
from sip_test_rig.site import RigSite
from tests.integration.floor import (
    MENU,
    all_records,
    both_hear,
    floor_config,
    run_ctid,
    staff,
    through_the_menu,
    until_quiet,
    until_record,
)

pytestmark = pytest.mark.timeout(180)


async def test_records_are_written_to_postgresql_and_found() -> None:
    with Postgres() as server:
        config = floor_config(1, ring_seconds=15) | {"store": {"url": server.create_database()}}
        async with RigSite(config) as site, site.supervisor() as boss:
            settings = str(site.folder / "config")
            file = site.folder / "customers.csv"
            file.write_text("id,name,numbers,tier\nK-1,Kim Klar,+493011112222,gold\n", encoding="utf-8")
            code, out, err = await run_ctid("customers", "import", "--config", settings, str(file))
            assert code == 0, out + err
            async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, "+493011112222") as outside:
                found = []
                for away in (False, True):
                    call = await outside.call(MENU)
                    await through_the_menu(call)
                    agent_call = await seat.ringing()
                    await both_hear(call, agent_call, seat)
                    if away:
                        server.halt()
                    agent_call.hang_up()
                    found.append((await seat.offer())["data"]["offer"])
                    await seat.until_state("READY")
                    if away:
                        # In the main thread: the server ends with the thread that started it.
                        server.start()
                    record = await until_record(boss, found[-1]["contact_id"])
                    assert record["outcome"] == "handled"
                    assert record["customer"]["name"] == "Kim Klar"
                assert found[0]["pop"]["customer"]["tier"] == "gold"
                ids = [offer["contact_id"] for offer in found]
                assert [record["contact_id"] for record in await all_records(boss, ani="%2B493011112222")] == ids[::-1]
                code, out, err = await run_ctid("records", "export", "--config", settings)
                assert code == 0, err
                assert all(contact_id in out for contact_id in ids)
                await until_quiet(site, boss)
