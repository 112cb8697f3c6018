"""What flows say: in each of their languages, with a voice and a grammar for it, and of keys that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ctid.ivr.checks.site import Fault, Flows
from ctid.ivr.outline import sayings
from ctid.ivr.spoken import spoken, values
from ctid.spec.daemon import DaemonSpec
from ctid.spec.flow import FlowSpec
from ctid.spec.nodes import CollectNode, LanguageNode, MenuNode, Node
from ctid.spec.say import ANY_LANGUAGE, SayItem, plain_words, stray_braces

_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ENGLISH: Final[Mapping[str, str]] = {
    **dict(zip(_DIGITS, "0123456789", strict=True)),
    "star": "*",
    "asterisk": "*",
    "hash": "#",
    "pound": "#",
}
_CHINESE: Final[Mapping[str, str]] = {
    **dict(zip("零一二三四五六七八九", "0123456789", strict=True)),
    "星号": "*",
    "米字": "*",
    "井号": "#",
}
_KEYS: Final = {**_ENGLISH, **_CHINESE}
_PRESS: Final = re.compile(
    rf"\bpress(?:\s+the)?\s+([0-9*#]|(?:{'|'.join(_ENGLISH)})\b(?!\s+of\b))"
    rf"|按(?:一下)?\s*([0-9*#]|{'|'.join(_CHINESE)})(?![0-9下个些定])",
    re.IGNORECASE,
)


def faulty_texts(flows: Flows) -> Iterator[Fault]:
    """All of these faults."""
    voices = _voices(flows)
    for flow, spec in flows.specs.items():
        yield from _languages(flows, flow, spec, voices)
    for flow, spec, node_name, node in flows.nodes():
        for place, what in (*_said(spec, node), *_changed(spec, node), *_dead_keys(node)):
            yield flows.at(flow, node_name, place), what


def _languages(flows: Flows, flow: str, spec: FlowSpec, voices: frozenset[str] | None) -> Iterator[Fault]:
    items = [item for node in spec.nodes.values() for saying in sayings(node) for item in saying.items]
    spoken_values = any(item.value is not None for item in items)
    if voices is not None and not voices and any(item.prompt is None for item in items):
        yield flows.at(flow), "says texts, and there is no section speech, which says how they become sound"
    for at, language in enumerate(spec.languages):
        where = flows.at(flow, place=f"languages/{at}")
        if spoken_values and not _has_grammar(language):
            known = ", ".join(spoken.LANGUAGES)
            yield where, f"values that are said can't be said in {language!r}; they can in: {known}"
        if voices and not _has_voice(language, voices) and any(item.prompt is None for item in items):
            yield (
                where,
                f"there is no voice for {language!r} under speech.voices; there is: {', '.join(sorted(voices))}",
            )


def _voices(flows: Flows) -> frozenset[str] | None:
    """Languages that there is a voice for; ``None`` where nobody can tell: for a site without its daemon."""
    section = flows.data.get("speech")
    if not isinstance(section, dict):
        whole = "pbxes" in flows.data and "speech" in DaemonSpec.model_fields
        return frozenset() if whole else None
    given = section.get("voices", spoken.LANGUAGES)
    return frozenset(map(str, given)) if isinstance(given, (dict, tuple)) else None


def _has_voice(language: str, voices: frozenset[str]) -> bool:
    return language in voices or language.partition("-")[0] in voices


def _has_grammar(language: str) -> bool:
    return language.partition("-")[0] in spoken.LANGUAGES


# ---- what is said --------------------------------------------------------------------------------------------


def _said(spec: FlowSpec, node: Node) -> Iterator[tuple[str, str]]:
    for saying in sayings(node):
        for at, item in enumerate(saying.items):
            for what in _item(spec, item):
                yield f"{saying.place}/{at}", what


def _item(spec: FlowSpec, item: SayItem) -> Iterator[str]:
    if item.currency is not None and item.currency not in values.MINOR_DIGITS:
        yield f"the currency {item.currency!r} can't be said; these can: {', '.join(values.MINOR_DIGITS)}"
    if item.text is None:
        return
    if any(map(stray_braces, item.text.values())):
        yield "has a brace that would be read out; what is filled in is written {name}, without blanks"
    if ANY_LANGUAGE in item.text:
        if len(spec.languages) > 1 and plain_words(item.text[ANY_LANGUAGE]):
            example = ", ".join(f"{language}: …" for language in spec.languages)
            yield f"is the same in {' and '.join(spec.languages)}; give a text for each: {{{example}}}"
        return
    for language in spec.languages:
        if language not in item.text:
            yield f"is not given in {language!r}, which is a language of this flow"
    for language in item.text:
        if language not in spec.languages:
            yield f"{language!r} is no language of this flow; those are: {', '.join(spec.languages)}"


def _changed(spec: FlowSpec, node: Node) -> Iterator[tuple[str, str]]:
    """Languages that callers choose, and the flow does not have."""
    chosen: list[tuple[str, str]] = []
    if isinstance(node, LanguageNode):
        chosen = [("language", node.language)]
    elif isinstance(node, MenuNode):
        keys = node.menu.keys.items()
        chosen = [(f"menu/keys/{key}/language", each.language) for key, each in keys if each.language is not None]
    primaries = {language.partition("-")[0] for language in spec.languages}
    for place, language in chosen:
        if language.partition("-")[0] not in primaries:
            yield place, f"{language!r} is no language of this flow; those are: {', '.join(spec.languages)}"


def _dead_keys(node: Node) -> Iterator[tuple[str, str]]:
    """Keys that callers are told to press, and that do nothing."""
    asked: list[tuple[str, list[SayItem], set[str]]] = []
    if isinstance(node, MenuNode):
        asked = [("menu/say", node.menu.say, set(node.menu.keys))]
    elif isinstance(node, CollectNode) and node.collect.confirm is not None:
        confirm = node.collect.confirm
        asked = [("collect/confirm/say", confirm.say, {confirm.yes, confirm.no})]
    for place, items, keys in asked:
        for at, item in enumerate(items):
            for language, text in (item.text or {}).items():
                for key in _announced(text):
                    if key not in keys:
                        what = (
                            f"callers are told to press {key}, which does nothing here; keys: {' '.join(sorted(keys))}"
                        )
                        yield f"{place}/{at}/text/{language}", what


def _announced(text: str) -> list[str]:
    found = [english or chinese for english, chinese in _PRESS.findall(text)]
    return list(dict.fromkeys(_KEYS.get(each.lower(), each) for each in found))
