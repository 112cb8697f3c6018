"""File systems that stall: texts are left out soon, all else goes on, and when they are back texts are heard again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from ctid.errors import SpeechError
from ctid.model.speech import Speech
from ctid.speech.disk import THREADS, Disk, StalledError
from ctid.speech.speaker import Speaker
from sip_test_rig.eventually import eventually
from tests.speech.conftest import Running
from tests.speech.engines import Engine, sine
from tests.speech.stalling import MAX_SECONDS, OPERATIONS, Stalling
from tests.speech.test_speaker import HELLO

SECONDS = 0.5
"""How long callers wait here."""


def text(words: str) -> Speech:
    return Speech(text=words, language="en")


@asynccontextmanager
async def never_held_up() -> AsyncIterator[None]:
    """The loop does other things meanwhile: were it held with a file, it would be so until nobody can wake it."""
    loop = asyncio.get_running_loop()
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            gaps.append(loop.time() - before)

    ticking = asyncio.create_task(tick())
    yield
    ticking.cancel()
    assert max(gaps) < MAX_SECONDS / 2


async def spoken(speaker: Speaker, speech: Speech = HELLO) -> bool:
    try:
        return bool(await speaker.file("main", speech))
    except SpeechError:
        return False


async def test_no_file_is_touched_on_the_loop(
    engine: Engine, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = engine.spec(recorded=tmp_path / "recorded", max_mb=1)
    stalling = Stalling(monkeypatch, spec.folder, tmp_path / "recorded")
    async with running(spec) as speaker:
        speaker.prepare([text("Known.")])
        for speech in (HELLO, HELLO, text("Other.")):
            await speaker.file("main", speech)
        engine.becomes("exit 1")
        assert not await spoken(speaker, text("Bad."))
        await eventually(lambda: stalling.touched == OPERATIONS.keys(), "all was done")
    assert stalling.on_loop == []


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_disk_that_stalls_costs_texts_and_holds_nothing_up(
    engine: Engine, running: Running, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    spec = engine.spec(seconds=SECONDS)
    stalling = Stalling(monkeypatch, spec.folder)
    with structlog.testing.capture_logs() as logs:
        async with running(spec) as speaker, never_held_up():
            stalling.stall(operation)
            began = time.monotonic()
            first = await asyncio.gather(*(spoken(speaker, text(f"{n}")) for n in range(2 * THREADS)))
            assert time.monotonic() - began < THREADS * SECONDS, "they wait side by side"
            if operation in ("stat", "open", "mkstemp"):
                # Each text needs these.
                assert not any(first)
                await eventually(lambda: any(each["event"] == "speech.disk_stalled" for each in logs), "it is told")
                began = time.monotonic()
                for n in range(20):
                    assert not await spoken(speaker, text(f"next {n}"))
                assert time.monotonic() - began < 10 * SECONDS, "whoever comes later does not wait for the same"
            threads = [each for each in threading.enumerate() if each.name == "speech-disk"]
            assert stalling.held <= len(threads) <= THREADS
            stalling.come_back()
            await eventually(lambda: spoken(speaker), "when it is back, texts are heard again")
            for n in range(2 * THREADS):
                await eventually(lambda n=n: spoken(speaker, text(f"{n}")), "those that were left out, too")
    assert "Hello" not in str(logs)
    assert [each["event"] for each in logs].count("speech.disk_stalled") <= 1


async def test_recordings_that_can_not_be_reached_are_spoken_by_the_voice(
    engine: Engine, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    stalling = Stalling(monkeypatch, recorded)
    with structlog.testing.capture_logs() as logs:
        async with running(engine.spec(recorded=recorded, seconds=4)) as speaker, never_held_up():
            stalling.stall()
            assert await speaker.file("main", HELLO)
            began = time.monotonic()
            for n in range(20):
                assert await speaker.file("main", HELLO), n
            assert time.monotonic() - began < 20, "only who comes first waits for it"
            stalling.come_back()
    assert {"speech.disk_stalled"} <= {each["event"] for each in logs}


async def test_a_pipe_is_no_recording(engine: Engine, running: Running, tmp_path: Path) -> None:
    recorded = tmp_path / "recorded"
    async with running(engine.spec(recorded=recorded)) as speaker:
        speaker.prepare([HELLO])
        await eventually(lambda: (recorded / "texts.csv").exists(), "the list is written")
        file = (recorded / "texts.csv").read_text().splitlines()[1].rpartition(",")[2]
        (recorded / file).parent.mkdir()
        os.mkfifo(recorded / file)
        voice = await speaker.file("main", HELLO)
        (recorded / file).unlink()
        (recorded / file).write_bytes(sine(500))
        assert await speaker.file("main", HELLO) != voice


async def test_one_file_that_hangs_for_ever_leaves_the_others(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 0.5, threads=2, rest_seconds=1.5)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StalledError):
        await disk.do((tmp_path / "pipe").read_bytes)
    with pytest.raises(StalledError):
        await disk.do(lambda: 1)

    async def works() -> bool:
        try:
            return await disk.do(lambda: True)
        except StalledError:
            return False

    await eventually(works, "after a rest, one tries")
    assert await asyncio.gather(*(works() for _ in range(10))) == [True] * 10
    for _ in range(2):
        # One more hangs: no thread is left, and nobody waits for one.
        with pytest.raises(StalledError):
            await disk.do((tmp_path / "pipe").read_bytes)
    with structlog.testing.capture_logs() as logs:
        (tmp_path / "pipe").write_bytes(b"")
        await eventually(works, "what was held comes back")
        await eventually(lambda: [each["event"] for each in logs] == ["speech.disk_back"], "it is told")


async def test_work_reports_what_came_of_it(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 5, threads=1)
    with pytest.raises(FileNotFoundError):
        await disk.do((tmp_path / "nothing").read_bytes)
    done: list[str] = []
    disk.soon((tmp_path / "nothing").read_bytes)
    disk.soon(lambda: done.append("soon"))
    given_up = asyncio.create_task(disk.do(lambda: done.append("given up")))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await disk.do(lambda: 7) == 7
    assert done[0] == "soon"


ENDS = """
import asyncio, os, sys
from pathlib import Path
from ctid.speech.disk import Disk, StalledError

async def main(pipe):
    try:
        await Disk(pipe.parent, 0.1).do(pipe.read_bytes)
    except StalledError:
        print("stalled")

asyncio.run(main(Path(sys.argv[1])))
"""


def test_the_process_ends_though_a_disk_stalls(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(
        [sys.executable, "-c", ENDS, str(tmp_path / "pipe")], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.endswith("\nstalled\n")
