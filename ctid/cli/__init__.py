"""The ``ctid`` command."""

from __future__ import annotations

import sys

import typer

from ctid.cli import configuration, data, describe, ivr, journal, serve, simulate, staff, tokens, users
from ctid.errors import ConfigError, CtidError

app = typer.Typer(
    name="ctid",
    help="The open contact-centre core for a stock Asterisk.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (serve, configuration, ivr, journal, simulate, data, describe, tokens, users, staff):
    module.add_to(app)


def main() -> None:
    """Run the command line; faults end it with a message and exit code 2, or 1 where a check failed."""
    try:
        app()
    except* ConfigError as errors:
        for config_error in _leaves(errors):
            for fault in config_error.faults if isinstance(config_error, ConfigError) else ():
                print(fault, file=sys.stderr)
        sys.exit(2)
    except* CtidError as errors:
        for error in _leaves(errors):
            print(f"ctid: {error}", file=sys.stderr)
        sys.exit(2)
    except* OSError as errors:
        for os_error in _leaves(errors):
            print(f"ctid: {os_error}", file=sys.stderr)
        sys.exit(2)


def _leaves(errors: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in errors.exceptions:
        found.extend(_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found
