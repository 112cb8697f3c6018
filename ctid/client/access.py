"""Tokens: the one that was given, or those of a session, renewed before they end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from ctid.client.errors import NotSignedInError
from ctid.client.messages import JsonObject

_AHEAD_SECONDS: Final = 30.0

Post = Callable[[str, JsonObject], Awaitable[JsonObject]]
"""Posts a body to a path, without a token."""


class Access(Protocol):
    """Where tokens come from."""

    renewable: bool
    """Whether another one may be had."""

    async def token(self, post: Post, *, instead_of: str = "") -> str:
        """Give a token that holds for a while, and is another one than this.

        Raises:
            NotSignedInError: There is none to be had.
            ClientError: ctid could not be asked.
        """


class ServiceToken:
    """A token that was issued by hand (``ctid token``)."""

    renewable = False

    def __init__(self, token: str) -> None:
        """Take the token."""
        self._token = token

    async def token(self, post: Post, *, instead_of: str = "") -> str:
        """Give it, as long as it counts."""
        if instead_of == self._token:
            raise NotSignedInError(401, {"code": "token-invalid", "detail": "the token that was given does not count"})
        return self._token


class Session:
    """A session of somebody who signs in with a password."""

    renewable = True

    def __init__(self, username: str, password: str) -> None:
        """Take who signs in; nothing is sent yet."""
        self.me: JsonObject = {}
        self._username = username
        self._password = password
        self._access = ""
        self._refresh: str | None = None
        self._expires_at = 0.0
        self._busy = asyncio.Lock()

    async def token(self, post: Post, *, instead_of: str = "") -> str:
        """Sign in, or refresh, where the present token does not hold for a while."""
        async with self._busy:
            if self._access == instead_of or self._expires_at - datetime.now(UTC).timestamp() < _AHEAD_SECONDS:
                await self._renew(post)
            return self._access

    async def _renew(self, post: Post) -> None:
        if self._refresh:
            try:
                self._take(await post("/v1/sessions/refresh", {"refresh_token": self._refresh}))
            except NotSignedInError:
                # The session was ended, or is as old as sessions get; the password may count still.
                self._refresh = None
            else:
                return
        self._take(await post("/v1/sessions", {"username": self._username, "password": self._password}))

    def _take(self, answer: JsonObject) -> None:
        self._access = answer["access_token"]
        self._refresh = answer["refresh_token"]
        self._expires_at = datetime.fromisoformat(answer["expires_at"]).timestamp()
        self.me = answer["me"]
