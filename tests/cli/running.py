"""What a run of the command gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
DEMO = CHECKOUT / "config" / "demo"


@dataclass
class Done:
    """What a command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


Ctid = Callable[..., Done]
