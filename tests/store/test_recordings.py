"""What is known of recordings in SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ctid.errors import RequestError
from ctid.model.recording import RecordingFilter, RecordingKind, StoredRecording
from ctid.store.database import Database
from ctid.store.recordings import RecordingStore

pytestmark = pytest.mark.store

BEGAN = 1_795_000_000_000


def recording(number: int, **fields: object) -> StoredRecording:
    known: dict[str, object] = {
        "id": f"rc-e1-{number}",
        "site": "demo",
        "contact_id": f"ct-{number}",
        "agent_id": "alice" if number % 2 else "bob",
        "queue": "sales" if number < 3 else "support",
        "ani": "+4930123456",
        "began_at": BEGAN + number * 1_000,
        "ended_at": BEGAN + number * 1_000 + 60_000,
        "duration_ms": 60_000,
        "size": 1_920_044,
        "sha256": "ab" * 32,
        "file": f"2026/11/18/rc-e1-{number}.rec",
        "encrypted": True,
        "on_demand": False,
        "result": "",
        "expires_at": BEGAN + 90 * 86_400_000 + number,
    }
    return StoredRecording(**{**known, **fields})  # type: ignore[arg-type]


@pytest.fixture
async def store(database: Database) -> RecordingStore:
    store = RecordingStore(database, "demo")
    for number in range(5):
        await store.save(recording(number))
    await RecordingStore(database, "elsewhere").save(recording(9, site="elsewhere"))
    return store


async def found(store: RecordingStore, limit: int = 2, **which: object) -> list[str]:
    """All that fit, page by page."""
    ids: list[str] = []
    cursor = None
    while True:
        page = await store.find(RecordingFilter(**which), limit=limit, cursor=cursor)  # type: ignore[arg-type]
        ids += [each.id.removeprefix("rc-e1-") for each in page.recordings]
        cursor = page.next_cursor
        if cursor is None:
            return ids


async def test_saved_and_read_again_and_replaced(store: RecordingStore) -> None:
    assert await store.get("rc-e1-1") == recording(1)
    await store.save(recording(1, result="disk_full"))
    assert await store.get("rc-e1-1") == recording(1, result="disk_full")
    assert await store.get("rc-e1-8") is None
    assert await store.get("rc-e1-9") is None


async def test_found_newest_first_by_every_filter(store: RecordingStore) -> None:
    assert await found(store) == ["4", "3", "2", "1", "0"]
    assert await found(store, contact_id="ct-3") == ["3"]
    assert await found(store, agent_id="bob") == ["4", "2", "0"]
    assert await found(store, queue="support") == ["4", "3"]
    assert await found(store, queues=["sales"], agents=["alice"]) == ["1"]
    assert await found(store, agents=[]) == []
    moment = datetime.fromtimestamp((BEGAN + 2_000) / 1_000, UTC)
    assert await found(store, since=moment) == ["4", "3", "2"]
    assert await found(store, until=moment) == ["1", "0"]


async def test_what_can_not_be_asked(store: RecordingStore) -> None:
    with pytest.raises(RequestError):
        await store.find(RecordingFilter(), limit=0)
    with pytest.raises(RequestError):
        await store.find(RecordingFilter(), limit=10, cursor="none-of-ours")
    with pytest.raises(RequestError):
        RecordingFilter(since=datetime(2026, 1, 1))


async def test_forgotten_one_by_one_and_by_age(store: RecordingStore) -> None:
    expired = await store.expired(BEGAN + 90 * 86_400_000 + 2, 2)
    assert [each.id for each in expired] == ["rc-e1-0", "rc-e1-1"]
    for each in expired:
        await store.remove(each.id)
    await store.remove("rc-e1-9")
    assert await found(store) == ["4", "3", "2"]


async def test_messages_are_listed_by_whom_they_are_for_and_marked(store: RecordingStore) -> None:
    kind = RecordingKind.VOICEMAIL
    await store.save(recording(5, kind=kind, agent_id="", queue="sales"))
    await store.save(recording(6, kind=kind, agent_id="alice", queue=""))
    await store.save(recording(7, kind=kind, agent_id="bob", queue=""))
    assert await found(store) == ["4", "3", "2", "1", "0"]
    assert await found(store, kinds=(kind,)) == ["7", "6", "5"]
    assert await found(store, kinds=(kind,), for_agents=["alice"], for_queues=["sales"]) == ["6", "5"]
    assert await found(store, kinds=(kind,), for_agents=[], for_queues=[]) == []
    await store.mark_heard("rc-e1-6", BEGAN, "alice")
    assert await found(store, kinds=(kind,), heard=False) == ["7", "5"]
    assert await found(store, kinds=(kind,), heard=True) == ["6"]
    heard = await store.get("rc-e1-6")
    assert heard is not None
    assert (heard.heard_at, heard.heard_by) == (BEGAN, "alice")
    await store.mark_heard("rc-e1-6", None, "")
    assert await found(store, kinds=(kind,), heard=True) == []


async def test_what_callers_said_in_flows_is_listed_beside_calls(store: RecordingStore) -> None:
    said = recording(5, kind=RecordingKind.STATEMENT, agent_id="", queue="")
    await store.save(said)
    assert await store.get(said.id) == said
    assert await found(store) == ["4", "3", "2", "1", "0"]
    assert await found(store, kinds=(RecordingKind.STATEMENT,)) == ["5"]
    assert await found(store, kinds=(RecordingKind.CALL, RecordingKind.STATEMENT)) == ["5", "4", "3", "2", "1", "0"]
    assert await found(store, kinds=tuple(RecordingKind), queues=["sales"]) != [], "of a scope"
    assert "5" not in await found(store, kinds=tuple(RecordingKind), queues=["sales", "support"])
