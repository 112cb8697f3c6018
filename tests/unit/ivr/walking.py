"""Callers in flows, without anything around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ctid.ivr.effects import Answer, Effect, Passed
from ctid.ivr.machine import Walk
from ctid.ivr.world import QueueState
from ctid.model.events import CollectEnd
from ctid.model.flow import FlowPosition
from ctid.model.speech import Speech, Utterance
from ctid.spec.flow import FlowSpec

DIGITS, TIMEOUT, PLAYED, FAILED = CollectEnd.DIGITS, CollectEnd.TIMEOUT, CollectEnd.PLAYED, CollectEnd.FAILED


@dataclass
class Known:
    """See ``ctid.ivr.world.World``."""

    seed: str = "call-1"
    attributes: dict[str, str] = field(default_factory=dict)
    now: datetime = datetime(2026, 1, 14, 12, 30, tzinfo=UTC)
    customer: dict[str, Any] = field(default_factory=dict)
    queues: dict[str, QueueState] = field(default_factory=dict)
    calendars: dict[str, bool] = field(default_factory=dict)

    def contact(self) -> Mapping[str, Any]:
        customer = {"id": "", "name": "", "tier": "", "language": "", "attributes": {}, **self.customer}
        return {
            "attributes": self.attributes,
            "ani": "+4930123",
            "dnis": "100",
            "entry": "all",
            "channel": "voice",
            "queue": "",
            "priority": 2,
            "customer": customer,
        }

    def queue(self, name: str) -> QueueState | None:
        return self.queues.get(name)

    def calendar(self, name: str) -> bool | None:
        return self.calendars.get(name)


class Caller:
    """A caller: each step is a new ``Walk`` from the position that the one before has left."""

    def __init__(self, flows: Mapping[str, Any], flow: str = "main", known: Known | None = None) -> None:
        self.flows = {name: _spec(spec) for name, spec in flows.items()}
        self.position = FlowPosition(flow=flow, node="")
        self.known = known or Known()
        self.trail: list[Passed] = []
        self.untold: list[str] = []
        self.effect = self._step(lambda walk: walk.begin())

    def answer(self, answer: Answer) -> Effect:
        self.effect = self._step(lambda walk: walk.answered(answer))
        return self.effect

    def again(self) -> Effect:
        self.effect = self._step(lambda walk: walk.again())
        return self.effect

    @property
    def attributes(self) -> dict[str, str]:
        return self.known.attributes

    @property
    def at(self) -> str:
        return f"{self.position.flow}/{self.position.node}"

    def passed(self) -> list[tuple[str, str, str]]:
        """What was passed in the last step, but for nodes and flows."""
        return [(each.kind, each.name, each.result) for each in self.trail if each.kind not in ("node", "flow")]

    def _step(self, do: Any) -> Effect:
        walk = Walk(self.flows, self.position, self.known)
        effect: Effect = do(walk)
        self.trail, self.untold = walk.trail, walk.untold
        return effect


def _spec(spec: Any) -> FlowSpec:
    return spec if isinstance(spec, FlowSpec) else FlowSpec.model_validate(spec)


def words(utterances: list[Utterance]) -> str:
    return " ".join(each.text if isinstance(each, Speech) else f"[{each}]" for each in utterances)
