"""Simulated contacts per second through the whole engine, beside a bare simulation of the same queue.

The system is M/M/200+M at 96 % load: 200 agents, exponential service (180 s) and patience (120 s), first come, first
served. *ours* is ``ctid.simulation``: every contact goes through the very engine that runs live, with its entry, queue,
offer, bridge, records and timers, and the tallies of ``ctid simulate``. *bare* is a loop over one heap and one deque
that keeps nothing but times: the least that a simulation in Python can do, as the limit. Both serve as many contacts;
``ratio`` tells how many times as fast the bare one is, so less is better. One core each; ``all_cores`` runs a
replication on every core at the same time.
"""

from __future__ import annotations

import heapq
import json
import os
import statistics
import time
from collections import deque
from random import Random
from typing import Any, Final

from benchmarks.proofs import Erlang, case
from ctid.simulation.study import GeneratedCase, study

SYSTEM: Final = Erlang(64, 180, 120, 200, 0, 0, 0, 0)
CONTACTS: Final = 30_000
ROUNDS: Final = 3


def main() -> None:
    """Measure and print."""
    print(json.dumps(measure()))


def measure() -> dict[str, Any]:
    """Run both in turn, and tell contacts per second."""
    simulated = case(SYSTEM.scenario(CONTACTS))
    ours, bare = [], []
    for number in range(ROUNDS):
        begin = time.perf_counter()
        contacts = simulated.run(number).contacts
        ours.append(contacts / (time.perf_counter() - begin))
        begin = time.perf_counter()
        contacts = bare_simulation(contacts, seed=number)
        bare.append(contacts / (time.perf_counter() - begin))
    one_core = statistics.median(ours)
    cores = len(os.sched_getaffinity(0))
    return {
        "name": "acd_simulate",
        "ours_per_second": round(one_core),
        "bare_per_second": round(statistics.median(bare)),
        "ratio": round(statistics.median(bare) / one_core, 1),
        "contacts_per_minute_one_core": round(one_core * 60),
        "cores": cores,
        "contacts_per_minute_all_cores": round(_on_all_cores(simulated, cores) * 60),
        "agents": SYSTEM.agents,
        "contacts": CONTACTS,
    }


def _on_all_cores(simulated: GeneratedCase, cores: int) -> float:
    """Contacts per second on all cores, the processes' start included."""
    begin = time.perf_counter()
    (result,) = study({"all": simulated}, 2 * cores, cores)
    return sum(sample.contacts for sample in result.samples) / (time.perf_counter() - begin)


def bare_simulation(contacts: int, seed: int) -> int:
    """The same queue with nothing around it; the contacts that came."""
    chance = Random(seed)
    gap, service = 60 / SYSTEM.per_minute, SYSTEM.service_seconds
    patience = SYSTEM.patience_seconds or 0.0
    free = SYSTEM.agents
    waiting: deque[tuple[float, float]] = deque()
    ends: list[float] = []
    arrival, arrived, served, waited = chance.expovariate(1 / gap), 0, 0, 0.0
    while arrived < contacts:
        if ends and ends[0] <= arrival:
            now = heapq.heappop(ends)
            free += 1
            while waiting and free:
                since, limit = waiting.popleft()
                if limit > now:
                    free -= 1
                    served += 1
                    waited += now - since
                    heapq.heappush(ends, now + chance.expovariate(1 / service))
        else:
            now = arrival
            arrived += 1
            arrival = now + chance.expovariate(1 / gap)
            if free:
                free -= 1
                served += 1
                heapq.heappush(ends, now + chance.expovariate(1 / service))
            else:
                waiting.append((now, now + chance.expovariate(1 / patience)))
    return arrived
