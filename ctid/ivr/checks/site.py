"""The flows of a site's plain data, with what the checks of them need to know of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from ctid.spec.flow import LANGUAGE, FlowSpec, ValueType
from ctid.spec.nodes import CallNode, Node
from ctid.spec.yaml_source import KeyPath

Fault = tuple[KeyPath, str]

ALWAYS_THERE = frozenset({LANGUAGE, "last_agent", "last_queue"})
"""Attributes that ctid itself sets."""

_LEADS = {"menu": "flows", "flow": "flows", "queue": "queues", "callback": "queues", "survey": "flows", "call": "flows"}


class Flows:
    """The flows that are of the right form; others have faults already.

    Attributes:
        data: The whole configuration, plain.
        specs: The flows.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.specs: dict[str, FlowSpec] = {}
        self._attributes: dict[str, frozenset[str]] = {}
        for name, plain in _section(data, "flows").items():
            try:
                self.specs[name] = FlowSpec.model_validate(plain)
            except ValidationError:
                continue

    def nodes(self) -> Iterator[tuple[str, FlowSpec, str, Node]]:
        """All nodes: the flow's name, the flow, the node's name, the node."""
        for name, spec in self.specs.items():
            for node_name, node in spec.nodes.items():
                yield name, spec, node_name, node

    def at(self, flow: str, node: str = "", place: str = "") -> KeyPath:
        """The place below a node (``menu/keys/1``), without those parts of it that short forms leave out."""
        parts = ["flows", flow, *(["nodes", node] if node else []), *filter(None, place.split("/"))]
        found: Any = self.data
        path: list[str | int] = []
        for part in parts:
            if isinstance(found, Mapping) and part in found:
                found = found[part]
                path.append(part)
            elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
                found = found[int(part)]
                path.append(int(part))
        return tuple(path)

    def attributes(self, flow: str) -> frozenset[str]:
        """What may be there as a caller is in the flow: what it declares, and what is set in it or on ways to it."""
        if flow in self._attributes:
            return self._attributes[flow]
        ways = self._ways_to(flow)
        declared = (spec.attributes for name in ways if (spec := self.specs.get(name.removeprefix("flows:"))))
        found = ALWAYS_THERE.union(*(self._sets.get(name, ()) for name in ways), *declared)
        return self._attributes.setdefault(flow, found)

    def sensitive(self, flow: str) -> frozenset[str]:
        """Attributes that hold sensitive digits, of this flow and those on the way to it."""
        names = (name.removeprefix("flows:") for name in self._ways_to(flow))
        return frozenset[str]().union(*(self.specs[name].sensitive for name in names if name in self.specs))

    def kept(self, flow: str) -> frozenset[str]:
        """Sensitive attributes that a caller may still have: they are forgotten where calls of flows do not lead."""
        found, new = {flow}, [flow]
        while new:
            for name in self._calls.get(new.pop(), ()):
                if name not in found:
                    found.add(name)
                    new.append(name)
        return frozenset[str]().union(*(self.specs[name].sensitive for name in found if name in self.specs))

    def kind(self, flow: str, attribute: str) -> ValueType | None:
        """What the attribute holds; ``None`` if nothing tells."""
        return self.specs[flow].attributes.get(attribute)

    def _ways_to(self, flow: str) -> frozenset[str]:
        found, new = {f"flows:{flow}"}, [f"flows:{flow}"]
        while new:
            for name in self._before.get(new.pop(), ()):
                if name not in found:
                    found.add(name)
                    new.append(name)
        return frozenset(found)

    @cached_property
    def _parts(self) -> dict[str, Any]:
        sections = ("entries", "queues", "flows")
        return {
            f"{section}:{name}": part for section in sections for name, part in _section(self.data, section).items()
        }

    @cached_property
    def _before(self) -> dict[str, set[str]]:
        """What leads to each part of the site; a flow that is called leads back to its caller."""
        before: dict[str, set[str]] = {}
        for name, part in self._parts.items():
            for key, value in _pairs(part):
                if key in _LEADS and isinstance(value, str):
                    before.setdefault(f"{_LEADS[key]}:{value}", set()).add(name)
                    if key == "call":
                        before.setdefault(name, set()).add(f"flows:{value}")
        return before

    @cached_property
    def _calls(self) -> dict[str, set[str]]:
        """Flows that call each flow, and that it calls."""
        calls: dict[str, set[str]] = {}
        for name, _, _, node in self.nodes():
            if isinstance(node, CallNode):
                calls.setdefault(name, set()).add(node.call)
                calls.setdefault(node.call, set()).add(name)
        return calls

    @cached_property
    def _sets(self) -> dict[str, set[str]]:
        sets: dict[str, set[str]] = {name: set() for name in self._parts}
        for name, part in self._parts.items():
            for key, value in _pairs(part):
                if key in ("set", "into"):
                    sets[name] |= (
                        {value} if isinstance(value, str) else set(value) if isinstance(value, dict) else set()
                    )
        return sets


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = data.get(name)
    return section if isinstance(section, dict) else {}


def _pairs(data: Any) -> Iterator[tuple[str, Any]]:
    """All keys and values, at whatever depth."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield str(key), value
            yield from _pairs(value)
    elif isinstance(data, list):
        for item in data:
            yield from _pairs(item)
