"""What is said, as the utterances that the caller hears in their language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from ctid.ivr.spoken.spoken import phrases
from ctid.model.speech import Speech, Utterance
from ctid.spec.say import ANY_LANGUAGE, SayItem, filled


def utterances(
    items: Iterable[SayItem],
    language: str,
    attributes: Mapping[str, str],
    named: Callable[[], Mapping[str, str]],
    today: Callable[[], date],
) -> list[Utterance]:
    """What the caller hears.

    Args:
        items: What is to be said.
        language: One of the flow's languages.
        attributes: The contact's. A value that is not there, or not of its kind, is left out.
        named: Gives what texts may name, the attributes among it; asked for if a text names something.
        today: Gives the date, likewise.
    """
    heard: list[Utterance] = []
    for item in items:
        if item.prompt is not None:
            heard.append(item.prompt)
        elif item.text is not None:
            text = item.text.get(language) or item.text.get(ANY_LANGUAGE) or next(iter(item.text.values()))
            # On one line and with single blanks: voices take a line for a text, and what was left out leaves a gap.
            words = " ".join((filled(text, named()) if "{" in text else text).split())
            if words:
                heard.append(Speech(text=words, language=language))
        elif item.value is not None:
            kind, name = item.value
            heard += _value(kind, attributes.get(name, ""), language, item.currency or "", today())
    return heard


def _value(kind: str, text: str, language: str, currency: str, today: date) -> list[Utterance]:
    if not text:
        return []
    try:
        words = phrases(kind, text, language, currency=currency, today=today)
    except ValueError:
        return []
    return [Speech(text=each, language=language) for each in words]
