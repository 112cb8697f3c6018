"""Recordings when something is full, gone or killed; calls go on, and what became of each recording is told."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sip_test_rig import tones
from sip_test_rig.asterisk_config import Endpoint, pjsip_endpoint
from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from tests.integration.call_acts import in_talk
from tests.integration.floor import (
    CALLER_HZ,
    MENU,
    PATIENCE_S,
    assert_log_clean,
    assert_replays,
    both_hear,
    staff,
    through_the_menu,
    until_quiet,
)
from tests.integration.test_recordings import audio, config, end, until_spool_is_empty, until_stored
from tests.webhooks.receiver import SECRET, Receiver

pytestmark = [pytest.mark.timeout(180)]

MB = 1_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 64 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


def told(receiver: Receiver) -> list[tuple[str, Any]]:
    return [
        (event["type"], event["data"].get("reason") or event["data"].get("result"))
        for event in receiver.events
        if event["type"].startswith("recording.")
    ]


async def test_a_full_disk_ends_recordings_and_no_call(disk: Path, receiver: Receiver) -> None:
    data = config()
    data["recordings"] = {"folder": str(disk / "recordings"), "min_free_mb": 20}
    data["webhooks"] = {"crm": {"url": receiver.url, "secret": SECRET, "events": ["recording.*"]}}
    async with RigSite(data) as site, site.supervisor() as boss:
        async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
            call, mine, contact_id = await in_talk(caller, seat)
            filler = disk / "others"
            filler.write_bytes(bytes(50 * MB))
            finished = await boss.wait("recording.finished", timeout=PATIENCE_S)
            assert finished["data"]["result"] == "disk_full"
            await both_hear(call, mine, seat, 0.5)
            assert (await boss.request("GET", f"/v1/contacts/{contact_id}"))["recording"] is None
            (recording,) = await until_stored(boss, contact_id)
            left, _ = await audio(site, recording)
            assert tones.heard(left).keys() == {CALLER_HZ}
            await end(site, boss, mine, call)

            call, mine, contact_id = await in_talk(caller, seat)
            failed = await boss.wait("recording.failed", timeout=PATIENCE_S)
            assert (failed["data"]["reason"], failed["contact_id"]) == ("disk_full", contact_id)
            await end(site, boss, mine, call)
            assert (await boss.request("GET", f"/v1/recordings?contact_id={contact_id}"))["items"] == []

            filler.unlink()

            async def room() -> bool:
                return "recording.space fault=" in site.ctid.log.read_text() or '"fault": ""' in last_space(site)

            await eventually(room, "there is room again", timeout=PATIENCE_S)
            call, mine, contact_id = await in_talk(caller, seat)
            await end(site, boss, mine, call)
            await until_stored(boss, contact_id)
            await eventually(
                lambda: (
                    told(receiver)
                    == [
                        ("recording.started", None),
                        ("recording.finished", "disk_full"),
                        ("recording.failed", "disk_full"),
                        ("recording.started", None),
                        ("recording.finished", None),
                    ]
                ),
                "the webhook is told of each",
                timeout=PATIENCE_S,
            )
        await assert_replays(site)
        assert_log_clean(site, {"recording.space"})


def last_space(site: RigSite) -> str:
    lines = [line for line in site.ctid.log.read_text().splitlines() if '"recording.space"' in line]
    return lines[-1].replace('":"', '": "') if lines else ""


async def test_an_asterisk_that_is_killed_leaves_what_it_had_written() -> None:
    async with RigSite(config()) as site, site.supervisor() as boss:
        async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller, staff(site, "a01") as (seat,):
            call, mine, contact_id = await in_talk(caller, seat)
            # It writes in pieces of two seconds.
            await both_hear(call, mine, seat, 3.0)
            await site.pbx.kill()
            await boss.wait("pbx.down", timeout=PATIENCE_S)
            await site.pbx.start()
            (recording,) = await until_stored(boss, contact_id)
            await seat.until_state("READY")
        left, right = await audio(site, recording)
        assert tones.heard(left).keys() == {CALLER_HZ}
        assert tones.heard(right).keys() == {seat.phone.voice_hz}
        await until_spool_is_empty(site)
        await assert_replays(site)


async def test_a_customer_who_is_called_back_is_recorded_from_their_answer() -> None:
    data = config()
    data["queues"]["sales"]["callback"] = {"dial": "PJSIP/{number}@trunk", "prompts": ["ctid/sorry"]}
    data["menus"]["main"]["keys"]["5"] = {"callback": "sales"}
    files = {"pjsip.conf": pjsip_endpoint(Endpoint(name="trunk"))}
    async with (
        RigSite(data, files=files) as site,
        site.supervisor() as boss,
        Phone.of(site.pbx, "trunk", voice_hz=CALLER_HZ, answer_after=3.0) as customer,
    ):
        async with Phone.outside(site.pbx) as caller:
            call = await caller.call(MENU)
            await through_the_menu(call, "5")
            await call.until("ended", timeout=PATIENCE_S)
        async with staff(site, "a01") as (seat,):
            contact_id = (await seat.offer())["data"]["offer"]["contact_id"]
            mine = await seat.ringing()
            theirs = await customer.next_call(PATIENCE_S)
            await both_hear(theirs, mine, seat, 1.0)
            await end(site, boss, theirs, mine)
            (recording,) = await until_stored(boss, contact_id)
        left, right = await audio(site, recording)
        assert tones.heard(left).keys() == {CALLER_HZ}
        assert tones.heard(right).keys() == {seat.phone.voice_hz}
        # Of the three seconds in which the agent heard it ring, half of them are left at most.
        assert len(tones.heard(left[:12_000], min_seconds=0.1)) == 1
        await until_spool_is_empty(site)


async def test_a_transfer_gives_each_agent_a_recording_and_the_queue_none() -> None:
    data = config()
    data["queues"]["sales"]["steps"] = [{"agents": ["a01"]}]
    data["queues"]["support"] |= {"steps": [{"agents": ["a02"]}], "recording": {"percent": 100}}
    async with RigSite(data) as site, site.supervisor() as boss:
        await _transferred(site, boss)


async def _transferred(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02") as (seat, other), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call, mine, contact_id = await in_talk(caller, seat)
        body = {"to": {"queue": "support"}}
        await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/transfer", body)
        await mine.until("ended", timeout=PATIENCE_S)
        theirs = await other.ringing()
        await both_hear(call, theirs, other, 0.5)
        await other.until_state("BUSY")
        view = await boss.request("GET", f"/v1/contacts/{contact_id}")
        assert view["recording"]["state"] == "recording"
        await asyncio.gather(end(site, boss, theirs, call))
        first, second = await until_stored(boss, contact_id, 2)
        assert [(each["agent_id"], each["queue"]) for each in (first, second)] == [("a01", "sales"), ("a02", "support")]
        assert (await boss.request("GET", "/v1/recordings?agent_id=a02"))["items"] == [second]
        assert (await boss.request("GET", "/v1/recordings?queue=sales"))["items"] == [first]
    await until_quiet(site, boss)


async def test_an_asterisk_that_can_not_record_connects_calls_all_the_same() -> None:
    async with RigSite(config()) as site, site.supervisor() as boss:
        await site.pbx.cli("module unload app_mixmonitor.so")
        async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
            call, mine, contact_id = await in_talk(caller, seat)
            await both_hear(call, mine, seat, 0.5)
            await end(site, boss, mine, call)
            failed = await boss.wait("recording.failed", timeout=PATIENCE_S)
            assert (failed["contact_id"], failed["data"]["reason"]) == (contact_id, "missing")
        await assert_replays(site)


async def test_a_pbx_that_does_not_record_is_found_out_by_a_pause() -> None:
    async with RigSite(config()) as site, site.supervisor() as boss:
        # A dialplan of before, that does not know of recordings.
        await site.pbx.cli("dialplan remove extension s@ctid-record")
        await site.pbx.cli("dialplan add extension s,1,Return into ctid-record")
        async with staff(site, "a01") as (seat,), Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
            call, mine, contact_id = await in_talk(caller, seat)
            await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/pause-recording")
            failed = await boss.wait("recording.failed", timeout=PATIENCE_S)
            assert failed["data"]["reason"] == "not_recorded"
            assert (await boss.request("GET", f"/v1/contacts/{contact_id}"))["recording"] is None
            await both_hear(call, mine, seat, 0.5)
            await end(site, boss, mine, call)
        await assert_replays(site)
