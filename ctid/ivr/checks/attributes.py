"""Attributes in flows: read although nothing sets them, spoken or set as what they are not, or not kept to lookups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ctid.ivr.checks.site import Fault, Flows
from ctid.ivr.outline import sayings
from ctid.ivr.subjects import attributes_named
from ctid.ivr.values import normal
from ctid.spec.flow import ValueType
from ctid.spec.nearest import nearest
from ctid.spec.nodes import CollectNode, DecideNode, FetchNode, GoNode, MenuNode, Node, RecordNode, SetNode
from ctid.spec.say import placeholders

_SPOKEN: Final[Mapping[str, frozenset[ValueType]]] = {
    "digits": frozenset({"digits", "number", "text"}),
    "number": frozenset({"number", "digits", "money"}),
    "ordinal": frozenset({"number", "digits"}),
    "money": frozenset({"money", "number", "digits"}),
    "date": frozenset({"date"}),
    "time": frozenset({"time"}),
    "datetime": frozenset({"datetime"}),
    "duration": frozenset({"number", "digits"}),
}
"""What can be spoken as a value of a kind."""

_COLLECTED: Final = frozenset({"text", "digits", "number", "money"})
"""What digits that callers enter can be."""

_KNOWN: Final = frozenset({"ani", "dnis", "customer.id", "customer.name", "customer.tier", "customer.language"})
"""What texts may name besides attributes; of a customer's own attributes, nobody knows the names."""


class _Use(NamedTuple):
    """An attribute is read or written.

    Attributes:
        place: Where, below the node.
        name: The attribute.
        whole: Whether it alone is what a lookup is given.
    """

    place: str
    name: str
    whole: bool = False


def faulty_attributes(flows: Flows) -> Iterator[Fault]:
    """All of these faults."""
    sensitive_in = {flow: flows.sensitive(flow) for flow in flows.specs}
    for flow, _, node_name, node in flows.nodes():
        known, sensitive = flows.attributes(flow), sensitive_in[flow]
        for use in _reads(node):
            where = flows.at(flow, node_name, use.place)
            if use.name not in known:
                what = f"nothing sets the attribute {use.name!r}, nor does the flow name it under its attributes"
                yield where, f"{what}; {nearest(use.name, known)}"
            elif use.name in sensitive and not use.whole:
                what = f"{use.name!r} is sensitive, so that only lookups may be given it"
                yield where, f'{what}, and alone: give: {{name: "{{{use.name}}}"}}'
            elif use.name in sensitive and use.name not in flows.kept(flow):
                what = f"{use.name!r} is sensitive, and forgotten as the caller leaves the flow that collects it"
                yield where, f"{what}; let that flow call this one, or collect it here"
        for use in _writes(node):
            if use.name in sensitive:
                where = flows.at(flow, node_name, use.place)
                yield where, f"{use.name!r} is what a node collects as sensitive digits; take another attribute here"
        for place, what in (*_spoken(flows, flow, node), *_put(flows, flow, node), *_set(flows, flow, node)):
            yield flows.at(flow, node_name, place), what


def _reads(node: Node) -> Iterator[_Use]:
    for saying in sayings(node):
        for at, item in enumerate(saying.items):
            for language, text in (item.text or {}).items():
                yield from _texts(f"{saying.place}/{at}/text/{language}", text)
            if item.value is not None:
                yield _Use(f"{saying.place}/{at}", item.value[1])
    for place, text in _settings(node):
        yield from _texts(place, text)
    if isinstance(node, DecideNode):
        for at, case in enumerate(node.decide):
            for name in attributes_named(case.when or ""):
                yield _Use(f"decide/{at}/when", name)
    if isinstance(node, FetchNode):
        for parameter, text in node.fetch.give.items():
            for use in _texts(f"fetch/give/{parameter}", text):
                yield use._replace(whole=text == f"{{{use.name}}}")


def _texts(place: str, text: str) -> Iterator[_Use]:
    for name in placeholders(text):
        if name not in _KNOWN and not name.startswith("customer."):
            yield _Use(place, name)


def _writes(node: Node) -> Iterator[_Use]:
    match node:
        case SetNode():
            yield from (_Use(f"set/{name}", name) for name in node.set)
        case MenuNode(menu=menu):
            for key, spec in menu.keys.items():
                yield from (_Use(f"menu/keys/{key}/set/{name}", name) for name in spec.set)
        case GoNode(go=go):
            yield from (_Use(f"go/set/{name}", name) for name in go.set)
        case FetchNode(fetch=fetch):
            yield from (_Use(f"fetch/into/{name}", name) for name in fetch.into)
        case RecordNode(record=record):
            yield _Use("record/into", record.into)
        case CollectNode(collect=collect) if not collect.sensitive:
            yield _Use("collect/into", collect.into)


def _settings(node: Node) -> Iterator[tuple[str, str]]:
    """What attributes are set to, with its place."""
    match node:
        case SetNode():
            yield from ((f"set/{name}", text) for name, text in node.set.items())
        case MenuNode(menu=menu):
            for key, spec in menu.keys.items():
                yield from ((f"menu/keys/{key}/set/{name}", text) for name, text in spec.set.items())


# ---- types ---------------------------------------------------------------------------------------------------


def _spoken(flows: Flows, flow: str, node: Node) -> Iterator[tuple[str, str]]:
    for saying in sayings(node):
        for at, item in enumerate(saying.items):
            if item.value is None:
                continue
            kind, name = item.value
            holds = flows.kind(flow, name)
            if holds is not None and holds not in _SPOKEN[kind]:
                fitting = ", ".join(sorted(_SPOKEN[kind]))
                yield f"{saying.place}/{at}", f"{name!r} holds {holds}, and {kind} is said of: {fitting}"


def _put(flows: Flows, flow: str, node: Node) -> Iterator[tuple[str, str]]:
    """What nodes put into attributes that hold something else."""
    if isinstance(node, CollectNode):
        holds = flows.kind(flow, node.collect.into)
        if holds is not None and holds not in _COLLECTED:
            what = f"callers enter digits, and {node.collect.into!r} holds {holds}; digits go into: "
            yield "collect/into", what + ", ".join(sorted(_COLLECTED))
    if isinstance(node, RecordNode):
        holds = flows.kind(flow, node.record.into)
        if holds not in (None, "text"):
            yield "record/into", f"a recording's id is text, and {node.record.into!r} holds {holds}"


def _set(flows: Flows, flow: str, node: Node) -> Iterator[tuple[str, str]]:
    """Values that are not what the attribute holds."""
    settings = list(_settings(node))
    if isinstance(node, GoNode):
        settings += [(f"go/set/{name}", text) for name, text in node.go.set.items()]
    for place, text in settings:
        name = place.rpartition("/")[2]
        holds = flows.kind(flow, name)
        if holds is None or placeholders(text):
            continue
        try:
            right = normal(holds, text)
        except ValueError as error:
            yield place, f"{name!r} holds {holds}, and {text!r} is none: {error}"
            continue
        if holds in ("flag", "date", "time", "datetime") and right != text:
            yield place, f"{name!r} holds {holds}: write it as {right!r}"
