"""``ctid openapi``: the API's description as a file, for generators of clients."""

from __future__ import annotations

import orjson
import typer

from ctid import __version__
from ctid.desktop.openapi import describe
from ctid.desktop.routes import OPERATIONS


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("openapi")(openapi)


def openapi() -> None:
    """Print the description of the REST API (OpenAPI 3.1, JSON)."""
    typer.echo(orjson.dumps(describe(OPERATIONS, __version__), option=orjson.OPT_INDENT_2).decode())
