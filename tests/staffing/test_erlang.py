"""The Erlang formulas against published figures, against sums over the states, and at their limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctid.errors import RequestError
from ctid.staffing.erlang import Demand, Performance, erlang_b, erlang_c, performance

loads = st.floats(min_value=0.05, max_value=300)
patiences = st.floats(min_value=1, max_value=3_600)


def outcome_of(
    calls_per_minute: float, handling: float, patience: float | None, agents: int, within: float = 20
) -> Performance:
    demand = Demand(calls_per_hour=calls_per_minute * 60, handling_seconds=handling, patience_seconds=patience)
    outcome = performance(demand, agents, within)
    assert outcome is not None
    return outcome


@pytest.mark.parametrize(
    ("calls", "handling", "patience", "agents", "waiting", "mean_wait", "level", "abandoned"),
    [
        (48, 60, 120, 50, 0.4678, 3.709, 0.9430, 0.0309),
        (48, 60, 120, 45, 0.7869, 10.03, 0.7648, 0.0836),
        (20, 300, 180, 100, 0.4516, 8.084, 0.8019, 0.0449),
        (200, 300, 180, 1000, 0.4412, 2.559, 0.9828, 0.0142),
        (20, 300, None, 107, 0.3835, 16.44, 0.7595, 0.0),
    ],
)
def test_the_table_that_the_engine_is_measured_by(
    calls: float,
    handling: float,
    patience: float | None,
    agents: int,
    waiting: float,
    mean_wait: float,
    level: float,
    abandoned: float,
) -> None:
    outcome = outcome_of(calls, handling, patience, agents)
    assert outcome.waiting == pytest.approx(waiting, abs=0.5e-4)
    assert outcome.mean_wait_seconds == pytest.approx(mean_wait, rel=0.5e-3)
    # The table has .7648 in its second line, the sum over the states below gives .764747: hence a whole last digit.
    assert outcome.service_level == pytest.approx(level, abs=1e-4)
    assert outcome.abandoned == pytest.approx(abandoned, abs=0.5e-4)


@pytest.mark.parametrize(
    ("blocked", "lines", "erlangs"),
    [
        (0.01, 1, 0.0101), (0.01, 5, 1.361), (0.01, 10, 4.461), (0.01, 50, 37.90), (0.01, 100, 84.06),
        (0.02, 10, 5.084), (0.02, 20, 13.18), (0.02, 100, 87.97), (0.1, 10, 7.511),
    ],
)  # fmt: skip
def test_erlang_b_tables(blocked: float, lines: int, erlangs: float) -> None:
    """The load that the usual tables (ITU handbook on teletraffic) allow; its last digit is rounded."""
    step = 10.0 ** (math.floor(math.log10(erlangs)) - 3)
    assert erlang_b(erlangs - step, lines) < blocked < erlang_b(erlangs + step, lines)


def test_the_text_books_erlang_c_example() -> None:
    """200 calls an hour of 3 minutes: 10 Erlang, 14 agents, 88.8 % within 20 s, mean wait 7.8 s, occupancy 71.4 %."""
    outcome = outcome_of(200 / 60, 180, None, 14)
    assert outcome.waiting == pytest.approx(0.174, abs=0.5e-3)
    assert outcome.service_level == pytest.approx(0.888, abs=0.5e-3)
    assert outcome.mean_wait_seconds == pytest.approx(7.8, abs=0.05)
    assert outcome.occupancy == pytest.approx(0.714, abs=0.5e-3)


@settings(deadline=None)
@given(loads, st.integers(1, 320))
def test_erlang_b_is_the_truncated_poisson_distribution(erlangs: float, lines: int) -> None:
    logarithms = [state * math.log(erlangs) - math.lgamma(state + 1) for state in range(lines + 1)]
    top = max(logarithms)
    total = math.fsum(math.exp(each - top) for each in logarithms)
    assert erlang_b(erlangs, lines) == pytest.approx(math.exp(logarithms[-1] - top) / total, rel=1e-9)


@settings(deadline=None)
@given(st.floats(min_value=0.01, max_value=0.99))
def test_one_agent_is_busy_as_often_as_callers_wait(load: float) -> None:
    assert erlang_c(load, 1) == pytest.approx(load)
    outcome = outcome_of(load, 60, None, 1)
    assert outcome.mean_wait_seconds == pytest.approx(60 * load / (1 - load))


def states_of(calls_per_second: float, handling: float, patience: float, agents: int) -> list[float]:
    """How likely each number of callers in the system is: births and deaths, summed up one by one."""
    logarithms = [0.0]
    while len(logarithms) <= agents or logarithms[-1] > logarithms[agents] - 60:
        state = len(logarithms)
        rate = min(state, agents) / handling + max(0, state - agents) / patience
        logarithms.append(logarithms[-1] + math.log(calls_per_second / rate))
    top = max(logarithms)
    weights = [math.exp(each - top) for each in logarithms]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


@settings(deadline=None)
@given(loads, st.integers(1, 330), patiences, st.sampled_from([1, 60, 3_600]))
def test_erlang_a_is_the_sum_over_its_states(erlangs: float, agents: int, patience: float, handling: float) -> None:
    calls = erlangs / handling
    states = states_of(calls, handling, patience, agents)
    waiting = math.fsum(states[agents:])
    queue = math.fsum((state - agents) * share for state, share in enumerate(states) if state > agents)
    outcome = outcome_of(calls * 60, handling, patience, agents)
    assert outcome.waiting == pytest.approx(waiting, rel=1e-8, abs=1e-300)
    assert outcome.mean_queue == pytest.approx(queue, rel=1e-8, abs=1e-300)
    assert outcome.abandoned == pytest.approx(queue / calls / patience, rel=1e-8, abs=1e-300)
    busy = math.fsum(min(state, agents) * share for state, share in enumerate(states)) / agents
    assert outcome.occupancy == pytest.approx(busy, rel=1e-8)


@settings(deadline=None)
@given(
    st.floats(min_value=0.5, max_value=80),
    st.integers(1, 90),
    st.sampled_from([0.5, 1, 2]),
    st.floats(min_value=0, max_value=120),
)
def test_erlang_a_service_level_is_the_sum_over_its_states(
    erlangs: float, agents: int, patience_in_handlings: float, within: float
) -> None:
    """With k before them, a caller's wait is a Beta distribution in 1 - exp(-t/patience); whole parameters make it
    a sum of binomial terms."""
    handling, patience = 60.0, 60 * patience_in_handlings
    rounds = agents * patience / handling
    if rounds != int(rounds):
        agents, rounds = agents * 2, rounds * 2
    states = states_of(erlangs / handling, handling, patience, agents)
    left = math.exp(-within / patience)
    level = math.fsum(states[:agents])
    # Terms of the binomial distribution of the tries so far, kept as logarithms for they span all sizes.
    for before, share in enumerate(states[agents:]):
        tries = before + 1 + int(rounds)
        if share < 1e-15 or left == 1:
            continue
        terms = [
            math.exp(math.lgamma(tries + 1) - math.lgamma(done + 1) - math.lgamma(tries - done + 1)
                     + done * math.log1p(-left) + (tries - done) * math.log(left))
            for done in range(before + 1, tries + 1)
        ]  # fmt: skip
        level += share * rounds / (before + rounds + 1) * math.fsum(terms)
    outcome = outcome_of(erlangs, handling, patience, agents, within)
    assert outcome.service_level == pytest.approx(level, abs=1e-9)


@settings(deadline=None)
@given(loads, st.integers(1, 40), st.floats(min_value=0, max_value=60))
def test_endless_patience_is_erlang_c(erlangs: float, spare: int, within: float) -> None:
    agents = math.ceil(erlangs) + spare
    calls = erlangs / 2
    patient, endless = outcome_of(calls, 120, 1e10, agents, within), outcome_of(calls, 120, None, agents, within)
    for name in ("waiting", "mean_wait_seconds", "service_level", "occupancy"):
        assert getattr(patient, name) == pytest.approx(getattr(endless, name), rel=1e-4, abs=1e-12)


@settings(deadline=None)
@given(loads, patiences | st.none(), st.integers(0, 300), st.floats(min_value=0, max_value=120))
def test_one_agent_more_never_does_worse(erlangs: float, patience: float | None, agents: int, within: float) -> None:
    demand = Demand(calls_per_hour=erlangs * 30, handling_seconds=120, patience_seconds=patience)
    fewer, more = performance(demand, agents, within), performance(demand, agents + 1, within)
    if fewer is None or more is None:
        assert fewer is None
        return
    slack = 1e-12
    assert more.waiting <= fewer.waiting + slack
    assert more.mean_wait_seconds <= fewer.mean_wait_seconds * (1 + 1e-9) + slack
    assert more.abandoned <= fewer.abandoned + slack
    assert more.service_level >= fewer.service_level - slack
    assert more.occupancy <= fewer.occupancy + slack


@settings(deadline=None)
@given(
    st.floats(min_value=1e-3, max_value=3_000),
    st.floats(min_value=1e-2, max_value=1e8) | st.none(),
    st.integers(0, 4_000),
    st.floats(min_value=0, max_value=1e6),
)
def test_shares_are_shares_whatever_the_sizes(
    erlangs: float, patience: float | None, agents: int, within: float
) -> None:
    outcome = performance(
        Demand(calls_per_hour=erlangs * 10, handling_seconds=360, patience_seconds=patience), agents, within
    )
    if outcome is None:
        assert patience is None
        assert erlangs >= agents * (1 - 1e-12)
        return
    for share in (outcome.waiting, outcome.abandoned, outcome.service_level, outcome.occupancy):
        assert -1e-12 <= share <= 1 + 1e-12
    assert outcome.service_level + outcome.abandoned <= 1 + 1e-9
    assert 0 <= outcome.mean_wait_seconds < math.inf


def test_impatience_far_shorter_than_a_call_is_not_overlooked() -> None:
    outcome = outcome_of(1, 3_600, 1, 1)
    queue = 60 / 3_600 * outcome.mean_wait_seconds
    assert outcome.abandoned == pytest.approx(0.983602115429, abs=1e-12)
    assert outcome.mean_queue == pytest.approx(queue * 1)


def test_thousands_of_agents() -> None:
    enough = outcome_of(200, 3_000, 180, 10_100)
    assert 0.99 < enough.service_level < 1
    far_too_few = outcome_of(60_000, 300, 30, 20_000)
    assert far_too_few.abandoned == pytest.approx(1 - 20_000 / 300_000, abs=1e-6)
    far_too_many = outcome_of(60, 60, 180, 5_000)
    assert (far_too_many.waiting, far_too_many.service_level, far_too_many.abandoned) == (0, 1, 0)


def test_a_load_that_only_impatience_keeps_bounded() -> None:
    demand = Demand(calls_per_hour=1_200, handling_seconds=300)
    assert performance(demand, 100, 20) is None
    assert performance(demand, 0, 20) is None
    assert outcome_of(20, 300, 180, 100).abandoned > 0


def test_no_calls_and_no_agents() -> None:
    quiet = outcome_of(0, 300, 180, 0)
    assert (quiet.service_level, quiet.mean_wait_seconds, quiet.occupancy) == (1, 0, 0)
    nobody = outcome_of(1, 300, 180, 0)
    assert (nobody.waiting, nobody.abandoned, nobody.service_level, nobody.mean_wait_seconds) == (1, 1, 0, 180)
    assert nobody.occupancy == 1


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"calls_per_hour": -1, "handling_seconds": 300}, "calls per hour are -1"),
        ({"calls_per_hour": math.nan, "handling_seconds": 300}, "calls per hour are nan"),
        ({"calls_per_hour": 10, "handling_seconds": 0}, "handling time is 0 s"),
        ({"calls_per_hour": 10, "handling_seconds": math.inf}, "handling time is inf s"),
        ({"calls_per_hour": 10, "handling_seconds": 300, "patience_seconds": 0}, "patience is 0 s"),
    ],
)
def test_numbers_out_of_bounds_are_refused(numbers: dict[str, float], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        Demand(**numbers)


@pytest.mark.parametrize(("agents", "within"), [(-1, 20), (5, -1), (5, math.nan)])
def test_questions_out_of_bounds_are_refused(agents: int, within: float) -> None:
    with pytest.raises(RequestError, match="neither can be negative"):
        performance(Demand(calls_per_hour=10, handling_seconds=300), agents, within)
