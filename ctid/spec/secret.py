"""Secrets in the configuration: written there, or fetched from the environment or a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr


def resolve(value: Any) -> Any:
    """Fetch a secret from where ``env:NAME`` or ``file:/path`` says; anything else is the secret itself."""
    if isinstance(value, str) and value.startswith("env:"):
        name = value.removeprefix("env:")
        if name not in os.environ:
            raise ValueError(f"the environment has no variable {name}")
        return os.environ[name]
    if isinstance(value, str) and value.startswith("file:"):
        path = Path(value.removeprefix("file:"))
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"cannot read {path}: {error.strerror}") from error
    return value


Secret = Annotated[SecretStr, BeforeValidator(resolve)]
