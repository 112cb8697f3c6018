"""Plans: the least number that does, what it hangs on, and what can't be planned."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctid.errors import RequestError
from ctid.staffing.erlang import Demand, performance
from ctid.staffing.plan import (
    MAX_ERLANGS,
    Target,
    agents_needed,
    curve,
    parse_service_level,
    plan,
    sensitivity,
    with_shrinkage,
)

EIGHTY_TWENTY = Target(service_level=0.8, within_seconds=20)

demands = st.builds(
    Demand,
    calls_per_hour=st.floats(min_value=0, max_value=3_000),
    handling_seconds=st.floats(min_value=10, max_value=900),
    patience_seconds=st.floats(min_value=5, max_value=1_800) | st.none(),
)
targets = st.builds(
    Target,
    service_level=st.floats(min_value=0.05, max_value=0.995),
    within_seconds=st.floats(min_value=0, max_value=120),
    max_abandoned=st.floats(min_value=0.001, max_value=1) | st.none(),
    max_mean_wait_seconds=st.floats(min_value=0.1, max_value=600) | st.none(),
    max_occupancy=st.floats(min_value=0.2, max_value=1) | st.none(),
)


def test_the_text_books_example() -> None:
    """200 calls an hour of 3 minutes, 80/20, 30 % shrinkage: 14 agents at the phones, 20 on the roster."""
    planned = plan(Demand(calls_per_hour=200, handling_seconds=180), EIGHTY_TWENTY, shrinkage=0.3)
    assert (planned.agents, planned.scheduled, planned.erlang_c_agents) == (14, 20, 14)


def test_impatience_saves_agents() -> None:
    planned = plan(Demand(calls_per_hour=1_200, handling_seconds=300, patience_seconds=180), EIGHTY_TWENTY)
    assert (planned.agents, planned.erlang_c_agents) == (100, 108)
    assert planned.outcome.service_level == pytest.approx(0.8019, abs=0.5e-4)


@settings(max_examples=60, deadline=None)
@given(demands, targets)
def test_it_is_the_least_number_that_meets_the_target(demand: Demand, target: Target) -> None:
    agents = agents_needed(demand, target)
    assert target.met_by(performance(demand, agents, target.within_seconds))
    assert agents == 0 or not target.met_by(performance(demand, agents - 1, target.within_seconds))


@settings(max_examples=60, deadline=None)
@given(demands, targets, st.floats(min_value=1, max_value=2))
def test_more_calls_never_need_fewer_agents(demand: Demand, target: Target, times: float) -> None:
    more = msgspec.structs.replace(demand, calls_per_hour=demand.calls_per_hour * times)
    assert agents_needed(more, target) >= agents_needed(demand, target)


@pytest.mark.parametrize(
    ("target", "agents"),
    [
        (EIGHTY_TWENTY, 100),
        (Target(max_abandoned=0.02), 107),
        (Target(max_mean_wait_seconds=1), 114),
        (Target(max_occupancy=0.8), 125),
        (Target(service_level=0.8, max_abandoned=0.02, max_occupancy=0.95), 107),
    ],
)
def test_each_part_of_a_target_counts(target: Target, agents: int) -> None:
    demand = Demand(calls_per_hour=1_200, handling_seconds=300, patience_seconds=180)
    assert agents_needed(demand, target) == agents


def test_no_calls_need_nobody() -> None:
    planned = plan(Demand(calls_per_hour=0, handling_seconds=300), EIGHTY_TWENTY, shrinkage=0.5)
    assert (planned.agents, planned.scheduled, planned.outcome.service_level) == (0, 0, 1)


@pytest.mark.parametrize(
    ("agents", "shrinkage", "scheduled"), [(14, 0.3, 20), (7, 0.3, 10), (9, 0.1, 10), (10, 0, 10), (1, 0.01, 2)]
)
def test_shrinkage_rounds_up_but_not_for_a_floats_last_digits(agents: int, shrinkage: float, scheduled: int) -> None:
    assert with_shrinkage(agents, shrinkage) == scheduled


def test_a_curve_shows_where_the_line_grows_without_end() -> None:
    points = dict(curve(Demand(calls_per_hour=200, handling_seconds=180), EIGHTY_TWENTY, 12, 3))
    assert list(points) == [9, 10, 11, 12, 13, 14, 15]
    assert points[9] is points[10] is None
    assert points[14] == performance(Demand(calls_per_hour=200, handling_seconds=180), 14, 20)
    assert next(iter(dict(curve(Demand(calls_per_hour=2, handling_seconds=180), EIGHTY_TWENTY, 1, 3)))) == 0


def test_sensitivity_changes_one_thing_at_a_time() -> None:
    demand = Demand(calls_per_hour=200, handling_seconds=180)
    found = {what.change: what for what in sensitivity(demand, EIGHTY_TWENTY, 14)}
    assert list(found) == ["calls -10 %", "calls +10 %", "handling time -10 %", "handling time +10 %"]
    assert (found["calls -10 %"].agents_needed, found["calls +10 %"].agents_needed) == (12, 15)
    assert found["calls +10 %"].demand == Demand(calls_per_hour=220, handling_seconds=180)
    assert found["calls +10 %"].outcome == performance(found["calls +10 %"].demand, 14, 20)
    assert found["handling time +10 %"].demand == Demand(calls_per_hour=200, handling_seconds=198)


def test_a_load_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(RequestError, match="the load is 20001 Erlang"):
        agents_needed(Demand(calls_per_hour=MAX_ERLANGS + 1, handling_seconds=3_600), EIGHTY_TWENTY)


@pytest.mark.parametrize(("text", "read"), [("80/20", (0.8, 20)), (" 90/10 ", (0.9, 10)), ("99.5/0", (0.995, 0))])
def test_a_service_level_is_read_as_the_trade_writes_it(text: str, read: tuple[float, float]) -> None:
    assert parse_service_level(text) == pytest.approx(read)


@pytest.mark.parametrize("text", ["", "80", "80/", "100/20", "0/20", "80:20", "80/20s", "-80/20"])
def test_other_writings_of_a_service_level_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="write 80/20"):
        parse_service_level(text)


@pytest.mark.parametrize(
    "numbers",
    [
        {"service_level": 1.0}, {"service_level": 0.0}, {"within_seconds": -1}, {"max_abandoned": 0.0},
        {"max_mean_wait_seconds": 0.0}, {"max_occupancy": 0.05}, {"max_occupancy": 1.5},
    ],
)  # fmt: skip
def test_a_target_that_cannot_be_met_is_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(RequestError):
        Target(**numbers)


@pytest.mark.parametrize("shrinkage", [-0.1, 1.0])
def test_shrinkage_out_of_bounds_is_refused(shrinkage: float) -> None:
    with pytest.raises(RequestError, match="shrinkage must be"):
        with_shrinkage(10, shrinkage)
