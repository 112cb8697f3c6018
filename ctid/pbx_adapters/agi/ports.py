"""What sessions need of others; the composition root provides it."""

from __future__ import annotations

from typing import Protocol

from ctid.model.speech import Speech


class SpeechFiles(Protocol):
    """Texts as files."""

    async def file(self, pbx: str, speech: Speech) -> str:
        """Give the file with a text's sound as a PBX sees it, without extension; it may have to be made first.

        Raises:
            SpeechError: There is none, and there will be none soon.
        """
