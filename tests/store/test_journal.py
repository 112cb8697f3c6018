"""The journal: what was committed is there after every fault, and what cannot be used says why."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ctid.errors import JournalError
from ctid.model.instant import Instant
from ctid.store.journal import READ_PAGE, SCHEMA_VERSION, Entry, Journal, JournalReader, Snapshot

pytestmark = pytest.mark.store

WRITER = [sys.executable, str(Path(__file__).with_name("journal_writer.py"))]
REPOSITORY = Path(__file__).parents[2]


def entries(first: int, last: int) -> list[Entry]:
    return [
        Entry(seq, Instant(seq * 10, 1_700_000_000_000 + seq), b'{"event":"%d"}' % seq)
        for seq in range(first, last + 1)
    ]


def outcomes(first: int, last: int) -> list[tuple[int, bytes]]:
    return [(seq, b"%016d" % seq) for seq in range(first, last + 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path, site="berlin", release="1.2.3") as opened:
        yield opened


def test_a_new_journal_is_empty_and_private(path: Path, journal: Journal) -> None:
    assert journal.last_seq == 0
    assert journal.first_seq == 1
    assert journal.latest_snapshot() is None
    assert list(journal.entries()) == []
    assert journal.meta() == {"site": "berlin", "created_by": "1.2.3", "release": "1.2.3"}
    for name in ("journal.db", "journal.db.lock"):
        assert stat.S_IMODE(path.with_name(name).stat().st_mode) == 0o600


def test_what_was_appended_is_there_after_reopening(path: Path, journal: Journal) -> None:
    journal.append(entries(1, 3), outcomes(1, 2))
    journal.append(entries(4, 4), outcomes(3, 4))
    journal.append([], [])
    journal.close()
    with Journal.open(path, site="berlin", release="1.3.0") as again:
        assert again.last_seq == 4
        assert list(again.entries()) == entries(1, 4)
        assert list(again.entries(after_seq=1, upto=3)) == entries(2, 3)
        assert list(again.entries(after_seq=4)) == []
        assert list(again.outcomes(after_seq=2)) == outcomes(3, 4)
        assert again.meta() == {"site": "berlin", "created_by": "1.2.3", "release": "1.3.0"}


def test_reading_streams_over_many_pages(journal: Journal) -> None:
    count = 2 * READ_PAGE + 1
    journal.append(entries(1, count), outcomes(1, count))
    assert [entry.seq for entry in journal.entries()] == list(range(1, count + 1))
    assert list(journal.entries(upto=READ_PAGE)) == entries(1, READ_PAGE)
    assert sum(1 for _ in journal.outcomes()) == count


@pytest.mark.parametrize("batch", [entries(2, 3), entries(1, 1) + entries(3, 3), entries(1, 1) * 2, entries(0, 0)])
def test_a_seq_that_does_not_come_next_is_refused_and_nothing_is_written(journal: Journal, batch: list[Entry]) -> None:
    with pytest.raises(JournalError, match="cannot follow"):
        journal.append(batch)
    assert journal.last_seq == 0
    journal.append(entries(1, 1))
    assert list(journal.entries()) == entries(1, 1)


def test_a_batch_is_written_as_a_whole_or_not_at_all(journal: Journal) -> None:
    journal.append(entries(1, 1), outcomes(1, 1))
    with pytest.raises(JournalError, match="UNIQUE"):
        journal.append(entries(2, 3), outcomes(1, 1))
    assert list(journal.entries()) == entries(1, 1)
    journal.append(entries(2, 3), outcomes(2, 3))
    assert journal.last_seq == 3


def test_snapshots(path: Path, journal: Journal) -> None:
    journal.append(entries(1, 5))
    journal.write_snapshot(2, Instant(1, 2), b"state 2")
    journal.write_snapshot(5, Instant(3, 4), b"state")
    journal.write_snapshot(5, Instant(5, 6), b"state 5" * 100_000)
    with pytest.raises(JournalError, match="snapshot of input 6"):
        journal.write_snapshot(6, Instant(7, 8), b"")
    newest = Snapshot(5, Instant(5, 6), b"state 5" * 100_000)
    assert journal.latest_snapshot() == newest
    assert list(journal.snapshots()) == [Snapshot(2, Instant(1, 2), b"state 2"), newest]
    with Journal.read(path) as reader:
        assert reader.latest_snapshot() == newest


@pytest.mark.parametrize(
    ("keep", "first_input", "kept_snapshots"),
    [
        (0, 21, [20]),
        (1, 11, [10, 20]),
        (10, 11, [10, 20]),
        (11, 1, [0, 10, 20]),
        (1_000, 1, [0, 10, 20]),
    ],
)
def test_trim_keeps_what_can_be_replayed(
    journal: Journal, keep: int, first_input: int, kept_snapshots: list[int]
) -> None:
    journal.write_snapshot(0, Instant(0, 0), b"")
    journal.append(entries(1, 25), outcomes(1, 25))
    journal.write_snapshot(10, Instant(0, 0), b"10")
    journal.write_snapshot(20, Instant(0, 0), b"20")
    deleted = []
    while count := journal.trim(keep, at_most=3):
        deleted.append(count)
    assert sum(deleted) == first_input - 1
    assert journal.first_seq == first_input
    assert all(count <= 3 for count in deleted)
    assert [snapshot.seq for snapshot in journal.snapshots()] == kept_snapshots
    assert list(journal.entries(after_seq=kept_snapshots[0])) == entries(kept_snapshots[0] + 1, 25)
    assert [seq for seq, _ in journal.outcomes()] == list(range(first_input, 26))
    if first_input > 1:
        with pytest.raises(JournalError, match=f"inputs 1 to {first_input - 1} are missing"):
            list(journal.entries())


def test_trim_without_a_snapshot_deletes_nothing(journal: Journal) -> None:
    journal.append(entries(1, 10))
    assert journal.trim(0) == 0
    assert list(journal.entries()) == entries(1, 10)


def test_the_count_goes_on_when_every_input_was_trimmed(path: Path, journal: Journal) -> None:
    journal.append(entries(1, 10))
    journal.write_snapshot(10, Instant(0, 0), b"")
    assert journal.trim(0) == 10
    journal.close()
    with Journal.open(path) as again, Journal.read(path) as reader:
        assert again.last_seq == reader.last_seq == 10
        assert again.first_seq == reader.first_seq == 11
        assert list(again.entries(after_seq=10)) == []
        again.append(entries(11, 11))
        assert list(reader.entries(after_seq=10)) == entries(11, 11)


def test_inputs_that_vanished_are_noticed(path: Path, journal: Journal) -> None:
    journal.append(entries(1, 9))
    journal.close()
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM inputs WHERE seq IN (4, 5, 9)")
    database.close()
    with Journal.read(path) as reader, pytest.raises(JournalError, match="inputs 4 to 5 are missing"):
        list(reader.entries())


# ---- who may open it ----------------------------------------------------------------------------------


def test_split_brain_a_second_daemon_is_refused(path: Path, journal: Journal, tmp_path: Path) -> None:
    other_name = tmp_path / "link.db"
    other_name.symlink_to(path)
    for name in (path, other_name):
        with pytest.raises(JournalError, match=rf"journal\.db: in use by another ctid \(process {os.getpid()}\)"):
            Journal.open(name)
    journal.append(entries(1, 1))
    journal.close()
    journal.close()
    Journal.open(path).close()


def test_a_reader_sees_what_is_committed_while_the_daemon_writes(path: Path, journal: Journal) -> None:
    with Journal.read(path) as reader:
        assert type(reader) is JournalReader
        journal.append(entries(1, 2))
        assert reader.last_seq == 2
        stream = reader.entries()
        assert next(stream) == entries(1, 1)[0]
        journal.append(entries(3, 3))
        assert list(stream) == entries(2, 2)
        assert list(reader.entries()) == entries(1, 3)


def test_a_journal_of_another_site_is_refused(path: Path, journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match=r"journal\.db: belongs to site berlin, not to hamburg"):
        Journal.open(path, site="hamburg")
    with Journal.open(path, site="berlin") as again:
        assert again.meta()["site"] == "berlin"


# ---- what cannot be used ------------------------------------------------------------------------------


def open_fails(path: Path) -> list[str]:
    """Open for writing and for reading; both must fail, and leave the file as it is and unlocked."""
    before = path.read_bytes() if path.is_file() else None
    messages = []
    for attempt in (Journal.open, Journal.read, Journal.open):
        with pytest.raises(JournalError) as caught:
            attempt(path)
        messages.append(caught.value.detail)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert all(str(path) in message for message in messages)
    return messages


def test_a_newer_schema_is_refused(path: Path, journal: Journal) -> None:
    journal.append(entries(1, 1))
    journal.close()
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    database.close()
    assert all("written by a newer ctid" in message for message in open_fails(path))


def test_another_programs_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE inputs (seq INTEGER)")
    database.close()
    assert all("not a journal of ctid" in message for message in open_fails(path))


def test_a_text_file_is_refused(path: Path) -> None:
    path.write_text("minutes of the meeting\n" * 100)
    assert all("file is not a database" in message for message in open_fails(path))


def test_a_directory_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    assert all("journal" in message or "open" in message for message in open_fails(tmp_path))
    missing = tmp_path / "missing" / "journal.db"
    with pytest.raises(JournalError, match=r"missing/journal\.db\.lock: No such file or directory"):
        Journal.open(missing)
    with pytest.raises(JournalError, match="there is no journal"):
        Journal.read(missing)


def test_an_empty_file_is_a_new_journal_but_nothing_to_read(path: Path) -> None:
    path.touch()
    with pytest.raises(JournalError, match="is empty, not a journal"):
        Journal.read(path)
    with Journal.open(path) as journal:
        assert journal.last_seq == 0


def test_a_truncated_file_is_refused(path: Path, journal: Journal) -> None:
    journal.append([Entry(seq, Instant(seq, seq), b"x" * 1_000) for seq in range(1, 1_001)])
    journal.close()
    size = path.stat().st_size
    for length in (size - 4096, size // 2, 4_000, 50):
        os.truncate(path, length)
        assert all("malformed (SQLITE_CORRUPT)" in message for message in open_fails(path))


def test_a_damaged_page_is_noticed_when_it_is_read(path: Path, journal: Journal) -> None:
    journal.append([Entry(seq, Instant(seq, seq), b"x" * 1_000) for seq in range(1, 1_001)])
    journal.close()
    with path.open("r+b") as file:
        file.seek(4096 * 40)
        file.write(b"\xff" * 4096 * 20)
    with Journal.read(path) as reader, pytest.raises(JournalError, match=r"journal\.db: .*malformed"):
        list(reader.entries())


def test_a_half_written_log_loses_the_unfinished_batch_only(path: Path, journal: Journal, tmp_path: Path) -> None:
    journal.append(entries(1, 10))
    wal = path.with_name("journal.db-wal")
    whole = wal.stat().st_size
    journal.append(entries(11, 20))
    copy = tmp_path / "copy" / "journal.db"
    copy.parent.mkdir()
    # As a power cut may leave it: the last batch's pages are there in part.
    copy.write_bytes(path.read_bytes())
    copy.with_name("journal.db-wal").write_bytes(wal.read_bytes()[: whole + 100])
    with Journal.open(copy) as survivor:
        assert list(survivor.entries()) == entries(1, 10)
        survivor.append(entries(11, 12))
        assert survivor.last_seq == 12


# ---- the process and the disk -------------------------------------------------------------------------


def spawn(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": "."}
    )


def test_kill_9_loses_no_committed_batch(path: Path) -> None:
    batch = 7
    told = 0
    for kill_after in (1, 40, 150, 3):
        with spawn([*WRITER, str(path), str(batch), "200"]) as writer:
            assert writer.stdout is not None
            for _ in range(kill_after):
                told = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split("\n")[:-1]
            told = int(rest[-1]) if rest else told
        with Journal.open(path) as journal:
            assert journal.last_seq in (told, told + batch), "a batch that was told is gone, or half of one is there"
            seen = list(journal.entries())
            assert [entry.seq for entry in seen] == list(range(1, journal.last_seq + 1))
            assert all(entry.event == b"%d:" % entry.seq + b"x" * 200 for entry in seen)
            assert [seq for seq, _ in journal.outcomes()] == [entry.seq for entry in seen]


def test_a_file_size_limit_is_a_clear_error_and_keeps_what_is_there(path: Path) -> None:
    with spawn([*WRITER, str(path), "10", "1000", "300000"]) as writer:
        assert writer.stdout is not None
        *committed, refused, readable = writer.stdout.read().splitlines()
    assert refused.startswith(f"refused {committed[-1]} {path}: ")
    assert "SQLITE_" in refused
    assert readable == f"readable {committed[-1]}"
    with Journal.open(path) as journal:
        assert str(journal.last_seq) == committed[-1]
        journal.append([Entry(journal.last_seq + 1, Instant(0, 0), b"there is room again")])


def test_a_full_disk_is_a_clear_error_and_keeps_what_is_there(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    rest = tmp_path / "rest"
    rest.mkdir()
    # The file system is only seen by these processes, and is gone with them.
    script = (
        'mount -t tmpfs -o size=1m tmpfs "$1" && head -c 256k /dev/zero >"$1/ballast" && '
        '"$2" "$3" "$1/journal.db" 10 1000 && rm "$1/ballast" && cp "$1"/* "$4"'
    )
    with spawn(
        [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "/bin/sh",
            "-c",
            script,
            "sh",
            str(disk),
            *WRITER,
            str(rest),
        ]
    ) as writer:
        assert writer.stdout is not None
        *committed, refused, readable = writer.stdout.read().splitlines()
    assert writer.returncode == 0
    assert refused == f"refused {committed[-1]} {disk}/journal.db: database or disk is full (SQLITE_FULL)"
    assert readable == f"readable {committed[-1]}"
    with Journal.open(rest / "journal.db") as journal:
        assert str(journal.last_seq) == committed[-1]


def test_after_the_disk_refused_the_same_batch_can_be_tried_again(journal: Journal) -> None:
    journal.append(entries(1, 3))
    big = [Entry(4, Instant(0, 0), b"x" * 2_000_000)]
    # SQLite's own limit refuses as a full disk does: SQLITE_FULL, in the midst of the transaction.
    (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count={pages + 10}")
    with pytest.raises(JournalError, match="SQLITE_FULL"):
        journal.append(big)
    assert journal.last_seq == 3
    assert list(journal.entries()) == entries(1, 3)
    journal._connection.execute("PRAGMA max_page_count=1000000")
    journal.append(big)
    assert journal.last_seq == 4


def test_another_writer_in_the_file_is_a_clear_error(path: Path, journal: Journal) -> None:
    journal._connection.execute("PRAGMA busy_timeout=50")
    intruder = sqlite3.connect(path, isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match=r"journal\.db: database is locked \(SQLITE_BUSY\)"):
        journal.append(entries(1, 1))
    intruder.execute("ROLLBACK")
    intruder.close()
    journal.append(entries(1, 1))
    assert journal.last_seq == 1


def test_a_checkpoint_lets_the_log_begin_anew_while_appends_go_on(path: Path, journal: Journal) -> None:
    wal = path.with_name(path.name + "-wal")
    journal.append(entries(1, 2_000))
    size = wal.stat().st_size
    with ThreadPoolExecutor(1) as thread:
        checkpoint = thread.submit(journal.checkpoint)
        journal.append(entries(2_001, 2_001))
        checkpoint.result()
        # What came meanwhile is taken by the next one.
        thread.submit(journal.checkpoint).result()
    journal.append(entries(2_002, 3_001))
    assert wal.stat().st_size <= size * 1.1
    assert list(journal.entries()) == entries(1, 3_001)
