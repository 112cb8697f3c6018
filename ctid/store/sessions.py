"""Sessions and their refresh tokens: each token is good for one refresh, and one that comes again ends the session."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from typing import Final

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.model.access import Grant, Refreshed, RefreshResult, Session
from ctid.store.database import Database
from ctid.store.rows import storable
from ctid.store.schema import refresh_tokens, sessions
from ctid.store.users import find_user

LEEWAY_MS: Final = 30_000
"""A token used so short a time ago may come again: its answer got lost on the way, or two tabs share a cookie."""
_KEEP_MS: Final = 24 * 3_600_000


class SessionStore:
    """The sessions of a database that is open. Every method raises ``StoreError`` if it fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, grant: Grant, user: str, lifetime_seconds: float) -> tuple[Session, str]:
        """Begin a session.

        Args:
            grant: What they may do.
            user: The local user; empty if an identity provider vouches for them.
            lifetime_seconds: When it ends, however often it is refreshed.

        Returns:
            The session and its first refresh token, which only its holder has: a hash is kept here.
        """
        now = _now()
        session = Session(
            id=uuid.uuid4().hex,
            grant=grant,
            user=user,
            created_at=now,
            expires_at=now + round(lifetime_seconds * 1_000),
        )
        row = {
            "id": session.id,
            "user_name": user,
            "granted": storable(msgspec.to_builtins(grant)),
            "created_at": now,
            "expires_at": session.expires_at,
        }
        async with self._database.begin() as connection:
            await connection.execute(insert(sessions), row)
            return session, await _new_token(connection, session.id)

    async def refresh(self, token: str) -> Refreshed:
        """Take a refresh token and give the next.

        A local user's grant is read anew; one who is gone or disabled has no session any more.
        """
        now = _now()
        hashed = _hash(token)
        async with self._database.begin() as connection:
            unused = (refresh_tokens.c.token_hash == hashed) & refresh_tokens.c.used_at.is_(None)
            fresh = (await connection.execute(update(refresh_tokens).where(unused).values(used_at=now))).rowcount == 1
            both = select(sessions, refresh_tokens.c.used_at).join(sessions)
            row = (await connection.execute(both.where(refresh_tokens.c.token_hash == hashed))).one_or_none()
            if row is None:
                return Refreshed(RefreshResult.UNKNOWN)
            session = Session(
                id=row.id,
                grant=msgspec.convert(row.granted, Grant),
                user=row.user_name,
                created_at=row.created_at,
                expires_at=row.expires_at,
            )
            if row.ended_at is not None or row.expires_at <= now:
                return Refreshed(RefreshResult.ENDED, session)
            if not fresh and row.used_at < now - LEEWAY_MS:
                await _end(connection, session.id)
                return Refreshed(RefreshResult.REUSED, session)
            if session.user:
                user = await find_user(connection, session.user)
                if user is None or user.disabled:
                    await _end(connection, session.id)
                    return Refreshed(RefreshResult.ENDED, session)
                session = msgspec.structs.replace(session, grant=user.grant)
            return Refreshed(RefreshResult.DONE, session, await _new_token(connection, session.id))

    async def end(self, session_id: str) -> None:
        """End a session; one that has ended stays so."""
        async with self._database.begin() as connection:
            await _end(connection, session_id)

    async def ended_since(self, utc_ms: int) -> list[str]:
        """The sessions that were ended then or later, by whomever."""
        async with self._database.read() as connection:
            return list(
                (await connection.execute(select(sessions.c.id).where(sessions.c.ended_at >= utc_ms))).scalars()
            )

    async def purge(self) -> None:
        """Forget sessions that expired a day ago."""
        async with self._database.begin() as connection:
            old = select(sessions.c.id).where(sessions.c.expires_at < _now() - _KEEP_MS)
            # Not left to the cascade, which a database that was made by hand may lack.
            await connection.execute(delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(old)))
            await connection.execute(delete(sessions).where(sessions.c.id.in_(old)))


async def _new_token(connection: AsyncConnection, session_id: str) -> str:
    token = secrets.token_urlsafe(32)
    await connection.execute(insert(refresh_tokens).values(token_hash=_hash(token), session_id=session_id))
    return token


async def _end(connection: AsyncConnection, session_id: str) -> None:
    mine = (sessions.c.id == session_id) & sessions.c.ended_at.is_(None)
    await connection.execute(update(sessions).where(mine).values(ended_at=_now()))


def _hash(token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> int:
    return time.time_ns() // 1_000_000
