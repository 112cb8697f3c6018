"""Which tokens count, for REST and for the socket."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import jwt
import pytest

from ctid.desktop.identity.auth import Authority, Role, TokenError, TokenExpiredError
from tests.desktop.site import SECRET, Desk

OTHER = "demo-only-secret-of-somebody-else-entirely"


def claims(**changed: Any) -> dict[str, Any]:
    now = time.time()
    good = {
        "iss": "ctid",
        "site": "demo",
        "sub": "alice",
        "role": "agent",
        "agent": "alice",
        "iat": int(now),
        "exp": now + 60,
        "jti": "j",
    }
    return {key: value for key, value in {**good, **changed}.items() if value is not None}


def test_what_is_issued_is_verified() -> None:
    authority = Authority(SECRET, "demo")
    principal = authority.verify(authority.issue("Alice Arendt", Role.AGENT, "alice", 60))
    assert (principal.subject, principal.role, principal.agent_id) == ("Alice Arendt", Role.AGENT, "alice")
    assert principal.expires_at == pytest.approx(time.time() + 60, abs=5)
    assert not principal.sees_all
    assert authority.verify(authority.issue("sue", Role.SUPERVISOR)).sees_all


def test_an_agents_token_names_the_agent() -> None:
    with pytest.raises(ValueError, match="id of the agent"):
        Authority(SECRET, "demo").issue("alice", Role.AGENT)


FOREIGN: list[tuple[dict[str, Any], str, str]] = [
    ({}, OTHER, "HS256"),
    ({}, "", "none"),
    ({}, SECRET + SECRET, "HS512"),
    ({"iss": "somebody"}, SECRET, "HS256"),
    ({"site": "elsewhere"}, SECRET, "HS256"),
    ({"role": "owner"}, SECRET, "HS256"),
    ({"agent": None}, SECRET, "HS256"),
    ({"agent": ["alice"]}, SECRET, "HS256"),
    ({"iat": 4_000_000_000}, SECRET, "HS256"),
    *[({name: None}, SECRET, "HS256") for name in ("iss", "site", "sub", "role", "iat", "exp", "jti")],
]


@pytest.mark.parametrize(("changed", "secret", "algorithm"), FOREIGN)
async def test_foreign_tokens(
    desk: Desk, http: aiohttp.ClientSession, changed: dict[str, Any], secret: str, algorithm: str
) -> None:
    await refused(desk, http, jwt.encode(claims(**changed), secret, algorithm=algorithm))


@pytest.mark.parametrize("token", ["not.a.token", "a", "...", "=" * 4_000])
async def test_no_tokens_at_all(desk: Desk, http: aiohttp.ClientSession, token: str) -> None:
    await refused(desk, http, token)


async def refused(desk: Desk, http: aiohttp.ClientSession, token: str) -> None:
    with pytest.raises(TokenError):
        desk.authority.verify(token)
    async with http.get("/v1/agents", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (401, "token-invalid")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


async def test_an_expired_token(desk: Desk, http: aiohttp.ClientSession) -> None:
    token = jwt.encode(claims(exp=time.time() - 0.001), SECRET)
    with pytest.raises(TokenExpiredError):
        desk.authority.verify(token)
    async with http.get("/v1/agents", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (401, "token-expired")


@pytest.mark.parametrize("value", ["", "Bearer", "Basic YWxpY2U6", "bearer   "])
async def test_no_token(desk: Desk, http: aiohttp.ClientSession, value: str) -> None:
    async with http.get("/v1/agents", headers={"Authorization": value}) as answer:
        body = await answer.json(content_type=None)
        assert (answer.status, body["code"]) == (401, "token-missing")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="ctid"'
