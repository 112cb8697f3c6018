"""What a node may lead to and may say: for checks, graphs and reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from ctid.model.flow import FlowFrame
from ctid.spec.flow import FlowSpec
from ctid.spec.nodes import (
    CallNode,
    CollectNode,
    DecideNode,
    EndNode,
    FetchNode,
    GoNode,
    GoSpec,
    LanguageNode,
    MenuNode,
    Node,
    RecordNode,
    SayNode,
    SetNode,
)
from ctid.spec.say import SayItem


class WayOn(NamedTuple):
    """A way on from a node.

    Attributes:
        label: What leads there, for people: a key, a condition; empty for what always does.
        to: The node.
        place: Where it stands, below the node: ``menu/keys/1/then``.
    """

    label: str
    to: str
    place: str


class Saying(NamedTuple):
    """Things that a node may say.

    Attributes:
        place: Where they stand, below the node: ``menu/no_input``.
        items: What they are.
    """

    place: str
    items: list[SayItem]


def ways_on(node: Node) -> list[WayOn]:
    """Where the node may lead; nowhere if it leaves or ends the flow."""
    match node:
        case SayNode() | SetNode() | LanguageNode():
            return [WayOn("", node.then, "then")]
        case MenuNode(menu=menu):
            keys = [WayOn(key, spec.then, f"menu/keys/{key}") for key, spec in menu.keys.items()]
            return [*keys, WayOn("otherwise", menu.otherwise, "menu/otherwise")]
        case CollectNode(collect=collect):
            return [WayOn("", collect.then, "collect/then"), WayOn("otherwise", collect.otherwise, "collect/otherwise")]
        case DecideNode():
            cases = [
                WayOn(case.when if case.when is not None else f"{case.percent:g} %", case.then, f"decide/{at}/then")
                for at, case in enumerate(node.decide)
            ]
            return [*cases, WayOn("otherwise", node.otherwise, "otherwise")]
        case FetchNode(fetch=fetch):
            missing = [] if fetch.not_found is None else [WayOn("not found", fetch.not_found, "fetch/not_found")]
            return [WayOn("", fetch.then, "fetch/then"), *missing, WayOn("failed", fetch.failed, "fetch/failed")]
        case CallNode(then=str() as then):
            return [WayOn("", then, "then")]
        case CallNode(then=dict() as then):
            return [WayOn(result, to, f"then/{result}") for result, to in then.items()]
        case RecordNode(record=record):
            return [WayOn("", record.then, "record/then"), WayOn("failed", record.failed, "record/failed")]
        case _:
            return []


def sayings(node: Node) -> list[Saying]:
    """All that the node may say, in the order in which it does."""
    match node:
        case SayNode():
            return [Saying("say", node.say)]
        case MenuNode(menu=menu):
            return [
                Saying("menu/say", menu.say),
                Saying("menu/no_input", menu.no_input),
                Saying("menu/wrong_key", menu.wrong_key),
            ]
        case CollectNode(collect=collect):
            confirm = [] if collect.confirm is None else [Saying("collect/confirm/say", collect.confirm.say)]
            return [
                Saying("collect/say", collect.say),
                Saying("collect/no_input", collect.no_input),
                Saying("collect/invalid", collect.invalid),
                *confirm,
            ]
        case FetchNode(fetch=fetch):
            return [Saying("fetch/say", fetch.say)]
        case RecordNode(record=record):
            return [Saying("record/say", record.say)]
        case _:
            return []


def asks_for_secret(flows: Mapping[str, FlowSpec], flow: str, node: str, frames: Sequence[FlowFrame]) -> bool:
    """Whether what is asked next, from a node on, may be sensitive.

    Args:
        flows: All flows.
        flow: The node's.
        node: Where to look from.
        frames: The flows that have called this one, innermost last.
    """
    passed: set[tuple[str, str, int]] = set()
    open_: list[tuple[str, str, tuple[FlowFrame, ...]]] = [(flow, node, tuple(frames))]
    while open_:
        flow, name, around = open_.pop()
        found = flows[flow].nodes.get(name) if flow in flows else None
        if found is None or (flow, name, len(around)) in passed or len(around) > len(frames) + len(flows):
            continue
        passed.add((flow, name, len(around)))
        match found:
            case CollectNode(collect=collect):
                if collect.sensitive:
                    return True
            case CallNode(call=called) if called in flows:
                open_.append((called, flows[called].start, (*around, FlowFrame(flow=flow, node=name))))
            case EndNode() if around:
                caller = around[-1]
                call = flows[caller.flow].nodes.get(caller.node) if caller.flow in flows else None
                open_ += [(caller.flow, way.to, around[:-1]) for way in (ways_on(call) if call is not None else ())]
            case GoNode(go=GoSpec(flow=str() as other)) if other in flows:
                open_.append((other, flows[other].start, ()))
            case MenuNode() | RecordNode():
                pass
            case _:
                open_ += [(flow, way.to, around) for way in ways_on(found)]
    return False


def asking_for(flows: Mapping[str, FlowSpec], flow: str, attributes: Collection[str]) -> str | None:
    """The node of a flow that asks for one of these sensitive attributes, or else calls a flow that does."""
    nodes = flows[flow].nodes if flow in flows else {}
    asking = (name for name, node in nodes.items() if _asks_for(node, attributes))
    calling = (
        name for name, node in nodes.items() if any(_asks_for(each, attributes) for each in _called(flows, node))
    )
    return next(asking, None) or next(calling, None)


def _asks_for(node: Node, attributes: Collection[str]) -> bool:
    return isinstance(node, CollectNode) and node.collect.sensitive and node.collect.into in attributes


def _called(flows: Mapping[str, FlowSpec], node: Node) -> Iterator[Node]:
    """The nodes of the flow that a node calls, and of those that this one calls."""
    passed: set[str] = set()
    open_ = [node]
    while open_:
        node = open_.pop()
        if isinstance(node, CallNode) and node.call in flows and node.call not in passed:
            passed.add(node.call)
            yield from flows[node.call].nodes.values()
            open_ += flows[node.call].nodes.values()
