"""Versions of flows: callers finish a flow as it was when they entered it, whatever a reload makes of it.

A flow that changes while somebody is in it stays in the configuration under its name and version, ``bank@1f0c…``,
with the flows that it calls, until a reload finds nobody in it.
"""

from __future__ import annotations

from typing import Any

from ctid.engine.state import SiteState
from ctid.model.flow import FlowFrame, FlowPosition
from ctid.spec.flow import FlowSpec

Flows = dict[str, Any]


def carry_over(state: SiteState, coming: Flows) -> Flows:
    """The flows of a configuration that comes into force, and former ones that somebody is in; they are led there."""
    present: Any = state.spec.get("flows") or {}
    positions = [
        contact.ivr.flow for contact in state.contacts.values() if contact.ivr is not None and contact.ivr.flow
    ]
    used = {name for position in positions for name in _flows_of(position)}
    whole = _with_called(present, used & present.keys())
    changed = {name: _versioned(name, present) for name in whole if present[name] != coming.get(name)}
    changed = _with_callers(present, whole, changed)
    for position in positions:
        position.flow = changed.get(position.flow, position.flow)
        position.frames = [
            FlowFrame(flow=changed.get(each.flow, each.flow), node=each.node) for each in position.frames
        ]
    return {**coming, **{to: _calling(present[name], changed) for name, to in changed.items()}}


def _flows_of(position: FlowPosition) -> list[str]:
    return [position.flow, *(frame.flow for frame in position.frames)]


def _with_called(present: Flows, used: set[str]) -> set[str]:
    """These flows, and those that they may call."""
    whole: set[str] = set()
    open_: list[str] = sorted(used)
    while open_:
        name = open_.pop()
        if name not in whole:
            whole.add(name)
            open_ += [called for called in _called(present[name]) if called in present]
    return whole


def _with_callers(present: Flows, whole: set[str], changed: dict[str, str]) -> dict[str, str]:
    """The changed flows, and those that call one of them: they go on calling it as it was."""
    while True:
        callers = {
            name: _versioned(name, present)
            for name in whole
            if name not in changed and any(called in changed for called in _called(present[name]))
        }
        if not callers:
            return changed
        changed = {**changed, **callers}


def _versioned(name: str, present: Flows) -> str:
    return name if "@" in name else f"{name}@{FlowSpec.model_validate(present[name]).version}"


def _called(flow: Any) -> list[str]:
    return [node["call"] for node in flow["nodes"].values() if "call" in node]


def _calling(flow: Any, changed: dict[str, str]) -> Any:
    nodes = {
        name: {**node, "call": changed.get(node["call"], node["call"])} if "call" in node else node
        for name, node in flow["nodes"].items()
    }
    return {**flow, "nodes": nodes}
