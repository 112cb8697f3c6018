"""The audit trail: what is on it, what never is, and a database that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from ctid.desktop.audit_trail import AuditTrail
from ctid.desktop.schemas import access_schemas
from ctid.errors import StoreError
from ctid.model.access import AuditEntry, AuditPage, Role
from ctid.telemetry.metrics import Metrics
from tests.desktop.site import Desk, until

PASSWORD = "demo-only-correct-horse"


async def trail(desk: Desk, http: aiohttp.ClientSession, entries: int, query: str = "") -> list[dict[str, Any]]:
    """The trail, once so many entries are there."""
    async with asyncio.timeout(30):
        while True:
            async with http.get(f"/v1/audit{query}", headers=desk.bearer("adam")) as answer:
                body = await answer.json()
            access_schemas.AuditView.model_validate(body)
            if len(body["items"]) >= entries:
                return list(body["items"])


async def test_who_did_what_and_who_tried_to(desk: Desk, http: aiohttp.ClientSession) -> None:
    await desk.access.users.add("alice", PASSWORD, Role.AGENT, agent_id="alice")
    tried = [("alice", "my-secret-by-mistake"), ("my-secret-as-name", PASSWORD), ("alice", PASSWORD)]
    for name, password in tried:
        async with http.post("/v1/sessions", json={"username": name, "password": password}) as answer:
            session = await answer.json(content_type=None)
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    contact = desk.site.call(ani="+4917655555555")
    async with http.put("/v1/agents/alice/state", json={"state": "NOT_READY"}, headers=headers) as answer:
        command_id = (await answer.json())["command_id"]
    body = {"case": "my-secret-note"}
    async with http.patch(f"/v1/contacts/{contact}/attributes?x=my-secret", json=body, headers=headers) as answer:
        assert answer.status == 422
    async with http.patch(f"/v1/contacts/{contact}/attributes", json=body, headers=headers) as answer:
        assert answer.status == 403
    async with http.delete("/v1/callbacks/my-secret%20path", headers=desk.bearer("sue")) as answer:
        assert answer.status == 404
    async with http.get("/v1/agents/bob", headers=headers) as answer:
        assert answer.status == 403
    async with http.put("/v1/agents/alice/state", json={"state": "READY"}, headers={"Authorization": "x"}) as answer:
        assert answer.status == 401
    entries = (await trail(desk, http, 7))[::-1]
    told = [(e["subject"], e["operation"], e["target"], e["status"], e["code"]) for e in entries]
    assert told == [
        ("alice", "signIn", "/v1/sessions", 401, "sign-in-failed"),
        (None, "signIn", "/v1/sessions", 401, "sign-in-failed"),
        ("alice", "signIn", "/v1/sessions", 201, None),
        ("alice", "setAgentState", "/v1/agents/alice/state", 202, None),
        ("alice", "mergeAttributes", f"/v1/contacts/{contact}/attributes", 422, "invalid-input"),
        ("alice", "mergeAttributes", f"/v1/contacts/{contact}/attributes", 403, "forbidden"),
        ("sue", "cancelCallback", "/v1/callbacks/{contact_id}", 404, "not-found"),
    ], "reading is no deed, and who has no token has done nothing"
    assert entries[3]["command_id"] == command_id
    assert entries[3]["session_id"] == entries[2]["session_id"]
    assert entries[3]["session_id"]
    assert {e["address"] for e in entries} == {"127.0.0.1"}
    assert "my-secret" not in str(entries)
    assert "+49176" not in str(entries)


async def test_the_trail_is_filtered_and_paged(desk: Desk, http: aiohttp.ClientSession) -> None:
    for who in ("sue", "adam", "sue"):
        async with http.put("/v1/agents/bob/state", json={"state": "NOT_READY"}, headers=desk.bearer(who)) as answer:
            assert answer.status in (202, 409)
    entries = await trail(desk, http, 3)
    assert [e["subject"] for e in await trail(desk, http, 2, "?subject=sue")] == ["sue", "sue"]
    assert await trail(desk, http, 0, "?until=2020-01-01T00:00:00Z") == []
    assert len(await trail(desk, http, 3, "?since=2020-01-01T00:00:00Z")) == 3
    async with http.get("/v1/audit?limit=2", headers=desk.bearer("adam")) as answer:
        first = await answer.json()
    async with http.get(f"/v1/audit?limit=2&cursor={first['next_cursor']}", headers=desk.bearer("adam")) as answer:
        second = await answer.json()
    assert first["items"] + second["items"] == entries
    assert second["next_cursor"] is None
    stamps = [datetime.fromisoformat(e["at"]) for e in entries]
    assert stamps == sorted(stamps, reverse=True)


class Store:
    """A database that can be away."""

    def __init__(self) -> None:
        self.away = False
        self.entries: list[AuditEntry] = []
        self.asked = 0

    async def save_many(self, entries: Sequence[AuditEntry]) -> None:
        self.asked += 1
        if self.away:
            raise StoreError("cannot be reached")
        self.entries += entries

    async def find(self, **_: Any) -> AuditPage:
        return AuditPage(self.entries, None)


def record(trail: AuditTrail, number: int) -> None:
    trail.record(subject="sue", role="supervisor", operation="o", target=f"/v1/{number}", status=202)


async def test_a_database_that_is_away_holds_nobody_up_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctid.desktop.audit_trail._RETRY_SECONDS", 0.01)
    store, metrics = Store(), Metrics("test")
    trail = AuditTrail(store, metrics, most_waiting=3)
    running = asyncio.create_task(trail.run())
    store.away = True
    with capture_logs() as logs:
        for number in range(5):
            record(trail, number)
        await until(lambda: store.asked > 2)
    # What found no room is in the log, in full.
    unwritten = [line for line in logs if line["event"] == "audit.unwritten"]
    assert [line["target"] for line in unwritten] == ["/v1/3", "/v1/4"]
    assert metrics.registry.get_sample_value("ctid_audit_entries_total", {"to": "log"}) == 2
    store.away = False
    await until(lambda: len(store.entries) == 3)
    assert [entry.target for entry in store.entries] == ["/v1/0", "/v1/1", "/v1/2"]
    record(trail, 5)
    await until(lambda: len(store.entries) == 4)
    assert metrics.registry.get_sample_value("ctid_audit_entries_total", {"to": "database"}) == 4
    running.cancel()
    await asyncio.wait([running])


async def test_at_the_end_what_waits_is_written_or_told() -> None:
    store = Store()
    trail = AuditTrail(store, Metrics("test"))
    record(trail, 0)
    await trail.finish()
    assert [entry.target for entry in store.entries] == ["/v1/0"]
    store.away = True
    record(trail, 1)
    with capture_logs() as logs:
        await trail.finish()
    assert [line["target"] for line in logs if line["event"] == "audit.unwritten"] == ["/v1/1"]


async def test_a_locked_name_is_on_the_trail(desk: Desk, http: aiohttp.ClientSession) -> None:
    await desk.access.users.add("alice", PASSWORD, Role.AGENT, agent_id="alice")
    for _ in range(6):
        async with http.post("/v1/sessions", json={"username": "alice", "password": "wrong-password"}) as answer:
            await answer.read()
    newest = (await trail(desk, http, 6))[0]
    assert (newest["subject"], newest["status"], newest["code"]) == ("alice", 429, "sign-in-locked")
