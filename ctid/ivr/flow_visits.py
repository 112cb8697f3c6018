"""What became of a caller in flows: each flow and node with its time and how it was left, read off a record's path."""

from __future__ import annotations

from typing import Final

from ctid.model.flow_visit import FlowVisit, NodeVisit
from ctid.model.history import PathStep
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import Outcome
from ctid.spec.flow import flow_name

SERVED: Final = frozenset({"queue", "number", "phone", "voicemail", "message", "callback"})
"""Steps that lead to somebody or something beside the IVR."""

_LEFT_BY: Final = {
    "key": {"valid": "key"},
    "digits": {"valid": "digits"},
    "confirm": {"valid": "digits"},
    "fetch": {"ok": "found", "not_found": "not_found"},
    "record": {"ok": "recorded"},
}
"""What a node is left by if the last thing that came of it is this; anything else that is no answer is a failure."""

_TROUBLE: Final = ("timeout", "invalid")


def flow_visits(record: ContactRecord) -> list[FlowVisit]:
    """Every flow that the caller was in, in the order in which they entered them; none for most records."""
    if not any(step.kind == "flow" for step in record.path):
        return []
    reader = _Reader(_is_contained(record))
    for step in record.path:
        reader.take(step)
    reader.leave(record.ended_at, "lost" if record.outcome is Outcome.FAILED else "hung_up")
    return reader.visits


def _is_contained(record: ContactRecord) -> bool:
    """Whether the call was over with nobody and nothing but the IVR having had to do with it."""
    elsewhere = any(step.kind in SERVED for step in record.path)
    return record.outcome is Outcome.HANDLED and not elsewhere and not record.segments


class _Reader:
    """Goes along a path."""

    def __init__(self, contained: bool) -> None:
        self.visits: list[FlowVisit] = []
        self._contained = contained
        self._inside: list[FlowVisit] = []  # the innermost last
        self._node: NodeVisit | None = None
        self._bound: list[FlowVisit] = []  # left for a destination that has yet to be told

    def take(self, step: PathStep) -> None:
        """Read the next step."""
        match step.kind:
            case "flow":
                self._arrived(step)
                self._node_over(step.at, "on")
                self._enter(step)
            case "node":
                self._node_over(step.at, "on")
                self._enter_node(step)
            case "key" | "digits" | "confirm" | "fetch" | "record":
                self._came_of(step)
            case "end":
                self._end(step)
            case "left":
                self.leave(step.at, step.result)
            case "announcement":
                pass
            case _:
                self.leave(step.at, "left")
                self._arrived(step)

    def leave(self, at: Instant, how: str) -> None:
        """They are in no flow any more; ``how`` is the result of a step ``left``."""
        self._node_over(at, how)
        for visit in self._inside:
            self._over(visit, at, "released" if how == "left" else how)
        if self._inside and how == "left":
            self._bound = self._inside
        self._inside = []

    def _enter(self, step: PathStep) -> None:
        visit = FlowVisit(
            flow=flow_name(step.name),
            version=step.result,
            at=step.at,
            called=bool(self._inside),
            contained=self._contained,
        )
        self.visits.append(visit)
        self._inside.append(visit)

    def _enter_node(self, step: PathStep) -> None:
        if self._inside:
            self._node = NodeVisit(node=step.name.partition("/")[2], title=step.title, at=step.at)
            self._inside[-1].nodes.append(self._node)

    def _came_of(self, step: PathStep) -> None:
        node = self._node
        if node is None:
            return
        if step.result in _TROUBLE and step.kind != "fetch":
            node.left_by = step.result
            node.timeouts += step.result == "timeout"
            node.invalid += step.result == "invalid"
            return
        node.left_by = _LEFT_BY[step.kind].get(step.result, "failed")
        if step.kind == "confirm" and step.result == "no":
            node.left_by = "on"
        node.failure = step.result if node.left_by == "failed" else ""

    def _end(self, step: PathStep) -> None:
        self._node_over(step.at, "ended")
        if self._inside:
            visit = self._inside.pop()
            visit.end = step.result
            self._over(visit, step.at, "ended")

    def _node_over(self, at: Instant, how: str) -> None:
        node, self._node = self._node, None
        if node is not None:
            node.duration_ms = max(0, at.mono_ms - node.at.mono_ms)
            # What came of it counts, but for who did not get to see what it leads to.
            node.left_by = node.left_by if how == "on" and node.left_by else how

    def _over(self, visit: FlowVisit, at: Instant, result: str) -> None:
        visit.duration_ms = max(0, at.mono_ms - visit.at.mono_ms)
        visit.result = result

    def _arrived(self, step: PathStep) -> None:
        for visit in self._bound:
            visit.result, visit.to_kind, visit.to_name = "left", step.kind, step.name
        self._bound = []
