"""What signing in needs of the database; the store provides it. Every method raises ``StoreError`` if it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from ctid.model.access import AuditEntry, AuditPage, Grant, Refreshed, Role, Session, User


class Users(Protocol):
    """Local users."""

    async def add(
        self,
        name: str,
        password: str,
        role: Role,
        *,
        display_name: str = "",
        agent_id: str = "",
        queues: Sequence[str] = (),
        teams: Sequence[str] = (),
    ) -> User:
        """Add a user.

        Raises:
            ConflictError: There is such a user.
            RequestError: The name, the password or the role does not do.
        """

    async def get(self, name: str) -> User | None:
        """Return a user, if there is one."""

    async def list(self) -> list[User]:
        """Return all users, by name."""

    async def change(self, name: str, changes: Mapping[str, Any], password: str | None = None) -> User:
        """Change a user; unless it is but the name for people, it ends all of their sessions.

        Raises:
            NotFoundError: There is no such user.
            RequestError: What they would become does not do.
        """

    async def unlock(self, name: str) -> None:
        """Let a user try again at once after too many wrong passwords.

        Raises:
            NotFoundError: There is no such user.
        """

    async def remove(self, name: str) -> None:
        """Remove a user and end their sessions.

        Raises:
            NotFoundError: There is no such user.
        """

    async def verify(self, name: str, password: str) -> User | None:
        """Return the user if the password is theirs and they are not kept out; takes as long if there is none.

        Raises:
            OverloadedError: Too many sign in at once.
        """


class Attempts(Protocol):
    """Failed sign-ins by name."""

    async def begin(self, name: str) -> int | None:
        """Count an attempt as failed; ``None`` if it may be made, else when (ms since 1970 UTC) the next may."""

    async def succeeded(self, name: str) -> None:
        """The password was right: forget what failed."""

    async def locked(self, names: Iterable[str]) -> dict[str, int]:
        """Those of the names that are locked now, each with the moment when it may be tried again."""


class Sessions(Protocol):
    """Who is signed in."""

    async def open(self, grant: Grant, user: str, lifetime_seconds: float) -> tuple[Session, str]:
        """Begin a session; gives it with its first refresh token."""

    async def refresh(self, token: str) -> Refreshed:
        """Take a refresh token and give the next."""

    async def end(self, session_id: str) -> None:
        """End a session."""

    async def ended_since(self, utc_ms: int) -> list[str]:
        """The sessions that were ended then or later, by whomever."""

    async def purge(self) -> None:
        """Forget those that are long over."""


class Audit(Protocol):
    """Who did what."""

    async def save_many(self, entries: Sequence[AuditEntry]) -> None:
        """Write entries, all or none; those that are there already stay as they are."""

    async def find(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> AuditPage:
        """Return a page of entries, newest first.

        Raises:
            RequestError: The cursor is none of ours.
        """


class AccessStores(Protocol):
    """All of them."""

    @property
    def users(self) -> Users:
        """Local users."""

    @property
    def attempts(self) -> Attempts:
        """Failed sign-ins by name."""

    @property
    def sessions(self) -> Sessions:
        """Who is signed in."""

    @property
    def audit(self) -> Audit:
        """Who did what."""
