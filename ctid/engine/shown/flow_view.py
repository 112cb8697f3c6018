"""What the outside is shown of flows: what they are made of, and how many callers are in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ctid.engine.state import SiteState
from ctid.ivr.outline import sayings, ways_on
from ctid.model.contact import Contact
from ctid.spec.flow import FlowSpec, flow_name
from ctid.spec.nodes import KINDS, Node
from ctid.spec.say import SayItem

View = dict[str, Any]


def callers(state: SiteState) -> Counter[str]:
    """How many callers are in each flow; who is in one that another has called is in both."""
    return Counter(name for contact in state.contacts.values() for name in _flows_of(contact))


def _flows_of(contact: Contact) -> set[str]:
    position = contact.ivr.flow if contact.ivr is not None else None
    if position is None or position.over:
        return set()
    return {flow_name(name) for name in (position.flow, *(frame.flow for frame in position.frames))}


def callers_by_node(state: SiteState, flow: str) -> Counter[str]:
    """How many callers are in each node of a flow, of whatever version; calls of other flows are nodes, too."""
    found: Counter[str] = Counter()
    for contact in state.contacts.values():
        position = contact.ivr.flow if contact.ivr is not None else None
        if position is not None and not position.over:
            places = [(position.flow, position.node), *((frame.flow, frame.node) for frame in position.frames)]
            found.update(node for name, node in places if flow_name(name) == flow)
    return found


def flow_view(name: str, spec: FlowSpec, inside: int) -> View:
    """A flow in a list."""
    return {
        "id": name,
        "title": spec.title or None,
        "version": spec.version,
        "languages": list(spec.languages),
        "nodes": len(spec.nodes),
        "callers": inside,
    }


def whole_flow_view(name: str, spec: FlowSpec, state: SiteState) -> View:
    """A flow with all that it is made of."""
    by_node = callers_by_node(state, name)
    return {
        **flow_view(name, spec, callers(state)[name]),
        "start": spec.start,
        "attributes": dict(spec.attributes),
        "sensitive": sorted(spec.sensitive),
        "nodes": [_node_view(each, node, by_node[each]) for each, node in spec.nodes.items()],
    }


def _node_view(name: str, node: Node, inside: int) -> View:
    return {
        "id": name,
        "kind": next(kind for kind in KINDS if hasattr(node, kind)),
        "title": node.title or None,
        "callers": inside,
        "ways": [{"label": way.label or None, "to": way.to, "place": way.place} for way in ways_on(node)],
        "says": [{"place": saying.place, "items": _items_view(saying.items)} for saying in sayings(node)],
    }


def _items_view(items: Iterable[SayItem]) -> list[View]:
    return [item.model_dump(mode="json", exclude_none=True) for item in items]
