"""Statistics and history: counted and found in the database, and the same as the live numbers were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from ctid.engine.engine import Engine
from ctid.model import events as ev
from ctid.model.commands import SaveRecord
from ctid.model.customer import Customer
from ctid.model.day import QueueDay
from ctid.model.history import Span, Visit
from ctid.model.instant import Instant
from ctid.model.record import ContactRecord, RecordFilter
from ctid.model.states import ContactState
from ctid.store.database import Database
from ctid.store.records import RECENT, RECENT_NOTES, RecordStore
from ctid.store.schema import queue_visits, record_agents
from tests.replay.golden import WALK, journal
from tests.store.sample_records import NOON, abandoned_record, sample_record

pytestmark = pytest.mark.store

START = datetime.fromtimestamp(NOON / 1000, UTC)


@pytest.fixture
def store(database: Database) -> RecordStore:
    return RecordStore(database)


def visit(minutes: float, queue: str = "sales", **fields: object) -> Visit:
    mono_ms = round(minutes * 60_000)
    return Visit(queue=queue, at=Instant(mono_ms, NOON + mono_ms), **fields)  # type: ignore[arg-type]


async def found(store: RecordStore, which: RecordFilter) -> list[str]:
    return [record.contact_id for record in (await store.find(which)).records]


# ---- statistics -----------------------------------------------------------------------------------------------


async def test_what_the_database_counts_is_what_was_shown_live(store: RecordStore) -> None:
    engine = Engine()
    records: dict[str, ContactRecord] = {}

    def give(event: ev.Event, at: Instant) -> None:
        for command in engine.handle(event, at):
            if isinstance(command, SaveRecord):
                records[command.record.contact_id] = command.record

    for entry in journal(WALK):
        give(entry.event, entry.at)
        now = entry.at
    for leg in list(engine.state.legs.values()):
        give(ev.LegEnded(pbx=leg.pbx, unique_id=leg.unique_id, cause=16), now)
    for contact_ids in list(engine.state.callbacks.values()):
        for contact_id in list(contact_ids):
            give(ev.CallbackCanceled(command_id="q", principal="test", contact_id=contact_id), now)
    assert all(contact.state is ContactState.CLOSED for contact in engine.state.contacts.values())
    await store.save_many(list(records.values()))
    since = datetime.fromtimestamp(engine.state.today.since_utc_ms / 1000, UTC)
    sums: dict[str, QueueDay] = {}
    for quarter in await store.quarters(None, since, since + timedelta(days=1)):
        total = sums.setdefault(quarter.queue, QueueDay())
        for name in total.__struct_fields__:
            setattr(total, name, getattr(total, name) + getattr(quarter.numbers, name))
    live = {name: day for name, day in engine.state.today.queues.items() if day.offered}
    assert sum(day.handled for day in live.values()) > 1
    assert sums == live


async def test_a_stay_counts_for_the_quarter_in_which_it_began(store: RecordStore) -> None:
    stays = [
        visit(0, result="overflowed", wait_ms=100_000),
        visit(14.99, "support", result="handled", wait_ms=5_000, within=True, handling_ms=60_000),
    ]
    await store.save(sample_record(0, visits=stays))
    await store.save(sample_record(1, visits=[visit(15, result="short_abandoned", wait_ms=1_000)]))
    await store.save(sample_record(2, visits=[visit(29, result="callback", callback=True, wait_ms=9_000)]))
    quarters = await store.quarters(None, START, START + timedelta(hours=1))
    assert [((each.start_utc_ms - NOON) // 60_000, each.queue) for each in quarters] == [
        (0, "sales"), (0, "support"), (15, "sales"),
    ]  # fmt: skip
    assert quarters[0].numbers == QueueDay(offered=1, overflowed=1, judged=1)
    assert quarters[1].numbers == QueueDay(
        offered=1, handled=1, answered=1, within=1, judged=1, waited_ms=5_000, finished=1, handling_ms=60_000
    )
    assert quarters[2].numbers == QueueDay(offered=2, short_abandoned=1, callbacks=1)
    only = await store.quarters("support", START, START + timedelta(hours=1))
    assert only == [quarters[1]]


async def test_the_bounds_are_from_and_until_before(store: RecordStore) -> None:
    await store.save(sample_record(0, visits=[visit(10, result="handled")]))
    at = START + timedelta(minutes=10)
    moment = timedelta(milliseconds=1)
    assert len(await store.quarters(None, at, at + moment)) == 1
    assert await store.quarters(None, at - moment, at) == []
    assert await store.quarters("none", at, at + moment) == []


async def test_a_record_that_is_written_again_counts_once(store: RecordStore, database: Database) -> None:
    first = sample_record(0, visits=[visit(0, result="overflowed"), visit(1, "support", result="abandoned")])
    await store.save(first)
    await store.save(first)
    last = sample_record(0, visits=[visit(0, result="handled")], agent_id="1002", spans=[])
    await store.save_many([first, last])
    (quarter,) = await store.quarters(None, START, START + timedelta(hours=1))
    assert quarter.numbers == QueueDay(offered=1, handled=1, answered=1, judged=1, finished=1)
    async with database.begin() as connection:
        assert len((await connection.execute(record_agents.select())).all()) == 1
        await connection.execute(text("DELETE FROM records"))
    async with database.read() as connection:
        assert (await connection.execute(queue_visits.select())).all() == []
        assert (await connection.execute(record_agents.select())).all() == []
    assert first.visits[0].queue == "sales"


async def test_visits_come_back_with_their_record(store: RecordStore) -> None:
    record = sample_record(0, visits=[visit(0, result="handled", within=True, wait_ms=7)])
    await store.save(record)
    assert await store.get(record.contact_id) == record


# ---- history --------------------------------------------------------------------------------------------------


def talked(number: int, *agents: str, **changes: object) -> ContactRecord:
    spans = [
        Span(state=ContactState.CONNECTED, at=Instant(0, NOON), duration_ms=1, queue="sales", agent_id=agent)
        for agent in agents
    ]
    return sample_record(number, spans=spans, agent_id=agents[-1], **changes)


async def test_everybody_who_served_a_contact_finds_it(store: RecordStore) -> None:
    await store.save_many([talked(1, "1001", "1002"), talked(2, "1002"), abandoned_record(3)])
    assert await found(store, RecordFilter(served_by="1001")) == ["c-000001"]
    assert await found(store, RecordFilter(served_by="1002")) == ["c-000002", "c-000001"]
    assert await found(store, RecordFilter(served_by="1002", queues=["support"])) == []
    assert await found(store, RecordFilter(served_by="")) == []


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("lovelace", ["c-000001"]),
        ("özdemir", ["c-000002"]),
        ("ÖZDEMİR".lower(), []),
        ("王", ["c-000003"]),
        ("“BLUE”", ["c-000001"]),
        ("100%", ["c-000003"]),
        ("0%", ["c-000003"]),
        ("a_b", ["c-000003"]),
        ("a/b", ["c-000002"]),
        ("SOLD", ["c-000001"]),
        ("+4930901820", ["c-000001"]),
        ("030 / 90 18-20", ["c-000001"]),
        ("(030) 901", ["c-000001"]),
        ("555", ["c-000002"]),
        ("000", []),
        ("' OR 1=1 --", []),
        ("\\", []),
    ],
)
async def test_search_finds_number_name_notes_and_disposition(store: RecordStore, search: str, ids: list[str]) -> None:
    other = {"notes": "a/b", "disposition": "order", "ani": "+4917155512"}
    await store.save(sample_record(1))
    await store.save(sample_record(2, customer=Customer(id="8", name="Ayşe ÖZDEMIR"), **other))
    await store.save(
        sample_record(3, customer=Customer(id="9", name="王芳"), **{**other, "notes": "a_b, 100%", "ani": ""})
    )
    await store.save(abandoned_record(4))
    assert await found(store, RecordFilter(search=search)) == ids


async def test_search_takes_codes_by_what_people_read_for_them(store: RecordStore) -> None:
    await store.save_many([sample_record(1), sample_record(2, disposition="order")])
    assert await found(store, RecordFilter(search="taken", search_dispositions=["order"])) == ["c-000002"]


async def test_recent_contacts_are_the_newest_of_number_and_customer(store: RecordStore) -> None:
    customer = Customer(id="7", name="Ada")
    await store.save_many([sample_record(number, ani="+49111", customer=None) for number in range(4)])
    await store.save_many([sample_record(number, ani="+49222", customer=customer) for number in range(4, 8)])
    await store.save(sample_record(8, ani="+49111", customer=customer, notes="x" * 1_000))
    await store.save(sample_record(9, ani="+49333", customer=None))

    async def numbers(ani: str, customer_id: str) -> list[int]:
        return [int(each.contact_id.removeprefix("c-")) for each in await store.recent(ani, customer_id)]

    assert await numbers("+49111", "") == [8, 3, 2, 1, 0]
    assert await numbers("+49111", "7") == [8, 7, 6, 5, 4]
    assert await numbers("", "7") == [8, 7, 6, 5, 4]
    assert await numbers("", "") == []
    newest = (await store.recent("+49111", ""))[0]
    assert len(newest.notes) == RECENT_NOTES
    assert (newest.at_utc_ms, newest.outcome, newest.agent_id) == (NOON + 8_000, "handled", "1001")
    assert RECENT == 5
