"""What flows ask lookups for: the lookup must exist, and be given exactly what it needs.

Works on the plain data, as ``ctid.spec.references`` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from ctid.spec.lookup import LookupSpec
from ctid.spec.nearest import nearest
from ctid.spec.yaml_source import KeyPath


def faulty_fetches(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Every ``fetch`` that cannot work, with its key path."""
    lookups = _mapping(data.get("lookups"))
    for flow_name, flow in _mapping(data.get("flows")).items():
        nodes = _mapping(_mapping(flow).get("nodes"))
        for node_name, node in nodes.items():
            fetch = _mapping(_mapping(node).get("fetch"))
            place: KeyPath = ("flows", flow_name, "nodes", node_name, "fetch")
            name = fetch.get("lookup")
            if isinstance(name, str) and name not in lookups:
                yield (*place, "lookup"), f"there is no lookup {name!r}; {nearest(name, [*map(str, lookups)])}"
            elif isinstance(name, str):
                yield from _given(place, name, lookups[name], _mapping(fetch.get("give")))


def _given(place: KeyPath, name: str, lookup: Any, give: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    try:
        needed = LookupSpec.model_validate(lookup).way.parameters
    except ValidationError:
        return
    for parameter in sorted(needed - give.keys()):
        yield (*place, "give"), f"{parameter} is missing, which the lookup {name!r} needs"
    for parameter in give:
        if parameter not in needed:
            takes = ", ".join(sorted(needed)) or "nothing"
            yield (*place, "give", parameter), f"the lookup {name!r} does not take that; it takes: {takes}"


def _mapping(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}
