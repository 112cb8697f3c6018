"""What is known beforehand of all that callers will hear: prepared, it costs nobody a wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ctid.ivr.spoken.spoken import vocabulary
from ctid.model.speech import Speech


def vocabularies(languages: Iterable[str]) -> Iterator[Speech]:
    """The phrases of all values that can be said in these languages; one that no value is said in has none."""
    for language in languages:
        try:
            phrases = vocabulary(language)
        except ValueError:
            continue
        yield from (Speech(text=phrase, language=language) for phrase in phrases)
