"""Signing in, staying in and going, over HTTP, with real hashes and a real database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from ctid.desktop.identity.throttle import Throttle
from ctid.desktop.schemas import access_schemas
from ctid.model.access import Role
from tests.desktop.site import Desk, open_desk

PASSWORD = "demo-only-correct-horse"


async def post(
    http: aiohttp.ClientSession, path: str, json: Any = None, **headers: str
) -> tuple[int, Any, aiohttp.ClientResponse]:
    async with http.post(path, json=json, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None), answer


async def add_alice(desk: Desk) -> None:
    await desk.access.users.add("alice", PASSWORD, Role.AGENT, display_name="Alice Arendt", agent_id="alice")


async def sign_in(http: aiohttp.ClientSession, name: str = "alice", **more: Any) -> Any:
    status, body, _ = await post(http, "/v1/sessions", {"username": name, "password": PASSWORD, **more})
    assert status == 201, body
    return body


def bearer(session: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


async def status_of(http: aiohttp.ClientSession, session: Any, path: str = "/v1/me") -> int:
    async with http.get(path, headers=bearer(session)) as answer:
        return answer.status


async def test_a_user_signs_in(desk: Desk, http: aiohttp.ClientSession) -> None:
    await add_alice(desk)
    async with http.get("/v1/sign-in") as answer:
        assert await answer.json() == {"password": True, "oidc": None}
    session = await sign_in(http, "Alice")
    access_schemas.SessionView.model_validate(session)
    assert session["me"]["name"] == "Alice Arendt"
    assert session["refresh_token"]
    async with http.get("/v1/me", headers=bearer(session)) as answer:
        me = await answer.json()
    access_schemas.MeView.model_validate(me)
    assert (me["subject"], me["role"], me["agent_id"]) == ("alice", "agent", "alice")
    left = datetime.fromisoformat(me["expires_at"]) - datetime.now().astimezone()
    assert 14 * 60 < left.total_seconds() <= 15 * 60
    assert await status_of(http, session, "/v1/agents/alice") == 200
    assert await status_of(http, session, "/v1/agents/bob") == 403


@pytest.mark.parametrize(
    "body", [{"username": "alice", "password": "wrong-password"}, {"username": "nobody", "password": PASSWORD}]
)
async def test_what_is_wrong_nobody_is_told(desk: Desk, http: aiohttp.ClientSession, body: dict[str, str]) -> None:
    await add_alice(desk)
    status, problem, answer = await post(http, "/v1/sessions", body)
    assert (status, problem["code"], problem["detail"]) == (401, "sign-in-failed", "name or password is wrong")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="ctid"'


async def test_a_disabled_user_stays_out(desk: Desk, http: aiohttp.ClientSession) -> None:
    await add_alice(desk)
    session = await sign_in(http)
    await desk.access.users.change("alice", {"disabled": True})
    status, problem, _ = await post(http, "/v1/sessions", {"username": "alice", "password": PASSWORD})
    assert (status, problem["code"]) == (401, "sign-in-failed")
    status, problem, _ = await post(http, "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
    assert (status, problem["code"]) == (401, "refresh-refused")


async def test_five_failures_lock_a_name_whether_there_is_such_a_user_or_not(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    await add_alice(desk)
    answers: dict[str, list[tuple[int, str]]] = {"alice": [], "nobody": []}
    for name, seen in answers.items():
        for _ in range(6):
            status, problem, answer = await post(http, "/v1/sessions", {"username": name, "password": "wrong-password"})
            seen.append((status, problem["code"]))
        assert 25 <= int(answer.headers["Retry-After"]) <= 30
        assert datetime.fromisoformat(problem["retry_at"]) > datetime.now().astimezone()
    assert answers["alice"] == [(401, "sign-in-failed")] * 5 + [(429, "sign-in-locked")]
    assert answers["nobody"] == answers["alice"]
    # The right password is no way out, an administrator is.
    status, problem, _ = await post(http, "/v1/sessions", {"username": "ALICE", "password": PASSWORD})
    assert status == 429
    async with http.get("/v1/users/alice", headers=desk.bearer("adam")) as answer:
        assert (await answer.json())["locked_until"] is not None
    async with http.patch("/v1/users/alice", json={"unlock": True}, headers=desk.bearer("adam")) as answer:
        assert (answer.status, (await answer.json())["locked_until"]) == (200, None)
    await sign_in(http)


async def test_a_refresh_token_is_good_once(desk: Desk, http: aiohttp.ClientSession) -> None:
    await add_alice(desk)
    first = await sign_in(http)
    status, second, _ = await post(http, "/v1/sessions/refresh", {"refresh_token": first["refresh_token"]})
    assert status == 201
    assert second["refresh_token"] != first["refresh_token"]
    assert await status_of(http, second) == 200
    # Its answer may have got lost: for half a minute it may come again.
    status, again, _ = await post(http, "/v1/sessions/refresh", {"refresh_token": first["refresh_token"]})
    assert status == 201
    async with desk.database.begin() as connection:
        await connection.execute(text("UPDATE refresh_tokens SET used_at = used_at - 31000"))
    status, problem, _ = await post(http, "/v1/sessions/refresh", {"refresh_token": first["refresh_token"]})
    assert (status, problem["code"]) == (401, "refresh-refused")
    for session in (first, second, again):
        assert await status_of(http, session) == 401
        status, problem, _ = await post(http, "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
        assert (status, problem["code"]) == (401, "refresh-refused")


async def test_a_cookie_keeps_the_refresh_token_from_scripts(desk: Desk, http: aiohttp.ClientSession) -> None:
    await add_alice(desk)
    body = {"username": "alice", "password": PASSWORD, "cookie": True}
    status, session, answer = await post(http, "/v1/sessions", body)
    assert (status, session["refresh_token"]) == (201, None)
    cookie = answer.cookies["ctid_refresh"]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"], cookie["secure"]) == (
        "/v1/sessions",
        "Strict",
        True,
        "",
    )
    assert 0 < int(cookie["max-age"]) <= 12 * 3600
    others = ("https://evil.example", "null", "http://[", f"{desk.url}@evil.example", f"{desk.url}.evil.example")
    for origin in ({}, *({"Origin": other} for other in others)):
        status, problem, _ = await post(http, "/v1/sessions/refresh", Cookie=f"ctid_refresh={cookie.value}", **origin)
        assert (status, problem["code"]) == (403, "forbidden")
    status, session, answer = await post(
        http, "/v1/sessions/refresh", Cookie=f"ctid_refresh={cookie.value}", Origin=desk.url
    )
    assert (status, session["refresh_token"]) == (201, None)
    assert answer.cookies["ctid_refresh"].value not in ("", cookie.value)


async def test_sign_out_ends_the_session_and_its_sockets(desk: Desk, http: aiohttp.ClientSession) -> None:
    await add_alice(desk)
    session, other = await sign_in(http), await sign_in(http)
    async with http.ws_connect("/v1/events", headers=bearer(session), protocols=("ctid.v1",)) as ws:
        await ws.send_json({"type": "hello"})
        while (await ws.receive_json(timeout=30))["type"] != "live":
            pass
        async with http.delete("/v1/sessions/current", headers=bearer(session)) as answer:
            assert answer.status == 204
            assert answer.cookies["ctid_refresh"]["max-age"] == "0"
        while (message := await ws.receive(timeout=30)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4006)
    async with http.get("/v1/me", headers=bearer(session)) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (401, "session-ended")
    status, _, _ = await post(http, "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
    assert status == 401
    assert await status_of(http, other) == 200


async def test_a_service_token_is_of_no_session(desk: Desk, http: aiohttp.ClientSession) -> None:
    async with http.delete("/v1/sessions/current", headers=desk.bearer("adam")) as answer:
        assert answer.status == 404
    async with http.get("/v1/me", headers=desk.bearer("adam")) as answer:
        assert (await answer.json())["role"] == "admin"


async def test_a_session_that_was_ended_stays_so_over_a_restart(desk: Desk, http: aiohttp.ClientSession) -> None:
    await add_alice(desk)
    session, other = await sign_in(http), await sign_in(http)
    async with http.delete("/v1/sessions/current", headers=bearer(session)) as answer:
        assert answer.status == 204
    again = open_desk(file=desk.file)
    await again.server.start()
    try:
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(again.url, connector=connector) as later:
            assert await status_of(later, session) == 401
            assert await status_of(later, other) == 200
            status, _, _ = await post(later, "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
            assert status == 401
    finally:
        await again.server.stop()


async def test_what_the_command_line_ends_is_ended_here_too(desk: Desk, http: aiohttp.ClientSession) -> None:
    await add_alice(desk)
    session = await sign_in(http)
    async with http.ws_connect("/v1/events", headers=bearer(session), protocols=("ctid.v1",)) as ws:
        await ws.send_json({"type": "hello"})
        while (await ws.receive_json(timeout=30))["type"] != "live":
            pass
        # As another process would: by the database alone.
        await desk.access.users.set_password("alice", "another-demo-only-one")
        while (message := await ws.receive(timeout=30)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4006)
    assert await status_of(http, session) == 401


async def test_users_are_managed_by_administrators(desk: Desk, http: aiohttp.ClientSession) -> None:
    headers = desk.bearer("adam")
    body = {"username": "Lea", "password": PASSWORD, "role": "supervisor", "queues": ["sales"], "teams": ["red"]}
    async with http.post("/v1/users", json=body, headers=headers) as answer:
        assert answer.status == 201
        user = access_schemas.UserView.model_validate(await answer.json())
    assert (user.username, user.queues, user.teams, user.signed_in_at) == ("lea", ["sales"], ["red"], None)
    async with http.post("/v1/users", json=body, headers=headers) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (409, "conflict")
    session = await sign_in(http, "lea")
    assert (session["me"]["queues"], session["me"]["teams"]) == (["sales"], ["red"])
    async with http.patch("/v1/users/lea", json={"queues": []}, headers=headers) as answer:
        assert (await answer.json())["queues"] == []
    assert await status_of(http, session) == 401, "other rights, another sign-in"
    for wrong, pointer in (
        ({"queues": ["nowhere"]}, "#/queues"),
        ({"agent_id": "nobody"}, "#/agent_id"),
        ({"password": "short"}, "#/password"),
        ({"role": "owner"}, "#/role"),
    ):
        async with http.patch("/v1/users/lea", json=wrong, headers=headers) as answer:
            assert (answer.status, (await answer.json(content_type=None))["pointer"]) == (422, pointer)
    async with http.patch("/v1/users/lea", json={"role": "agent"}, headers=headers) as answer:
        assert answer.status == 400
    async with http.get("/v1/users", headers=headers) as answer:
        listed = access_schemas.UsersView.model_validate(await answer.json())
    assert [each.username for each in listed.items] == ["lea"]
    assert listed.items[0].signed_in_at is not None
    async with http.delete("/v1/users/lea", headers=headers) as answer:
        assert answer.status == 204
    async with http.delete("/v1/users/lea", headers=headers) as answer:
        assert answer.status == 404


async def test_nobody_takes_their_own_rights_away(desk: Desk, http: aiohttp.ClientSession) -> None:
    await desk.access.users.add("root", PASSWORD, Role.ADMIN)
    headers = bearer(await sign_in(http, "root"))
    for body in ({"role": "supervisor"}, {"disabled": True}):
        async with http.patch("/v1/users/root", json=body, headers=headers) as answer:
            assert answer.status == 409
    async with http.delete("/v1/users/root", headers=headers) as answer:
        assert answer.status == 409


async def test_an_address_that_tries_many_names_is_blocked(desk: Desk, http: aiohttp.ClientSession) -> None:
    await add_alice(desk)
    for number in range(50):
        status, _, _ = await post(http, "/v1/sessions", {"username": f"guess-{number}", "password": "wrong-password"})
        assert status == 401
    status, problem, answer = await post(http, "/v1/sessions", {"username": "alice", "password": PASSWORD})
    assert (status, problem["code"]) == (429, "sign-in-locked")
    assert 200 < int(answer.headers["Retry-After"]) <= 300


async def test_without_its_database_nobody_signs_in_and_those_who_are_in_stay(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    await add_alice(desk)
    session = await sign_in(http)
    async with desk.database.begin() as connection:
        await connection.execute(text("ALTER TABLE sessions RENAME TO gone"))
    status, problem, answer = await post(http, "/v1/sessions", {"username": "alice", "password": PASSWORD})
    assert (status, problem["code"]) == (503, "store-error")
    assert answer.headers["Retry-After"]
    status, _, _ = await post(http, "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
    assert status == 503
    assert await status_of(http, session, "/v1/agents/alice") == 200


def test_failures_of_an_address_are_forgotten_in_time() -> None:
    throttle = Throttle(failures=2, window_seconds=10)
    for now in (0.0, 6.0):
        assert throttle.blocked_until("a", now) is None
        throttle.failed("a", now)
    assert throttle.blocked_until("a", 9.0) == 10.0
    assert throttle.blocked_until("b", 9.0) is None
    assert throttle.blocked_until("a", 10.0) is None
    throttle.failed("a", 11.0)
    assert throttle.blocked_until("a", 12.0) == 16.0
