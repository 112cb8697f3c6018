"""An Asterisk of the rig starts, is alone with itself, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sip_test_rig import tones
from sip_test_rig.ami_recorder import AmiClient, AmiError, AmiRecorder
from sip_test_rig.asterisk import Asterisk, AsteriskError
from sip_test_rig.asterisk_config import Endpoint
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone
from sip_test_rig.provision import provision

pytestmark = pytest.mark.rig


def mounted(process: int, *below: Path) -> list[Path]:
    """What a process sees mounted in these folders."""
    points = [Path(line.split()[1]) for line in Path(f"/proc/{process}/mounts").read_text().splitlines()]
    return [point for point in points if any(point.is_relative_to(folder) for folder in below)]


def exists(path: Path) -> bool:
    return path.exists()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def listens_wildcard_tcp(pid: int) -> list[str]:
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(fd.readlink().name.removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in inodes and not row[1].startswith("0100007F:")]


async def test_it_starts_clean_and_listens_on_loopback_only() -> None:
    async with Asterisk(endpoints=[Endpoint(name="1001")]) as pbx:
        assert "Asterisk 22" in await pbx.cli("core show version")
        assert [line for line in pbx.log.read_text().splitlines() if " ERROR[" in line or " WARNING[" in line] == []
        assert await pbx.channels() == []
        assert listens_wildcard_tcp(pbx.pid) == []
        for module in ("res_agi", "chan_pjsip", "app_queue", "res_musiconhold", "app_mixmonitor", "app_chanspy"):
            assert "Running" in await pbx.cli(f"module show like {module}.so"), module


async def test_nothing_is_left_after_stop() -> None:
    async with Asterisk() as pbx:
        pid, folder = pbx.pid, pbx.folder
        assert mounted(pid, Path("/rig")) == [Path("/rig")]
        assert mounted(os.getpid(), folder, provision(pbx.release)) == []
        assert exists(folder)
    assert not is_alive(pid)
    assert not exists(folder)


async def test_several_at_a_time_are_apart() -> None:
    async with Asterisk(endpoints=[Endpoint(name="1001")]) as one, Asterisk() as two, Asterisk() as three:
        assert len({pbx.sip_port for pbx in (one, two, three)}) == 3
        await asyncio.gather(*(pbx.cli(f"database put rig who {pbx.sip_port}") for pbx in (one, two, three)))
        for pbx in (one, two, three):
            assert f"Value: {pbx.sip_port}" in await pbx.cli("database get rig who")
        assert "1001" in await one.cli("pjsip list endpoints")
        assert "1001" not in await two.cli("pjsip list endpoints")


PARENT = """
import asyncio, sys
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.sipp import Sipp

async def main():
    pbx = Asterisk()
    await pbx.start()
    phone = Sipp("uas-answers", calls=None)
    await phone.start()
    print(pbx.pid, pbx.folder, phone.pid, phone.folder, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_nothing_is_left_when_the_parent_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    line = await asyncio.wait_for(parent.stdout.readline(), 60)
    words = line.decode().split()
    pids, folders = [int(words[0]), int(words[2])], [Path(words[1]), Path(words[3])]
    assert all(is_alive(pid) for pid in pids)
    assert all(exists(folder) for folder in folders)
    parent.kill()
    await parent.wait()
    await eventually(lambda: not any(map(is_alive, pids)), "Asterisk and SIPp die with their parent")
    await eventually(lambda: not any(map(exists, folders)), "the folders go with their parent")


async def test_a_start_that_fails_says_why_and_leaves_nothing() -> None:
    pbx = Asterisk(fragments={"modules.conf": "require => no_such.so\n"})
    with pytest.raises(AsteriskError, match="ended while it started"):
        await pbx.start()
    assert not pbx.is_running
    with pytest.raises(AsteriskError, match="not prepared"):
        _ = pbx.folder


def stored(pbx: Asterisk) -> set[str]:
    with closing(sqlite3.connect(pbx.folder / "lib/astdb.sqlite3")) as database:
        return {key for (key,) in database.execute("SELECT key FROM astdb")}


async def test_killed_it_comes_back_on_its_ports_with_its_database() -> None:
    async with Asterisk(endpoints=[Endpoint(name="1001")]) as pbx, Phone.of(pbx, "1001"):
        ports, pid = pbx.ports, pbx.pid
        await pbx.cli("database put rig kept yes")
        # Asterisk writes its database once a second; what is younger is lost with it.
        await eventually(lambda: "/rig/kept" in stored(pbx), "the entry is on the disk")
        await pbx.kill()
        assert not pbx.is_running
        assert not is_alive(pid)
        with pytest.raises(AsteriskError, match="not running"):
            await pbx.cli("core show version")
        await pbx.start()
        assert pbx.ports == ports
        assert pbx.pid != pid
        assert "yes" in await pbx.cli("database get rig kept")
        assert await pbx.registered() == {"1001"}
        await pbx.restart()
        assert pbx.ports == ports
        assert await pbx.registered() == {"1001"}


async def test_frozen_it_is_silent_and_thawed_it_answers() -> None:
    async with Asterisk() as pbx, AmiClient.of(pbx) as ami:
        pbx.pause()
        ping = asyncio.create_task(ami.action("Ping"))
        done, _ = await asyncio.wait([ping], timeout=0.5)
        assert not done
        pbx.resume()
        assert (await asyncio.wait_for(ping, 30))["Ping"] == "Pong"


async def test_fragments_add_to_the_configuration_or_replace_it() -> None:
    def user(pbx: Asterisk) -> str:
        return f"[other]\nsecret=demo-only-other\nread=all\nwrite=all\n; port {pbx.ami_port}\n"

    dialplan = "[from-carrier]\nexten => 900,1,Answer()\n same => n,Playback(prompt/hello)\n same => n,Hangup()\n"
    async with Asterisk(
        fragments={"manager.conf": user, "extensions.conf": dialplan, "pjsip.conf": "[added]\ntype=endpoint\n"},
        ami_user="other",
        ami_secret="demo-only-other",
        sounds={"prompt/hello": tones.to_wav(tones.tone(1310, 1.5))},
    ) as pbx:
        async with AmiClient.of(pbx) as ami:
            assert (await ami.action("Ping"))["Ping"] == "Pong"
        with pytest.raises(AmiError, match="Authentication failed"):
            async with AmiClient(pbx.host, pbx.ami_port, "ctid", pbx.ami_secret):
                pass
        assert "added" in await pbx.cli("pjsip list endpoints")
        async with Phone.outside(pbx) as caller:
            call = await caller.call("900")
            await call.until_heard(1310, 0.5)
            await call.until("ended")
            refused = await (await caller.call("600")).until("ended")
            assert refused.status == 404


async def test_the_recorder_keeps_the_stream_byte_for_byte(tmp_path: Path) -> None:
    async with Asterisk() as pbx:
        async with (
            AmiRecorder(pbx, tmp_path / "stream") as recorder,
            AmiClient.of(pbx) as ami,
            Phone.outside(pbx) as caller,
        ):
            call = await (await caller.call("600")).until("answered")
            call.hang_up()
            await ami.wait_event("Hangup")
            # Its own connection may be told later.
            await eventually(lambda: b"\nEvent: Hangup\r\n" in recorder.path.read_bytes(), "the end is recorded")
        data = recorder.path.read_bytes()
    assert len(data) == recorder.size
    assert data.startswith(b"Asterisk Call Manager/")
    assert data.endswith(b"\r\n\r\n")
    for event in (b"Newchannel", b"VarSet", b"Hangup"):
        assert b"\r\n\r\nEvent: " + event + b"\r\n" in data


async def test_the_client_tells_what_it_missed() -> None:
    async with Asterisk() as pbx, AmiClient.of(pbx) as ami:
        await ami.wait_event("FullyBooted")
        with pytest.raises(TimeoutError, match=r"the last were:.*FullyBooted"):
            await ami.wait_event("NeverSent", timeout=0.3)
        with pytest.raises(AmiError, match="Invalid/unknown command"):
            await ami.action("NoSuchAction")
        await pbx.kill()
        with pytest.raises(AmiError, match="link ended"):
            await ami.wait_event("NeverSent")


async def test_the_command_line_runs_one_until_interrupted(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sip_test_rig", "run", "--phones", "1", "--record", str(tmp_path / "stream")),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    lines = [(await asyncio.wait_for(process.stdout.readline(), 60)).decode() for _ in range(6)]
    assert lines[0].startswith("SIP    udp 127.0.0.1:")
    folder = Path(lines[4].split()[1])
    assert exists(folder)
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert not exists(folder)
    assert (tmp_path / "stream").read_bytes().startswith(b"Asterisk Call Manager/")
