"""What is known beforehand of all that callers will hear: prepared, it costs nobody a wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import BaseModel

from ctid.ivr.saying import utterances
from ctid.ivr.spoken.spoken import vocabulary
from ctid.model.speech import Speech
from ctid.spec.say import SayItem, placeholders
from ctid.spec.site import SiteSpec


def known_texts(site: SiteSpec) -> list[Speech]:
    """What flows and queues say in which nothing is filled in, then the phrases of values that they say."""
    speakers = [(flow, flow.languages) for flow in site.flows.values()]
    waiting = [queue.waiting for queue in site.queues.values() if queue.waiting is not None]
    said = [(list(_said(spec)), languages) for spec, languages in (*speakers, *((w, w.languages) for w in waiting))]
    texts = (speech for items, languages in said for language in languages for speech in _texts(items, language))
    phrases = (
        speech
        for items, languages in said
        for language in languages
        for speech in _phrases(language, {item.value[0] for item in items if item.value is not None})
    )
    return list(dict.fromkeys((*texts, *phrases)))


def _texts(items: list[SayItem], language: str) -> Iterator[Speech]:
    for item in items:
        if item.text is not None and not any(map(placeholders, item.text.values())):
            heard = utterances([item], language, {}, dict, lambda: date.min)
            yield from (each for each in heard if isinstance(each, Speech))


def _phrases(language: str, kinds: set[str]) -> Iterator[Speech]:
    """All that is ever said of values of these kinds; nothing in a language that no value is said in."""
    try:
        words = vocabulary(language, sorted(kinds))
    except ValueError:
        return
    yield from (Speech(text=word, language=language) for word in words)


def _said(spec: Any) -> Iterator[SayItem]:
    """All that is said anywhere in a part of a flow."""
    if isinstance(spec, SayItem):
        yield spec
    elif isinstance(spec, BaseModel):
        for name in type(spec).model_fields:
            yield from _said(getattr(spec, name))
    elif isinstance(spec, dict | list):
        for part in spec.values() if isinstance(spec, dict) else spec:
            yield from _said(part)
