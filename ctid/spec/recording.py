"""Recordings: which calls are recorded, and where recordings are kept."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from ctid.spec.base import Spec
from ctid.spec.secret import resolve

KEY_BYTES = 32
"""AES-256."""


def _elsewhere(value: Any) -> Any:
    """Refuse a key that stands in the configuration itself, which is copied and shown to people."""
    if not isinstance(value, str) or not value.startswith(("env:", "file:")):
        raise ValueError("the key stands elsewhere: give env:NAME or file:/path")
    return resolve(value)


def _key(value: SecretStr) -> SecretStr:
    try:
        known = len(base64.b64decode(value.get_secret_value(), validate=True)) == KEY_BYTES
    except (ValueError, binascii.Error):
        known = False
    if not known:
        raise ValueError(f"the key is not {KEY_BYTES} bytes in base64; make one with: openssl rand -base64 {KEY_BYTES}")
    return value


RecordingKey = Annotated[SecretStr, BeforeValidator(_elsewhere), AfterValidator(_key)]
"""A key for recordings, in base64."""

AbsoluteFolder = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/._-]{1,200}$")]


class RecordingPolicySpec(Spec):
    """Which calls of a queue or an agent are recorded.

    Attributes:
        percent: So many of a hundred calls are recorded from the first word; which, the contact's id decides.
        on_demand: Others are recorded from the moment in which the agent or a supervisor asks for it.
        consultations: Whether the recording goes on while the caller is on hold, with all that the agent says and
            hears then; it is silent there otherwise.
        retention_days: Recordings are deleted after so many days; without, as ``recordings.retention_days`` says.
    """

    percent: Annotated[float, Field(ge=0, le=100)] = 100
    on_demand: bool = False
    consultations: bool = False
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class SpoolSpec(Spec):
    """The folder that a PBX writes recordings to while they last.

    Attributes:
        asterisk: Its path at the PBX.
        ctid: The same folder as ctid sees it.
    """

    asterisk: AbsoluteFolder
    ctid: Path


class RecordingsSpec(Spec):
    """Where recordings are kept.

    Attributes:
        folder: Where they lie, on a disk that is large enough.
        key: What they are encrypted with; without it they lie there as they are. 32 bytes in base64, never written
            here: ``env:NAME`` or ``file:/path``.
        former_keys: Keys of before, for recordings that were encrypted with them.
        min_free_mb: With less free space in ``folder`` or in a spool, recordings end and none begins; calls go on.
        retention_days: Recordings are deleted after so many days.
    """

    folder: Path
    key: RecordingKey | None = None
    former_keys: list[RecordingKey] = []
    min_free_mb: Annotated[int, Field(ge=0, le=100_000_000)] = 1_024
    retention_days: Annotated[int, Field(ge=1, le=36_500)] = 90
