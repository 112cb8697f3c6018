"""The recorder: what is told is done for good, what fails is tried again or told of, and nothing is lost by a kill."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import io
import os
import threading
import time
import wave
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ctid.errors import NotFoundError, StoreError
from ctid.model.commands import DiscardRecording, StoreRecording
from ctid.model.events import Event, RecordingSettled, RecordingSpaceTold
from ctid.model.recording import RecordingKind, StoredRecording
from ctid.recordings import recorder as module
from ctid.recordings.recorder import Recorder
from ctid.recordings.sealed import Keys
from ctid.recordings.spool import Spool
from ctid.recordings.vault import Vault
from ctid.telemetry.metrics import Metrics
from tests.recordings.samples import recording, silence, voice, write

KEY = base64.b64encode(bytes(32)).decode()
REST_S = 0.05


class Index:
    """The database, which may be away."""

    def __init__(self) -> None:
        self.known: dict[str, StoredRecording] = {}
        self.away = False

    def _there(self) -> None:
        if self.away:
            raise StoreError("the database is away")

    async def save(self, recording: StoredRecording) -> None:
        self._there()
        self.known[recording.id] = recording

    async def get(self, recording_id: str) -> StoredRecording | None:
        self._there()
        return self.known.get(recording_id)

    async def expired(self, utc_ms: int, limit: int) -> list[StoredRecording]:
        self._there()
        return [each for each in self.known.values() if each.expires_at <= utc_ms][:limit]

    async def remove(self, recording_id: str) -> None:
        self._there()
        self.known.pop(recording_id, None)


class Rig:
    """A recorder with a spool and a vault of its own; it can be killed and begun anew."""

    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder / "spool")
        self.spool.folder.mkdir()
        self.vault = Vault(folder / "vault", Keys(KEY), 0)
        self.index = Index()
        self.events: list[Event] = []
        self.known: list[str] = []
        self.metrics = Metrics("test")
        self.rest_seconds = REST_S
        self.nobodys_seconds = 3_600.0
        self.recorder = self._made()
        self._task: asyncio.Task[None] | None = None

    def _made(self) -> Recorder:
        return Recorder(
            self.vault,
            {"main": self.spool},
            self.index,
            self.events.append,
            lambda: self.known,
            self.metrics,
            site="demo",
            retention_days=90,
            rest_seconds=self.rest_seconds,
            nobodys_seconds=self.nobodys_seconds,
        )

    def start(self) -> None:
        self.recorder = self._made()
        self._task = asyncio.create_task(self.recorder.run())

    async def kill(self) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.recorder.close()

    def settled(self) -> list[RecordingSettled]:
        return [event for event in self.events if isinstance(event, RecordingSettled)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110 - the condition is of any kind
                await asyncio.sleep(0.005)

    async def audio(self, stored: StoredRecording) -> bytes:
        return b"".join([piece async for piece in self.recorder.audio(stored, 0, stored.size)])


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    for name in ("RETRY_SECONDS", "RETRY_MAX_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(module, name, 0.05)
    rig = Rig(tmp_path)
    rig.start()
    yield rig
    await rig.kill()


STORE = StoreRecording(site="demo", recording=recording(seconds=1))


async def test_in_the_store_before_it_is_told_and_out_of_the_spool(rig: Rig) -> None:
    write(rig.spool.folder, "rc-e1-1", voice(1, 7), voice(1, 8))
    rig.recorder.put(STORE)
    await rig.until(lambda: bool(rig.settled()))
    (event,) = rig.settled()
    assert event.stored == rig.index.known["rc-e1-1"]
    assert list(rig.spool.folder.iterdir()) == []
    assert (await rig.audio(event.stored))[:4] == b"RIFF"


async def test_it_waits_until_nothing_is_written_any_more(rig: Rig) -> None:
    await rig.kill()
    rig.rest_seconds = 1.0
    rig.start()
    write(rig.spool.folder, "rc-e1-1", voice(0.1, 7), voice(0.1, 8))
    rig.recorder.put(STORE)
    # Longer than a file has to rest, but never so long without a change.
    for _ in range(10):
        await asyncio.sleep(0.15)
        assert not rig.settled()
        for path in rig.spool.folder.iterdir():
            with path.open("ab") as file:
                file.write(voice(0.1, 7))
    await rig.until(lambda: bool(rig.settled()))
    assert rig.index.known["rc-e1-1"].duration_ms == 1_100
    await rig.kill()


async def test_what_the_pbx_never_wrote_is_told_as_failed(rig: Rig) -> None:
    rig.recorder.put(STORE)
    await rig.until(lambda: bool(rig.settled()))
    assert rig.settled() == [RecordingSettled(recording_id="rc-e1-1", failure="missing")]
    write(rig.spool.folder, "rc-e1-1", b"", b"")
    rig.recorder.put(STORE)
    await rig.until(lambda: len(rig.settled()) == 2)
    assert rig.settled()[1].failure == "empty"


async def test_discarded(rig: Rig) -> None:
    write(rig.spool.folder, "rc-e1-1", voice(1, 7), voice(1, 8))
    rig.recorder.put(DiscardRecording(pbx="main", recording_id="rc-e1-1"))
    await rig.until(lambda: bool(rig.settled()))
    assert rig.settled() == [RecordingSettled(recording_id="rc-e1-1")]
    assert list(rig.spool.folder.iterdir()) == []
    assert rig.index.known == {}


async def test_a_database_that_is_away_delays_it_and_loses_nothing(rig: Rig) -> None:
    rig.index.away = True
    write(rig.spool.folder, "rc-e1-1", voice(1, 7), voice(1, 8))
    rig.recorder.put(STORE)
    await rig.until(lambda: any(rig.vault.folder.rglob("*.rec")))
    assert not rig.settled()
    assert len(list(rig.spool.folder.iterdir())) == 2
    rig.index.away = False
    await rig.until(lambda: bool(rig.settled()))
    assert rig.settled()[0].stored is not None


async def test_a_spool_that_is_away_is_waited_for(rig: Rig, tmp_path: Path) -> None:
    write(rig.spool.folder, "rc-e1-1", voice(1, 7), voice(1, 8))
    rig.spool.folder.rename(tmp_path / "unmounted")
    await rig.until(lambda: RecordingSpaceTold(fault="folder_missing") in rig.events)
    rig.recorder.put(STORE)
    await asyncio.sleep(4 * REST_S)
    assert not rig.settled()
    (tmp_path / "unmounted").rename(rig.spool.folder)
    await rig.until(lambda: bool(rig.settled()))
    assert rig.settled()[0].stored is not None
    await rig.until(lambda: rig.events[-1] == RecordingSpaceTold(fault="") or rig.recorder.fault == "")


@pytest.mark.parametrize("gone", ["nobody may write", "unmounted in the middle"])
async def test_a_vault_that_refuses_is_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    write(rig.spool.folder, "rc-e1-1", voice(1, 7), voice(1, 8))
    tries: list[str] = []
    with monkeypatch.context() as patch:
        error = PermissionError(errno.EROFS, "") if gone == "nobody may write" else FileNotFoundError()

        def refuses(_: int) -> None:
            tries.append(gone)
            raise error

        patch.setattr(os, "fsync", refuses)
        rig.recorder.put(STORE)
        await rig.until(lambda: len(tries) > 1)
        assert not rig.settled()
        assert len(list(rig.spool.folder.iterdir())) == 2
    await rig.until(lambda: bool(rig.settled()))
    assert rig.settled()[0].stored is not None


@pytest.mark.parametrize("step", ["keep", "save", "remove"])
async def test_killed_at_every_step_and_begun_anew(rig: Rig, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The next process is told by the engine of what was not settled, and comes to the same end."""
    write(rig.spool.folder, "rc-e1-1", voice(1, 7), voice(1, 8))
    owner = {"keep": rig.vault, "save": rig.index, "remove": rig.spool}[step]
    done, killed = asyncio.Event(), threading.Event()
    loop, original = asyncio.get_running_loop(), getattr(owner, step)

    if step == "save":

        async def save(recording: StoredRecording) -> None:
            await original(recording)
            done.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(owner, step, save)
    else:

        def then_stop(*args: object) -> object:
            result = original(*args)
            loop.call_soon_threadsafe(done.set)
            # The daemon is killed in the meantime; in a thread nobody hears of that.
            killed.wait(30)
            return result

        monkeypatch.setattr(owner, step, then_stop)
    rig.recorder.put(STORE)
    await asyncio.wait_for(done.wait(), 30)
    await rig.kill()
    killed.set()
    assert not rig.settled()
    monkeypatch.undo()
    rig.start()
    rig.recorder.put(STORE)
    await rig.until(lambda: bool(rig.settled()))
    (event,) = rig.settled()
    assert event.stored is not None
    assert rig.index.known["rc-e1-1"] == event.stored
    assert list(rig.spool.folder.iterdir()) == []
    assert len(list(rig.vault.folder.rglob("*.rec"))) == 1
    assert len(await rig.audio(event.stored)) == event.stored.size
    await rig.kill()


async def test_files_that_nobody_knows_are_taken_in(rig: Rig) -> None:
    await rig.kill()
    write(rig.spool.folder, "rc-e0-1", voice(1, 7), silence(1))
    write(rig.spool.folder, "rc-e0-2", voice(1, 7), silence(1))
    write(rig.spool.folder, "rc-e0-3", voice(1, 7), silence(1))
    (rig.spool.folder / "somebody-elses.wav").write_bytes(b"x")
    hours_ago = time.time() - 7_200
    for path in rig.spool.folder.iterdir():
        if "rc-e0-3" not in path.name:
            os.utime(path, (hours_ago, hours_ago))
    rig.known = ["rc-e0-2"]
    rig.start()
    await rig.until(lambda: bool(rig.settled()))
    (event,) = rig.settled()
    assert event.stored is not None
    assert (event.stored.id, event.stored.result, event.stored.contact_id) == ("rc-e0-1", "found", "")
    assert abs(event.stored.ended_at - hours_ago * 1_000) < 1_000
    assert sorted({path.name[:7] for path in rig.spool.folder.iterdir()}) == ["rc-e0-2", "rc-e0-3", "somebod"]
    await rig.kill()


async def test_a_file_that_cannot_be_looked_at_ends_nothing(rig: Rig) -> None:
    """A recorder that ends takes the whole daemon with it."""
    await rig.kill()
    (rig.spool.folder / "rc-e0-9-agent.sln").symlink_to("rc-e0-9-agent.sln")
    write(rig.spool.folder, "rc-e0-1", voice(1, 7), silence(1))
    hours_ago = time.time() - 7_200
    for path in rig.spool.folder.glob("rc-e0-1*"):
        os.utime(path, (hours_ago, hours_ago))
    rig.start()
    await rig.until(lambda: bool(rig.settled()))
    assert [each.recording_id for each in rig.settled()] == ["rc-e0-1"]
    await rig.kill()


async def test_what_is_too_old_is_deleted_with_its_file(rig: Rig) -> None:
    await rig.kill()
    kept = rig.vault.keep("rc-old", datetime.now(UTC), iter([b"x"]))
    old = StoredRecording(
        id="rc-old", site="demo", contact_id="ct", agent_id="alice", queue="sales", ani="", began_at=0, ended_at=1,
        duration_ms=1, size=1, sha256=kept.sha256, file=kept.file, encrypted=True, on_demand=False, result="",
        expires_at=round(time.time() * 1_000) - 1,
    )  # fmt: skip
    fresh = msgspec.structs.replace(old, id="rc-new", expires_at=2**52)
    for each in (old, fresh):
        await rig.index.save(each)
    rig.start()
    await rig.until(lambda: list(rig.index.known) == ["rc-new"])
    assert not list(rig.vault.folder.rglob("*.rec"))
    await rig.kill()


async def test_what_cannot_be_deleted_keeps_nothing_else_from_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PURGE_BATCH", 2)
    await rig.kill()
    for number in range(8):
        kept = rig.vault.keep(f"rc-{number}", datetime.now(UTC), iter([b"x"]))
        if number in (0, 1, 2, 5):
            (rig.vault.folder / kept.file).unlink()
            (rig.vault.folder / kept.file).mkdir()
        await rig.index.save(
            StoredRecording(
                id=f"rc-{number}", site="demo", contact_id="ct", agent_id="alice", queue="sales", ani="", began_at=0,
                ended_at=1, duration_ms=1, size=1, sha256=kept.sha256, file=kept.file, encrypted=True, on_demand=False,
                result="", expires_at=number,
            )
        )  # fmt: skip
    rig.start()
    await rig.until(lambda: list(rig.index.known) == ["rc-0", "rc-1", "rc-2", "rc-5"])
    assert not [path for path in rig.vault.folder.rglob("*.rec") if path.is_file()]
    await rig.kill()


async def test_deleted_by_somebody(rig: Rig) -> None:
    write(rig.spool.folder, "rc-e1-1", voice(1, 7), voice(1, 8))
    rig.recorder.put(STORE)
    await rig.until(lambda: bool(rig.settled()))
    await rig.recorder.remove("rc-e1-1")
    assert (rig.index.known, list(rig.vault.folder.rglob("*.rec"))) == ({}, [])
    with pytest.raises(NotFoundError):
        await rig.recorder.remove("rc-e1-1")


async def test_the_loop_turns_while_a_long_one_is_taken_in(rig: Rig) -> None:
    """Twenty minutes of a call: no turn of the loop waits for the file."""
    write(rig.spool.folder, "rc-e1-1", voice(1_200, 7), voice(1_200, 8))
    rig.recorder.put(StoreRecording(site="demo", recording=recording(seconds=1_200)))
    # By what this thread works itself: a machine that stalls holds up every thread.
    longest, turns, last = 0.0, 0, time.thread_time()
    async with asyncio.timeout(120):
        while not rig.settled():
            await asyncio.sleep(0.001)
            now = time.thread_time()
            longest, turns, last = max(longest, now - last), turns + 1, now
    assert longest < 0.1, f"a turn of the loop worked for {longest:.3f} s"
    assert turns > 10


def message(kind: RecordingKind = RecordingKind.VOICEMAIL, name: str = "rc-e1-1") -> StoreRecording:
    return StoreRecording(site="demo", recording=msgspec.structs.replace(recording(name, seconds=2), kind=kind))


@pytest.mark.parametrize("kind", [RecordingKind.VOICEMAIL, RecordingKind.STATEMENT])
async def test_a_message_has_one_channel(rig: Rig, kind: RecordingKind) -> None:
    write(rig.spool.folder, "rc-e1-1", voice(2, 7), None)
    rig.recorder.put(message(kind))
    await rig.until(lambda: bool(rig.settled()))
    stored = rig.settled()[0].stored
    assert stored is not None
    assert (stored.kind, stored.duration_ms) == (kind, 2_000)
    with wave.open(io.BytesIO(await rig.audio(stored))) as reader:
        assert (reader.getnchannels(), reader.getframerate(), reader.getnframes()) == (1, 8_000, 16_000)
        assert reader.readframes(16_000) == voice(2, 7)


@pytest.mark.parametrize("kind", [RecordingKind.VOICEMAIL, RecordingKind.STATEMENT])
@pytest.mark.parametrize("said", [None, b"", voice(0.3, 7)])
async def test_who_hangs_up_with_the_beep_has_left_nothing(rig: Rig, said: bytes | None, kind: RecordingKind) -> None:
    write(rig.spool.folder, "rc-e1-1", said, None)
    rig.recorder.put(message(kind))
    await rig.until(lambda: bool(rig.settled()))
    assert rig.settled() == [RecordingSettled(recording_id="rc-e1-1", failure="empty")]
    assert list(rig.spool.folder.iterdir()) == []
