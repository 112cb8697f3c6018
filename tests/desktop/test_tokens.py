"""Which tokens count, for REST and for the socket."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import jwt
import pytest

from ctid.desktop.auth import Authority, Role, TokenError, TokenExpiredError
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


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(claims(), OTHER, algorithm="HS256"),
        jwt.encode(claims(), "", algorithm="none"),
        jwt.encode(claims(), SECRET + SECRET, algorithm="HS512"),
        jwt.encode(claims(iss="somebody"), SECRET),
        jwt.encode(claims(site="elsewhere"), SECRET),
        jwt.encode(claims(role="owner"), SECRET),
        jwt.encode(claims(agent=None), SECRET),
        jwt.encode(claims(agent=["alice"]), SECRET),
        *[jwt.encode(claims(**{name: None}), SECRET) for name in ("iss", "site", "sub", "role", "iat", "exp", "jti")],
        jwt.encode(claims(iat=int(time.time()) + 3_600), SECRET),
        "not.a.token",
        "",
        "ä",
    ],
)
async def test_foreign_tokens(desk: Desk, http: aiohttp.ClientSession, token: str) -> None:
    with pytest.raises(TokenError):
        desk.authority.verify(token)
    if token.isascii() and token:
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
