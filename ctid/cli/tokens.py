"""``ctid token``: service tokens, for integrators and scripts; people sign in."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ctid.cli.options import ConfigOption
from ctid.desktop.identity.auth import Authority
from ctid.errors import NotFoundError
from ctid.model.access import Grant, Role
from ctid.spec.loader import load_config


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("token")(token)


def token(
    config: ConfigOption,
    subject: Annotated[str, typer.Argument(help="Who it is for; for role agent the agent's id.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.AGENT,
    queue: Annotated[list[str] | None, typer.Option(help="A queue they see and command; repeat; none: all.")] = None,
    team: Annotated[list[str] | None, typer.Option(help="A team they see and command; repeat; none: all.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=8760, help="How long it holds.")] = 8,
) -> None:
    """Issue a service token; whoever holds it is let in until it expires, so hand it over safely."""
    loaded = load_config(config)
    agent_id = subject if role is Role.AGENT else ""
    if agent_id and agent_id not in loaded.site.agents:
        raise NotFoundError(f"there is no agent {agent_id!r} in the configuration")
    authority = Authority(loaded.daemon.api.token_secret.get_secret_value(), loaded.site.site)
    grant = Grant(subject=subject, role=role, agent_id=agent_id, queues=queue or [], teams=team or [])
    typer.echo(authority.grant(grant, time.time() + hours * 3600))
