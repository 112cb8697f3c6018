"""What operations do to a running daemon: drain and restart, reload, check, generate, replay, watch."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
import yaml

from sip_test_rig.asterisk import Asterisk
from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from sip_test_rig.tones import MUSIC_HZ
from tests.integration.floor import (
    DIRECT,
    MENU,
    PATIENCE_S,
    assert_replays,
    both_hear,
    floor_config,
    log_lines,
    metrics,
    run_ctid,
    staff,
    states,
    through_the_menu,
    until_hears_more,
    until_quiet,
    until_record,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

CONFIG = floor_config(2, ring_seconds=30)
EXPECTED_ERRORS = {"config.refused"}
CUSTOMER_NUMBER = "+4915112345678"

NAMED_METRICS = (
    "ctid_contacts_total", "ctid_queue_wait_seconds_count", "ctid_queue_depth", "ctid_agents",
    "ctid_ring_seconds_count", "ctid_wrapup_seconds_count", "ctid_pbx_up", "ctid_pbx_events_total",
    "ctid_desktop_clients", "ctid_engine_step_seconds_count", "ctid_inbox_depth", "ctid_build_info",
)  # fmt: skip


async def test_sigterm_makes_no_new_offer_cuts_no_talk_and_the_next_process_takes_up_who_waits(site: RigSite) -> None:
    async with (
        staff(site, "a01", "a02", ready=False) as (talker, free),
        Phone.outside(site.pbx, "+12025550101", voice_hz=740) as one,
        Phone.outside(site.pbx, "+12025550102", voice_hz=2030) as two,
    ):
        await talker.ready()
        talk = await one.call(DIRECT)
        talking = await talker.ringing()
        await both_hear(talk, talking, talker)
        await talker.until_state("BUSY")
        waits = await two.call(DIRECT)
        await until_hears_more(waits, MUSIC_HZ)
        async with site.supervisor() as boss:
            before = (await boss.request("GET", "/v1/contacts"))["items"]
            assert [contact["state"] for contact in before] == ["connected", "queued"]

        assert await site.ctid.stop() == 0
        assert any(line["event"] == "site.draining" for line in log_lines(site))
        await asyncio.gather(both_hear(talk, talking, talker, 1.0), until_hears_more(waits, MUSIC_HZ, 1.0))

        await site.ctid.start()
        await asyncio.gather(talker.come_back(), free.come_back())
        await free.ready()
        taken = await free.ringing()
        await both_hear(waits, taken, free)
        assert taken.header("X-Ctid-Contact") == before[1]["id"]
        await both_hear(talk, talking, talker)
        taken.hang_up()
        talking.hang_up()
        async with site.supervisor() as boss:
            for contact in before:
                record = await until_record(boss, contact["id"])
                assert (record["outcome"], states(record)) == ("handled", ["created", "queued", "offered", "connected"])
                assert record["queued_at"] == contact["queued_at"]
            await until_quiet(site, boss)


async def test_while_it_drains_a_ringing_phone_may_still_be_answered_and_nobody_else_is_rung(site: RigSite) -> None:
    async with (
        staff(site, "a01", "a02", ready=False, answer_after=None) as (rung, other),
        Phone.outside(site.pbx, "+12025550101", voice_hz=740) as one,
        Phone.outside(site.pbx, "+12025550102", voice_hz=2030) as two,
    ):
        await rung.ready()
        call = await one.call(DIRECT)
        ringing = await rung.ringing()
        waits = await two.call(DIRECT)
        await until_hears_more(waits, MUSIC_HZ)
        stopping = asyncio.create_task(site.ctid.stop())
        await rung.desktop.wait("site.draining", timeout=PATIENCE_S)
        await other.desktop.set_state("READY")
        ringing.answer()
        await both_hear(call, ringing, rung)
        assert await stopping == 0
        assert other.phone.invites == {}
        await site.ctid.start()
        await asyncio.gather(rung.come_back(), other.come_back())
        taken = await other.ringing()
        taken.answer()
        await both_hear(waits, taken, other)
        await both_hear(call, ringing, rung)
        waits.hang_up()
        call.hang_up()
        async with site.supervisor() as boss:
            await until_quiet(site, boss)


async def test_sighup_brings_a_new_agent_and_queue_and_leaves_live_contacts_alone(site: RigSite, boss: Desktop) -> None:
    async with (
        staff(site, "a01", ready=False) as (seat,),
        Phone.outside(site.pbx, "+12025550101", voice_hz=740) as one,
        Phone.outside(site.pbx, "+12025550102", voice_hz=2030) as two,
    ):
        await seat.ready()
        talk = await one.call(DIRECT)
        talking = await seat.ringing()
        await both_hear(talk, talking, seat)
        await seat.until_state("BUSY")
        waits = await two.call(DIRECT)
        await boss.wait("contact.queued", lambda event: event["data"]["contact"]["ani"].endswith("102"), PATIENCE_S)
        before = (await boss.request("GET", "/v1/contacts"))["items"]

        site.config["agents"]["new"] = {
            "name": "New Agent", "device": "PJSIP/1002", "pbx": "main", "skills": {"rare": 5},
        }  # fmt: skip
        del site.config["agents"]["a02"]
        site.config["skills"].append("rare")
        site.config["queues"]["rarities"] = {"steps": [{"skills": {"rare": 5}}], "ring_seconds": 30}
        site.config["entries"]["rarities"] = {"dnis": "400", "open": {"queue": "rarities"}}
        site.write_config()
        site.ctid.reload()
        await boss.wait("config.loaded", timeout=PATIENCE_S)
        after = (await boss.request("GET", "/v1/contacts"))["items"]
        assert [contact["id"] for contact in after] == [contact["id"] for contact in before]
        assert [contact["state"] for contact in after] == ["connected", "queued"]
        assert [contact["spans"] for contact in after] == [contact["spans"] for contact in before]
        await asyncio.gather(both_hear(talk, talking, seat), until_hears_more(waits, MUSIC_HZ))

        async with staff(site, "new") as (new,), Phone.outside(site.pbx, voice_hz=2150) as three:
            call = await three.call("400")
            agent_call = await new.ringing()
            await both_hear(call, agent_call, new)
            agent_call.hang_up()
            record = await until_record(boss, (await new.offer())["contact_id"])
            assert (record["queue"], record["agent_id"]) == ("rarities", "new")
        talking.hang_up()
        taken = await seat.ringing()
        await both_hear(waits, taken, seat)
        taken.hang_up()
        await until_quiet(site, boss)


async def test_a_broken_file_changes_nothing_and_the_log_and_check_config_say_why(site: RigSite, boss: Desktop) -> None:
    file = site.folder / "config" / "ctid.yaml"
    good = file.read_text()
    queues_before = await boss.request("GET", "/v1/queues")
    code, out, _ = await run_ctid("check-config", str(site.folder / "config"))
    assert code == 0, out
    assert "no fault" in out
    broken = yaml.safe_load(good)
    broken["queues"]["sales"]["steps"][0]["skills"] = {"no-such-skill": 5, "sales": 99}
    broken["agents"]["a01"]["colour"] = "red"
    file.write_text(yaml.safe_dump(broken, sort_keys=False))
    lines = file.read_text().splitlines()
    try:
        code, out, _ = await run_ctid("check-config", str(site.folder / "config"))
        assert code == 1
        faults = out.splitlines()
        for key, line in (("sales", "sales: 99"), ("colour", "colour: red")):
            number = next(i for i, text in enumerate(lines, 1) if text.strip() == line)
            assert any(f"ctid.yaml:{number}" in fault and key in fault for fault in faults), (number, faults)
        known = len(log_lines(site))
        site.ctid.reload()

        def refused() -> bool:
            return any(line.get("event") == "config.refused" for line in log_lines(site)[known:])

        await eventually(refused, "the log tells of the refusal", timeout=PATIENCE_S)
        (refusal,) = [line for line in log_lines(site)[known:] if line.get("event") == "config.refused"]
        assert sorted(refusal["faults"]) == sorted(faults)
        assert await boss.request("GET", "/v1/queues") == queues_before
        await site.ctid.until_ready()
    finally:
        file.write_text(good)


async def test_asterisk_loads_what_asterisk_config_prints(site: RigSite) -> None:
    out = site.folder / "asterisk"
    code, _, err = await run_ctid(
        "asterisk-config", "--config", str(site.folder / "config"), "--output", str(out),
        "--phone-password", "demo-only-phone",
    )  # fmt: skip
    assert code == 0, err
    texts = {path.name: path.read_text() for path in out.iterdir()}
    assert texts.keys() == {"manager.conf", "extensions.conf", "pjsip.conf"}
    async with Asterisk(fragments=texts) as pbx:
        log = pbx.log.read_text()
        assert [line for line in log.splitlines() if " ERROR[" in line or " WARNING[" in line] == []
        assert "ctid-ask" in await pbx.cli("dialplan show ctid-in")
        assert "ctid" in await pbx.cli("manager show user ctid")
        async with Phone((pbx.host, pbx.sip_port), "1001", password="demo-only-phone"):

            async def registered() -> bool:
                return await pbx.registered() == {"1001"}

            await eventually(registered, "the phone is registered", timeout=PATIENCE_S)


async def test_a_caller_who_comes_while_no_daemon_is_there_hears_music_and_is_served_by_the_next(site: RigSite) -> None:
    async with Phone.outside(site.pbx) as outside:
        await site.ctid.kill()
        call = await outside.call(DIRECT)
        await until_hears_more(call, MUSIC_HZ)
        await site.ctid.start()
        async with staff(site, "a01") as (seat,), site.supervisor() as boss:
            agent_call = await seat.ringing()
            await both_hear(call, agent_call, seat)
            agent_call.hang_up()
            await until_quiet(site, boss)


async def test_the_journal_of_these_very_calls_comes_out_the_same(site: RigSite) -> None:
    await assert_replays(site)
    code, out, err = await run_ctid("replay", str(site.folder / "journal.db"))
    assert code == 0, out + err
    assert " 0 differences" in out, out


async def until_metrics(site: RigSite, wanted: dict[str, float]) -> dict[str, float]:
    """Wait until metrics are as wanted; give all of them."""
    found: dict[str, float] = {}

    async def so() -> bool:
        found.update(await metrics(site))
        return {name: found.get(name) for name in wanted} == wanted

    await eventually(so, f"metrics are {wanted}", timeout=PATIENCE_S, every=0.1)
    return found


async def test_metrics_are_named_and_count(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx) as outside:
        before = await metrics(site)
        call = await outside.call(MENU)
        await through_the_menu(call)
        agent_call = await seat.ringing()
        await both_hear(call, agent_call, seat)
        await seat.until_state("BUSY")
        await until_metrics(
            site, {'ctid_agents{state="BUSY"}': 1, 'ctid_pbx_up{pbx="main"}': 1, "ctid_desktop_clients": 2}
        )
        agent_call.hang_up()
        await until_record(boss, (await seat.offer())["contact_id"])
        await until_quiet(site, boss)
        handled, rung = 'ctid_contacts_total{outcome="handled",queue="sales"}', "ctid_ring_seconds_count"
        after = await until_metrics(
            site,
            {
                handled: before.get(handled, 0) + 1,
                'ctid_queue_depth{queue="sales"}': 0,
                rung: before.get(rung, 0) + 1,
            },
        )
    names = {name.partition("{")[0] for name in after}
    assert [name for name in NAMED_METRICS if name not in names] == []


async def test_readyz_and_healthz_tell_how_it_is(site: RigSite) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{site.ctid.url}/healthz") as response:
            assert (response.status, (await response.json())["status"]) == (200, "ok")
        async with session.get(f"{site.ctid.url}/readyz") as response:
            body = await response.json()
            names = {part["name"] for part in body["components"]}
            assert (response.status, body["status"]) == (200, "ready")
            assert names == {"journal", "store", "pbx:main", "site"}


async def test_no_caller_stands_in_the_log(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, CUSTOMER_NUMBER) as outside:
        call = await outside.call(MENU)
        await through_the_menu(call)
        agent_call = await seat.ringing()
        assert agent_call.other == CUSTOMER_NUMBER
        await both_hear(call, agent_call, seat)
        agent_call.hang_up()
        record = await until_record(boss, (await seat.offer())["contact_id"])
        assert record["ani"] == CUSTOMER_NUMBER
        await until_quiet(site, boss)
    text = site.ctid.log.read_text()
    assert record["contact_id"] in text
    assert CUSTOMER_NUMBER.removeprefix("+") not in text
    assert "2025550" not in text
