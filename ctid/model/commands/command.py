"""The base of all commands."""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command"):
    """Base of all outputs."""
