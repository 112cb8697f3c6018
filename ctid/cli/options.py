"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="Configuration file, or directory of *.yaml files.", envvar="CTID_CONFIG")
]
