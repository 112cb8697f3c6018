"""The vault: the folder in which recordings lie, a folder for each day. Blocks; to be called in threads.

Sealed ones end in ``.rec``, those that lie there as they are in ``.wav``: nothing in a file decides whether it is
proved.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ctid.errors import RecordingError
from ctid.recordings.sealed import Keys, Sealed, seal

_PART: Final = ".part"
_SEALED, _OPEN = ".rec", ".wav"
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PIECE: Final = 64 * 1024


class Kept(NamedTuple):
    """What was written.

    Attributes:
        file: Below the vault's folder.
        size: Bytes of the contents.
        sha256: Of the contents, in hexadecimal.
        encrypted: Whether they are sealed.
    """

    file: str
    size: int
    sha256: str
    encrypted: bool


class Vault:
    """Recordings as files. Every method raises ``RecordingError`` if it fails."""

    def __init__(self, folder: Path, keys: Keys, min_free_bytes: int) -> None:
        """Take where and how.

        Args:
            folder: Made if it is not there.
            keys: For sealing and opening.
            min_free_bytes: With less there is no room.
        """
        self.folder = folder
        self._keys = keys
        self._min_free = min_free_bytes

    def room(self, *others: Path) -> str:
        """Why there is no room, here or in other folders: ``disk_full``, ``folder_missing``; empty if there is."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = [shutil.disk_usage(folder).free for folder in (self.folder, *others)]
        except OSError:
            return "folder_missing"
        return "disk_full" if min(free) < self._min_free else ""

    def keep(self, name: str, began_at: datetime, contents: Iterator[bytes]) -> Kept:
        """Write a recording, whole or not at all; one of the same name and day is replaced."""
        ending = _OPEN if self._keys.present is None else _SEALED
        file = Path(began_at.astimezone(UTC).strftime("%Y/%m/%d")) / f"{name}{ending}"
        path = self.folder / file
        part = path.with_suffix(_PART)
        digest, size = sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for piece in contents:
                digest.update(piece)
                size += len(piece)
                yield piece

        with _told(path, failing="unwritable"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as written:
                    if self._keys.present is not None:
                        seal(written, self._keys.present, counted())
                    else:
                        for piece in counted():
                            written.write(piece)
                    written.flush()
                    os.fsync(written.fileno())
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            _sync_folder(path.parent)
        return Kept(str(file), size, digest.hexdigest(), self._keys.present is not None)

    def read(self, file: str, start: int, end: int) -> Generator[bytes]:
        """Read contents from ``start`` until before ``end``, in pieces."""
        path = self._path(file)
        with _told(path), path.open("rb") as opened:
            if path.suffix == _SEALED:
                yield from Sealed(opened, self._keys).read(start, end)
                return
            opened.seek(start)
            left = end - start
            while left > 0 and (piece := opened.read(min(left, _PIECE))):
                left -= len(piece)
                yield piece

    def remove(self, file: str) -> None:
        """Delete a recording; that it is gone is no failure."""
        path = self._path(file)
        with _told(path):
            path.unlink(missing_ok=True)

    def _path(self, file: str) -> Path:
        path = self.folder / file
        if Path(file).is_absolute() or ".." in path.parts:
            raise RecordingError("the file is none of the vault's", "missing")
        return path


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told(path: Path, failing: str = "") -> Iterator[None]:
    """Tell what the system says of a file as an error of ours, for the reason given if that is not its own."""
    try:
        yield
    except FileNotFoundError:
        raise RecordingError(f"there is no file {path.name}", failing or "missing") from None
    except OSError as error:
        reason = "disk_full" if error.errno in _NO_ROOM else failing or "unreadable"
        raise RecordingError(f"{path.name}: {error.strerror}", reason) from None
