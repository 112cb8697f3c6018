"""What a picture of a flow shows: its nodes as boxes, and arrows between them with the keys and conditions."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ctid.ivr.outline import sayings, ways_on
from ctid.spec.destination import VoicemailTarget
from ctid.spec.flow import FlowSpec, language_of
from ctid.spec.nodes import (
    KINDS,
    CallNode,
    CollectNode,
    EndNode,
    FetchNode,
    GoNode,
    GoSpec,
    LanguageNode,
    Node,
    RecordNode,
    SetNode,
)
from ctid.spec.say import SayItem

MAX_LABEL = 40
"""Columns of a label; longer ones are cut."""

MAX_TEXT = 90
"""Columns of what a node says."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node.

    Attributes:
        name: Its name.
        kind: ``say``, ``menu`` …
        title: Its title, or its name.
        text: What it says or does, cut if it is long.
        is_last: Whether the flow goes on nowhere from here.
    """

    name: str
    kind: str
    title: str
    text: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way from one node to another.

    Attributes:
        start: Where from.
        end: Where to.
        label: What leads there; empty for what always does.
    """

    start: str
    end: str
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A flow.

    Attributes:
        title: Its title, or its name.
        start: The box where it begins.
        boxes: In the order of the file.
        arrows: One from each box to each other at most.
    """

    title: str
    start: str
    boxes: list[Box]
    arrows: list[Arrow]


def picture(name: str, flow: FlowSpec, language: str = "") -> Picture:
    """Draw up what is shown of a flow.

    Args:
        name: The flow's.
        flow: The flow.
        language: Of the texts; where the flow does not have it, they are in its first.
    """
    language = language_of(flow.languages, language)
    boxes = [_box(each, node, language) for each, node in flow.nodes.items()]
    labels: dict[tuple[str, str], list[str]] = {}
    for each, node in flow.nodes.items():
        for way in ways_on(node):
            if way.to in flow.nodes:
                labels.setdefault((each, way.to), []).append(way.label)
    arrows = [
        Arrow(start, end, cut(visible(", ".join(filter(None, all_))), MAX_LABEL))
        for (start, end), all_ in labels.items()
    ]
    return Picture(visible(flow.title) or name, flow.start, boxes, arrows)


def columns(text: str) -> int:
    """How wide a text is; a Chinese character is as wide as two Latin ones."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def visible(text: str) -> str:
    """The text on one line, with a mark in place of what can't be shown, which no XML file may hold either."""
    line = "".join(" " if letter.isspace() else letter for letter in text).strip()
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_hidden(letter) else letter for letter in line)


def _is_hidden(letter: str) -> bool:
    # Control characters, half a pair of UTF-16, and what is no character, such as U+FFFE.
    return unicodedata.category(letter) in ("Cc", "Cs", "Cn")


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis."""
    if columns(text) <= most:
        return text
    kept = ""
    for letter in text:
        if columns(kept + letter) > most - 1:
            break
        kept += letter
    return f"{kept.rstrip()}…"


def _box(name: str, node: Node, language: str) -> Box:
    kind = next(each for each in KINDS if each in type(node).model_fields)
    text = _does(node, language) or " ".join(_said(sayings(node)[0].items, language) if sayings(node) else ())
    title = visible(node.title) or name
    return Box(name, kind, title, cut(visible(text), MAX_TEXT), isinstance(node, EndNode | GoNode))


def _said(items: Iterable[SayItem], language: str) -> Iterable[str]:
    for item in items:
        if item.prompt is not None:
            yield f"[{item.prompt}]"
        elif item.text is not None:
            yield item.text.get(language) or next(iter(item.text.values()))
        elif item.value is not None:
            yield f"⟨{item.value[1]}⟩"


def _does(node: Node, language: str) -> str:
    match node:
        case CollectNode(collect=collect):
            asked = " ".join(_said(collect.say, language))
            return f"{asked} → {collect.into}{' (sensitive)' if collect.sensitive else ''}"
        case FetchNode(fetch=fetch):
            return f"lookup {fetch.lookup}"
        case SetNode():
            return ", ".join(f"{name} = {text}" for name, text in node.set.items())
        case LanguageNode():
            return node.language
        case CallNode():
            return f"flow {node.call}"
        case EndNode():
            return node.end
        case RecordNode(record=record):
            return f"→ {record.into}"
        case GoNode(go=go):
            return _destination(go)
        case _:
            return ""


def _destination(go: GoSpec) -> str:
    if isinstance(go.voicemail, VoicemailTarget):
        return f"voicemail of {go.voicemail.queue or go.voicemail.agent}"
    for way in ("queue", "number", "voicemail", "callback", "flow"):
        name = getattr(go, way)
        if name is not None:
            return f"{way} {name}" + (f", for {go.agent}" if go.agent else "")
    return "hang up"
