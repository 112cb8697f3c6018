"""A flow's report of a day with 100,000 calls, from the sums that are kept, beside counting every stay.

The day is in SQLite, in a file: 100,000 calls through a flow of eight nodes, 550,000 stays in them, written by 200 as
the daemon does at most. *report* is the whole of `RecordStore.flow_report`, of that day and of one that begins and ends
within an hour, of which the edges are counted. *count* is the same numbers by one ``SELECT … GROUP BY`` each over the
stays in flows and in nodes, by their index. In turn; time of the processor, as the database is in the process.
`written_us` is what the processor does for a record that is written.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from benchmarks.spread import spread
from ctid.model.history import PathStep
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import Outcome
from ctid.store.database import Database
from ctid.store.records import RecordStore

CALLS: Final = 100_000
BATCH: Final = 200
REPORTS: Final = 15
DAY: Final = datetime(2026, 11, 18, tzinfo=UTC)
DAY_MS: Final = int(DAY.timestamp()) * 1000
NODES: Final = ("hello", "topic", "account", "confirm", "code", "lookup", "balance", "more")
COUNTED: Final = (
    "SELECT at / 900000, version, result, to_kind, count(*), sum(contained), sum(duration_ms) FROM flow_visits "
    "WHERE flow = 'bank' AND at >= :since AND at < :until GROUP BY 1, 2, 3, 4 ORDER BY 1",
    "SELECT node, left_by, failure, duration_ms / 500, count(*), sum(duration_ms), sum(timeouts), sum(invalid) "
    "FROM node_visits WHERE flow = 'bank' AND at >= :since AND at < :until GROUP BY 1, 2, 3, 4",
)


def call(number: int, chance: random.Random) -> ContactRecord:
    """Somebody who goes through three to eight nodes and then to a queue, to the flow's end or away."""
    begin = now = number * 86_400_000 // CALLS

    def at() -> Instant:
        return Instant(now, DAY_MS + now)

    path = [PathStep(at=at(), kind="flow", name="bank", result="aaaabbbbcccc")]
    for node in NODES[: chance.randint(3, len(NODES))]:
        path.append(PathStep(at=at(), kind="node", name=f"bank/{node}", title=node.capitalize()))
        now += chance.randrange(500, 20_000)
        if node == "topic":
            path.append(PathStep(at=at(), kind="key", name="1", result=chance.choice(("valid", "valid", "invalid"))))
        elif node == "lookup":
            path.append(
                PathStep(
                    at=at(), kind="fetch", name="account", result=chance.choice(("ok", "ok", "not_found", "timeout"))
                )
            )
    how = chance.choice(("queue", "queue", "end", "hung_up"))
    if how == "end":
        path.append(PathStep(at=at(), kind="end", name="bank", result="done"))
    else:
        path.append(PathStep(at=at(), kind="left", name="bank", result="left" if how == "queue" else how))
    if how == "queue":
        path.append(PathStep(at=at(), kind="queue", name="sales"))
    closed = at()
    return ContactRecord(
        contact_id=f"c-{number:06}",
        site="bench",
        channel="voice",
        ani="",
        dnis="4930100",
        entry="main",
        customer=None,
        queue="sales" if how == "queue" else "",
        agent_id="",
        outcome=Outcome.ABANDONED if how == "hung_up" else Outcome.HANDLED,
        disposition="",
        notes="",
        attributes={},
        path=path,
        spans=[],
        offers=[],
        created_at=Instant(begin, DAY_MS + begin),
        queued_at=None,
        connected_at=None,
        ended_at=closed,
        closed_at=closed,
        wait_ms=0,
        talk_ms=0,
        wrap_up_ms=0,
    )


async def fill(store: RecordStore) -> float:
    """Write the day, and return how long the processor was at a record, in microseconds."""
    chance = random.Random(11)
    took = 0.0
    for first in range(0, CALLS, BATCH):
        batch = [call(number, chance) for number in range(first, first + BATCH)]
        began = time.process_time()
        await store.save_many(batch)
        took += time.process_time() - began
    return took / CALLS * 1e6


async def measure() -> dict[str, Any]:
    """Fill a database and ask it in turn."""
    times = {"report": DAY, "report, edges in an hour": DAY + timedelta(minutes=30)}
    took: dict[str, list[float]] = {name: [] for name in (*times, "count")}
    entered: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        async with Database(f"sqlite:///{folder}/ctid.db") as database:
            store = RecordStore(database)
            written_us = await fill(store)
            for _ in range(REPORTS):
                for name, since in times.items():
                    began = time.process_time()
                    report = await store.flow_report("bank", since, since + timedelta(days=1))
                    took[name].append(time.process_time() - began)
                    if since == DAY:
                        entered = [sum(each.numbers.entered for each in report.quarters), len(report.nodes)]
                began = time.process_time()
                async with database.read() as connection:
                    day = {"since": DAY_MS, "until": DAY_MS + 86_400_000}
                    rows = [(await connection.execute(text(query), day)).all() for query in COUNTED]
                took["count"].append(time.process_time() - began)
                assert entered == [sum(row[4] for row in rows[0]), len({row[0] for row in rows[1]})], "they differ"
            async with database.read() as connection:
                stays = (await connection.execute(text("SELECT count(*) FROM node_visits"))).scalar_one()
                sums = (await connection.execute(text("SELECT count(*) FROM node_sums"))).scalar_one()
    figures = {name: spread(seconds) for name, seconds in took.items()}
    ours, peer = figures["report"]["p50"], figures["count"]["p50"]
    return {
        "name": "flow_report",
        "ours": ours,
        "peer": peer,
        "peer_name": "SELECT … GROUP BY over every stay",
        "unit": "ms of the processor for a day's report, median",
        "ratio": round(peer / ours, 1),
        "calls": CALLS,
        "stays_in_nodes": stays,
        "sums_of_nodes": sums,
        "written_us": round(written_us),
        "figures": figures,
    }


def main() -> None:
    """Measure, and print one JSON line."""
    print(json.dumps(asyncio.run(measure())))


if __name__ == "__main__":
    main()
