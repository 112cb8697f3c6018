"""Local users: who may sign in with a password, as what."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ctid.errors import ConflictError, NotFoundError, RequestError
from ctid.model.access import Role, User
from ctid.store.attempts import forget_failures
from ctid.store.database import Database
from ctid.store.passwords import Passwords
from ctid.store.rows import storable
from ctid.store.schema import sessions, users

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CHANGEABLE: Final = frozenset({"role", "display_name", "agent_id", "queues", "teams", "disabled"})
_COLUMNS: Final = [column for column in users.c if column.name != "password"]


class UserStore:
    """The users of a database that is open. Every method raises ``StoreError`` if it fails."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

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

        Args:
            name: What they type to sign in; upper and lower case are the same.
            password: 8 characters at least.
            role: What they may do; an agent needs ``agent_id``.
            display_name: For people to read.
            agent_id: The agent they are.
            queues: The queues they see and command; empty for all.
            teams: The teams whose agents they see and command; empty for all.

        Raises:
            ConflictError: There is such a user.
            RequestError: The name, the password or the role does not do.
        """
        user = User(
            name=canonical(name),
            role=role,
            display_name=display_name,
            agent_id=agent_id,
            queues=list(queues),
            teams=list(teams),
            created_at=_now(),
        )
        _check(user)
        row = storable(msgspec.to_builtins(user)) | {"password": await self._passwords.hash(password)}
        async with self._database.begin() as connection:
            try:
                await connection.execute(insert(users), row)
            except IntegrityError:
                raise ConflictError(f"there is a user {user.name}", current="exists") from None
        return user

    async def get(self, name: str) -> User | None:
        """Return a user, if there is one."""
        async with self._database.read() as connection:
            return await find_user(connection, name.lower())

    async def list(self) -> list[User]:
        """Return all users, by name."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(*_COLUMNS).order_by(users.c.name))).mappings().all()
        return [_user(row) for row in rows]

    async def change(self, name: str, changes: Mapping[str, Any], password: str | None = None) -> User:
        """Change a user. Unless it is but the name for people, it ends all of their sessions.

        Args:
            name: Whom.
            changes: New values of ``role``, ``display_name``, ``agent_id``, ``queues``, ``teams``, ``disabled``.
            password: A new one, if there shall be one.

        Raises:
            NotFoundError: There is no such user.
            RequestError: What they would become, or the password, does not do.
        """
        if not changes.keys() <= _CHANGEABLE:
            raise RequestError(f"of a user can be changed: {', '.join(sorted(_CHANGEABLE))}")
        values = dict(storable(msgspec.to_builtins(dict(changes))))
        hashed = None if password is None else await self._passwords.hash(password)
        async with self._database.begin() as connection:
            user = await _found(connection, name)
            changed = msgspec.convert(msgspec.to_builtins(user) | values, User)
            _check(changed)
            if hashed is not None:
                values["password"] = hashed
            if values:
                await connection.execute(update(users).where(users.c.name == user.name).values(values))
            if values.keys() - {"display_name"}:
                await _end_sessions(connection, user.name)
        return changed

    async def set_password(self, name: str, password: str) -> User:
        """Give a user another password; see ``change``."""
        return await self.change(name, {}, password)

    async def unlock(self, name: str) -> None:
        """Let a user try again at once after too many wrong passwords.

        Raises:
            NotFoundError: There is no such user.
        """
        async with self._database.begin() as connection:
            await forget_failures(connection, (await _found(connection, name)).name)

    async def remove(self, name: str) -> None:
        """Remove a user and end their sessions.

        Raises:
            NotFoundError: There is no such user.
        """
        async with self._database.begin() as connection:
            user = await _found(connection, name)
            await connection.execute(delete(users).where(users.c.name == user.name))
            await _end_sessions(connection, user.name)
            await forget_failures(connection, user.name)

    async def verify(self, name: str, password: str) -> User | None:
        """Return the user if the password is theirs and they are not kept out.

        It takes as long where there is no such user. A hash of old parameters is replaced.

        Raises:
            OverloadedError: Too many sign in at once.
        """
        async with self._database.read() as connection:
            row = (await connection.execute(select(users).where(users.c.name == storable(name.lower())))).mappings()
            found = row.one_or_none()
        right, rehashed = await self._passwords.verify(None if found is None else found["password"], password)
        if found is None or not right or found["disabled"]:
            return None
        values = {"signed_in_at": _now()} | ({} if rehashed is None else {"password": rehashed})
        async with self._database.begin() as connection:
            # Not if the password was changed meanwhile.
            same = (users.c.name == found["name"]) & (users.c.password == found["password"])
            await connection.execute(update(users).where(same).values(values))
        return _user(found)


def canonical(name: str) -> str:
    """The name as it is kept.

    Raises:
        RequestError: It is none that a user may have.
    """
    lower = name.lower()
    if not _NAME.fullmatch(lower):
        raise RequestError("a user's name has 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit")
    return lower


async def find_user(connection: AsyncConnection, name: str) -> User | None:
    """Return the user of this name, if there is one."""
    result = await connection.execute(select(*_COLUMNS).where(users.c.name == storable(name)))
    row = result.mappings().one_or_none()
    return None if row is None else _user(row)


async def _found(connection: AsyncConnection, name: str) -> User:
    user = await find_user(connection, name.lower())
    if user is None:
        raise NotFoundError("there is no such user")
    return user


async def _end_sessions(connection: AsyncConnection, name: str) -> None:
    theirs = (sessions.c.user_name == name) & sessions.c.ended_at.is_(None)
    await connection.execute(update(sessions).where(theirs).values(ended_at=_now()))


def _check(user: User) -> None:
    if user.role is Role.AGENT and not user.agent_id:
        raise RequestError("a user of role agent needs the id of the agent they are")


def _user(row: RowMapping) -> User:
    return msgspec.convert({str(name): value for name, value in row.items() if name != "password"}, User)


def _now() -> int:
    return time.time_ns() // 1_000_000
