"""``ctid user``: those who sign in with a password kept here."""

from __future__ import annotations

import asyncio
import getpass
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from ctid.cli.options import ConfigOption
from ctid.errors import NotFoundError
from ctid.model.access import AuditEntry, Role
from ctid.spec.loader import Config, load_config
from ctid.store.access import AccessStore
from ctid.store.database import Database
from ctid.store.passwords import Passwords

Result = TypeVar("Result")
NameArgument = Annotated[str, typer.Argument(help="What they type to sign in.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Users who sign in with a password kept here.", no_args_is_help=True)
    for name, command in (("add", add), ("list", show), ("passwd", passwd), ("unlock", unlock), ("remove", remove)):
        group.command(name)(command)
    app.add_typer(group, name="user")


def add(
    config: ConfigOption,
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.AGENT,
    agent: Annotated[
        str | None, typer.Option(help="The agent they are; for role agent the one of that name if not given.")
    ] = None,
    display_name: Annotated[str, typer.Option("--name", help="For people to read.")] = "",
    queue: Annotated[list[str] | None, typer.Option(help="A queue they see and command; repeat; none: all.")] = None,
    team: Annotated[list[str] | None, typer.Option(help="A team they see and command; repeat; none: all.")] = None,
) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    loaded = load_config(config)
    agent_id = agent if agent is not None else name if role is Role.AGENT else ""
    if agent_id and agent_id not in loaded.site.agents:
        raise NotFoundError(f"there is no agent {agent_id!r} in the configuration")
    for each in queue or ():
        if each not in loaded.site.queues:
            raise NotFoundError(f"there is no queue {each!r} in the configuration")
    password = _new_password()
    user = _change(
        loaded,
        "addUser",
        name,
        lambda access: access.users.add(
            name,
            password,
            role,
            display_name=display_name or (loaded.site.agents[agent_id].name if agent_id else ""),
            agent_id=agent_id,
            queues=queue or (),
            teams=team or (),
        ),
    )
    typer.echo(f"user {user.name} added, role {user.role}")


def show(config: ConfigOption) -> None:
    """List the users."""

    async def read(access: AccessStore) -> Table:
        users = await access.users.list()
        locked = await access.attempts.locked(user.name for user in users)
        table = Table("user", "name", "role", "agent", "queues", "teams", "state", "last sign-in (UTC)", box=None)
        for user in users:
            state = "disabled" if user.disabled else "locked" if user.name in locked else ""
            queues, teams = ", ".join(user.queues) or "all", ", ".join(user.teams) or "all"
            own = user.role is Role.AGENT
            table.add_row(
                user.name,
                user.display_name,
                user.role,
                user.agent_id,
                "own" if own else queues,
                "own" if own else teams,
                state,
                _moment(user.signed_in_at),
            )
        return table

    # In a pipe each user stays on a line of their own.
    Console(width=None if sys.stdout.isatty() else 250).print(_with_access(load_config(config), read))


def passwd(config: ConfigOption, name: NameArgument) -> None:
    """Give a user another password, and sign them out everywhere; it is asked for, or read from standard input."""
    loaded = load_config(config)
    password = _new_password()
    user = _change(loaded, "changeUser", name, lambda access: access.users.set_password(name, password))
    typer.echo(f"password of {user.name} changed")


def unlock(config: ConfigOption, name: NameArgument) -> None:
    """Let a user try again at once after too many wrong passwords."""
    _change(load_config(config), "changeUser", name, lambda access: access.users.unlock(name))
    typer.echo(f"user {name} unlocked")


def remove(config: ConfigOption, name: NameArgument) -> None:
    """Remove a user, and sign them out everywhere."""
    _change(load_config(config), "removeUser", name, lambda access: access.users.remove(name))
    typer.echo(f"user {name} removed")


def _new_password() -> str:
    # Never an argument: those are for every user of the machine to see, and kept by shells.
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _moment(utc_ms: int | None) -> str:
    return "" if utc_ms is None else datetime.fromtimestamp(utc_ms // 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _change(config: Config, operation: str, name: str, work: Callable[[AccessStore], Awaitable[Result]]) -> Result:
    """Change a user, and leave in the audit trail which account of this machine did so."""

    async def change(access: AccessStore) -> Result:
        result = await work(access)
        entry = AuditEntry(
            id=uuid.uuid4().hex,
            at=time.time_ns() // 1_000_000,
            subject=f"cli:{getpass.getuser()}",
            role=Role.ADMIN,
            operation=operation,
            target=f"/v1/users/{name.lower()}",
            status=HTTPStatus.OK,
        )
        await access.audit.save_many([entry])
        return result

    return _with_access(config, change)


def _with_access(config: Config, work: Callable[[AccessStore], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        passwords = Passwords()
        try:
            async with Database(config.daemon.store.url.get_secret_value()) as database:
                return await work(AccessStore(database, passwords))
        finally:
            passwords.close()

    return asyncio.run(run())
