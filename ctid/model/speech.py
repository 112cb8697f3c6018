"""What a caller is to hear: recorded prompts, and texts that are spoken."""

from __future__ import annotations

import msgspec


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """A text to be spoken.

    Attributes:
        text: The words, as they are said: numbers are written out.
        language: BCP 47 tag of a language that there is a voice for: ``en``, ``zh``.
    """

    text: str
    language: str


Utterance = str | Speech
"""A sound's name as Asterisk knows it, without extension; or a text to be spoken."""
