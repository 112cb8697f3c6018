"""The examples of a page of the docs."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def examples(page: str, kind: str) -> list[str]:
    """The fenced blocks of a kind, in order."""
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def files(page: str) -> dict[str, str]:
    """The fenced blocks that have a file's name before them."""
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
