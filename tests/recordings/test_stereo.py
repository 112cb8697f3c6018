"""Two files of one channel become one of two."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ctid.errors import RecordingError
from ctid.model.recording import Recording, StoredRecording
from ctid.recordings.intake import take_in
from ctid.recordings.sealed import Keys
from ctid.recordings.spool import Spool
from ctid.recordings.stereo import skipped_ms
from ctid.recordings.vault import Vault
from tests.recordings.samples import UTC_MS, recording, silence, voice, write


class Folder:
    """A spool and a vault."""

    def __init__(self, tmp_path: Path) -> None:
        self.spool = Spool(tmp_path / "spool")
        self.vault = Vault(tmp_path / "vault", Keys(None), 0)

    def take(self, which: Recording) -> tuple[StoredRecording, npt.NDArray[np.int16]]:
        stored = take_in(which, "demo", self.spool, self.vault, 90)
        data = b"".join(self.vault.read(stored.file, 0, stored.size))
        assert len(data) == stored.size
        with wave.open(io.BytesIO(data)) as reader:
            assert (reader.getframerate(), reader.getsampwidth(), reader.getnchannels()) == (8_000, 2, 2)
            frames = reader.readframes(reader.getnframes())
        return stored, np.frombuffer(frames, dtype="<i2").reshape(-1, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_caller_left_and_the_agent_right(folder: Folder) -> None:
    write(folder.spool.folder, "rc-e1-1", voice(10.5, 100), voice(10.5, -200))
    stored, frames = folder.take(recording(seconds=10.5))
    assert frames.shape == (84_000, 2)
    assert set(frames[:, 0]) == {100}
    assert set(frames[:, 1]) == {-200}
    assert (stored.duration_ms, stored.began_at, stored.ended_at) == (10_500, UTC_MS, UTC_MS + 10_500)
    assert datetime.fromtimestamp(stored.expires_at / 1_000, UTC).date().isoformat() == "2027-02-16"


@pytest.mark.parametrize("short", ["caller", "agent"])
@pytest.mark.parametrize("written", [b"", None, voice(1, 7)])
def test_a_side_that_ends_before_the_other_is_silent_from_there(
    folder: Folder, short: str, written: bytes | None
) -> None:
    sides = {"caller": voice(3, 7), "agent": voice(3, 7), short: written}
    write(folder.spool.folder, "rc-e1-1", sides["caller"], sides["agent"])
    _, frames = folder.take(recording(seconds=3))
    said = len(written or b"") // 2
    channel = frames[:, ("caller", "agent").index(short)]
    assert (len(frames), set(channel[:said]) | {7}, set(channel[said:])) == (24_000, {7}, {0})


def test_half_a_sample_of_a_pbx_that_died_is_left_out(folder: Folder) -> None:
    write(folder.spool.folder, "rc-e1-1", voice(1, 7) + b"\x01", voice(1, 8))
    _, frames = folder.take(recording(seconds=1))
    assert len(frames) == 8_000


def test_no_file_and_empty_ones_are_told_apart(folder: Folder) -> None:
    with pytest.raises(RecordingError) as missing:
        folder.take(recording())
    assert missing.value.reason == "missing"
    write(folder.spool.folder, "rc-e1-1", b"", b"")
    with pytest.raises(RecordingError) as empty:
        folder.take(recording())
    assert empty.value.reason == "empty"


@pytest.mark.parametrize(
    ("wanted", "clock", "file", "skipped"),
    [
        (0, 60_000, 60_000, 0),
        (40, 60_000, 60_000, 0),
        (20_000, 60_000, 60_000, 19_500),
        # The PBX wrote four seconds less than passed, maybe before what was wanted: those are not cut off.
        (20_000, 60_000, 56_000, 15_500),
        (20_000, 60_000, 10_000, 0),
        # The end was told late, by a daemon that was away.
        (20_000, 600_000, 60_000, 0),
        (20_000, 60_000, 61_000, 19_500),
    ],
)
def test_how_much_of_the_head_is_left_out(wanted: int, clock: int, file: int, skipped: int) -> None:
    assert skipped_ms(wanted, clock, file) == skipped


def test_what_was_said_before_it_was_asked_for_is_left_out(folder: Folder) -> None:
    """With the moments in it until the order to be silent had reached the PBX."""
    head = voice(0.1, 99) + silence(9.9)
    write(folder.spool.folder, "rc-e1-1", head + voice(2, 7), head + voice(2, 8))
    stored, frames = folder.take(recording(seconds=12, asked_ms=10_000, on_demand=True))
    assert (set(frames[:, 0]), set(frames[:, 1])) == ({7}, {8})
    assert stored.duration_ms == 2_000
    assert stored.began_at == UTC_MS + 10_000


def test_the_silence_in_a_recording_of_all_is_kept(folder: Folder) -> None:
    write(folder.spool.folder, "rc-e1-1", silence(2) + voice(1, 7), silence(3))
    _, frames = folder.take(recording(seconds=3))
    assert len(frames) == 24_000


def test_the_ringing_before_a_customer_who_is_called_back_is_left_out(folder: Folder) -> None:
    write(folder.spool.folder, "rc-e1-1", voice(8, 1) + voice(2, 7), voice(10, 8))
    stored, frames = folder.take(recording(seconds=10, asked_ms=8_000))
    assert stored.duration_ms == 2_500
    assert set(frames[4_000:, 0]) == {7}


def test_on_demand_and_silent_to_the_end(folder: Folder) -> None:
    write(folder.spool.folder, "rc-e1-1", silence(3), silence(3))
    with pytest.raises(RecordingError) as empty:
        folder.take(recording(seconds=3, asked_ms=1_000, on_demand=True))
    assert empty.value.reason == "empty"
