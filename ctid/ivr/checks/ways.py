"""Where flows lead: nodes that are not there, that nothing leads to, and that nobody gets out of; calls and results."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from ctid.ivr.checks.site import Fault, Flows, nearest
from ctid.ivr.outline import ways_on
from ctid.spec.flow import FlowSpec
from ctid.spec.nodes import CallNode, CollectNode, DecideNode, EndNode, FetchNode, GoNode, MenuNode, Node, RecordNode

_Spot = tuple[str, str]
"""A flow and a node of it."""

_Graph = dict[_Spot, list[_Spot]]

_T = TypeVar("_T", bound=Hashable)


def faulty_ways(flows: Flows) -> Iterator[Fault]:
    """All of these faults."""
    yield from _missing(flows)
    yield from _unreachable(flows)
    yield from _calls(flows)
    yield from _traps(flows)


def _missing(flows: Flows) -> Iterator[Fault]:
    for name, spec in flows.specs.items():
        if spec.start not in spec.nodes:
            yield flows.at(name, place="start"), f"there is no node {spec.start!r}; {nearest(spec.start, spec.nodes)}"
    for name, spec, node_name, node in flows.nodes():
        for way in ways_on(node):
            if way.to not in spec.nodes:
                dead = f"key {way.label} is dead: " if way.place.startswith("menu/keys/") else ""
                what = f"{dead}there is no node {way.to!r} in this flow; {nearest(way.to, spec.nodes)}"
                yield flows.at(name, node_name, way.place), what


def _unreachable(flows: Flows) -> Iterator[Fault]:
    for name, spec in flows.specs.items():
        to = _ways(spec)
        found = _closure([spec.start], to) if spec.start in spec.nodes else set(spec.nodes)
        lost = [node for node in spec.nodes if node not in found]
        led_to = {each for node in lost for each in to[node] if each != node}
        # Of nodes that lead to each other, the first is told.
        for node in sorted(lost, key=lambda node: node in led_to):
            if node not in found:
                yield flows.at(name, node), "nothing leads to this node; let another one do, or take it away"
                found |= _closure([node], to)


def _ways(spec: FlowSpec) -> dict[str, list[str]]:
    return {name: [way.to for way in ways_on(node)] for name, node in spec.nodes.items()}


# ---- calls ---------------------------------------------------------------------------------------------------


def _calls(flows: Flows) -> Iterator[Fault]:
    called = {
        name: {node.call for node in spec.nodes.values() if isinstance(node, CallNode)}
        for name, spec in flows.specs.items()
    }
    for name, _, node_name, node in flows.nodes():
        if not isinstance(node, CallNode) or node.call not in flows.specs:
            continue
        if name in _closure([node.call], called):
            what = f"flow {node.call!r} calls {name!r} again, and so on without an end; let a node lead back instead"
            yield flows.at(name, node_name, "call"), what
        yield from _results(flows, name, node_name, node)


def _results(flows: Flows, name: str, node_name: str, node: CallNode) -> Iterator[Fault]:
    results = _ends(flows.specs[node.call])
    if not results:
        what = f"flow {node.call!r} never ends, so that nothing goes on here; write go: {{flow: {node.call}}}"
        yield flows.at(name, node_name, "call"), what
    elif isinstance(node.then, Mapping):
        for result in sorted(results - node.then.keys()):
            what = f"flow {node.call!r} can end with {result!r}, for which there is no way on: add {result}: <node>"
            yield flows.at(name, node_name, "then"), what
        for result in sorted(node.then.keys() - results):
            what = f"flow {node.call!r} never ends with {result!r}; it ends with: {', '.join(sorted(results))}"
            yield flows.at(name, node_name, f"then/{result}"), what


def _ends(spec: FlowSpec) -> set[str]:
    reached = _closure([spec.start], _ways(spec))
    return {node.end for name, node in spec.nodes.items() if isinstance(node, EndNode) and name in reached}


# ---- traps ---------------------------------------------------------------------------------------------------


def _traps(flows: Flows) -> Iterator[Fault]:
    """Nodes from which there is no way out: for nobody, or for nobody who presses no key."""
    leaving = _leaving(flows)
    told: set[_Spot] = set()
    for keys in (True, False):
        graph, outs = _graph(flows, leaving, keys=keys)
        stuck = graph.keys() - _closure(outs, _reversed(graph)) - told
        for spot in graph:
            if spot in stuck and spot not in told and spot in (loop := _loop(spot, graph)):
                told |= set(loop)
                yield flows.at(*spot), _trap(flows, loop, keys=keys)
        told |= stuck


def _trap(flows: Flows, loop: list[_Spot], *, keys: bool) -> str:
    one_flow = len({flow for flow, _ in loop}) == 1
    way = " → ".join(node if one_flow else f"{flow}/{node}" for flow, node in [*loop, loop[0]])
    nodes = [flows.specs[flow].nodes[node] for flow, node in loop]
    if not keys:
        return f"who presses no key goes round for ever ({way}); let otherwise lead elsewhere"
    if any(isinstance(node, MenuNode | CollectNode | FetchNode | RecordNode | DecideNode) for node in nodes):
        return f"goes round for ever, and callers can only hang up ({way}); let one of these nodes lead elsewhere"
    return f"goes round for ever with nothing to press or to wait for ({way}); let one of these nodes lead elsewhere"


def _graph(flows: Flows, leaving: set[str], *, keys: bool) -> tuple[_Graph, set[_Spot]]:
    """Which nodes lead to which, across flows, and those that lead out; with what keys do, or without."""
    graph: _Graph = {}
    outs: set[_Spot] = set()
    for name, spec, node_name, node in flows.nodes():
        spot = (name, node_name)
        to = [
            (name, way.to) for way in ways_on(node) if keys or not way.place.startswith(("menu/keys/", "collect/then"))
        ]
        graph[spot] = [each for each in to if each[1] in spec.nodes]
        if isinstance(node, GoNode) and node.go.flow in flows.specs:
            start = flows.specs[node.go.flow].start
            graph[spot] = [(node.go.flow, start)] if start in flows.specs[node.go.flow].nodes else []
        if _leads_out(flows, node, leaving) or len(graph[spot]) < len(to):
            outs.add(spot)
    return graph, outs


def _leads_out(flows: Flows, node: Node, leaving: set[str]) -> bool:
    match node:
        case EndNode():
            return True
        case GoNode(go=go):
            return go.flow not in flows.specs
        case CallNode():
            return node.call not in flows.specs or node.call in leaving
        case _:
            return False


def _leaving(flows: Flows) -> set[str]:
    """Flows that may lead out, by themselves or by others."""
    own = {
        name for name, spec, _, node in flows.nodes() if isinstance(node, GoNode) and node.go.flow not in flows.specs
    }
    to: dict[str, list[str]] = {}
    for name, _, _, node in flows.nodes():
        other = node.call if isinstance(node, CallNode) else node.go.flow if isinstance(node, GoNode) else None
        if other is not None:
            to.setdefault(other, []).append(name)
    return _closure(own, to)


def _loop(spot: _Spot, graph: _Graph) -> list[_Spot]:
    """The nodes that are passed again and again if one goes on from here by the first way of each."""
    passed: list[_Spot] = []
    while spot not in passed:
        passed.append(spot)
        if not graph[spot]:
            return []
        spot = graph[spot][0]
    return passed[passed.index(spot) :]


def _reversed(graph: _Graph) -> _Graph:
    turned: _Graph = {}
    for spot, to in graph.items():
        for each in to:
            turned.setdefault(each, []).append(spot)
    return turned


def _closure(start: Iterable[_T], to: Mapping[_T, Iterable[_T]]) -> set[_T]:
    found = set(start)
    new = list(found)
    while new:
        for each in to.get(new.pop(), ()):
            if each not in found:
                found.add(each)
                new.append(each)
    return found
