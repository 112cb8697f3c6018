"""Where flows lead: nodes that are not there, that nothing leads to, and that nobody gets out of; calls and results."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from ctid.ivr.checks.site import Fault, Flows
from ctid.ivr.outline import ways_on
from ctid.ivr.subjects import attributes_named
from ctid.spec.flow import FlowSpec
from ctid.spec.nearest import nearest
from ctid.spec.nodes import (
    CallNode,
    CollectNode,
    DecideNode,
    EndNode,
    FetchNode,
    GoNode,
    LanguageNode,
    MenuNode,
    Node,
    RecordNode,
    SetNode,
)

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
    yield from _instant(flows)


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
    reach = _Reach(flows, idle=False)
    for name, _, node_name, node in flows.nodes():
        if not isinstance(node, CallNode) or node.call not in flows.specs:
            continue
        if name in _closure([node.call], called):
            what = f"flow {node.call!r} calls {name!r} again, and so on without an end; let a node lead back instead"
            yield flows.at(name, node_name, "call"), what
        yield from _results(flows, name, node_name, node, reach.ends[node.call])


def _results(flows: Flows, name: str, node_name: str, node: CallNode, results: set[str]) -> Iterator[Fault]:
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


# ---- traps ---------------------------------------------------------------------------------------------------


class _Reach:
    """Where callers get, over all flows: those who do what they like, or those who do nothing while nothing works.

    Attributes:
        ends: Flow to the results that it may end with.
        leaving: Flows that may lead out, by themselves or by others.
    """

    def __init__(self, flows: Flows, *, idle: bool) -> None:
        self._flows = flows
        self._idle = idle
        self.ends: dict[str, set[str]] = {name: set() for name in flows.specs}
        self.leaving: set[str] = set()
        # What one flow tells of itself may open ways in another, until nothing more is found.
        grows = True
        while grows:
            grows = any(list(map(self._grows, flows.specs)))

    def ways(self, node: Node) -> list[str]:
        """Nodes of the same flow that come next."""
        ways = ways_on(node)
        if self._idle:
            ways = [way for way in ways if not way.place.startswith(_BY_DOING)]
        if isinstance(node, CallNode) and node.call in self._flows.specs:
            ends = self.ends[node.call]
            ways = [way for way in ways if way.label in ends or (not way.label and ends)]
        return [way.to for way in ways]

    def leads_out(self, node: Node) -> bool:
        """Whether the flow is left here, for good."""
        match node:
            case GoNode(go=go):
                return go.flow not in self._flows.specs or go.flow in self.leaving
            case CallNode():
                return node.call not in self._flows.specs or node.call in self.leaving
            case _:
                return False

    def _grows(self, name: str) -> bool:
        spec = self._flows.specs[name]
        reached = _closure([spec.start], {each: self.ways(node) for each, node in spec.nodes.items()})
        nodes = [spec.nodes[each] for each in reached if each in spec.nodes]
        before = len(self.ends[name]), len(self.leaving)
        self.ends[name] |= {node.end for node in nodes if isinstance(node, EndNode)}
        self.leaving |= {name for node in nodes if self.leads_out(node)}
        return before != (len(self.ends[name]), len(self.leaving))


_BY_DOING = ("menu/keys/", "collect/then", "fetch/then", "fetch/not_found", "record/then")
"""Ways that take a caller who does something, or another system that works."""


def _traps(flows: Flows) -> Iterator[Fault]:
    """Nodes from which there is no way out: for nobody, or for nobody who does nothing while nothing works."""
    told: set[_Spot] = set()
    for idle in (False, True):
        graph, outs = _graph(flows, _Reach(flows, idle=idle))
        stuck = graph.keys() - _closure(outs, _reversed(graph)) - told
        for spot in graph:
            if spot in stuck and spot not in told and spot in (loop := _loop(spot, graph)):
                told |= set(loop)
                yield flows.at(*spot), _trap(flows, loop, idle=idle)
        told |= stuck


def _instant(flows: Flows) -> Iterator[Fault]:
    """Nodes that lead to each other in no time, so that what is decided there stays as it is for ever."""
    for name, spec in flows.specs.items():
        passing = {
            each: node for each, node in spec.nodes.items() if isinstance(node, DecideNode | SetNode | LanguageNode)
        }
        to = {each: [way for way in ways if way in passing] for each, ways in _ways(spec).items() if each in passing}
        beyond = {each: _closure(to[each], to) for each in passing}
        told: set[str] = set()
        for each, reached in beyond.items():
            loop = [other for other in passing if other in reached and each in beyond[other]]
            if each not in reached or each in told or not any(isinstance(passing[other], DecideNode) for other in loop):
                continue
            told |= set(loop)
            if not _changes([passing[other] for other in loop]):
                what = "lead to each other in no time, so that nothing changes what is decided; say something between"
                yield flows.at(name, each), f"{', '.join(loop)} {what}"


def _changes(nodes: list[DecideNode | SetNode | LanguageNode]) -> bool:
    """Whether some of these nodes change what others of them decide by."""
    conditions = [case.when or "" for node in nodes if isinstance(node, DecideNode) for case in node.decide]
    read = {name for condition in conditions for name in attributes_named(condition)}
    written = {name for node in nodes if isinstance(node, SetNode) for name in node.set}
    tongue = any(isinstance(node, LanguageNode) for node in nodes) and any("language" in each for each in conditions)
    return tongue or not read.isdisjoint(written)


def _trap(flows: Flows, loop: list[_Spot], *, idle: bool) -> str:
    one_flow = len({flow for flow, _ in loop}) == 1
    way = " → ".join(node if one_flow else f"{flow}/{node}" for flow, node in [*loop, loop[0]])
    nodes = [flows.specs[flow].nodes[node] for flow, node in loop]
    if idle and any(isinstance(node, FetchNode | RecordNode) for node in nodes):
        return f"goes round for ever while lookups or recordings fail ({way}); let failed lead elsewhere"
    if idle:
        return f"who presses no key goes round for ever ({way}); let otherwise lead elsewhere"
    if any(isinstance(node, MenuNode | CollectNode | FetchNode | RecordNode | DecideNode) for node in nodes):
        return f"goes round for ever, and callers can only hang up ({way}); let one of these nodes lead elsewhere"
    return f"goes round for ever with nothing to press or to wait for ({way}); let one of these nodes lead elsewhere"


def _graph(flows: Flows, reach: _Reach) -> tuple[_Graph, set[_Spot]]:
    """Which nodes lead to which, across flows, and those that lead out, or to nodes that are not there."""
    graph: _Graph = {}
    outs: set[_Spot] = set()
    for name, _, node_name, node in flows.nodes():
        spot = (name, node_name)
        to = [(name, each) for each in reach.ways(node)]
        if isinstance(node, GoNode) and node.go.flow in flows.specs:
            to = [(node.go.flow, flows.specs[node.go.flow].start)]
        graph[spot] = [each for each in to if each[1] in flows.specs[each[0]].nodes]
        leads_out = not isinstance(node, GoNode) or node.go.flow not in flows.specs
        if isinstance(node, EndNode) or (leads_out and reach.leads_out(node)) or len(graph[spot]) < len(to):
            outs.add(spot)
    return graph, outs


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
