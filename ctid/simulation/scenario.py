"""A scenario: who calls when, for how long, with what patience, and which agents are there; read from YAML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from ctid.errors import ConfigError
from ctid.simulation.distributions import Deterministic, Distribution, PerInterval
from ctid.spec.agent import AgentSpec, Device
from ctid.spec.base import Name, Seconds, Spec
from ctid.spec.calendar import parse_span
from ctid.spec.loader import faulty_site_references, load_site, refuse_unknown, validate, write_out_menus
from ctid.spec.site import SiteSpec
from ctid.spec.yaml_source import KeyPath, read_files

SIMULATED_PBX = "simulated"


def _span(text: str) -> str:
    parse_span(text)
    return text


class StreamSpec(Spec):
    """Callers of one kind.

    Attributes:
        dnis: The number they dial.
        queue: Instead of a number: straight into this queue.
        keys: What they press in menus, one key for each, in order.
        key_seconds: How long each prompt and the caller's answer take.
        attributes: What the dialplan hands over with them.
        per_interval: Callers expected in each interval; they come by chance, evenly within it (Poisson).
        at_start: Callers who are there already when the day begins.
        handling: How long they talk, for all intervals or one for each interval of arrival.
        wrap_up: How long the agent takes afterwards, likewise; without it, as long as the queue's configuration says.
        patience: How long they wait before they hang up, likewise; without it they wait for ever.
        reached: The share who pick up when they are called back; without it they withhold their numbers.
    """

    dnis: str | None = None
    queue: Name | None = None
    keys: Annotated[str, Field(pattern=r"^[0-9*#]*$")] = ""
    key_seconds: Seconds = 5
    attributes: dict[str, str] = {}
    per_interval: list[Annotated[float, Field(ge=0, le=10_000_000)]] = Field(min_length=1)
    at_start: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    handling: PerInterval
    wrap_up: PerInterval | None = None
    patience: PerInterval | None = None
    reached: Annotated[float, Field(ge=0, le=1)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.dnis is None) == (self.queue is None):
            raise ValueError("give either dnis, the number they dial, or queue")
        for key in ("handling", "wrap_up", "patience"):
            given = getattr(self, key)
            if given is not None and len(given) not in (1, len(self.per_interval)):
                raise ValueError(f"{key}: give one distribution, or one for each of {len(self.per_interval)} intervals")
        return self


class CrewSpec(AgentSpec):
    """Agents who are not in the configuration: as many as ``count``, all alike, named ``<crew>-1`` and so on.

    Attributes:
        count: How many.
    """

    name: str = ""
    device: Device = "PJSIP/simulated"
    pbx: Name = SIMULATED_PBX
    count: Annotated[int, Field(ge=1, le=100_000)]


class ShiftSpec(Spec):
    """When agents are there. Who is at work when the shift ends finishes what they have.

    Attributes:
        crew: All of this crew.
        agents: These agents of the configuration; neither given: all of the configuration's.
        count: Only the first so many of them.
        hours: From when to when, ``08:00-16:30``; without, from the start until the last caller has gone.
    """

    crew: Name | None = None
    agents: list[Name] = []
    count: Annotated[int, Field(ge=0)] | None = None
    hours: Annotated[str, AfterValidator(_span)] | None = None


class LookupReplySpec(Spec):
    """What a lookup of flows answers, whatever it is given.

    Attributes:
        fields: Field, as ``into`` of ``fetch`` names it, to its value; without one of them the answer is invalid.
        seconds: How long it takes.
    """

    fields: dict[str, str | None]
    seconds: Seconds = 0.5


class ScenarioSpec(Spec):
    """A scenario.

    Attributes:
        config: The site's configuration, a file or directory beside this file.
        site: Instead of ``config``: the site itself.
        start: When the day begins, in the site's zone; opening hours depend on it.
        seed: Of all chance; the same seed gives the same callers.
        replications: How often the day is run, each time with other callers.
        interval_seconds: Length of an interval of ``per_interval``.
        warm_up_seconds: Callers who arrive before are served but not counted, nor is agents' time.
        busyness: Shape of a Gamma-distributed factor with mean 1 by which all arrivals of a day are multiplied.
        lines: So many callers can be in the house, talking or waiting; others find it busy. 0 for any number.
        answer: How long an agent's phone rings before it is answered.
        return_seconds: An agent who was made NOT_READY for missed offers is back after so long.
        lookups: What lookups of flows answer; others are not to be had.
        streams: The callers.
        crews: Agents beside those of the configuration.
        shifts: Who is there when; without, everybody all the time.
    """

    config: str | None = None
    site: SiteSpec | None = None
    start: datetime = datetime(2026, 1, 5, 8, 0)  # noqa: DTZ001
    seed: int = 1
    replications: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    interval_seconds: Annotated[float, Field(gt=0, le=31_536_000)] = 1_800
    warm_up_seconds: Annotated[float, Field(ge=0, le=31_536_000)] = 0
    busyness: Annotated[float, Field(gt=0)] | None = None
    lines: Annotated[int, Field(ge=0)] = 0
    answer: Distribution = Deterministic(distribution="deterministic", seconds=0)
    return_seconds: Annotated[Seconds, Field(ge=1)] = 60
    lookups: dict[Name, LookupReplySpec] = {}
    streams: dict[Name, StreamSpec] = Field(min_length=1)
    crews: dict[Name, CrewSpec] = {}
    shifts: list[ShiftSpec] = []

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.config is None) == (self.site is None):
            raise ValueError("give either config, the file or directory of a site's configuration, or site")
        if self.start.tzinfo is not None:
            raise ValueError("start is in the site's own zone: give it without one")
        return self


@dataclass(frozen=True)
class Scenario:
    """A checked scenario, with the configuration it names.

    Attributes:
        spec: The scenario.
        site: The configuration it is run under first.
    """

    spec: ScenarioSpec
    site: SiteSpec


def load_scenario(path: Path) -> Scenario:
    """Read a scenario and the configuration it names.

    Raises:
        ConfigError: With every fault that was found.
    """
    source = read_files([path])
    refuse_unknown(source, ScenarioSpec.model_fields.keys())
    inline = source.data.get("site")
    if isinstance(inline, dict):
        write_out_menus(source, ("site",))
    spec = validate(ScenarioSpec, source)
    if isinstance(inline, dict):
        for where, what in faulty_site_references(inline):
            source.fault(("site", *where), what)
    if source.faults or spec is None:
        raise ConfigError(source.faults)
    site = spec.site if spec.site is not None else load_site(path.parent / (spec.config or ""))
    for where, what in (*_without_queue(spec, site), *_unknown_names(spec, site)):
        source.fault(where, what)
    if source.faults:
        raise ConfigError(source.faults)
    return Scenario(spec, site)


def check_other(spec: ScenarioSpec, site: SiteSpec, path: Path) -> None:
    """Check that the scenario can be run under another configuration too; agents it does not have are not there.

    Raises:
        ConfigError: A queue that callers come straight into does not exist.
    """
    faults = [f"{path}:1: queues: {what}, which the scenario needs" for _, what in _without_queue(spec, site)]
    if faults:
        raise ConfigError(faults)


def _without_queue(spec: ScenarioSpec, site: SiteSpec) -> Iterator[tuple[KeyPath, str]]:
    for name, stream in spec.streams.items():
        if stream.queue is not None and stream.queue not in site.queues:
            yield ("streams", name, "queue"), _unknown("queue", stream.queue, site.queues)


def _unknown_names(spec: ScenarioSpec, site: SiteSpec) -> Iterator[tuple[KeyPath, str]]:
    for name, crew in spec.crews.items():
        for kind, given, known in (
            ("skill", crew.skills, site.skills),
            ("group", crew.groups, site.groups),
            ("queue", crew.queues, site.queues),
        ):
            for each in given:
                if each not in known:
                    yield ("crews", name, f"{kind}s", each), _unknown(kind, each, known)
    for index, shift in enumerate(spec.shifts):
        if shift.crew is not None and shift.crew not in spec.crews:
            yield ("shifts", index, "crew"), _unknown("crew", shift.crew, spec.crews)
        for agent in shift.agents:
            if agent not in site.agents:
                yield ("shifts", index, "agents"), _unknown("agent", agent, site.agents)


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return f"there is no {kind} {name!r}; there is: {', '.join(sorted(known)) or 'none at all'}"
