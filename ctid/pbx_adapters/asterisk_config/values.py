"""What may stand in an Asterisk file."""

from __future__ import annotations

import re
from typing import Final

from ctid.errors import ConfigError

# What would end a line, begin a comment, or be expanded.
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f;\[\]$]")


def refuse_unsafe(what: str, *values: str) -> None:
    """Refuse values that would end their line, begin a comment or be expanded.

    Raises:
        ConfigError: With every such value.
    """
    faults = [f"{what}: {value!r} cannot stand in an Asterisk file" for value in values if _UNSAFE.search(value)]
    if faults:
        raise ConfigError(faults)
