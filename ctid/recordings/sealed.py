"""Sealed files: AES-256-GCM in chunks, so that any range is read and proved true without the rest of the file.

    magic "ctidrec1" | key id, 8 bytes | salt, 16 bytes | chunk | chunk | ...

Each file has a key of its own, derived from the site's key and the salt (HKDF-SHA256). A chunk is 64 KiB, the last one
what is left (it may be empty), each with its tag of 16 bytes behind it. Its nonce is its number, and whether it is the
last one; so no chunk can be left out, moved, taken from another file or cut off without being found out.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ctid.errors import RecordingError

MAGIC: Final = b"ctidrec1"
CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
_KEY_ID_BYTES: Final = 8
_SALT_BYTES: Final = 16
HEADER_BYTES: Final = len(MAGIC) + _KEY_ID_BYTES + _SALT_BYTES


class Keys:
    """The site's keys: one that seals, and those that open, by their ids."""

    def __init__(self, present: str | None, former: Iterable[str] = ()) -> None:
        """Take keys in base64.

        Args:
            present: What new files are sealed with; ``None`` to leave them open.
            former: What older ones may have been sealed with.
        """
        self._by_id: dict[bytes, bytes] = {}
        for written in [*former, *([] if present is None else [present])]:
            key = base64.b64decode(written)
            self._by_id[key_id(key)] = key
        self.present = None if present is None else base64.b64decode(present)

    @property
    def by_id(self) -> Mapping[bytes, bytes]:
        """All keys."""
        return self._by_id


def key_id(key: bytes) -> bytes:
    """What tells keys apart, and tells nothing about them."""
    return sha256(b"ctid recording key" + key).digest()[:_KEY_ID_BYTES]


def seal(file: BinaryIO, key: bytes, plain: Iterable[bytes]) -> None:
    """Write a sealed file.

    Args:
        file: To be written, at its beginning.
        key: The site's key.
        plain: The contents, in pieces of any size.
    """
    salt = os.urandom(_SALT_BYTES)
    cipher = _cipher(key, salt)
    file.write(MAGIC + key_id(key) + salt)
    waiting, number = bytearray(), 0
    for piece in plain:
        waiting += piece
        # The last chunk is known to be the last only at the end.
        while len(waiting) > CHUNK_BYTES:
            file.write(cipher.encrypt(_nonce(number, last=False), bytes(waiting[:CHUNK_BYTES]), None))
            del waiting[:CHUNK_BYTES]
            number += 1
    file.write(cipher.encrypt(_nonce(number, last=True), bytes(waiting), None))


class Sealed:
    """A sealed file that is open for reading.

    Attributes:
        size: Bytes of its contents.
    """

    def __init__(self, file: BinaryIO, keys: Keys) -> None:
        """Look at the header.

        Raises:
            RecordingError: It was sealed with a key that is not there, or it is no sealed file.
        """
        self._file = file
        head = file.read(HEADER_BYTES)
        if len(head) < HEADER_BYTES or not head.startswith(MAGIC):
            raise RecordingError("the file is no sealed recording", "damaged")
        key = keys.by_id.get(head[len(MAGIC) : len(MAGIC) + _KEY_ID_BYTES])
        if key is None:
            raise RecordingError("the recording was encrypted with a key that is not in the configuration", "wrong_key")
        self._cipher = _cipher(key, head[-_SALT_BYTES:])
        body = file.seek(0, os.SEEK_END) - HEADER_BYTES
        self._chunks = max(1, -(-body // (CHUNK_BYTES + TAG_BYTES)))
        self.size = body - self._chunks * TAG_BYTES
        if self.size < 0:
            raise RecordingError("the recording was cut off", "damaged")

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Read the contents from ``start`` until before ``end``, chunk by chunk.

        Raises:
            RecordingError: What is there is not what was written.
        """
        end = min(end, self.size)
        for number in range(start // CHUNK_BYTES, -(-end // CHUNK_BYTES)):
            at = number * CHUNK_BYTES
            yield self._chunk(number)[max(0, start - at) : end - at]

    def _chunk(self, number: int) -> bytes:
        self._file.seek(HEADER_BYTES + number * (CHUNK_BYTES + TAG_BYTES))
        data = self._file.read(CHUNK_BYTES + TAG_BYTES)
        try:
            return self._cipher.decrypt(_nonce(number, last=number == self._chunks - 1), data, None)
        except InvalidTag:
            raise RecordingError(f"chunk {number} of the recording is not what was written", "damaged") from None


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"ctid recording").derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")
