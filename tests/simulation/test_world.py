"""Callers and agents in virtual time: what they do is what the scenario says, and the tallies count it."""

from __future__ import annotations

import copy

import pytest

from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.recording import RecordingKind
from ctid.model.states import AgentState, Outcome
from tests.simulation.small_site import SITE, exponential, fixed, run, scenario, stream, watched

pytestmark = pytest.mark.simulation


def test_callers_are_served_one_after_another_and_waits_are_counted() -> None:
    spec = scenario({"s": stream([3_600], fixed(1))}, interval_seconds=3_600)
    sample = run(spec)
    queue = sample.queues["first"]
    assert queue.offered == queue.served == sample.contacts > 3_000
    assert queue.waited > 0
    assert queue.wait_ms >= queue.longest_ms > 0
    assert sample.agents["ones-1"].served == queue.served
    assert sample.unfinished == 0


def test_agents_time_adds_up() -> None:
    spec = scenario({"s": stream([60], fixed(10))}, interval_seconds=3_600, warm_up_seconds=600)
    sample = run(spec)
    agent = sample.agents["ones-1"]
    assert 3_000_000 <= agent.staffed_ms <= 3_010_000
    assert 0 < agent.busy_ms <= agent.served * 10_000 + 10_000


def test_impatient_callers_hang_up_when_their_patience_is_over() -> None:
    sample = run(scenario({"s": stream([500], fixed(3_600), patience=fixed(30))}))
    queue = sample.queues["first"]
    assert queue.served == 1
    assert queue.abandoned == queue.offered - 1
    assert queue.longest_ms == 30_000
    assert queue.late_abandoned == queue.abandoned


def test_callers_press_what_the_scenario_says() -> None:
    crews = {"all": {"count": 5, "skills": {"one": 1, "two": 1}}}
    streams = {
        "ones": stream([20], fixed(20), dnis="100", keys="1"),
        "twos": stream([30], fixed(20), dnis="100", keys="2"),
        "silent": stream([10], fixed(20), dnis="100"),
    }
    sample = run(scenario(streams, crews=crews, interval_seconds=36_000))
    assert set(sample.queues) == {"first", "second"}
    assert sample.queues["first"].served > 0
    assert sample.queues["second"].served > 0
    assert sample.unqueued > 0
    assert sample.contacts == sum(queue.offered for queue in sample.queues.values()) + sample.unqueued


def test_an_agent_in_wrap_up_when_the_shift_ends_finishes_it_and_gets_nothing_more() -> None:
    streams = {"s": stream([3_600], fixed(25), queue="second")}
    crews = {"twos": {"count": 3, "skills": {"two": 1}}}
    sample, seen = watched(
        scenario(streams, crews=crews, shifts=[{"crew": "twos", "hours": "08:00-08:10"}], interval_seconds=1_200)
    )
    end = seen[0][0].mono_ms + 600_000
    rung = [at.mono_ms for at, _, commands in seen for each in commands if isinstance(each, cmd.RingAgent)]
    assert max(rung) <= end
    asked = [at.mono_ms for at, event, _ in seen if isinstance(event, ev.AgentStateRequested)]
    assert max(asked) > end
    wrap_ups = [
        each.record.wrap_up_ms
        for _, _, commands in seen
        for each in commands
        if isinstance(each, cmd.SaveRecord)
        if each.record.connected_at
    ]
    assert set(wrap_ups) == {30_000}
    assert sample.unfinished > 0
    assert sum(agent.staffed_ms for agent in sample.agents.values()) > 3 * 600_000


def test_a_shift_that_goes_on_where_another_ends_is_no_going() -> None:
    shifts = [{"crew": "ones", "hours": "08:00-08:10"}, {"crew": "ones", "hours": "08:10-08:20"}]
    _, seen = watched(scenario({"s": stream([10], fixed(5))}, shifts=shifts))
    asked = [(event.state, at.mono_ms) for at, event, _ in seen if isinstance(event, ev.AgentStateRequested)]
    start = seen[0][0].mono_ms
    assert asked == [(AgentState.READY, start), (AgentState.LOGGED_OUT, start + 1_200_000)]


def test_phones_that_ring_too_long_are_missed_and_their_agents_come_back() -> None:
    answer = {"distribution": "empirical", "values_seconds": [1, 1, 60]}
    sample = run(scenario({"s": stream([200], fixed(5))}, answer=answer, return_seconds=30, interval_seconds=36_000))
    queue = sample.queues["first"]
    assert queue.served == queue.offered > 100
    assert queue.longest_ms > 20_000


def test_no_line_is_busy() -> None:
    sample = run(scenario({"s": stream([1_000], fixed(600))}, lines=3))
    assert sample.busy_lines > 900
    assert sample.queues["first"].offered + sample.busy_lines == sample.contacts


def test_agents_end_the_wrap_up_when_the_scenario_says() -> None:
    crews = {"twos": {"count": 1, "skills": {"two": 1}}}
    streams = {"s": stream([20], fixed(10), queue="second", wrap_up=fixed(7))}
    _, seen = watched(scenario(streams, crews=crews))
    wrap_ups = {
        each.record.wrap_up_ms for _, _, commands in seen for each in commands if isinstance(each, cmd.SaveRecord)
    }
    assert wrap_ups == {7_000}


def test_the_same_seed_gives_the_same_and_another_replication_another() -> None:
    spec = scenario({"s": stream([300], exponential(10), patience=exponential(60))}, busyness=20)
    assert run(spec, 3) == run(spec, 3)
    assert run(spec, 3) != run(spec, 4)


def test_callers_are_the_same_whatever_the_configuration_does_with_them() -> None:
    streams = {"s": stream([300], exponential(10), patience=exponential(60))}
    arrivals = []
    for count in (1, 4):
        _, seen = watched(scenario(streams, crews={"ones": {"count": count, "skills": {"one": 5}}}))
        arrivals.append([(at.mono_ms, event) for at, event, _ in seen if isinstance(event, ev.CallArrived)])
    assert arrivals[0] == arrivals[1]


def test_primary_is_who_has_the_best_level_or_the_highest_priority() -> None:
    crews = {
        "both": {"count": 20, "skills": {"one": 3, "two": 7}},
        "members": {"count": 20, "skills": {"one": 3, "two": 7}, "queues": {"first": {"priority": 5}, "second": {}}},
    }
    streams = {"s": stream([200], fixed(20))}
    for crew, expected in (("both", False), ("members", True)):
        queue = run(scenario(streams, SITE, crews={crew: crews[crew]})).queues["first"]
        assert queue.primary == (queue.served if expected else 0)


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_callers_who_overflow_to_a_callback_are_dialled_and_talk(first: str) -> None:
    site = copy.deepcopy(SITE)
    callback = {"first": first, "dial": "PJSIP/{number}@trunk", "retry_seconds": 60, "attempts": 2}
    overflow = [{"wait_seconds": 60, "to": {"callback": "first"}}]
    site["queues"]["first"] |= {"callback": callback, "overflow": overflow, "handling_seconds": 60}
    streams = {
        "reached": stream([20], fixed(60), reached=1, patience=fixed(300)),
        "away": stream([4], fixed(60), reached=0),
    }
    sample, seen = watched(scenario(streams, site, interval_seconds=900))
    records = [each.record for _, _, commands in seen for each in commands if isinstance(each, cmd.SaveRecord)]
    dialled = [each for _, _, commands in seen for each in commands if isinstance(each, cmd.DialCustomer)]
    assert len(dialled) > 5
    queue = sample.queues["first"]
    called = [record for record in records if record.wait_ms > 60_000 and record.connected_at is not None]
    assert len(called) > 3
    assert queue.served + queue.diverted + queue.abandoned == queue.offered
    assert queue.abandoned == 0
    assert queue.diverted > 0
    assert sample.unfinished == 0


def test_who_owes_a_disposition_gives_one() -> None:
    site = copy.deepcopy(SITE) | {"dispositions": {"done": "Done"}}
    site["queues"]["second"] |= {"disposition_required": True}
    crews = {"twos": {"count": 2, "skills": {"two": 1}}}
    streams = {"s": stream([200], fixed(25), queue="second", wrap_up=fixed(5))}
    shifts = [{"crew": "twos", "hours": "08:00-08:10"}]
    _, seen = watched(scenario(streams, site, crews=crews, shifts=shifts))
    records = [each.record for _, _, commands in seen for each in commands if isinstance(each, cmd.SaveRecord)]
    assert {record.disposition for record in records if record.connected_at} == {"done"}
    assert not [each for _, _, commands in seen for each in commands if isinstance(each, cmd.Refuse)]


def test_agents_who_accept_at_the_desktop_answer_the_phone_here() -> None:
    crews = {"ones": {"count": 2, "skills": {"one": 1}, "answer": "desktop"}}
    queue = run(scenario({"s": stream([20], fixed(5))}, crews=crews)).queues["first"]
    assert queue.served == queue.offered > 0


def test_calls_that_are_recorded_and_messages_that_are_left_end_as_they_do_live() -> None:
    site = copy.deepcopy(SITE)
    site["voicemail"] = {}
    site["queues"]["first"] |= {
        "recording": {"percent": 50, "on_demand": True},
        "overflow": [{"wait_seconds": 10, "to": {"voicemail": {"queue": "first"}}}],
    }
    sample, seen = watched(scenario({"s": stream([300], fixed(60))}, site, interval_seconds=3_600))
    commands = [each for _, _, several in seen for each in several]
    outcomes = {each.record.outcome for each in commands if isinstance(each, cmd.SaveRecord)}
    assert outcomes == {Outcome.HANDLED, Outcome.VOICEMAIL}
    kinds = {each.recording.kind for each in commands if isinstance(each, cmd.StoreRecording)}
    assert kinds == {RecordingKind.CALL, RecordingKind.VOICEMAIL}
    assert any(isinstance(each, cmd.DiscardRecording) for each in commands)
    assert sample.unfinished == 0


def test_lookups_of_flows_answer_what_the_scenario_says() -> None:
    flow = {
        "start": "get",
        "attributes": {"balance": "money"},
        "nodes": {
            "get": {
                "fetch": {"lookup": "balance", "into": {"balance": "account.balance"}, "then": "rich", "failed": "no"}
            },
            "rich": {"decide": [{"when": "attributes.balance > 10", "then": "second"}], "otherwise": "no"},
            "second": {"go": {"queue": "second"}},
            "no": {"go": {"queue": "first"}},
        },
    }
    site = {**SITE, "flows": {"bank": flow}, "entries": {"main": {"dnis": "100", "open": {"flow": "bank"}}}}
    crews = {"all": {"count": 5, "skills": {"one": 1, "two": 1}}}
    calls = {"s": stream([20], fixed(20), dnis="100")}

    def served(lookups: dict[str, object]) -> tuple[int, int]:
        sample = run(scenario(calls, site=site, crews=crews, lookups=lookups))
        assert sample.unfinished == 0
        first, second = (sample.queues.get(name) for name in ("first", "second"))
        return first.served if first is not None else 0, second.served if second is not None else 0

    asked_nobody = served({})
    answered = served({"balance": {"fields": {"account.balance": "12.50"}, "seconds": 2}})
    without_field = served({"balance": {"fields": {}}})
    assert asked_nobody[0] > 0
    assert asked_nobody[1] == 0
    assert answered == (0, asked_nobody[0])
    assert without_field == asked_nobody
