"""The vault: nothing readable without the key, every range true, nothing changed unnoticed, no half a file."""

from __future__ import annotations

import base64
import errno
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ctid.errors import RecordingError
from ctid.recordings.sealed import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, Keys
from ctid.recordings.vault import Kept, Vault

DAY = datetime(2026, 11, 18, 23, 59, tzinfo=UTC)
KEY, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 17)


def contents(size: int) -> bytes:
    return (b"0123456789abcdefg" * (size // 17 + 1))[:size]


def pieces(data: bytes, size: int = 10_000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def vault(folder: Path, key: str | None = KEY, former: tuple[str, ...] = (), min_free: int = 0) -> Vault:
    return Vault(folder, Keys(key, former), min_free)


def read(vault: Vault, kept: Kept, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(vault.read(kept.file, start, kept.size if end is None else end))


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("size", SIZES)
def test_what_is_kept_comes_out_again(tmp_path: Path, key: str | None, size: int) -> None:
    data = contents(size)
    kept = vault(tmp_path, key).keep("rc-1", DAY, pieces(data))
    ending = "wav" if key is None else "rec"
    assert (kept.file, kept.size, kept.encrypted) == (f"2026/11/18/rc-1.{ending}", size, key is not None)
    assert kept.sha256 == sha256(data).hexdigest()
    assert read(vault(tmp_path, key), kept) == data
    file = tmp_path / kept.file
    assert file.stat().st_mode & 0o777 == 0o600
    # Fewer bytes than these may well come out of any cipher.
    if key is None or size > 16:
        assert (data[:32] in file.read_bytes()) is (key is None)


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("size", SIZES)
def test_ranges_at_every_boundary(tmp_path: Path, key: str | None, size: int) -> None:
    data = contents(size)
    store = vault(tmp_path, key)
    kept = store.keep("rc-1", DAY, pieces(data))
    around = {edge + by for edge in (0, CHUNK_BYTES, 2 * CHUNK_BYTES, size // 2, size) for by in (-1, 0, 1)}
    edges = sorted(each for each in around if 0 <= each <= size)
    for start in edges:
        for end in edges:
            if start <= end:
                assert read(store, kept, start, end) == data[start:end], (start, end)


def test_a_range_opens_no_more_than_its_chunks(tmp_path: Path) -> None:
    """Whatever was done to the others."""
    data = contents(4 * CHUNK_BYTES)
    store = vault(tmp_path)
    kept = store.keep("rc-1", DAY, pieces(data))
    file = tmp_path / kept.file
    damaged = bytearray(file.read_bytes())
    damaged[HEADER_BYTES] ^= 1
    file.write_bytes(damaged)
    middle = CHUNK_BYTES + 5
    assert read(store, kept, middle, middle + 10) == data[middle : middle + 10]
    with pytest.raises(RecordingError):
        read(store, kept, 0, 1)


def refused(folder: Path, store: Vault, kept: Kept, change: Any) -> str:
    """What is said after the file was changed."""
    file = folder / kept.file
    before = file.read_bytes()
    file.write_bytes(bytes(change(bytearray(before))))
    try:
        with pytest.raises(RecordingError) as told:
            read(store, kept)
        return told.value.reason
    finally:
        file.write_bytes(before)


SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES


def test_every_change_is_found_out(tmp_path: Path) -> None:
    store = vault(tmp_path)
    kept = store.keep("rc-1", DAY, pieces(contents(3 * CHUNK_BYTES + 17)))
    size = (tmp_path / kept.file).stat().st_size

    def flipped(at: int) -> Any:
        def change(data: bytearray) -> bytearray:
            data[at] ^= 0x40
            return data

        return change

    # The key's id says which key is asked for; the salt and all that follows is proved by the tags.
    assert refused(tmp_path, store, kept, flipped(8)) == "wrong_key"
    for at in (0, 16, HEADER_BYTES - 1, HEADER_BYTES, SEALED_CHUNK, HEADER_BYTES + SEALED_CHUNK - 1, size - 1):
        assert refused(tmp_path, store, kept, flipped(at)) == "damaged", at
    cut = [1, 16, TAG_BYTES + 17, TAG_BYTES + 18, SEALED_CHUNK + TAG_BYTES + 17, size - HEADER_BYTES, size - 3]
    for by in cut:
        assert refused(tmp_path, store, kept, lambda data, by=by: data[:-by]) == "damaged", by
    first = slice(HEADER_BYTES, HEADER_BYTES + SEALED_CHUNK)
    second = slice(first.stop, first.stop + SEALED_CHUNK)
    swapped = lambda data: data[:HEADER_BYTES] + data[second] + data[first] + data[second.stop :]  # noqa: E731
    assert refused(tmp_path, store, kept, swapped) == "damaged"
    assert refused(tmp_path, store, kept, lambda data: data[: first.start] + data[first.stop :]) == "damaged"
    assert refused(tmp_path, store, kept, lambda data: data + data[first]) == "damaged"
    other = store.keep("rc-2", DAY, pieces(contents(3 * CHUNK_BYTES + 17)))
    stolen = (tmp_path / other.file).read_bytes()
    assert refused(tmp_path, store, kept, lambda data: data[:HEADER_BYTES] + stolen[HEADER_BYTES:]) == "damaged"
    assert read(store, kept) == contents(3 * CHUNK_BYTES + 17)


def test_another_key_and_keys_of_before(tmp_path: Path) -> None:
    data = contents(100)
    kept = vault(tmp_path).keep("rc-1", DAY, pieces(data))
    for store in (vault(tmp_path, OTHER), vault(tmp_path, None)):
        with pytest.raises(RecordingError) as told:
            read(store, kept)
        assert told.value.reason == "wrong_key"
    for store in (vault(tmp_path, OTHER, (KEY,)), vault(tmp_path, None, (KEY,))):
        assert read(store, kept) == data


def test_what_was_kept_open_is_read_with_a_key_too(tmp_path: Path) -> None:
    kept = vault(tmp_path, None).keep("rc-1", DAY, pieces(b"RIFF" + contents(100)))
    assert read(vault(tmp_path), kept) == b"RIFF" + contents(100)


def test_removed_and_gone(tmp_path: Path) -> None:
    store = vault(tmp_path)
    kept = store.keep("rc-1", DAY, pieces(contents(10)))
    store.remove(kept.file)
    store.remove(kept.file)
    with pytest.raises(RecordingError) as told:
        read(store, kept)
    assert told.value.reason == "missing"
    for outside in ("../" + kept.file, str(tmp_path / "somewhere.rec")):
        with pytest.raises(RecordingError):
            store.remove(outside)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_nothing_half_written(tiny_disk: Path) -> None:
    store = vault(tiny_disk, min_free=200_000)
    assert store.room() == ""
    kept = store.keep("rc-1", DAY, pieces(contents(100_000)))
    with pytest.raises(RecordingError) as told:
        store.keep("rc-2", DAY, pieces(contents(3_000_000)))
    assert told.value.reason == "disk_full"
    assert [path.name for path in tiny_disk.rglob("*.*")] == ["rc-1.rec"]
    assert read(store, kept) == contents(100_000)
    (tiny_disk / "others").write_bytes(bytes(800_000))
    assert store.room() == "disk_full"
    (tiny_disk / "others").unlink()
    assert store.room() == ""


def test_a_spool_that_is_full_or_gone_is_told_of(tmp_path: Path, tiny_disk: Path) -> None:
    store = vault(tmp_path / "vault", min_free=2_000_000)
    assert store.room() == ""
    assert store.room(tiny_disk) == "disk_full"
    assert store.room(tmp_path / "nowhere") == "folder_missing"


def test_one_written_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    store = vault(tmp_path)
    first = store.keep("rc-1", DAY, pieces(contents(10)))

    def broken() -> Iterator[bytes]:
        yield contents(20)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(RecordingError):
        store.keep("rc-1", DAY, broken())
    assert read(store, first) == contents(10)
    again = store.keep("rc-1", DAY, pieces(contents(30)))
    assert read(store, again) == contents(30)
