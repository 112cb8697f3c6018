"""Sums of ways through flows: what a report says of any stretch of time is what counting every caller would."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import mean, median_low

import pytest
from sqlalchemy import select, text

from ctid.ivr.flow_visits import flow_visits
from ctid.model.flow_report import FlowNumbers, FlowQuarter, FlowReport, NodeNumbers
from ctid.model.flow_visit import FlowVisit, NodeVisit
from ctid.model.history import PathStep
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import Outcome
from ctid.store.database import Database
from ctid.store.flow_sums import FLOW_SPAN_MS, GRAIN_MS, FlowSums
from ctid.store.records import RecordStore
from ctid.store.schema import flow_sums, node_sums
from tests.store.sample_records import NOON, sample_record

pytestmark = pytest.mark.store

HOURS = 5


def some_way(number: int, chance: random.Random) -> ContactRecord:
    """A caller at any moment of five hours, who goes through up to two flows and leaves them somehow."""
    now = NOON + chance.randrange(HOURS * 3_600_000)
    path: list[PathStep] = []

    def step(kind: str, name: str, result: str = "") -> None:
        path.append(PathStep(at=Instant(now - NOON, now), kind=kind, name=name, result=result))

    for flow in chance.choice((["bank"], ["bank", "shop"], ["shop"])):
        step("flow", flow, chance.choice(("aaaabbbbcccc", "ddddeeeeffff")))
        for node in ("hello", "topic", "lookup")[: chance.randint(1, 3)]:
            step("node", f"{flow}/{node}")
            now += chance.randrange(4_000)
            if node == "topic":
                step("key", *chance.choice((("1", "valid"), ("9", "invalid"), ("", "timeout"))))
            if node == "lookup":
                step("fetch", "account", chance.choice(("ok", "not_found", "timeout", "refused")))
    how = chance.choice(("queue", "end", "hung_up"))
    if how == "end":
        step("end", path[0].name, "done")
    else:
        step("left", path[0].name, "left" if how == "queue" else how)
    if how == "queue":
        step("queue", "sales")
    outcome = Outcome.HANDLED if how != "hung_up" else Outcome.ABANDONED
    return sample_record(number, path=path, outcome=outcome, ended_at=Instant(now - NOON, now))


def counted(records: Iterable[ContactRecord], flow: str, since_ms: int, until_ms: int) -> FlowReport:
    """The report, counted from every caller."""
    entered = [
        visit
        for record in records
        for visit in flow_visits(record)
        if visit.flow == flow and since_ms <= visit.at.utc_ms < until_ms
    ]
    quarters: dict[int, list[FlowVisit]] = {}
    nodes: dict[str, list[NodeVisit]] = {}
    for visit in entered:
        quarters.setdefault(visit.at.utc_ms - visit.at.utc_ms % FLOW_SPAN_MS, []).append(visit)
        for node in visit.nodes:
            nodes.setdefault(node.node, []).append(node)
    return FlowReport(
        quarters=[FlowQuarter(start_utc_ms=at, numbers=flow_numbers(quarters[at])) for at in sorted(quarters)],
        nodes=[node_numbers(name, nodes[name]) for name in sorted(nodes, key=lambda name: (-len(nodes[name]), name))],
    )


def flow_numbers(visits: Sequence[FlowVisit]) -> FlowNumbers:
    return FlowNumbers(
        entered=len(visits),
        contained=sum(visit.contained for visit in visits),
        results=dict(Counter(visit.result for visit in visits)),
        to=dict(Counter(visit.to_kind for visit in visits if visit.to_kind)),
        versions=dict(Counter(visit.version for visit in visits)),
        total_ms=sum(visit.duration_ms for visit in visits),
    )


def node_numbers(name: str, stays: Sequence[NodeVisit]) -> NodeNumbers:
    durations = sorted(stay.duration_ms for stay in stays)
    middle = median_low(durations) // GRAIN_MS
    return NodeNumbers(
        node=name,
        entered=len(stays),
        total_ms=sum(durations),
        median_ms=int(mean(each for each in durations if each // GRAIN_MS == middle)),
        left_by=dict(Counter(stay.left_by for stay in stays)),
        timeouts=sum(stay.timeouts for stay in stays),
        invalid=sum(stay.invalid for stay in stays),
        failures=dict(Counter(stay.failure for stay in stays if stay.failure)),
    )


def some_times(chance: random.Random) -> Iterator[tuple[int, int]]:
    """Stretches of time, of all, of whole hours and quarters, between any two moments, and of none."""
    end = HOURS * 3_600_000
    yield NOON, NOON + end
    yield NOON - 1, NOON + end + 1
    yield NOON + 1, NOON + end - 1
    for span in (3_600_000, 900_000, 60_000, 1):
        for _ in range(4):
            first, last = (NOON + chance.randrange(end) // span * span for _ in range(2))
            yield first, last
            yield first, first + max(1, span // 3)


def moment(utc_ms: int) -> datetime:
    return datetime.fromtimestamp(utc_ms // 1000, UTC) + timedelta(milliseconds=utc_ms % 1000)


async def assert_counted(store: RecordStore, records: Iterable[ContactRecord], chance: random.Random) -> None:
    """A report of any time is what counting every caller would be."""
    known = list(records)
    for since, until in some_times(chance):
        for flow in ("bank", "shop"):
            found = await store.flow_report(flow, moment(since), moment(until))
            assert found == counted(known, flow, since, until), (flow, since - NOON, until - NOON)


async def sums(database: Database) -> list[list[tuple[object, ...]]]:
    """All sums that are of somebody."""
    async with database.read() as connection:
        return [
            sorted(tuple(row) for row in (await connection.execute(select(table).where(table.c.entered > 0))).all())
            for table in (flow_sums, node_sums)
        ]


async def test_a_report_is_what_counting_every_caller_would_be(database: Database) -> None:
    chance, store = random.Random(7), RecordStore(database)
    records = [some_way(number, chance) for number in range(400)]
    await store.save_many(records)
    await assert_counted(store, records, chance)


async def test_what_is_written_again_counts_as_it_was_written_last(database: Database) -> None:
    chance, store = random.Random(8), RecordStore(database)
    kept: dict[int, ContactRecord] = {}
    for _ in range(30):
        batch = {number: some_way(number, chance) for number in chance.sample(range(60), 10)}
        # Others are written as they are, as after a fault; one is in the batch twice.
        again = [kept[number] for number in chance.sample(sorted(kept.keys() - batch.keys()), min(5, len(kept) // 3))]
        twice = some_way(next(iter(batch)), chance)
        await store.save_many([twice, *again, *batch.values()])
        kept |= batch
    await assert_counted(store, kept.values(), chance)
    await store.save_many([sample_record(number) for number in range(60)])
    assert await sums(database) == [[], []], "they went through no flow after all"
    assert await store.flow_report("bank", moment(NOON), moment(NOON + HOURS * 3_600_000)) == FlowReport(
        quarters=[], nodes=[]
    )


async def test_an_upgrade_makes_the_sums_of_what_is_there(database: Database) -> None:
    chance = random.Random(9)
    await RecordStore(database).save_many([some_way(number, chance) for number in range(200)])
    before = await sums(database)
    assert all(before)
    async with database.begin() as connection:
        for table in (flow_sums, node_sums):
            await connection.execute(text(f"DROP TABLE {table.name}"))
        await connection.execute(text("UPDATE alembic_version SET version_num = '0010'"))
    assert (await database.upgrade())[0] == "0010"
    assert await sums(database) == before


async def test_daemons_that_change_the_same_sums_at_once_wait_for_each_other(database: Database) -> None:
    rows = [
        {"flow": "bank", "at": NOON + number * 3_600_000, "version": "", "result": "ended", "to_kind": ""}
        | {"contained": True, "duration_ms": 10}
        for number in range(3_000)
    ]

    async def write(rows: Sequence[dict[str, object]]) -> None:
        sums = FlowSums()
        sums.count_flows(rows, 1)
        async with database.begin() as connection:
            await sums.write(connection)

    for _ in range(3):
        await asyncio.gather(write(rows), write(rows[::-1]))
    found, _ = await sums(database)
    assert len(found) == len(rows)
    assert {row[5:] for row in found} == {(6, 6, 60)}
