"""The journal: every input of the engine, on disk before its effects count, and snapshots.

A local SQLite file in WAL mode, owned by one process and, but for checkpoints, used by one thread at a time; others
may read it meanwhile. A committed batch survives ``kill -9`` of the process: with ``synchronous=NORMAL`` it is then in
the kernel's hands. Whether it must survive a power cut too, at the price of one fsync per batch, is for the
configuration to say (``full_sync``); without it a power cut may take the last batches, never the file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import msgspec

from ctid.errors import JournalError
from ctid.model.instant import Instant

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x63746964
"""``ctid`` in ASCII, in SQLite's header, so that another program's database is never taken for a journal."""

BUSY_TIMEOUT_S: Final = 5.0
READ_PAGE: Final = 1_000
WAL_SIZE_LIMIT_BYTES: Final = 64 * 1024 * 1024

_TABLES: Final = (
    "CREATE TABLE inputs"
    " (seq INTEGER PRIMARY KEY, mono_ms INTEGER NOT NULL, utc_ms INTEGER NOT NULL, event BLOB NOT NULL)",
    "CREATE TABLE outcomes (seq INTEGER PRIMARY KEY, digest BLOB NOT NULL)",
    "CREATE TABLE snapshots"
    " (seq INTEGER PRIMARY KEY, mono_ms INTEGER NOT NULL, utc_ms INTEGER NOT NULL, state BLOB NOT NULL)",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


class Entry(msgspec.Struct, frozen=True):
    """One input.

    Attributes:
        seq: Position in the journal, from 1, without gaps.
        at: When the engine took it.
        event: As ``encode_event`` wrote it.
    """

    seq: int
    at: Instant
    event: bytes


class Snapshot(msgspec.Struct, frozen=True):
    """The engine's state after one input.

    Attributes:
        seq: The last input it contains.
        at: When it was taken.
        state: As the engine encoded it.
    """

    seq: int
    at: Instant
    state: bytes


class JournalReader:
    """A journal that is only read, also while a daemon writes it. Made by ``Journal.read``."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def last_seq(self) -> int:
        """Position of the newest input, 0 if there never was one."""
        newest = "coalesce((SELECT max(seq) FROM inputs), 0), coalesce((SELECT max(seq) FROM snapshots), 0)"
        with _faults(self.path):
            return int(self._connection.execute(f"SELECT max({newest})").fetchone()[0])

    @property
    def first_seq(self) -> int:
        """Position of the oldest input still kept; of the next one if there is none."""
        with _faults(self.path):
            (oldest,) = self._connection.execute("SELECT min(seq) FROM inputs").fetchone()
        return self.last_seq + 1 if oldest is None else int(oldest)

    def meta(self) -> dict[str, str]:
        """Tell whose the journal is: ``site``, and ``created_by`` and ``release``, ctid's first and last."""
        with _faults(self.path):
            return dict(self._connection.execute("SELECT name, value FROM meta").fetchall())

    def latest_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot."""
        return next(self._snapshots("ORDER BY seq DESC LIMIT 1"), None)

    def snapshot_before(self, seq: int) -> Snapshot | None:
        """Return the newest snapshot that does not contain input ``seq``."""
        return next(self._snapshots("WHERE seq < ? ORDER BY seq DESC LIMIT 1", (seq,)), None)

    def snapshots(self) -> Iterator[Snapshot]:
        """Iterate over all snapshots, oldest first."""
        return self._snapshots("ORDER BY seq")

    def entries(self, after_seq: int = 0, upto: int | None = None) -> Iterator[Entry]:
        """Iterate over the inputs behind ``after_seq``, up to and with ``upto``, oldest first.

        Ends with the input that is the last when the iteration begins, even if more are written meanwhile.
        Reads page by page, so that a long replay does not hold the writer's log from being emptied.

        Raises:
            JournalError: The file is damaged, or inputs of this range were trimmed or are missing.
        """
        end = self.last_seq if upto is None else min(upto, self.last_seq)
        expected = after_seq + 1
        columns = "seq, mono_ms, utc_ms, event FROM inputs"
        for seq, mono_ms, utc_ms, event in self._pages(columns, after_seq, end):
            if seq != expected:
                raise JournalError(f"{self.path}: inputs {expected} to {seq - 1} are missing")
            yield Entry(seq, Instant(mono_ms, utc_ms), event)
            expected += 1
        if expected <= end:
            raise JournalError(f"{self.path}: inputs {expected} to {end} are missing")

    def outcomes(self, after_seq: int = 0, upto: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Iterate over (seq, digest of the commands that input led to), as far as they were written."""
        yield from self._pages("seq, digest FROM outcomes", after_seq, 2**63 - 1 if upto is None else upto)

    def close(self) -> None:
        """Close the file; may be called again."""
        with _faults(self.path):
            self._connection.close()

    def _snapshots(self, tail: str, values: tuple[int, ...] = ()) -> Iterator[Snapshot]:
        # One by one, by position: a state may be large, and no read may stay open between two of them.
        with _faults(self.path):
            seqs = self._connection.execute(f"SELECT seq FROM snapshots {tail}", values).fetchall()  # noqa: S608
        for (seq,) in seqs:
            with _faults(self.path):
                row = self._connection.execute(
                    "SELECT mono_ms, utc_ms, state FROM snapshots WHERE seq = ?", (seq,)
                ).fetchone()
            if row is not None:
                yield Snapshot(seq, Instant(row[0], row[1]), row[2])

    def _pages(self, what: str, after_seq: int, upto: int) -> Iterator[Any]:
        last = after_seq
        query = f"SELECT {what} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT {READ_PAGE}"
        while True:
            with _faults(self.path):
                rows = self._connection.execute(query, (last, upto)).fetchall()
            yield from rows
            if len(rows) < READ_PAGE:
                return
            last = rows[-1][0]


class Journal(JournalReader):
    """The journal of the process that owns it. Made by ``Journal.open``."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int) -> None:
        super().__init__(path, connection)
        self._lock = lock
        self._last_seq = super().last_seq

    @classmethod
    def open(cls, path: Path, *, site: str = "", release: str = "", full_sync: bool = False) -> Journal:
        """Open the journal for writing, and create it if there is none. The directory must exist.

        Args:
            path: The file, on a local disk. ``<path>.lock`` beside it is held while the journal is open.
            site: The site that owns it; a journal of another site is refused.
            release: Version of ctid, kept in the file for whoever reads it later.
            full_sync: Wait for the disk at every batch, so that it survives a power cut too.

        Raises:
            JournalError: Another process has it open, it was written by a newer ctid, it belongs to another
                site, it is damaged or no journal at all, or the disk refuses.
        """
        path = path.resolve()
        lock = _take_lock(path)
        try:
            connection = _connect(path)
            try:
                with _faults(path):
                    _prepare(path, connection, site, release, full_sync)
                return cls(path, connection, lock)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            os.close(lock)
            raise

    @classmethod
    def read(cls, path: Path) -> JournalReader:
        """Open the journal for reading only; a daemon may own and write it meanwhile.

        Raises:
            JournalError: There is none, it was written by a newer ctid, or is damaged or no journal at all.
        """
        path = path.resolve()
        if not path.is_file():
            raise JournalError(f"{path}: there is no journal")
        with _faults(path):
            connection = sqlite3.connect(
                f"file:{quote(str(path))}?mode=ro",
                uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False,
            )  # fmt: skip
        try:
            with _faults(path):
                if not _is_journal(path, connection):
                    raise JournalError(f"{path}: is empty, not a journal")
        except BaseException:
            connection.close()
            raise
        return JournalReader(path, connection)

    @property
    def last_seq(self) -> int:
        """Position of the newest input, 0 if there never was one."""
        return self._last_seq

    def append(self, entries: Sequence[Entry], outcomes: Iterable[tuple[int, bytes]] = ()) -> None:
        """Write inputs, and digests for inputs of this or an earlier batch, all or nothing.

        Once it returns, the batch survives the end of the process. When it raises, the journal is as before,
        and the same batch may be tried again.

        Raises:
            JournalError: The disk refuses or is full, or a seq is not the one that comes next.
        """
        last_seq = self._last_seq
        for entry in entries:
            if entry.seq != last_seq + 1:
                raise JournalError(f"{self.path}: input {entry.seq} cannot follow input {last_seq}")
            last_seq = entry.seq
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO inputs VALUES (?, ?, ?, ?)",
                ((entry.seq, entry.at.mono_ms, entry.at.utc_ms, entry.event) for entry in entries),
            )
            self._connection.executemany("INSERT INTO outcomes VALUES (?, ?)", outcomes)
        self._last_seq = last_seq

    def checkpoint(self) -> None:
        """Move what the write-ahead log holds into the file, which waits for the disk; appends go on meanwhile.

        May be called from another thread, one at a time. Without it the log grows until the journal is closed.

        Raises:
            JournalError: The disk refuses.
        """
        with _faults(self.path), contextlib.closing(_connect(self.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def write_snapshot(self, seq: int, at: Instant, state: bytes) -> None:
        """Write the state after input ``seq``; a snapshot of the same input is replaced.

        Raises:
            JournalError: The disk refuses or is full, or the journal has no such input yet.
        """
        if not 0 <= seq <= self._last_seq:
            raise JournalError(f"{self.path}: snapshot of input {seq}, but the last is {self._last_seq}")
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", (seq, at.mono_ms, at.utc_ms, state)
            )

    def trim(self, keep_events: int, *, at_most: int = 50_000) -> int:
        """Delete what nobody needs; ``keep_events`` inputs before the newest snapshot are kept at least.

        What remains can always be replayed: it begins at a snapshot, or at the first input of all.

        Args:
            keep_events: How many inputs before the newest snapshot are kept.
            at_most: How many inputs one call deletes, so that no append has to wait for long.

        Returns:
            How many inputs were deleted; 0 when there is nothing left to do.

        Raises:
            JournalError: The disk refuses.
        """
        query = "SELECT max(seq) FROM snapshots WHERE seq <= (SELECT max(seq) FROM snapshots) - ?"
        with self._transaction():
            (base,) = self._connection.execute(query, (max(0, keep_events),)).fetchone()
            if base is None:
                return 0
            # Snapshots first: an older one is of no use once the inputs behind it begin to go.
            self._connection.execute("DELETE FROM snapshots WHERE seq < ?", (base,))
            (oldest,) = self._connection.execute("SELECT min(seq) FROM inputs").fetchone()
            if oldest is None or oldest > base:
                return 0
            end = min(base, oldest + at_most - 1)
            self._connection.execute("DELETE FROM outcomes WHERE seq <= ?", (end,))
            return self._connection.execute("DELETE FROM inputs WHERE seq <= ?", (end,)).rowcount

    def close(self) -> None:
        """Close the file and give the ownership back; may be called again."""
        try:
            super().close()
        finally:
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with _faults(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has ended the transaction itself after some faults, such as a full disk.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


@contextlib.contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, naming the file."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        raise JournalError(f"{path}: {error}" + (f" ({name})" if name else "")) from error


def _take_lock(path: Path) -> int:
    """Own the journal until the descriptor is closed, or the process ends, however it ends."""
    lock_path = path.with_name(path.name + ".lock")
    # Not on the journal itself: closing any descriptor of it would drop SQLite's own POSIX locks on it.
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(f"{lock_path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        held = error.errno in (errno.EWOULDBLOCK, errno.EACCES)
        owner = os.pread(lock, 32, 0).decode("ascii", "replace").strip() if held else ""
        os.close(lock)
        if held:
            raise JournalError(f"{path}: in use by another ctid (process {owner or 'unknown'})") from error
        raise JournalError(f"{lock_path}: {error.strerror}") from error
    return lock


def _connect(path: Path) -> sqlite3.Connection:
    # It holds caller data. SQLite gives its side files the same mode.
    if not path.exists():
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}") from error
    with _faults(path):
        return sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _is_journal(path: Path, connection: sqlite3.Connection) -> bool:
    """Tell a journal from an empty file, and refuse whatever else it is."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id == 0 and tables == 0:
        return False
    if application_id != APPLICATION_ID:
        raise JournalError(f"{path}: a database, but not a journal of ctid")
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"{path}: written by a newer ctid (journal schema {version}; this one knows {SCHEMA_VERSION})"
        )
    return True


def _prepare(path: Path, connection: sqlite3.Connection, site: str, release: str, full_sync: bool) -> None:
    is_journal = _is_journal(path, connection)
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise JournalError(f"{path}: SQLite cannot keep a write-ahead log on this file system")
    connection.execute(f"PRAGMA synchronous={'FULL' if full_sync else 'NORMAL'}")
    connection.execute(f"PRAGMA journal_size_limit={WAL_SIZE_LIMIT_BYTES}")
    # An append must not wait for the disk because it happens to be the thousandth: checkpoint() is for that.
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("BEGIN IMMEDIATE")
    if not is_journal:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        for table in _TABLES:
            connection.execute(table)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", [("site", site), ("created_by", release)])
    (owner,) = connection.execute("SELECT value FROM meta WHERE name = 'site'").fetchone() or ("",)
    if site and owner and owner != site:
        raise JournalError(f"{path}: belongs to site {owner}, not to {site}")
    facts = [("site", owner or site), ("release", release)]
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts)
    connection.execute("COMMIT")
