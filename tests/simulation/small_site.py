"""Small sites and scenarios for the simulator's tests."""

from __future__ import annotations

from typing import Any

from ctid.model.commands import Command
from ctid.model.events import Event
from ctid.model.instant import Instant
from ctid.simulation.scenario import ScenarioSpec
from ctid.simulation.study import GeneratedCase
from ctid.simulation.tally import Sample
from ctid.spec.menus import written_out

MENUS: dict[str, Any] = {
    "which": {
        "prompts": ["which"],
        "keys": {"1": {"queue": "first"}, "2": {"play": ["hold-on"], "queue": "second"}},
        "otherwise": {"hangup": True},
    }
}
SITE: dict[str, Any] = {
    "site": "small",
    "country": "DE",
    "skills": ["one", "two"],
    "entries": {"main": {"dnis": "100", "open": {"menu": "which"}}},
    "flows": written_out({"menus": MENUS}).data["flows"],
    "queues": {
        "first": {"steps": [{"skills": {"one": 1}}]},
        "second": {"steps": [{"skills": {"two": 1}}], "wrap_up_seconds": 30},
    },
}


def fixed(seconds: float) -> dict[str, Any]:
    return {"distribution": "deterministic", "seconds": seconds}


def exponential(mean: float) -> dict[str, Any]:
    return {"distribution": "exponential", "mean_seconds": mean}


def stream(calls: list[float], handling: Any, **more: Any) -> dict[str, Any]:
    target = {} if "dnis" in more else {"queue": "first"}
    return {**target, "per_interval": calls, "handling": handling, **more}


def scenario(streams: dict[str, Any], site: dict[str, Any] = SITE, **more: Any) -> ScenarioSpec:
    crews = {"ones": {"count": 1, "skills": {"one": 5}}}
    return ScenarioSpec.model_validate({"site": site, "streams": streams, "crews": crews, **more})


def case(spec: ScenarioSpec) -> GeneratedCase:
    assert spec.site is not None
    return GeneratedCase(spec, spec.site)


def run(spec: ScenarioSpec, replication: int = 0) -> Sample:
    return case(spec).run(replication)


def watched(spec: ScenarioSpec, replication: int = 0) -> tuple[Sample, list[tuple[Instant, Event, list[Command]]]]:
    """The sample with every input and what the engine made of it."""
    seen: list[tuple[Instant, Event, list[Command]]] = []
    sample = case(spec).run(replication, lambda at, event, commands: seen.append((at, event, commands)))
    return sample, seen
