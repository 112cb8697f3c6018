"""Reports of flows: counted in either database from the ways of records, the same however often those are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from ctid.model.flow_report import FlowReport
from ctid.model.history import PathStep
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord
from ctid.model.states import Outcome
from ctid.store.database import Database
from ctid.store.records import RecordStore
from ctid.store.schema import node_visits
from tests.store.sample_records import NOON, flow_record, sample_record

pytestmark = pytest.mark.store

START = datetime.fromtimestamp(NOON / 1000, UTC)


@pytest.fixture
def store(database: Database) -> RecordStore:
    return RecordStore(database)


def hung_up(number: int, seconds: float, *steps: tuple[str, str, str], flow: str = "bank") -> ContactRecord:
    """Somebody who hung up in a menu after so long; the menu begins two seconds after the flow."""
    began = number * 1_000

    def at(ms: float) -> Instant:
        return Instant(5_000 + began + round(ms), NOON + began + round(ms))

    path = [
        PathStep(at=at(0), kind="flow", name=flow, result="aaaabbbbcccc"),
        PathStep(at=at(0), kind="node", name=f"{flow}/hello"),
        PathStep(at=at(2_000), kind="node", name=f"{flow}/topic"),
        *(PathStep(at=at(2_500), kind=kind, name=name, result=result) for kind, name, result in steps),
        PathStep(at=at(2_000 + seconds * 1_000), kind="left", name=f"{flow}/topic", result="hung_up"),
    ]
    return sample_record(number, path=path, outcome=Outcome.ABANDONED, contact_id=f"h-{number}")


async def report(store: RecordStore, hours: float = 1, flow: str = "bank", since: datetime = START) -> FlowReport:
    return await store.flow_report(flow, since, since + timedelta(hours=hours))


async def test_by_quarters_and_by_nodes(store: RecordStore) -> None:
    await store.save_many(
        [
            flow_record(0),
            flow_record(1, version="ddddeeeeffff"),
            hung_up(2, 4, ("key", "9", "invalid"), ("key", "", "timeout")),
            hung_up(20 * 60, 30),
            hung_up(3, 1, flow="other"),
            sample_record(5),
        ]
    )
    found = await report(store)
    assert [each.start_utc_ms for each in found.quarters] == [NOON, NOON + 15 * 60_000]
    first, second = (each.numbers for each in found.quarters)
    assert (first.entered, first.results, first.to) == (3, {"left": 2, "hung_up": 1}, {"queue": 2})
    assert first.versions == {"aaaabbbbcccc": 2, "ddddeeeeffff": 1}
    assert (first.total_ms, first.contained) == (9_000 * 2 + 6_000, 0)
    assert (second.entered, second.results, second.to) == (1, {"hung_up": 1}, {})
    assert [each.node for each in found.nodes] == ["hello", "topic", "away"]
    topic = found.nodes[1]
    assert (topic.entered, topic.left_by) == (4, {"key": 2, "hung_up": 2})
    assert (topic.timeouts, topic.invalid, topic.total_ms) == (1, 1, 7_000 * 2 + 4_000 + 30_000)
    assert topic.median_ms == 7_000
    assert (found.nodes[0].median_ms, found.nodes[2].total_ms) == (2_000, 0)


async def test_only_those_who_entered_it_then(store: RecordStore) -> None:
    await store.save_many([flow_record(0), flow_record(10), flow_record(20)])
    since = START + timedelta(seconds=10)
    found = await store.flow_report("bank", since, since + timedelta(seconds=10))
    assert [each.numbers.entered for each in found.quarters] == [1]
    assert [each.entered for each in found.nodes] == [1, 1, 1]
    assert await report(store, flow="none") == FlowReport(quarters=[], nodes=[])


async def test_a_record_that_is_written_again_counts_once(store: RecordStore, database: Database) -> None:
    await store.save(flow_record(0))
    await store.save_many([flow_record(0), flow_record(0)])
    await store.save(flow_record(0, path=flow_record(0).path[:3]))
    (quarter,) = (await report(store)).quarters
    assert (quarter.numbers.entered, quarter.numbers.results) == (1, {"hung_up": 1})
    async with database.read() as connection:
        left = (await connection.execute(select(func.count()).select_from(node_visits))).scalar_one()
    assert left == 1


async def test_what_is_no_text_of_a_database_is_stored_all_the_same(store: RecordStore) -> None:
    await store.save(flow_record(0, flow="ba\x00nk\ud800"))
    assert (await report(store, flow="ba\x00nk\ud800")).quarters[0].numbers.entered == 1


async def test_the_median_of_many(store: RecordStore) -> None:
    await store.save_many([hung_up(number, seconds) for number, seconds in enumerate([1, 1, 1, 2, 50, 60, 70])])
    topic = next(each for each in (await report(store)).nodes if each.node == "topic")
    assert topic.median_ms == 2_000
    await store.save(hung_up(100, 80))
    topic = next(each for each in (await report(store)).nodes if each.node == "topic")
    assert topic.median_ms == 2_000, "the lower of two"
