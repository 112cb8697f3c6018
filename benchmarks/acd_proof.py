"""Long runs of what theory and studies know, as the tables of ``docs/acd-proof.md``.

``python -m benchmarks.acd_proof [SHARE]`` runs them on all cores; a share of 0.1 is a tenth of the contacts, with
intervals three times as wide. Not a benchmark of speed: it belongs to ``tests/simulation/test_proof.py``, which makes
the same comparisons with as little as will do.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.proofs import (
    ERLANG,
    MSK,
    MSK_OCCUPANCY,
    POOL_WAIT,
    POOLING,
    case,
    controlled,
    msk_arrivals,
    offered_work,
    pairs,
    pooling,
    simple_msk,
)
from benchmarks.report import table
from ctid.simulation.intervals import Estimate, Pair, ratio
from ctid.simulation.kpi import occupancy_pairs
from ctid.simulation.study import Case, Result, study

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "acd-proof.md"
REPLICATIONS: Final = 20
ERLANG_CONTACTS: Final = 20_000
MSK_DAYS: Final = 400
POOLING_CONTACTS: Final = 30_000

RULES: Final[Sequence[tuple[str, dict[str, Any]]]] = (
    ("a freed agent to their own skill first, always (the study's rule)", {"head_start_seconds": 86_400}),
    ("own skill first unless another's caller has waited 90 s longer", {"head_start_seconds": 90}),
    ("… 60 s longer", {"head_start_seconds": 60}),
    ("… 30 s longer", {"head_start_seconds": 30}),
    ("who has waited longest of both", {"head_start_seconds": 0}),
)


def main(share: float) -> None:
    """Run everything and write the page."""
    begin = time.perf_counter()
    sections = [*_erlang(share), *_simple_msk(share), *_pooling(share)]
    minutes = (time.perf_counter() - begin) / 60
    head = [
        "# The ACD beside theory and studies",
        "Written by `python -m benchmarks.acd_proof`; do not edit. Every contact goes through the engine that runs "
        "live, in virtual time. ± is the 95 % confidence interval over replications; where more work came than is to "
        "be expected, regression takes off what that does (control variate: its mean is known exactly). The tests make "
        f"the same comparisons with fewer contacts. These runs took {minutes:.0f} minutes.",
    ]
    PAGE.write_text("\n\n".join([*head, *sections]) + "\n", encoding="utf-8")


def _run(cases: dict[str, Case], replications: int) -> list[Result]:
    print(", ".join(cases), flush=True)
    return study(cases, replications, len(os.sched_getaffinity(0)))


def _erlang(share: float) -> list[str]:
    rows = []
    for system in ERLANG:
        contacts = round(ERLANG_CONTACTS * share)
        simulated = case(system.scenario(contacts))
        (result,) = _run({f"Erlang, {system.agents} agents": simulated}, REPLICATIONS)
        work = offered_work(simulated, REPLICATIONS, contacts * system.service_seconds)
        patience = "∞" if system.patience_seconds is None else f"{system.patience_seconds:g}"
        about = f"{system.per_minute:g} / {system.service_seconds:g} / {patience} / {system.agents}"
        cells = [
            f"{_told(controlled(pairs(result.samples, figure), work))} ({expected:g})"
            for figure, expected in system.expected.items()
        ]
        rows.append([about, *cells])
    heads = [
        "arrivals a minute / service s / patience s / agents",
        "has to wait",
        "mean wait of all, s",
        "served within 20 s / offered",
        "abandoned / offered",
    ]
    return ["## Erlang A and C", "In brackets what the formulas say.", table(heads, rows)]


def _simple_msk(share: float) -> list[str]:
    simulated = case(simple_msk())
    days = max(3, round(MSK_DAYS * share))
    (result,) = _run({"SimpleMSK": simulated}, days)
    arrivals = msk_arrivals(result.samples)
    told = {name.replace("_", " "): (pairs(result.samples, name), value) for name, value in MSK.items()}
    told["occupancy of g0"] = (occupancy_pairs(result.samples, simulated.groups()["g0"]), MSK_OCCUPANCY)
    rows = [
        [name, _told(controlled(figures, arrivals)), f"{value.value} ± {value.half_width}"]
        for name, (figures, value) in told.items()
    ]
    return [
        "## SimpleMSK",
        "Three types, two groups, three periods, days that differ (P. L'Ecuyer, E. Buist: ContactCenters). Served and "
        "abandoned are per day; service level is within 20 s / (served + abandoned after 20 s).",
        table(["", f"ctid, {days} days", "published, 1,000 days"], rows),
    ]


def _pooling(share: float) -> list[str]:
    contacts = round(POOLING_CONTACTS * share)
    simulated = case(pooling(6, contacts))
    work = offered_work(simulated, REPLICATIONS, contacts * 600)

    def minutes(result: Result) -> str:
        seconds = controlled(pairs(result.samples, "mean_wait"), work)
        return _told(Estimate(seconds.value / 60, seconds.half_width / 60))

    results = _run({f"{skills}": case(pooling(skills, contacts)) for skills in POOLING}, REPLICATIONS)
    rows = [[each.name, minutes(each), f"{POOLING[int(each.name)] / 60:g}", _primary(each)] for each in results]
    pool = pairs(results[-1].samples, "mean_wait")
    ruled = [
        [each.name, minutes(each), _told(_times(pairs(each.samples, "mean_wait"), pool)), _primary(each)]
        for each in _run({name: case(pooling(2, contacts, **how)) for name, how in RULES}, REPLICATIONS)
    ]
    return [
        "## Pooling",
        "Six types, ninety agents, 84 Erlang, 120 lines (R. B. Wallace, W. Whitt, 2005): a call goes to the idle agent "
        "with the best level for it, then the longest idle; a freed agent to their skills in order. Mean wait in "
        f"minutes of those let in; the exact pool has {POOL_WAIT / 60:.3f}.",
        table(["skills each", "ctid", "published", "served by primary agents"], rows),
        "With two skills, the rule by which a freed agent chooses is what is left to choose. It is "
        "`queues: {name: {priority}}` of each agent with `policy.priority_seconds`; queues have `strategy: "
        "highest_skill`.",
        table(["freed agents", "mean wait, min", "× that with six skills", "served by primary agents"], ruled),
    ]


def _times(waits: list[Pair], pool: list[Pair]) -> Estimate:
    """How many times the pool's wait, the same callers compared."""
    return ratio(
        [Pair(one.above / one.below, other.above / other.below) for one, other in zip(waits, pool, strict=True)]
    )


def _primary(result: Result) -> str:
    return _told(ratio(pairs(result.samples, "primary_share")))


def _told(estimate: Estimate) -> str:
    digits = 1 if estimate.value >= 100 else 2 if estimate.value >= 1 else 4
    return f"{estimate.value:.{digits}f} ± {estimate.half_width:.{digits}f}"


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
