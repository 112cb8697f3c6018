"""Steps of the flow machine, and of the engine around it, with callers on their way through the demo's bank."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from benchmarks.spread import spread
from ctid.engine.engine import Engine
from ctid.ivr.effects import Answer, Effect
from ctid.ivr.machine import Walk
from ctid.model import commands as do
from ctid.model import events as ev
from ctid.model.instant import Instant
from ctid.spec.loader import load_config

CALLERS: Final = 1_000
WARM_UP: Final = 100
_DEMO: Final = Path(__file__).resolve().parent.parent / "config" / "demo"
_NUMBER: Final = "103"
_PBX: Final = "main"
_SECONDS: Final = 4
"""Between two keys of a caller."""

WAY: Final = (
    ("say", ""),
    ("menu", "1"),
    ("menu: wrong key", "9"),
    ("menu, call", "1"),
    ("collect", "4539148803"),
    ("collect: confirm", "1"),
    ("collect: sensitive", "sealed"),
    ("fetch", "1250.50"),
    ("say", ""),
    ("menu", "1"),
    ("say", ""),
    ("menu, decide, go", "2"),
)
"""What each caller does, and the nodes that go on by it."""


class TimedWalk(Walk):
    """The machine, which tells how long each step took."""

    took: float

    def answered(self, answer: Answer) -> Effect:
        """Go on as ever."""
        began = time.thread_time()
        effect = super().answered(answer)
        TimedWalk.took = time.thread_time() - began
        return effect


class Callers:
    """Callers of the bank, one after another, at one engine."""

    def __init__(self) -> None:
        """Load the demo."""
        self.machine: dict[str, list[float]] = defaultdict(list)
        self.engine: dict[str, list[float]] = defaultdict(list)
        self._engine = Engine()
        self._ms = 1_000_000
        self._handle(ev.SiteStarted(site="demo", epoch="e", release="0"))
        self._handle(ev.ConfigLoaded(spec=load_config(_DEMO).site.model_dump(mode="json")))
        self._handle(ev.PbxReconciled(pbx=_PBX, legs=[], devices={}))

    def forget(self) -> None:
        """Begin to measure."""
        self.machine.clear()
        self.engine.clear()

    def call(self, number: int) -> None:
        """One caller goes the whole way, waits for an agent and hangs up."""
        unique_id = f"u{number}"
        # Who withholds their number is not waited for to be known.
        arrival = ev.CallArrived(pbx=_PBX, unique_id=unique_id, ani="", dnis=_NUMBER, attributes={})
        commands = self._handle(arrival)
        contact_id = next(reversed(self._engine.state.contacts))
        for node, given in WAY:
            event = _answer(commands, contact_id, unique_id, node, given)
            self._ms += _SECONDS * 1000
            began = time.thread_time()
            commands = self._handle(event)
            self.engine[node].append(time.thread_time() - began)
            self.machine[node].append(TimedWalk.took)
        contact = self._engine.state.contacts[contact_id]
        if contact.queue != "support" or contact.attributes.get("balance") != "1250.50":
            raise RuntimeError(f"the caller has not come through the bank: {contact.path}")
        self._handle(ev.LegEnded(pbx=_PBX, unique_id=unique_id, cause=16))
        self._handle(ev.RecordSaved(contact_id=contact_id))

    def _handle(self, event: ev.Event) -> list[do.Command]:
        return self._engine.handle(event, Instant(self._ms, 1_795_000_000_000 + self._ms))


def _answer(commands: list[do.Command], contact_id: str, unique_id: str, node: str, given: str) -> ev.Event:
    if node == "fetch":
        asked = next(each for each in commands if isinstance(each, do.FetchLookup))
        return ev.LookupAnswered(contact_id=contact_id, token=asked.token, fields={"account.balance": given})
    token = next(each.token for each in commands if isinstance(each, do.PlayAndCollect))
    is_sealed = given == "sealed"
    return ev.DigitsCollected(
        pbx=_PBX,
        unique_id=unique_id,
        token=token,
        digits="" if is_sealed else given,
        ended_by=ev.CollectEnd.DIGITS if given else ev.CollectEnd.PLAYED,
        sealed=token if is_sealed else "",
        acceptable=is_sealed,
    )


def measure() -> dict[str, dict[str, Any]]:
    """Steps of all callers, in microseconds: of the machine and of the whole engine, together and by node."""
    with patch("ctid.engine.flow.flows.Walk", TimedWalk):
        callers = Callers()
        for number in range(WARM_UP):
            callers.call(number)
        callers.forget()
        gc.collect()
        gc.disable()
        for number in range(WARM_UP, WARM_UP + CALLERS):
            callers.call(number)
        gc.enable()
    figures = {}
    for name, steps in (("machine", callers.machine), ("engine", callers.engine)):
        figures[name] = spread(_all(steps.values()), "µs")
        figures |= {f"{name}: {node}": spread(took, "µs") for node, took in steps.items()}
    return figures


def _all(steps: Iterable[list[float]]) -> list[float]:
    return [each for took in steps for each in took]
