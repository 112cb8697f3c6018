"""A scenario's workload: callers and shifts drawn from named streams of chance."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from ctid.model.events import CollectEnd
from ctid.model.states import AgentState
from ctid.simulation.distributions import Distribution, Draw, draw
from ctid.simulation.scenario import ScenarioSpec, ShiftSpec, StreamSpec
from ctid.simulation.staging import crew_names, direct_number, pbxes
from ctid.simulation.workload import NEVER, Call, Presence, Reply
from ctid.spec.calendar import parse_span
from ctid.spec.site import SiteSpec


class GeneratedWorkload:
    """Callers and agents of one replication of a scenario."""

    def __init__(self, spec: ScenarioSpec, site: SiteSpec, replication: int) -> None:
        self._spec = spec
        self._site = site
        self._replication = replication
        self._pbx = pbxes(site)[0]
        intervals = max(len(stream.per_interval) for stream in spec.streams.values())
        self.length_ms = round(intervals * spec.interval_seconds * 1000)
        self._answer = draw(spec.answer)
        self._answering = self._chance("answer")

    def calls(self) -> Iterator[Call]:
        """Every caller of every stream, in order of arrival."""
        shape = self._spec.busyness
        factor = 1.0 if shape is None else self._chance("busyness").gammavariate(shape, 1 / shape)
        streams = [self._stream(name, stream, factor) for name, stream in self._spec.streams.items()]
        return heapq.merge(*streams, key=lambda call: call.at_ms) if len(streams) > 1 else streams[0]

    def presence(self) -> list[Presence]:
        """Every coming and going of the shifts; a shift that goes on where another ends is no going."""
        spans: dict[str, list[tuple[int, int]]] = {}
        for shift in self._spec.shifts or [ShiftSpec(), *(ShiftSpec(crew=name) for name in self._spec.crews)]:
            hours = _hours(shift, self._spec.start)
            for agent_id in self._members(shift):
                spans.setdefault(agent_id, []).append(hours)
        found = []
        for agent_id, mine in spans.items():
            for begin, end in _joined(mine):
                found.append(Presence(begin, agent_id, AgentState.READY))
                if end != NEVER:
                    found.append(Presence(end, agent_id, AgentState.LOGGED_OUT))
        return sorted(found, key=lambda each: each.at_ms)

    def answer_ms(self) -> int:
        """How long the next agent who is rung takes to answer."""
        return self._answer(self._answering)

    def _stream(self, name: str, stream: StreamSpec, factor: float) -> Iterator[Call]:
        arriving, talking, wrapping, waiting, reaching = (
            self._chance(f"{name}/{kind}") for kind in ("arrivals", "handling", "wrap-up", "patience", "reached")
        )
        place = list(self._spec.streams).index(name)
        intervals = len(stream.per_interval)
        handling = _draws(stream.handling, intervals)
        wrap_up = _draws(stream.wrap_up, intervals)
        patience = _draws(stream.patience, intervals)
        dnis = stream.dnis if stream.dnis is not None else direct_number(stream.queue or "")
        replies = [Reply(round(stream.key_seconds * 1000), key, CollectEnd.DIGITS) for key in stream.keys]
        for number, (at_ms, index) in enumerate(self._arrivals(stream, factor, arriving), 1):
            yield Call(
                at_ms=at_ms,
                unique_id=f"{name}.{number}",
                pbx=self._pbx,
                dnis=dnis,
                patience_ms=patience[index](waiting),
                handling_ms=handling[index](talking),
                wrap_up_ms=wrap_up[index](wrapping),
                attributes=stream.attributes,
                replies=replies,
                ani="" if stream.reached is None else f"+4930{place:02}{number:07}",
                reached=stream.reached is not None and reaching.random() < stream.reached,
            )

    def _arrivals(self, stream: StreamSpec, factor: float, chance: Random) -> Iterator[tuple[int, int]]:
        """Moments of arrival with their intervals: a Poisson process.

        Its gaps are in units of expected callers, stretched to the rate of the interval they fall in.
        """
        yield from ((0, 0) for _ in range(stream.at_start))
        interval_ms = self._spec.interval_seconds * 1000
        gap = -math.log(1.0 - chance.random())
        for index, expected in enumerate(stream.per_interval):
            rate = expected * factor / interval_ms
            at = index * interval_ms
            end = at + interval_ms
            while gap < (end - at) * rate:
                at += gap / rate
                gap = -math.log(1.0 - chance.random())
                yield int(at), index
            gap -= (end - at) * rate

    def _chance(self, purpose: str) -> Random:
        return Random(f"{self._spec.seed}/{self._replication}/{purpose}")

    def _members(self, shift: ShiftSpec) -> list[str]:
        """Who has the shift; an agent whom this configuration does not have cannot come."""
        if shift.crew is not None:
            members = crew_names(shift.crew, self._spec.crews[shift.crew])
        elif shift.agents:
            members = [agent_id for agent_id in shift.agents if agent_id in self._site.agents]
        else:
            members = list(self._site.agents)
        return members if shift.count is None else members[: shift.count]


def _never(_: Random) -> int:
    return NEVER


def _draws(given: Sequence[Distribution] | None, intervals: int) -> list[Draw]:
    """What to draw from in each interval."""
    if given is None:
        return [_never] * intervals
    return [draw(each) for each in given] if len(given) > 1 else [draw(given[0])] * intervals


def _hours(shift: ShiftSpec, start: datetime) -> tuple[int, int]:
    """A shift's begin and end, from the scenario's start; the first such hours that are not over by then."""
    if shift.hours is None:
        return 0, NEVER
    first, last = parse_span(shift.hours)
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    begin = day + timedelta(hours=first.hour, minutes=first.minute)
    end = day + (timedelta(hours=last.hour, minutes=last.minute) if last is not None else timedelta(days=1))
    if end <= start:
        begin, end = begin + timedelta(days=1), end + timedelta(days=1)
    return max(0, _ms(begin - start)), _ms(end - start)


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same times without overlaps and seams."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans, key=lambda span: span[0]):
        if joined and (joined[-1][1] == NEVER or begin <= joined[-1][1]):
            before, until = joined[-1]
            joined[-1] = (before, NEVER if NEVER in (until, end) else max(until, end))
        else:
            joined.append((begin, end))
    return joined
