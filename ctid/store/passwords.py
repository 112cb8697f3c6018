"""Password hashes (argon2id), made and compared in threads of their own, few at a time."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar, TypeVarTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ctid.errors import OverloadedError, RequestError

Result = TypeVar("Result")
Args = TypeVarTuple("Args")

SHORTEST: Final = 8
LONGEST: Final = 1_024
PARALLEL: Final = 2
"""Each takes 46 MiB and a core for some 60 ms, which calls must not wait for."""
# As OWASP recommends; one lane, since more threads would take the cores that calls need.
_TIME_COST: Final = 1
_MEMORY_KIB: Final = 46 * 1024
_LANES: Final = 1
MOST_WAITING: Final = 200


class Passwords:
    """Hashes and compares passwords. What it takes for a user who is not there is the same as for one who is."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Take the hash's parameters, if they are to be others than ours."""
        self._hasher = hasher or PasswordHasher(_TIME_COST, _MEMORY_KIB, _LANES)
        self._threads = ThreadPoolExecutor(PARALLEL, thread_name_prefix="password")
        self._waiting = 0
        self._nobodys = ""

    def close(self) -> None:
        """End the threads; what is under way is finished."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Hash a password that somebody chose.

        Raises:
            RequestError: It is too short or too long.
            OverloadedError: Too many wait for it.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise RequestError(f"a password has {SHORTEST} to {LONGEST} characters")
        return await self._run(self._hash, password)

    async def verify(self, kept: str | None, password: str) -> tuple[bool, str | None]:
        """Compare a password.

        Args:
            kept: The hash; ``None`` if there is no such user, which takes as long and is never true.
            password: What was typed.

        Returns:
            Whether it is the one, and a new hash to keep if the old one's parameters are not today's.

        Raises:
            OverloadedError: Too many wait for it.
        """
        return await self._run(self._verify, kept, password)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_plain(password))

    def _verify(self, kept: str | None, password: str) -> tuple[bool, str | None]:
        if not self._nobodys:
            self._nobodys = self._hasher.hash("nobody's")
        try:
            self._hasher.verify(kept or self._nobodys, _plain(password))
        except (VerificationError, InvalidHashError):
            return False, None
        if kept is None:
            return False, None
        return True, self._hash(password) if self._hasher.check_needs_rehash(kept) else None

    async def _run(self, work: Callable[[*Args], Result], *args: *Args) -> Result:
        if self._waiting >= MOST_WAITING:
            raise OverloadedError("too many sign in at once; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1


def _plain(password: str) -> str:
    # The same characters, however the keyboard composed them (RFC 8265 does so for passwords).
    return unicodedata.normalize("NFC", password)
