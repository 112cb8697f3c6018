"""``ctid openapi`` and ``ctid asyncapi``: the API's descriptions as files, for generators of clients."""

from __future__ import annotations

from typing import Any

import orjson
import typer

from ctid import __version__
from ctid.desktop.described import asyncapi as events
from ctid.desktop.described import openapi as rest
from ctid.desktop.operations.routes import OPERATIONS


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("openapi")(openapi)
    app.command("asyncapi")(asyncapi)


def openapi() -> None:
    """Print the description of the REST API (OpenAPI 3.1, JSON)."""
    _print(rest.describe(OPERATIONS, __version__))


def asyncapi() -> None:
    """Print the description of the event socket (AsyncAPI 3.0, JSON)."""
    _print(events.describe(__version__))


def _print(document: dict[str, Any]) -> None:
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
