"""Users, sessions, failed attempts and the trail, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from ctid.errors import ConflictError, NotFoundError, RequestError
from ctid.model.access import AuditEntry, Grant, RefreshResult, Role
from ctid.store.access import AccessStore
from ctid.store.database import Database
from ctid.store.passwords import Passwords
from ctid.store.schema import refresh_tokens, sessions, sign_in_failures, users

PASSWORD = "demo-only-correct-horse"
HOUR = 3_600


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    yield made
    made.close()


@pytest.fixture
def access(database: Database, passwords: Passwords) -> AccessStore:
    return AccessStore(database, passwords)


async def test_a_user_is_kept_and_the_password_is_not(access: AccessStore, database: Database) -> None:
    added = await access.users.add("Sue.B", PASSWORD, Role.SUPERVISOR, display_name="Sue", queues=["sales"])
    assert await access.users.get("SUE.B") == added
    assert await access.users.list() == [added]
    async with database.read() as connection:
        kept = (await connection.execute(select(users.c.password))).scalar_one()
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert await access.users.verify("sue.b", PASSWORD) == added
    assert await access.users.verify("sue.b", PASSWORD + " ") is None
    assert await access.users.verify("nobody", PASSWORD) is None
    found = await access.users.get("sue.b")
    assert found is not None
    assert found.signed_in_at is not None


async def test_a_password_is_the_same_however_it_is_composed(access: AccessStore) -> None:
    await access.users.add("sue", "de\u0301mo-only-word", Role.ADMIN)
    assert await access.users.verify("sue", "d\u00e9mo-only-word") is not None


@pytest.mark.parametrize(
    ("name", "password", "role", "more", "said"),
    [
        ("", PASSWORD, Role.ADMIN, {}, "1 to 64"),
        ("a b", PASSWORD, Role.ADMIN, {}, "1 to 64"),
        ("sue\x00", PASSWORD, Role.ADMIN, {}, "1 to 64"),
        ("sue", "1234567", Role.ADMIN, {}, "8 to 1024"),
        ("sue", "x" * 1025, Role.ADMIN, {}, "8 to 1024"),
        ("sue", PASSWORD, Role.AGENT, {}, "id of the agent"),
    ],
)
async def test_users_that_cannot_be(
    access: AccessStore, name: str, password: str, role: Role, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        await access.users.add(name, password, role, **more)
    assert await access.users.list() == []


async def test_nobody_is_added_twice_or_changed_without_being_there(access: AccessStore) -> None:
    await access.users.add("sue", PASSWORD, Role.ADMIN)
    with pytest.raises(ConflictError):
        await access.users.add("SUE", PASSWORD, Role.ADMIN)
    for attempt in (access.users.change("bob", {}), access.users.remove("bob"), access.users.unlock("bob")):
        with pytest.raises(NotFoundError):
            await attempt
    with pytest.raises(RequestError, match="can be changed"):
        await access.users.change("sue", {"password": "x"})
    with pytest.raises(RequestError, match="id of the agent"):
        await access.users.change("sue", {"role": Role.AGENT})


async def test_old_hashes_are_made_anew_at_sign_in(access: AccessStore, database: Database) -> None:
    await access.users.add("sue", PASSWORD, Role.ADMIN)
    weaker = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
    async with database.begin() as connection:
        await connection.execute(update(users).values(password=weaker))
    assert await access.users.verify("sue", PASSWORD) is not None
    async with database.read() as connection:
        kept = (await connection.execute(select(users.c.password))).scalar_one()
    assert "m=64" in kept
    assert await access.users.verify("sue", PASSWORD) is not None


async def test_other_rights_end_the_sessions_but_another_name_does_not(access: AccessStore) -> None:
    started = time.time_ns() // 1_000_000
    sue = await access.users.add("sue", PASSWORD, Role.SUPERVISOR)
    await access.users.add("bob", PASSWORD, Role.ADMIN)
    ended = []
    for changes, password in (
        ({"display_name": "Susan"}, None),
        ({"teams": ["red"]}, None),
        ({"role": Role.ADMIN}, None),
        ({}, "another-demo-only-one"),
        ({"disabled": True}, None),
    ):
        session, _ = await access.sessions.open(sue.grant, "sue", HOUR)
        await access.users.change("sue", changes, password)
        ended.append(session.id in await access.sessions.ended_since(started))
    assert ended == [False, True, True, True, True]
    session, token = await access.sessions.open(sue.grant, "sue", HOUR)
    assert (await access.sessions.refresh(token)).result is RefreshResult.ENDED
    session, _ = await access.sessions.open(Grant(subject="bob", role=Role.ADMIN), "bob", HOUR)
    await access.users.remove("bob")
    assert session.id in await access.sessions.ended_since(started)
    assert await access.users.get("bob") is None


async def test_a_refresh_token_is_good_once_and_gives_what_the_user_may_do_now(
    access: AccessStore, database: Database
) -> None:
    sue = await access.users.add("sue", PASSWORD, Role.SUPERVISOR)
    session, token = await access.sessions.open(sue.grant, "sue", HOUR)
    await access.users.change("sue", {"display_name": "Susan"})
    refreshed = await access.sessions.refresh(token)
    assert refreshed.result is RefreshResult.DONE
    assert refreshed.session is not None
    assert (refreshed.session.id, refreshed.session.grant.name) == (session.id, "Susan")
    assert (await access.sessions.refresh("none-of-ours")).result is RefreshResult.UNKNOWN
    async with database.read() as connection:
        kept = set((await connection.execute(select(refresh_tokens.c.token_hash))).scalars())
    assert not kept & {token, refreshed.token}
    both = await asyncio.gather(*(access.sessions.refresh(refreshed.token) for _ in range(2)))
    assert [each.result for each in both] == [RefreshResult.DONE] * 2, "two tabs share the cookie"
    async with database.begin() as connection:
        await connection.execute(update(refresh_tokens).values(used_at=refresh_tokens.c.used_at - 30_001))
    assert (await access.sessions.refresh(token)).result is RefreshResult.REUSED
    assert (await access.sessions.refresh(both[0].token)).result is RefreshResult.ENDED


async def test_sessions_end_by_themselves_and_are_forgotten(access: AccessStore, database: Database) -> None:
    grant = Grant(subject="x", role=Role.SUPERVISOR)
    _, token = await access.sessions.open(grant, "", 0)
    assert (await access.sessions.refresh(token)).result is RefreshResult.ENDED
    lasting, other = await access.sessions.open(grant, "", HOUR)
    async with database.begin() as connection:
        day = 24 * HOUR * 1_000
        old = sessions.c.id != lasting.id
        await connection.execute(update(sessions).where(old).values(expires_at=sessions.c.expires_at - day - 1))
    await access.sessions.purge()
    assert (await access.sessions.refresh(token)).result is RefreshResult.UNKNOWN
    assert (await access.sessions.refresh(other)).result is RefreshResult.DONE


async def test_locks_grow_with_every_failure_and_end(access: AccessStore, database: Database) -> None:
    attempts, table = access.attempts, sign_in_failures
    locks = []
    for _ in range(12):
        now = time.time_ns() // 1_000_000
        until = await attempts.begin("sue")
        if until is not None:
            locks.append(round((until - now) / 1_000))
            assert (await attempts.locked(["bob", "sue"])) == {"sue": until}
            async with database.begin() as connection:
                await connection.execute(update(table).values(last_at=table.c.last_at - 1_000 * (locks[-1] + 1)))
            assert await attempts.begin("Sue") is None
    assert locks == [30, 60, 120, 240, 480, 900, 900][: len(locks)]
    assert len(locks) >= 6
    await attempts.succeeded("sue")
    assert await attempts.begin("sue") is None
    async with database.read() as connection:
        assert list((await connection.execute(select(table.c.failures))).scalars()) == [1]


async def test_attempts_made_at_once_are_all_counted(access: AccessStore) -> None:
    made = await asyncio.gather(*(access.attempts.begin("sue") for _ in range(20)))
    assert 1 <= sum(until is None for until in made) <= 5


def entry(number: int, subject: str = "sue") -> AuditEntry:
    return AuditEntry(
        id=f"{number:04}",
        at=1_000 + number // 2,
        subject=subject,
        role="admin",
        operation="o",
        target="/v1",
        status=202,
    )


async def test_the_trail_is_read_page_by_page_newest_first(access: AccessStore) -> None:
    written = [entry(number, "sue" if number % 3 else "bob") for number in range(10)]
    await access.audit.save_many(written)
    await access.audit.save_many(written[:3])
    found: list[AuditEntry] = []
    cursor = None
    while True:
        page = await access.audit.find(limit=4, cursor=cursor)
        found += page.entries
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == written[::-1]
    bobs = await access.audit.find(subject="bob")
    assert [each.id for each in bobs.entries] == ["0009", "0006", "0003", "0000"]
    with pytest.raises(RequestError):
        await access.audit.find(cursor="none")
