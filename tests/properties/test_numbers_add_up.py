"""The day's numbers add up after every event, and are those that the contacts' own stays in queues give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest

from ctid.engine import today
from ctid.engine.engine import Engine
from ctid.engine.state import SiteState
from ctid.model.commands import SaveRecord
from ctid.model.day import QueueDay
from ctid.model.history import Visit
from ctid.model.states import WAITING, AgentState
from tests.properties.walks import walk

pytestmark = pytest.mark.properties


def counted(visits: Iterable[tuple[Visit, bool]]) -> dict[str, QueueDay]:
    """Count stays as their definition reads; with each, whether the service that followed is over."""
    days: dict[str, QueueDay] = defaultdict(QueueDay)
    for visit, over in visits:
        day = days[visit.queue]
        day.offered += 1
        day.callbacks += visit.callback
        for name in ("handled", "abandoned", "short_abandoned", "overflowed", "failed"):
            setattr(day, name, getattr(day, name) + (visit.result == name))
        day.judged += visit.result not in ("", "short_abandoned") and not visit.callback
        if visit.result == "handled":
            day.finished += over
            day.handling_ms += visit.handling_ms if over else 0
            if not visit.callback:
                day.answered += 1
                day.within += visit.within
                day.waited_ms += visit.wait_ms
    return dict(days)


def check_sums(state: SiteState) -> None:
    """All that entered a queue has left it somehow, or is there."""
    there = defaultdict(int)
    for contact in state.contacts.values():
        there[contact.queue] += contact.state in WAITING
    for name, day in state.today.queues.items():
        gone = day.handled + day.abandoned + day.short_abandoned + day.overflowed + day.failed
        # A callback that was given up is gone, and was nothing of these.
        assert gone + there[name] <= day.offered <= gone + there[name] + day.callbacks
        assert day.within <= day.answered <= day.judged


@pytest.mark.parametrize("seed", range(4))
def test_live_numbers_are_what_the_stays_in_queues_give(seed: int) -> None:
    engine, closed = Engine(), {}
    journal = walk(seed, steps=120).journal
    for at, event in journal:
        for command in engine.handle(event, at):
            if isinstance(command, SaveRecord):
                closed[command.record.contact_id] = command.record.visits
        check_sums(engine.state)
    state = engine.state
    assert len(closed) > 5
    visits = [(visit, True) for each in closed.values() for visit in each]
    for contact in state.contacts.values():
        if contact.id not in closed:
            visits += [(visit, visit.finished) for visit in contact.visits]
    assert {name: day for name, day in state.today.queues.items() if day.offered} == counted(visits)


@pytest.mark.parametrize("seed", range(4))
def test_an_agents_times_are_those_since_they_logged_in(seed: int) -> None:
    engine = Engine()
    logged_in: dict[str, int] = defaultdict(int)
    before: dict[str, AgentState] = {}
    last_ms = 0
    journal = walk(seed, steps=120).journal
    for at, event in journal:
        for agent_id, state in before.items():
            logged_in[agent_id] += 0 if state is AgentState.LOGGED_OUT else at.mono_ms - last_ms
        engine.handle(event, at)
        before, last_ms = {agent.id: agent.state for agent in engine.state.agents.values()}, at.mono_ms
    assert sum(logged_in.values()) > 0
    for agent in engine.state.agents.values():
        _, day = today.day_of_agent(engine.state, agent, journal[-1][0])
        times = day.ready_ms + day.reserved_ms + day.busy_ms + day.wrap_up_ms + sum(day.not_ready_ms.values())
        assert times == logged_in[agent.id]
        assert day.held_ms <= day.busy_ms
