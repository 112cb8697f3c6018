"""A recording run again: under its own configuration it tells the same, under another what would have been."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from ctid.errors import RequestError
from ctid.model import events as ev
from ctid.model.instant import Instant
from ctid.runtime.replay import replay
from ctid.simulation.patience import Patience
from ctid.simulation.recorded import AsRecorded, RecordedCase
from ctid.simulation.recording import Recording, read_recording
from ctid.simulation.scenario import ScenarioSpec
from ctid.simulation.workload import NEVER
from ctid.spec.site import SiteSpec
from ctid.store.codec import decode_event, digest, encode_event
from ctid.store.journal import Entry, Journal
from tests.simulation.small_site import SITE, exponential, fixed, scenario, stream, watched

pytestmark = pytest.mark.simulation


def day(**more: Any) -> ScenarioSpec:
    streams = {
        "ones": stream([40, 80], exponential(120), dnis="100", keys="1", patience=exponential(100)),
        "twos": stream(
            [50, 60], exponential(90), dnis="100", keys="2", patience=exponential(200), wrap_up=exponential(10)
        ),
        "silent": stream([5, 5], fixed(1), dnis="100"),
    }
    crews = {
        "ones": {"count": 3, "skills": {"one": 5}},
        "both": {"count": 4, "skills": {"one": 2, "two": 5}},
    }
    shifts = [{"crew": "ones"}, {"crew": "both", "hours": "08:10-08:50"}]
    return scenario(streams, crews=crews, shifts=shifts, interval_seconds=1_800, **more)


def recorded(spec: ScenarioSpec) -> tuple[Recording, list[tuple[Instant, ev.Event]]]:
    _, seen = watched(spec)
    inputs = [(at, event) for at, event, _ in seen]
    return read_recording(inputs), inputs


def test_a_recording_run_again_under_its_own_configuration_tells_the_same() -> None:
    recording, _ = recorded(day())
    site = SiteSpec.model_validate(recording.spec)
    again = RecordedCase(recording, site).run(0)
    then = AsRecorded(recording, site).run(0)
    assert again.queues == then.queues
    assert again.unqueued == then.unqueued
    assert sum(queue.abandoned for queue in then.queues.values()) > 20
    assert {name: agent.served for name, agent in again.agents.items()} == {
        name: agent.served for name, agent in then.agents.items()
    }


def test_with_more_able_agents_callers_who_hung_up_would_have_been_served() -> None:
    recording, _ = recorded(day())
    spec = copy.deepcopy(recording.spec)
    spec["queues"]["second"]["steps"] = [{}]
    for agent in spec["agents"].values():
        agent["skills"] = {"one": 5, "two": 5}
    then = recording.sample.queues
    other = RecordedCase(recording, SiteSpec.model_validate(spec)).run(0).queues
    assert other["second"].served > then["second"].served
    assert sum(queue.offered for queue in other.values()) == sum(queue.offered for queue in then.values())


def test_with_fewer_agents_callers_who_were_served_hang_up_when_their_patience_is_over() -> None:
    recording, _ = recorded(day())
    spec = copy.deepcopy(recording.spec)
    for agent_id in ("ones-2", "ones-3", "both-3", "both-4"):
        del spec["agents"][agent_id]
    then = recording.sample.queues
    case = RecordedCase(recording, SiteSpec.model_validate(spec))
    fewer = case.run(0).queues
    assert sum(queue.abandoned for queue in fewer.values()) > sum(queue.abandoned for queue in then.values())
    assert case.run(1).queues != fewer
    assert case.run(0).queues == fewer


def test_a_simulated_run_written_as_a_journal_replays_to_the_same_commands(tmp_path: Path) -> None:
    _, seen = watched(day(answer=exponential(12), lines=12))
    path = tmp_path / "journal.sqlite3"
    with Journal.open(path, site="small", release="0") as journal:
        entries = [Entry(seq, at, encode_event(event)) for seq, (at, event, _) in enumerate(seen, 1)]
        journal.append(entries, [(seq, digest(commands)) for seq, (_, _, commands) in enumerate(seen, 1)])
    report = replay(path)
    assert report.inputs == report.outcomes_compared == len(seen) > 1_000
    assert report.differences == []
    with Journal.read(path) as journal:
        again = read_recording((entry.at, decode_event(entry.event)) for entry in journal.entries())
    assert again.sample == read_recording((at, event) for at, event, _ in seen).sample


def test_a_journal_without_anybody_served_cannot_be_simulated() -> None:
    with pytest.raises(RequestError, match="no inputs under a configuration"):
        read_recording([])
    spec = scenario({"s": stream([1], fixed(1))})
    assert spec.site is not None
    loaded = ev.ConfigLoaded(spec=SITE)
    with pytest.raises(RequestError, match="nobody was served"):
        read_recording([(Instant(1, 1), loaded)])


def test_patience_by_hand() -> None:
    """The six callers of a textbook table: leaving at 10, 30 and 40, answered at 20, 30 and 50."""
    patience = Patience([(10, True), (20, False), (30, True), (30, False), (40, True), (50, False)])
    assert patience.gone_by(9) == 0
    assert patience.gone_by(10) == pytest.approx(1 / 6)
    assert patience.gone_by(35) == pytest.approx(1 - 5 / 6 * 3 / 4)
    assert patience.gone_by(40) == pytest.approx(1 - 5 / 6 * 3 / 4 * 1 / 2)
    assert patience.draw(0.1) == 10
    assert patience.draw(0.3) == 30
    assert patience.draw(0.99) == NEVER


def test_who_was_answered_later_has_more_patience_than_that() -> None:
    patience = Patience([(10, True), (20, True), (30, True), (40, True)])
    assert {patience.draw(step / 100, beyond_ms=20) for step in range(100)} == {30, 40}
    assert patience.draw(0.49, beyond_ms=20) == 30
    assert patience.draw(0.51, beyond_ms=20) == 40
