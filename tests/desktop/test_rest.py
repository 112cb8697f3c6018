"""REST against a running server and the real engine."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from yarl import URL

from ctid.desktop.operations.routes import OPERATIONS
from ctid.desktop.schemas import (
    agent_schemas,
    contact_schemas,
    offer_schemas,
    queue_schemas,
    record_schemas,
    routing_schemas,
    staffing_schemas,
)
from ctid.desktop.schemas import general as schemas
from ctid.model import events as ev
from tests.desktop.site import Desk, until


async def ask(
    http: aiohttp.ClientSession, desk: Desk, who: str, method: str, path: str | URL, **more: Any
) -> tuple[int, Any, Any]:
    headers = {**desk.bearer(who), **more.pop("headers", {})}
    async with http.request(method, path, headers=headers, **more) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers


async def go_ready(http: aiohttp.ClientSession, desk: Desk, who: str) -> None:
    for state in ("NOT_READY", "READY"):
        status, body, _ = await ask(http, desk, who, "PUT", f"/v1/agents/{who}/state", json={"state": state})
        assert status == 202, body


async def offered(http: aiohttp.ClientSession, desk: Desk) -> tuple[str, str]:
    """A call that is being offered to alice: contact and offer."""
    desk.site.notify(ev.DesktopConnected(agent_id="alice", session_id="by-hand"))
    await go_ready(http, desk, "alice")
    contact_id = desk.site.call()
    return contact_id, desk.site.state.contacts[contact_id].offer_ids[0]


async def test_agent_logs_in_and_goes_ready(desk: Desk, http: aiohttp.ClientSession) -> None:
    status, body, headers = await ask(http, desk, "alice", "PUT", "/v1/agents/alice/state", json={"state": "NOT_READY"})
    assert status == 202
    assert (body["agent"]["state"], body["agent"]["reason"]) == ("NOT_READY", "logged-in")
    assert headers["ETag"] == f'"{body["agent"]["version"]}"'
    request = desk.of_type(ev.AgentStateRequested)[-1]
    assert (request.command_id, request.principal, request.forced) == (body["command_id"], "alice", False)

    status, body, _ = await ask(
        http, desk, "alice", "PUT", "/v1/agents/alice/state", json={"state": "NOT_READY", "reason": "lunch"}
    )
    assert (status, body["agent"]["reason"]) == (202, "lunch")
    status, body, headers = await ask(http, desk, "alice", "GET", "/v1/agents/alice")
    assert (status, body["state"], headers["ETag"]) == (200, "NOT_READY", f'"{body["version"]}"')


async def test_a_supervisor_sets_anybodys_state(desk: Desk, http: aiohttp.ClientSession) -> None:
    status, body, _ = await ask(http, desk, "sue", "PUT", "/v1/agents/bob/state", json={"state": "NOT_READY"})
    assert (status, body["agent"]["id"], body["agent"]["state"]) == (202, "bob", "NOT_READY")
    assert desk.of_type(ev.AgentStateRequested)[-1].forced


async def test_a_call_from_offer_to_record(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, offer_id = await offered(http, desk)
    status, offer, _ = await ask(http, desk, "alice", "GET", f"/v1/offers/{offer_id}")
    assert (status, offer["state"], offer["pop"]["ani"]) == (200, "pending", "+4917612345678")
    offer_schemas.OfferView.model_validate(offer)

    desk.site.answer(contact_id)
    status, body, _ = await ask(
        http, desk, "alice", "PATCH", f"/v1/contacts/{contact_id}/attributes", json={"case": "77", "topic": None}
    )
    assert (status, body["contact"]["attributes"]) == (202, {"case": "77"})

    desk.site.hang_up(contact_id)
    status, body, _ = await ask(
        http,
        desk,
        "alice",
        "PUT",
        f"/v1/contacts/{contact_id}/wrap-up",
        json={"disposition": "order", "notes": "two of them", "complete": True},
    )
    assert (status, body["contact"]["disposition"]) == (202, "order")
    assert contact_id not in desk.site.state.contacts

    status, record, _ = await ask(http, desk, "sue", "GET", f"/v1/records/{contact_id}")
    assert (status, record["outcome"], record["notes"]) == (200, "handled", "two of them")
    record_schemas.RecordView.model_validate(record)
    status, contact, headers = await ask(http, desk, "alice", "GET", f"/v1/contacts/{contact_id}")
    assert (status, contact["state"], contact["version"]) == (200, "closed", None)
    assert "ETag" not in headers
    contact_schemas.ContactView.model_validate(contact)
    status, body, _ = await ask(http, desk, "bob", "GET", f"/v1/contacts/{contact_id}")
    assert (status, body["code"]) == (403, "forbidden")


async def test_an_offer_is_rejected(desk: Desk, http: aiohttp.ClientSession) -> None:
    _, offer_id = await offered(http, desk)
    status, body, _ = await ask(http, desk, "bob", "POST", f"/v1/offers/{offer_id}/reject")
    assert (status, body["code"]) == (403, "forbidden")
    status, body, _ = await ask(http, desk, "alice", "POST", f"/v1/offers/{offer_id}/reject")
    assert (status, body["offer"]["state"]) == (202, "rejected")
    status, body, _ = await ask(http, desk, "alice", "POST", f"/v1/offers/{offer_id}/reject", json={})
    assert status in (404, 409)


async def test_every_view_is_documented(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, offer_id = await offered(http, desk)
    desk.site.call(ani="", key="2")
    paths = {
        "/v1/site": schemas.SiteView,
        "/v1/agents": agent_schemas.AgentsView,
        "/v1/agents/alice": agent_schemas.AgentView,
        "/v1/contacts": contact_schemas.ContactsView,
        f"/v1/contacts/{contact_id}": contact_schemas.ContactView,
        f"/v1/contacts/{contact_id}/routing": routing_schemas.RoutingView,
        f"/v1/offers/{offer_id}": offer_schemas.OfferView,
        "/v1/queues": queue_schemas.QueuesView,
        "/v1/queues/sales": queue_schemas.QueueView,
        "/v1/reason-codes": schemas.CodesView,
        "/v1/wrapup-codes": schemas.CodesView,
        "/v1/records": record_schemas.RecordsView,
        "/v1/staffing?calls_per_hour=480&handling_seconds=300": staffing_schemas.StaffingView,
        "/healthz": schemas.HealthView,
        "/readyz": schemas.ReadinessView,
    }
    for path, model in paths.items():
        status, body, _ = await ask(http, desk, "adam", "GET", path)
        assert status == 200, path
        model.model_validate(body)


async def test_an_agent_sees_only_their_own(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, offer_id = await offered(http, desk)
    waiting = desk.site.call(key="2")
    _, agents, _ = await ask(http, desk, "alice", "GET", "/v1/agents")
    assert [agent["id"] for agent in agents["items"]] == ["alice"]
    _, contacts, _ = await ask(http, desk, "alice", "GET", "/v1/contacts")
    assert [contact["id"] for contact in contacts["items"]] == [contact_id]
    _, everything, _ = await ask(http, desk, "sue", "GET", "/v1/contacts")
    assert [contact["id"] for contact in everything["items"]] == [contact_id, waiting]
    forbidden = [
        ("bob", "GET", f"/v1/contacts/{contact_id}", None),
        ("bob", "GET", f"/v1/offers/{offer_id}", None),
        ("bob", "GET", "/v1/agents/alice", None),
        ("bob", "PUT", "/v1/agents/alice/state", {"state": "READY"}),
        ("bob", "PATCH", f"/v1/contacts/{contact_id}/attributes", {"x": "y"}),
        ("bob", "PUT", f"/v1/contacts/{contact_id}/wrap-up", {"disposition": "order"}),
        ("alice", "GET", f"/v1/contacts/{waiting}", None),
        ("alice", "GET", "/v1/records", None),
    ]
    asked = len(desk.site.events)
    for who, method, path, body in forbidden:
        status, problem, _ = await ask(http, desk, who, method, path, json=body)
        assert (status, problem["code"]) == (403, "forbidden"), path
    assert len(desk.site.events) == asked


async def test_every_operation_asks_for_a_token_and_the_role(desk: Desk, http: aiohttp.ClientSession) -> None:
    for operation in OPERATIONS:
        if operation.public:
            continue
        path = operation.path.replace("{agent_id}", "alice").replace("{queue_id}", "sales")
        path = re.sub(r"\{\w+\}", "none", path)
        async with http.request(operation.method, path) as answer:
            assert answer.status == 401, operation.name
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        for who, role in (("alice", "agent"), ("sue", "supervisor"), ("adam", "admin"), ("crm", "integration")):
            status, body, _ = await ask(http, desk, who, operation.method, path)
            let_in = not (status == 403 and "role" in body["detail"])
            assert let_in == (role in operation.roles), (operation.name, role)
            assert status < 500, (operation.name, role)


async def test_filters_and_pages_of_contacts(desk: Desk, http: aiohttp.ClientSession) -> None:
    ids = [desk.site.call(key=key) for key in "12121"]
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        path = "/v1/contacts?limit=2" + (f"&cursor={cursor}" if cursor else "")
        _, page, _ = await ask(http, desk, "sue", "GET", path)
        found += [contact["id"] for contact in page["items"]]
        cursor = page["next_cursor"]
    assert found == ids
    _, page, _ = await ask(http, desk, "sue", "GET", "/v1/contacts?queue=support&state=queued")
    assert [contact["id"] for contact in page["items"]] == ids[1::2]
    _, queue, _ = await ask(http, desk, "bob", "GET", "/v1/queues/support")
    assert queue["waiting"] == 2


async def test_filters_and_pages_of_records(desk: Desk, http: aiohttp.ClientSession) -> None:
    ids = [desk.site.call() for _ in range(3)]
    for contact_id in ids:
        desk.site.hang_up(contact_id)
    _, page, _ = await ask(http, desk, "sue", "GET", "/v1/records?limit=2&since=2020-01-01T00:00:00Z&ani=%2B49176")
    assert [record["contact_id"] for record in page["items"]] == [ids[2], ids[1]]
    assert desk.site.records.asked[-1].ani == "+49176"
    assert desk.site.records.asked[-1].created_from is not None
    _, page, _ = await ask(http, desk, "sue", "GET", f"/v1/records?limit=2&cursor={page['next_cursor']}")
    assert [record["contact_id"] for record in page["items"]] == [ids[0]]
    status, body, _ = await ask(http, desk, "sue", "GET", "/v1/records?cursor=none-of-ours")
    assert (status, body["code"]) == (400, "request-invalid")


async def test_if_match(desk: Desk, http: aiohttp.ClientSession) -> None:
    _, _, headers = await ask(http, desk, "alice", "GET", "/v1/agents/alice")
    put = {"method": "PUT", "path": "/v1/agents/alice/state", "json": {"state": "NOT_READY"}}
    old = {"If-Match": headers["ETag"]}
    status, _, _ = await ask(http, desk, "alice", **put, headers=old)
    assert status == 202
    status, body, _ = await ask(http, desk, "alice", **put, headers=old)
    assert (status, body["code"], body["current"]) == (412, "version-mismatch", "NOT_READY")
    status, body, _ = await ask(http, desk, "alice", **put, headers={"If-Match": "abc"})
    assert (status, body["errors"][0]["header"]) == (400, "If-Match")
    status, _, _ = await ask(http, desk, "alice", **put, headers={"If-Match": "*"})
    assert status == 202


async def test_a_conflict_tells_what_may_be_done(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, _ = await offered(http, desk)
    status, body, _ = await ask(
        http, desk, "sue", "PUT", f"/v1/contacts/{contact_id}/wrap-up", json={"disposition": "order"}
    )
    assert status in (404, 409)
    desk.site.answer(contact_id)
    status, body, headers = await ask(
        http, desk, "alice", "PUT", f"/v1/contacts/{contact_id}/wrap-up", json={"complete": True}
    )
    assert (status, body["code"], body["current"]) == (409, "conflict", "BUSY")
    assert "wrap_up" in body["allowed_actions"]
    assert headers["Content-Type"] == "application/problem+json"


async def test_an_overload_is_said_and_may_be_tried_again(desk: Desk, http: aiohttp.ClientSession) -> None:
    key = {"Idempotency-Key": "k"}
    put = {"method": "PUT", "path": "/v1/agents/alice/state", "json": {"state": "NOT_READY"}, "headers": key}
    desk.site.overloaded = True
    status, body, headers = await ask(http, desk, "alice", **put)
    assert (status, body["code"], headers["Retry-After"]) == (503, "overloaded", "1")
    desk.site.overloaded = False
    status, _, _ = await ask(http, desk, "alice", **put)
    assert status == 202


async def test_a_daemon_that_does_not_get_to_it_says_so(
    desk: Desk, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(_: ev.Request) -> dict[str, Any]:
        raise TimeoutError

    monkeypatch.setattr(desk.site, "request", late)
    status, body, _ = await ask(http, desk, "alice", "PUT", STATE, json={"state": "NOT_READY"})
    assert (status, body["code"]) == (503, "timeout")


async def test_the_same_key_is_carried_out_once(desk: Desk, http: aiohttp.ClientSession) -> None:
    async def put(who: str = "alice", key: str = "k1", state: str = "NOT_READY") -> tuple[int, Any, Any]:
        return await ask(
            http,
            desk,
            who,
            "PUT",
            f"/v1/agents/{who}/state",
            json={"state": state},
            headers={"Idempotency-Key": key},
        )

    status, first, headers = await put()
    assert status == 202
    assert "Idempotency-Replayed" not in headers
    status, second, headers = await put()
    assert (status, second) == (202, first)
    assert headers["Idempotency-Replayed"] == "true"
    assert len(desk.of_type(ev.AgentStateRequested)) == 1
    status, body, _ = await put(state="READY")
    assert (status, body["code"]) == (422, "idempotency-key-reused")
    status, body, _ = await put(who="bob")
    assert (status, body["agent"]["id"]) == (202, "bob")
    status, body, _ = await put(key="with space")
    assert (status, body["errors"][0]["header"]) == (400, "Idempotency-Key")


async def test_a_second_one_with_the_key_waits_for_the_first(desk: Desk, http: aiohttp.ClientSession) -> None:
    desk.site.gate.clear()
    path, key = "/v1/agents/alice/state", {"Idempotency-Key": "k"}
    both = [
        asyncio.create_task(ask(http, desk, "alice", "PUT", path, json={"state": "NOT_READY"}, headers=key))
        for _ in range(2)
    ]
    done, _ = await asyncio.wait(both, timeout=0.2)
    assert not done
    desk.site.gate.set()
    answers = await asyncio.gather(*both)
    assert [status for status, _, _ in answers] == [202, 202]
    assert answers[0][1] == answers[1][1]
    assert len(desk.of_type(ev.AgentStateRequested)) == 1


async def test_a_refusal_is_kept_too(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id, _ = await offered(http, desk)
    desk.site.answer(contact_id)
    put = {"method": "PUT", "path": f"/v1/contacts/{contact_id}/wrap-up", "json": {"complete": True}}
    status, first, _ = await ask(http, desk, "alice", **put, headers={"Idempotency-Key": "k"})
    assert status == 409
    desk.site.hang_up(contact_id)
    status, again, _ = await ask(http, desk, "alice", **put, headers={"Idempotency-Key": "k"})
    assert (status, again["current"]) == (409, first["current"])
    status, _, _ = await ask(http, desk, "alice", **put, headers={"Idempotency-Key": "k2"})
    assert status == 202


Bad = tuple[str, str, dict[str, Any], int, str, str | None]
STATE = "/v1/agents/alice/state"
AS_JSON = {"Content-Type": "application/json"}
BAD: list[Bad] = [
    ("PUT", STATE, {"json": {}}, 422, "invalid-input", "#/state"),
    ("PUT", STATE, {"json": {"state": "BUSY"}}, 422, "invalid-input", "#/state"),
    ("PUT", STATE, {"json": {"state": "READY", "a/b~c": 1}}, 422, "invalid-input", "#/a~1b~0c"),
    ("PUT", STATE, {"json": []}, 422, "invalid-input", "#"),
    ("PUT", STATE, {"json": {"state": "NOT_READY", "reason": 7}}, 422, "invalid-input", "#/reason"),
    ("PUT", STATE, {"data": b"{", "headers": AS_JSON}, 400, "malformed-json", None),
    ("PUT", STATE, {"data": b"", "headers": AS_JSON}, 400, "malformed-json", None),
    ("PUT", STATE, {"data": b"\xff\xfe", "headers": AS_JSON}, 400, "malformed-json", None),
    ("PUT", STATE, {"data": b"[" * 30_000, "headers": AS_JSON}, 400, "malformed-json", None),
    ("PUT", STATE, {"data": b"<a/>", "headers": {"Content-Type": "text/xml"}}, 415, "unsupported-media-type", None),
    ("PUT", STATE, {"data": b" " * 70_000, "headers": AS_JSON}, 413, "body-too-large", None),
    ("PUT", STATE + "?x=1", {"json": {"state": "READY"}}, 422, "invalid-input", None),
    ("DELETE", STATE, {}, 405, "method-not-allowed", None),
    ("GET", "/v1/nothing", {}, 404, "not-found", None),
    ("GET", "/v1/contacts/no-such", {}, 404, "not-found", None),
    ("GET", "/v1/contacts/%00", {}, 404, "not-found", None),
    ("GET", "/v1/contacts?limit=0", {}, 422, "invalid-input", None),
    ("GET", "/v1/contacts?limit=1&limit=2", {}, 422, "invalid-input", None),
    ("GET", "/v1/contacts?colour=red", {}, 422, "invalid-input", None),
    ("GET", "/v1/records?since=yesterday", {}, 422, "invalid-input", None),
    ("GET", "/v1/records?since=2026-01-01T00:00:00", {}, 422, "invalid-input", None),
    ("GET", "/v1/events", {}, 400, "invalid-input", None),
    ("PATCH", "/v1/contacts/no-such/attributes", {"json": {"0bad": "x"}}, 422, "invalid-input", "#/0bad"),
    ("PATCH", "/v1/contacts/no-such/attributes", {"json": {"x": "a\0b"}}, 422, "invalid-input", "#/x"),
    ("PATCH", "/v1/contacts/no-such/attributes", {"json": {"x": "y"}}, 404, "not-found", None),
    ("PUT", "/v1/contacts/no-such/wrap-up", {"json": {"notes": "x" * 2_001}}, 422, "invalid-input", "#/notes"),
    ("PUT", STATE, {"json": {"state": "NOT_READY", "reason": "siesta"}}, 400, "request-invalid", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "more", "status", "code", "pointer"), BAD)
async def test_bad_input_is_refused_with_its_place(
    desk: Desk,
    http: aiohttp.ClientSession,
    method: str,
    path: str,
    more: dict[str, Any],
    status: int,
    code: str,
    pointer: str | None,
) -> None:
    before = desk.site.engine.snapshot()
    found, body, headers = await ask(http, desk, "adam", method, path, **more)
    assert (found, body["code"], body.get("pointer")) == (status, code, pointer), body
    assert body["status"] == status
    assert headers["Content-Type"] == "application/problem+json"
    schemas.ProblemView.model_validate(body)
    if status == 405:
        assert headers["Allow"] == "PUT"
    assert desk.site.engine.snapshot() == before


async def test_a_fault_of_ours_tells_nothing_of_itself(
    desk: Desk, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: str) -> None:
        raise KeyError("+4917612345678")

    monkeypatch.setattr(desk.site.records, "get", broken)
    status, body, _ = await ask(http, desk, "sue", "GET", "/v1/records/ct-1")
    assert (status, body["code"]) == (500, "internal")
    assert "4917612345678" not in str(body)


async def test_headers_that_protect(desk: Desk, http: aiohttp.ClientSession) -> None:
    _, _, headers = await ask(http, desk, "alice", "GET", "/v1/agents", headers={"Origin": "http://127.0.0.9"})
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "ctid"
    assert "Access-Control-Allow-Origin" not in headers


async def test_operations_pages(desk: Desk, http: aiohttp.ClientSession) -> None:
    desk.site.call()
    async with http.get("/metrics") as answer:
        text = await answer.text()
        assert answer.status == 200
        assert 'ctid_build_info{release="test"} 1.0' in text
        assert "4917612345678" not in text
    async with http.get("/healthz") as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "ok")
    desk.site.components[1] = type(desk.site.components[1])(name="pbx:main", ok=False, detail="refused")
    async with http.get("/readyz") as answer:
        body = await answer.json()
        assert (answer.status, body["status"]) == (503, "not ready")
        assert [part["name"] for part in body["components"] if not part["ok"]] == ["pbx:main"]


async def test_docs_work_without_the_internet(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with http.get("/docs") as answer:
        page = await answer.text()
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "http" not in page.replace("https://www.w3.org", "")
    for file in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert f"/docs/{file}" in page
        async with http.get(f"/docs/{file}") as answer:
            assert answer.status == 200
            assert len(await answer.read()) > 50
    async with http.get("/v1/openapi.json") as answer:
        assert set(await answer.json()) >= {"openapi", "paths", "components"}


async def test_the_queue_of_commands_survives_a_desktop_that_goes(desk: Desk, http: aiohttp.ClientSession) -> None:
    """A client that hangs up while its command is under way does not undo it."""
    desk.site.gate.clear()
    going = asyncio.create_task(ask(http, desk, "alice", "PUT", "/v1/agents/alice/state", json={"state": "NOT_READY"}))
    await until(lambda: desk.site.gate._waiters)
    assert not going.done()
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    desk.site.gate.set()
    await until(lambda: desk.site.state.agents["alice"].state == "NOT_READY")


async def test_a_supervisor_changes_what_a_waiting_contact_needs(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id = desk.site.call()
    path = f"/v1/contacts/{contact_id}/routing"
    contact = desk.site.state.contacts[contact_id]
    status, body, headers = await ask(
        http, desk, "sue", "PATCH", path,
        json={"priority": 7, "steps": [{"skills": {"sales": 2}}, {"after_seconds": 9, "agents": ["bob"]}]},
    )  # fmt: skip
    assert (status, body["contact"]["priority"]) == (202, 7)
    assert "set_routing" in body["contact"]["allowed_actions"]
    assert contact.steps == [{"skills": {"sales": 2}}, {"after_seconds": 9.0, "agents": ["bob"]}]
    stale = {"If-Match": '"1"'}
    status, body, _ = await ask(http, desk, "sue", "PATCH", path, json={"priority": 8}, headers=stale)
    assert (status, contact.priority) == (412, 7)
    fresh = {"If-Match": headers["ETag"]}
    status, body, _ = await ask(http, desk, "sue", "PATCH", path, json={"queue": "support"}, headers=fresh)
    assert (status, body["contact"]["queue"], len(contact.steps)) == (202, "support", 2)
    status, _, _ = await ask(http, desk, "sue", "PATCH", path, json={"steps": None})
    assert (status, contact.steps) == (202, [])
    assert (await ask(http, desk, "alice", "PATCH", path, json={"priority": 1}))[0] == 403
    for wrong in ({"steps": []}, {"steps": [{"after_seconds": 3}]}, {"steps": [{"skill": {}}]}, {"prio": 1}):
        status, body, _ = await ask(http, desk, "sue", "PATCH", path, json=wrong)
        assert (status, body["code"]) == (422, "invalid-input")
    status, body, _ = await ask(http, desk, "sue", "PATCH", path, json={"queue": "nowhere"})
    assert (status, body["code"]) == (400, "request-invalid")
    desk.site.notify(ev.LegEnded(pbx="main", unique_id=desk.site.state.legs[contact.caller_leg].unique_id, cause=16))
    status, body, _ = await ask(http, desk, "sue", "PATCH", path, json={"priority": 1})
    assert status in (404, 409)


async def test_a_callback_is_asked_for_seen_and_taken_back(desk: Desk, http: aiohttp.ClientSession) -> None:
    body = {"number": "030 123456", "queue": "sales", "attributes": {"case": "1"}, "not_before": "2040-01-01T08:00:00Z"}
    status, answer, _ = await ask(http, desk, "sue", "POST", "/v1/callbacks", json=body)
    assert (status, answer["code"]) == (400, "request-invalid"), "so far ahead nobody is called back"
    body["not_before"] = None
    status, answer, headers = await ask(http, desk, "sue", "POST", "/v1/callbacks", json=body)
    assert status == 202, answer
    contact = contact_schemas.ContactAcceptedView.model_validate(answer).contact
    assert contact.callback is not None
    assert (contact.callback.number, contact.attributes, contact.legs) == ("+4930123456", {"case": "1"}, [])
    assert headers["ETag"] == f'"{contact.version}"'
    for path in ("/v1/callbacks", "/v1/callbacks?queue=sales"):
        status, answer, _ = await ask(http, desk, "sue", "GET", path)
        assert (status, [item["id"] for item in answer["items"]]) == (200, [contact.id])
    status, answer, _ = await ask(http, desk, "sue", "GET", "/v1/callbacks?queue=support")
    assert answer["items"] == []
    path = f"/v1/callbacks/{contact.id}"
    status, answer, _ = await ask(http, desk, "sue", "GET", path)
    assert (status, answer["callback"]["attempts"]) == (200, 0)
    status, answer, _ = await ask(http, desk, "sue", "POST", "/v1/callbacks", json=body)
    assert (status, answer["code"], answer["current"]) == (409, "conflict", "duplicate")
    status, answer, _ = await ask(http, desk, "alice", "DELETE", path)
    assert status == 403
    status, answer, _ = await ask(http, desk, "sue", "DELETE", path)
    assert (status, answer["contact"]["outcome"]) == (202, "callback")
    status, answer, _ = await ask(http, desk, "sue", "DELETE", path)
    assert status in (404, 409)


async def test_a_waiting_contact_is_called_back(desk: Desk, http: aiohttp.ClientSession) -> None:
    contact_id = desk.site.call()
    status, answer, _ = await ask(http, desk, "sue", "POST", "/v1/callbacks", json={"contact_id": contact_id})
    assert status == 202, answer
    assert answer["contact"]["id"] == contact_id
    assert answer["contact"]["callback"]["number"] == answer["contact"]["ani"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, None),
        ({"number": "+4930123456"}, None),
        ({"contact_id": "ct-1", "queue": "sales"}, None),
        ({"number": "+4930123456", "queue": "sales", "not_before": "2040-01-01T08:00:00"}, "#/not_before"),
        ({"number": "+4930123456", "queue": "sales", "extra": 1}, "#/extra"),
        ({"number": "+4930123456", "queue": "sales", "priority": 5_000}, "#/priority"),
    ],
)
async def test_a_callback_that_is_not_asked_for_properly(
    desk: Desk, http: aiohttp.ClientSession, body: dict[str, Any], pointer: str | None
) -> None:
    status, answer, _ = await ask(http, desk, "sue", "POST", "/v1/callbacks", json=body)
    assert status == 422
    if pointer is not None:
        assert answer["pointer"] == pointer
    assert desk.of_type(ev.CallbackRequested) == []


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_that_has_no_date_in_some_zone_is_refused_wherever_one_is_asked_for(
    desk: Desk, http: aiohttp.ClientSession, moment: str
) -> None:
    asked = [each for each in OPERATIONS if each.query is not None and "since" in each.query.model_fields]
    assert len(asked) >= 7
    for operation in asked:
        path = operation.path.replace("{agent_id}", "alice").replace("{flow_id}", "ask")
        for query in (f"since={moment}", f"until={moment}"):
            status, body, _ = await ask(http, desk, "adam", "GET", URL(f"{path}?{query}", encoded=True))
            assert status == 422, (path, query, body)
            assert body["errors"] == [{"parameter": query[:5], "detail": "give a moment from 1970 on, and before 9999"}]
    status, body, _ = await ask(
        http,
        desk,
        "adam",
        "POST",
        "/v1/callbacks",
        json={"number": "1", "queue": "sales", "not_before": "9999-01-01T00:00Z"},
    )
    assert (status, body["pointer"]) == (422, "#/not_before")
