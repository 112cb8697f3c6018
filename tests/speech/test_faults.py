"""Engines and disks that fail: each costs one text, soon and without its words in a log, and is tried again later."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog
import uvloop

from ctid.errors import SpeechError
from ctid.model.speech import Speech
from ctid.speech import engine as voice
from ctid.speech.turns import Turns
from ctid.telemetry.metrics import Metrics
from sip_test_rig.eventually import eventually
from tests.speech.conftest import Running
from tests.speech.engines import Engine
from tests.speech.test_speaker import HELLO, counted

FAULTS = {
    "exits 1": ("exit 1", "ended with status 1"),
    "is killed": ("kill -9 $$", "ended with status -9"),
    "writes nothing": ("exit 0", "nothing was written"),
    "takes the file away": ('rm "$0"', "can't be read"),
    "writes garbage": ('head -c 5000 /dev/urandom >"$0"', "no WAV file"),
    "writes half a header": ('head -c 20 "$good" >"$0"', "no WAV file"),
    "writes without end": ('cat /dev/zero >"$0"', "ended with status"),
    "prints without end": ("yes | head -c 50000000; yes | head -c 50000000 >&2; exit 3", "ended with status 3"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_engine_that_fails_costs_the_text_and_no_more(
    engine: Engine, running: Running, metrics: Metrics, fault: str
) -> None:
    script, detail = FAULTS[fault]
    engine.becomes(script)
    spec = engine.spec()
    with structlog.testing.capture_logs() as logs:
        async with running(spec, rest_seconds=300) as speaker:
            with pytest.raises(SpeechError, match=detail):
                await speaker.file("main", HELLO)
            # Whoever asks next does not wait for the same again.
            with pytest.raises(SpeechError, match=detail):
                await speaker.file("main", HELLO)
            assert len(engine.texts) == 1
            assert counted(metrics, "failed") == 1
            engine.becomes('cat "$good" >"$0"')
            # Another text may be better.
            await speaker.file("main", Speech(text="Goodbye.", language="en"))
        engine.becomes(script)
        async with running(spec, rest_seconds=0.1) as speaker:
            with pytest.raises(SpeechError, match=detail):
                await speaker.file("main", HELLO)
            engine.becomes('cat "$good" >"$0"')

            async def spoken() -> bool:
                try:
                    return bool(await speaker.file("main", HELLO))
                except SpeechError:
                    return False

            await eventually(spoken, "after a rest it is tried again")
    assert "Hello" not in str(logs)
    assert [each["event"] for each in logs] == ["speech.failed"] * 2
    assert len(list((spec.folder / "en").iterdir())) == 2


def test_an_engine_that_ends_before_it_can_be_written_to_is_waited_for(tmp_path: Path) -> None:
    async def often() -> None:
        for _ in range(50):
            await voice.run(["true", "{file}"], HELLO.text, tmp_path / "hello.wav", 10)

    # The daemon's loop, which tells of it in its own way.
    uvloop.run(often())


async def test_an_engine_sees_no_secrets(
    engine: Engine, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMI_SECRET", "demo-only")
    engine.becomes(f'env >{tmp_path}/seen; cat "$good" >"$0"')
    async with running(engine.spec()) as speaker:
        await speaker.file("main", HELLO)
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "AMI_SECRET" not in seen


async def test_an_engine_that_is_missing_fails_at_once_for_all_texts(running: Running, engine: Engine) -> None:
    spec = engine.spec(voices={"en": {"command": ["ctid-no-such-engine", "{file}"]}})
    async with running(spec) as speaker:
        for text in "abc":
            with pytest.raises(SpeechError, match="ctid-no-such-engine cannot be started: No such file"):
                await speaker.file("main", Speech(text=text, language="en"))
    assert not list((spec.folder / "en").iterdir())


async def test_an_engine_that_hangs_is_killed_with_all_it_started_and_costs_few_a_wait(
    engine: Engine, running: Running, tmp_path: Path
) -> None:
    engine.becomes(f"sleep 1000 & echo $! $$ >>{tmp_path}/pids; wait")
    async with running(engine.spec(seconds=0.5, parallel=2)) as speaker:
        began = time.monotonic()
        asked = [speaker.file("main", Speech(text=str(n), language="en")) for n in range(80)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(answer, SpeechError) for answer in answers), answers
        # All at the same time, as long as one engine may take; without a rest it would be ten times as long.
        assert time.monotonic() - began < 10
        assert len(engine.texts) <= 4
        with pytest.raises(SpeechError, match=r"did not end within 0\.5 s"):
            await speaker.file("main", Speech(text="81", language="en"))
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        await eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "nothing of it is left")


async def test_a_speaker_that_ends_leaves_no_engine_behind(engine: Engine, running: Running, tmp_path: Path) -> None:
    engine.becomes(f"echo $$ >{tmp_path}/pid; sleep 1000")
    async with running(engine.spec()) as speaker:
        asking = asyncio.create_task(speaker.file("main", HELLO))
        await eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "", "it runs")
    with pytest.raises(asyncio.CancelledError):
        await asking
    pid = int((tmp_path / "pid").read_text())
    await eventually(lambda: not Path(f"/proc/{pid}").exists(), "it is gone")


async def test_a_slow_engine_is_waited_for_no_longer_than_said_and_serves_the_next(
    engine: Engine, running: Running
) -> None:
    """Many texts at once: who has to wait for a turn does not wait longer than for an engine."""
    engine.becomes('sleep 0.5; cat "$good" >"$0"')
    async with running(engine.spec(seconds=2.5, parallel=1)) as speaker:
        texts = [Speech(text=str(n), language="en") for n in range(10)]
        began = time.monotonic()
        answers = await asyncio.gather(*(speaker.file("main", text) for text in texts), return_exceptions=True)
        assert time.monotonic() - began < 10 * 0.5
        assert isinstance(answers[0], str)
        late = [number for number, answer in enumerate(answers) if "not there within 2.5 s" in str(answer)]
        assert late
        await eventually(lambda: len(engine.texts) == 10, "all are rendered in the end")

        async def spoken() -> bool:
            try:
                return bool(await speaker.file("main", texts[late[-1]]))
            except SpeechError:
                return False

        await eventually(spoken, "those who came too late, too")


async def test_a_crowd_that_has_given_up_makes_nobody_late_who_comes_after_it(engine: Engine, running: Running) -> None:
    engine.becomes('sleep 0.5; cat "$good" >"$0"')
    async with running(engine.spec(seconds=3, parallel=1)) as speaker:
        crowd = [speaker.file("main", Speech(text=str(n), language="en")) for n in range(40)]
        answers = await asyncio.gather(*crowd, return_exceptions=True)
        assert 1 <= sum(isinstance(answer, str) for answer in answers) < 10
        # Seventeen seconds of work are before it; it has three.
        assert await speaker.file("main", HELLO)
        assert await speaker.file("main", Speech(text="Another one.", language="en"))
        # What nobody waits for is rendered as soon as there is time, for whoever asks for it again.
        done = len(engine.texts)
        await eventually(lambda: len(engine.texts) > done + 2, "the others have their turn")


async def test_those_whose_time_is_over_are_given_up_if_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctid.speech.turns.MAX_LATE", 2)
    turns, served = Turns(1, 0), list[int]()

    async def one(which: int) -> None:
        async with turns:
            served.append(which)

    async with turns:
        tasks = [asyncio.create_task(one(which)) for which in range(4)]
        tasks.append(asyncio.create_task(one(9)))
        await asyncio.sleep(0.01)
        tasks[4].cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [SpeechError, SpeechError, type(None), type(None), asyncio.CancelledError]
    assert sorted(served) == [2, 3]
    async with turns:
        pass


@pytest.mark.parametrize("folder", ["/proc/ctid-speech", "/dev/null/speech"])
async def test_a_folder_that_cannot_be_written_is_told(engine: Engine, running: Running, folder: str) -> None:
    with structlog.testing.capture_logs() as logs:
        async with running(engine.spec(folder=folder, recorded=folder)) as speaker:
            speaker.prepare([Speech(text="Known.", language="en")])
            with pytest.raises(SpeechError, match="can't be written"):
                await speaker.file("main", HELLO)
            await eventually(lambda: any(each["event"] == "speech.unprepared" for each in logs), "it was tried")
    events = {each["event"] for each in logs}
    assert {"speech.folder_unusable", "speech.list_not_written", "speech.failed", "speech.unprepared"} <= events
    assert "Hello" not in str(logs)


DISK_FULL = """
import asyncio, os, sys
from pathlib import Path
from ctid.errors import SpeechError
from ctid.model.speech import Speech
from ctid.speech.speaker import Speaker
from ctid.telemetry.metrics import Metrics
from tests.speech.engines import Engine

async def main(scripts, disk):
    engine = Engine(scripts)
    speaker = Speaker(engine.spec(folder=disk), {"main": "/there"}, Metrics("0"), rest_seconds=0.0)
    told = []
    for n in range(12):
        try:
            await speaker.file("main", Speech(text=str(n), language="en"))
            told.append("good")
        except SpeechError as error:
            told.append(error.detail)
    whole = [path.stat().st_size for path in (disk / "en").iterdir()]
    for path in (disk / "en").iterdir():
        path.unlink()
    await speaker.file("main", Speech(text="again", language="en"))
    speaker.close()
    print(told.count("good"), len(whole), len(set(whole)), sorted(set(told) - {"good"}))

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def test_a_full_disk_costs_texts_but_leaves_nothing_half_done(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    # A mount of its own, which is gone with the process.
    run = f'mount -t tmpfs -o size=64k tmpfs {disk} && exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", run, "sh", sys.executable, "-c", DISK_FULL, str(tmp_path), str(disk)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    good, files, sizes, rest = done.stdout.splitlines()[-1].split(maxsplit=3)
    assert 0 < int(good) < 12
    assert (int(files), int(sizes)) == (int(good), 1)
    assert "No space left" in rest or "ended with status" in rest
