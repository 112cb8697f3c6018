"""Callers leave messages: heard by whom they are for, complete however they end, and never spoken into nothing."""

from __future__ import annotations

import contextlib
import io
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sip_test_rig import tones
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.site import RigSite
from tests.integration.floor import (
    CALLER_HZ,
    DIRECT,
    PATIENCE_S,
    assert_log_clean,
    assert_replays,
    both_hear,
    floor_config,
    staff,
    until_hears_more,
    until_quiet,
    until_record,
)
from tests.integration.test_recordings import until_spool_is_empty

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

TO_QUEUE, TO_AGENT = "301", "302"
SAY_HZ, NO_ROOM_HZ = 1_150.0, 1_050.0
SITE: dict[str, Any] = {}


def config() -> dict[str, Any]:
    """A floor of two agents, of whom only the first serves `sales`."""
    data = floor_config(2, ring_seconds=20)
    data["queues"]["sales"] |= {"steps": [{"agents": ["a01"]}], "disposition_required": False}
    data["entries"] |= {
        "to_queue": {"dnis": TO_QUEUE, "open": {"voicemail": {"queue": "sales"}}},
        "to_agent": {"dnis": TO_AGENT, "open": {"voicemail": {"agent": "a02"}}},
    }
    data["voicemail"] = {
        "prompts": ["ctid/sorry"],
        "max_seconds": 30,
        "silence_seconds": 2,
        "no_room_prompts": ["ctid/closed"],
    }
    data["recordings"] = {"min_free_mb": 1}
    return data


CONFIG = config()


async def audio(site: RigSite, who: str, message: JsonObject) -> tones.Samples:
    headers = {"Authorization": f"Bearer {site.token(who)}"}
    url = f"{site.ctid.url}/v1/voicemails/{message['id']}/audio"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        whole = await answer.read()
    assert (len(whole), sha256(whole).hexdigest()) == (message["bytes"], message["sha256"])
    return tones.from_wav(io.BytesIO(whole).getvalue())


async def left(desktop: Desktop) -> JsonObject:
    """The next message that the desktop is told of, as it is listed."""
    told = (await desktop.wait("voicemail.left", timeout=PATIENCE_S))["data"]["voicemail"]
    message: JsonObject = await desktop.request("GET", f"/v1/voicemails/{told['id']}")
    assert {key: message[key] for key in told} == told
    return message


@pytest.mark.parametrize("how", ["hangs up", "presses #", "falls silent"])
async def test_a_message_for_a_queue_however_it_ends(site: RigSite, boss: Desktop, how: str) -> None:
    async with staff(site, "a01", "a02", ready=False) as (seat, other):
        async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
            call = await caller.call(TO_QUEUE)
            await until_hears_more(call, SAY_HZ, 0.3)
            await eventually(lambda: speaking(site, 32_000), "two seconds are said", timeout=PATIENCE_S)
            match how:
                case "hangs up":
                    call.hang_up()
                case "presses #":
                    call.press("#")
                case _:
                    call.media.say(tones.silence(0))
            await call.until("ended", timeout=PATIENCE_S)
        message = await left(seat.desktop)
        assert (message["queue"], message["agent_id"], message["heard"]) == ("sales", None, False)
        heard = tones.heard(await audio(site, "a01", message))
        assert heard.keys() == {CALLER_HZ}
        assert heard[CALLER_HZ] > 1.5
        assert [each["id"] for each in await listed(seat.desktop)] == [message["id"]]
        assert await listed(other.desktop) == []
        with pytest.raises(Exception, match="forbidden"):
            await other.desktop.request("GET", f"/v1/voicemails/{message['id']}")
        answer = await seat.desktop.request("PUT", f"/v1/voicemails/{message['id']}/heard", {"heard": True})
        assert (answer["voicemail"]["heard"], answer["voicemail"]["heard_by"]) == (True, "a01")
        assert await listed(seat.desktop, "?heard=false") == []
        await seat.desktop.request("DELETE", f"/v1/voicemails/{message['id']}")
        assert await listed(seat.desktop) == []
        record = await until_record(boss, message["contact_id"])
        assert (record["outcome"], record["path"][-1]["kind"]) == ("voicemail", "message")
    await until_spool_is_empty(site)
    await until_quiet(site, boss)


def speaking(site: RigSite, size: int) -> bool:
    """Whether so much of a message is on the disk."""
    for path in site.spool.iterdir():
        # One that is done is moved.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size >= size:
                return True
    return False


async def listed(desktop: Desktop, query: str = "") -> list[JsonObject]:
    items: list[JsonObject] = (await desktop.request("GET", f"/v1/voicemails{query}"))["items"]
    return items


async def test_a_message_for_an_agent_after_a_transfer(site: RigSite, boss: Desktop) -> None:
    async with staff(site, "a01", "a02", ready=False) as (seat, other):
        await seat.ready()
        async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
            call = await caller.call(DIRECT)
            contact_id = (await seat.offer())["data"]["offer"]["contact_id"]
            mine = await seat.ringing()
            await both_hear(call, mine, seat)
            await seat.until_state("BUSY")
            body = {"to": {"voicemail": {"agent": "a02"}}}
            await seat.desktop.request("POST", f"/v1/contacts/{contact_id}/transfer", body)
            await call.until_heard(SAY_HZ, 0.3, PATIENCE_S)
            await mine.until("ended", timeout=PATIENCE_S)
            await eventually(lambda: speaking(site, 32_000), "two seconds are said", timeout=PATIENCE_S)
            call.hang_up()
        message = await left(other.desktop)
        assert (message["agent_id"], message["queue"], message["contact_id"]) == ("a02", None, contact_id)
        assert tones.heard(await audio(site, "a02", message)).keys() == {CALLER_HZ}
        assert await listed(seat.desktop) == []
        assert (await until_record(boss, contact_id))["outcome"] == "voicemail"
    await until_quiet(site, boss)


async def test_who_hangs_up_before_the_beep_leaves_nothing(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call = await caller.call(TO_AGENT)
        await until_hears_more(call, SAY_HZ, 0.1)
        call.hang_up()
    closed = await boss.wait("contact.closed", timeout=PATIENCE_S)
    # The prompt is of half a second, so that the beep may have come before the hang-up.
    assert closed["data"]["contact"]["outcome"] in ("abandoned", "voicemail")
    await until_spool_is_empty(site)
    await until_quiet(site, boss)


async def test_a_daemon_killed_in_the_middle_of_a_message(site: RigSite, boss: Desktop) -> None:
    async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
        call = await caller.call(TO_QUEUE)
        await until_hears_more(call, SAY_HZ, 0.3)
        await eventually(lambda: speaking(site, 32_000), "two seconds are said", timeout=PATIENCE_S)
        await site.ctid.kill()
        call.hang_up()
        await call.until("ended", timeout=PATIENCE_S)
        await site.ctid.start()
    async with site.supervisor() as fresh:
        found: list[JsonObject] = []

        async def there() -> bool:
            found[:] = [each for each in await listed(fresh, "?queue=sales") if not each["heard"]]
            return bool(found)

        await eventually(there, "the message is there", timeout=PATIENCE_S, every=0.1)
        assert tones.heard(await audio(site, "a01", found[0])).keys() == {CALLER_HZ}
        await until_quiet(site, fresh)
    await until_spool_is_empty(site)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own that is full from the beginning."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_nobody_speaks_into_nothing(disk: Path) -> None:
    data = config()
    data["recordings"] = {"folder": str(disk / "recordings"), "min_free_mb": 20}
    async with RigSite(data) as site, site.supervisor() as boss:
        await eventually(lambda: '"disk_full"' in site.ctid.log.read_text(), "it is known", timeout=PATIENCE_S)
        async with Phone.outside(site.pbx, voice_hz=CALLER_HZ) as caller:
            call = await caller.call(TO_QUEUE)
            await call.until_heard(NO_ROOM_HZ, 0.3, PATIENCE_S)
            await call.until("ended", timeout=PATIENCE_S)
            assert call.ended_by == "them"
        closed = await boss.wait("contact.closed", timeout=PATIENCE_S)
        assert closed["data"]["contact"]["outcome"] == "overflow"
        assert list(site.spool.iterdir()) == []
        await assert_replays(site)
        assert_log_clean(site, {"recording.space"})
