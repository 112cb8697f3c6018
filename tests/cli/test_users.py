"""``ctid user``: the password never is an argument, and what the command does counts for a daemon that runs."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ctid.model.access import Role
from ctid.store.access import AccessStore
from ctid.store.database import Database
from ctid.store.passwords import Passwords
from tests.cli.running import Ctid

PASSWORD = "demo-only-correct-horse"


def ask(folder: Path, work: Callable[[AccessStore], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        passwords = Passwords()
        async with Database(f"sqlite:///{folder / 'ctid.db'}") as database:
            try:
                return await work(AccessStore(database, passwords))
            finally:
                passwords.close()

    return asyncio.run(run())


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_user_from_add_to_remove(ctid: Ctid, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, f"{PASSWORD}\n")
    done = ctid("user", "add", "-c", config, "Alice")
    assert (done.returncode, done.stderr) == (2, "ctid: there is no agent 'Alice' in the configuration\n")
    done = ctid("user", "add", "-c", config, "Alice", "--agent", "alice")
    assert (done.returncode, done.stdout) == (0, "user alice added, role agent\n")
    type_in(monkeypatch, f"{PASSWORD}\n")
    done = ctid("user", "add", "-c", config, "sue", "--role", "supervisor", "--queue", "sales", "--team", "red")
    assert done.returncode == 0, done.stderr
    user = ask(config.parent, lambda access: access.users.verify("ALICE", PASSWORD))
    assert (user.role, user.agent_id) == (Role.AGENT, "alice")
    assert user.display_name

    done = ctid("user", "list", "-c", config)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["user", "alice", "sue"]
    assert lines[2][-2:] == ["sales", "red"]

    type_in(monkeypatch, "another-demo-only-one\r\n")
    assert ctid("user", "passwd", "-c", config, "alice").returncode == 0
    assert ask(config.parent, lambda access: access.users.verify("alice", PASSWORD)) is None
    assert ask(config.parent, lambda access: access.users.verify("alice", "another-demo-only-one")) is not None

    assert ctid("user", "remove", "-c", config, "alice").returncode == 0
    done = ctid("user", "remove", "-c", config, "alice")
    assert (done.returncode, done.stderr) == (2, "ctid: there is no such user\n")
    trail = ask(config.parent, lambda access: access.audit.find())
    operations = [(entry.operation, entry.target) for entry in reversed(trail.entries)]
    assert operations == [
        ("addUser", "/v1/users/alice"),
        ("addUser", "/v1/users/sue"),
        ("changeUser", "/v1/users/alice"),
        ("removeUser", "/v1/users/alice"),
    ]
    assert all(entry.subject.startswith("cli:") for entry in trail.entries)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("short\n", "ctid: a password has 8 to 1024 characters\n"),
        ("", "ctid: a password has 8 to 1024 characters\n"),
        (f"{PASSWORD}\n", "ctid: there is a user sue\n"),
    ],
)
def test_what_is_refused(ctid: Ctid, config: Path, monkeypatch: pytest.MonkeyPatch, typed: str, said: str) -> None:
    type_in(monkeypatch, f"{PASSWORD}\n")
    assert ctid("user", "add", "-c", config, "sue", "--role", "supervisor").returncode == 0
    type_in(monkeypatch, typed)
    done = ctid("user", "add", "-c", config, "sue", "--role", "admin")
    assert (done.returncode, done.stderr) == (2, said)


def test_unlock_is_the_way_out(ctid: Ctid, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, f"{PASSWORD}\n")
    assert ctid("user", "add", "-c", config, "sue", "--role", "supervisor").returncode == 0

    async def fail(access: AccessStore) -> None:
        for _ in range(5):
            assert await access.attempts.begin("sue") is None

    ask(config.parent, fail)
    assert ask(config.parent, lambda access: access.attempts.begin("Sue")) is not None
    assert "locked" in ctid("user", "list", "-c", config).stdout
    assert ctid("user", "unlock", "-c", config, "sue").returncode == 0
    assert ask(config.parent, lambda access: access.attempts.begin("sue")) is None
