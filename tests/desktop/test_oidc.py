"""Signing in at an identity provider, with a real one: who is let in as what, and what is not taken for its word."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ctid.model.access import AuditEntry
from ctid.spec.oidc import OidcSpec
from tests.desktop.identity_provider import CLIENT, CLIENT_SECRET, IdentityProvider
from tests.desktop.site import Desk, open_desk

AGENT = {
    "preferred_username": "alice.a",
    "name": "Alice Arendt",
    "roles": ["cc-agent", "else"],
    "ctid": {"agent": "alice"},
}


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    provider = IdentityProvider()
    await provider.start()
    yield provider
    await provider.stop()


@pytest.fixture
async def desk(provider: IdentityProvider) -> AsyncIterator[Desk]:
    spec = OidcSpec(
        issuer=provider.url,
        client_id=CLIENT,
        client_secret=CLIENT_SECRET,
        name="The company",
        subject_claim="preferred_username",
        role_claim="roles",
        roles={"cc-agent": "agent", "cc-lead": "supervisor", "cc-admin": "admin"},
        agent_claim="ctid.agent",
        teams_claim="teams",
    )
    desk = open_desk(oidc=spec)
    await desk.server.start()
    yield desk
    await desk.server.stop()


class Browser:
    """Follows redirects by hand, keeps cookies."""

    def __init__(self, desk: Desk, http: aiohttp.ClientSession) -> None:
        self.desk = desk
        self.http = http
        self.cookies: dict[str, str] = {}

    async def get(self, url: str) -> str:
        """Where it is sent on to."""
        full = url if url.startswith("http") else self.desk.url + url
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self.http.get(full, allow_redirects=False, headers={"Cookie": cookies}) as answer:
            assert answer.status == 302, await answer.text()
            for name, morsel in answer.cookies.items():
                assert morsel["httponly"]
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
            return answer.headers["Location"]

    async def sign_in(self) -> str:
        """Where it ends up."""
        return await self.get(await self.get(await self.get("/v1/sessions/oidc")))

    async def me(self) -> tuple[int, Any]:
        headers = {"Cookie": f"ctid_refresh={self.cookies.get('ctid_refresh', '')}", "Origin": self.desk.url}
        async with self.http.post("/v1/sessions/refresh", headers=headers) as answer:
            body = await answer.json(content_type=None)
            return answer.status, body.get("me", body)


@pytest.fixture
def browser(desk: Desk, http: aiohttp.ClientSession) -> Browser:
    return Browser(desk, http)


async def trail(desk: Desk) -> list[AuditEntry]:
    await desk.server.stop()
    page = await desk.access.audit.find()
    await desk.database.close()
    return page.entries


async def test_somebody_signs_in_there_and_is_an_agent_here(
    desk: Desk, http: aiohttp.ClientSession, provider: IdentityProvider, browser: Browser
) -> None:
    async with http.get("/v1/sign-in") as answer:
        assert (await answer.json())["oidc"] == {"name": "The company", "url": "/v1/sessions/oidc"}
    provider.claims = AGENT
    assert await browser.sign_in() == "/"
    assert sorted(browser.cookies) == ["ctid_refresh"]
    status, me = await browser.me()
    assert status == 201
    assert (me["subject"], me["name"], me["role"], me["agent_id"]) == ("alice.a", "Alice Arendt", "agent", "alice")
    assert provider.asked == ["/.well-known/openid-configuration", "/jwks"]
    entries = await trail(desk)
    assert [(e.operation, e.subject, e.status) for e in entries[::-1]] == [
        ("signInOidc", "alice.a", 302),
        ("refreshSession", "alice.a", 201),
    ]


async def test_the_strongest_role_counts_and_scopes_are_taken_over(
    provider: IdentityProvider, browser: Browser
) -> None:
    provider.claims = {**AGENT, "roles": ["cc-agent", "cc-lead"], "teams": ["red"]}
    assert await browser.sign_in() == "/"
    _, me = await browser.me()
    assert (me["role"], me["teams"], me["queues"]) == ("supervisor", ["red"], [])


STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "of-another-sign-in"}, "oidc-token"),
        ({"nonce": None}, "oidc-token"),
        ({"aud": "another-client"}, "oidc-token"),
        ({"aud": [CLIENT, "another-client"]}, "oidc-token"),
        ({"aud": [CLIENT, "another-client"], "azp": "another-client"}, "oidc-token"),
        ({"iss": "https://elsewhere.example"}, "oidc-token"),
        ({"exp": time.time() - 3_600}, "oidc-token"),
        ({"iat": time.time() + 3_600}, "oidc-token"),
        ({"exp": None}, "oidc-token"),
        ({"preferred_username": None}, "oidc-token"),
        ({"roles": ["else"]}, "oidc-no-role"),
        ({"roles": None}, "oidc-no-role"),
        ({"ctid": None}, "oidc-no-agent"),
        ({"ctid": {"agent": "nobody"}}, "oidc-no-agent"),
        ({"roles": "cc-lead"}, "oidc-no-scope"),
        ({"roles": "cc-lead", "teams": [7]}, "oidc-no-scope"),
    ],
)
async def test_what_is_not_taken(
    desk: Desk, provider: IdentityProvider, browser: Browser, claims: dict[str, Any], reason: str
) -> None:
    provider.claims = {**AGENT, **claims}
    assert await browser.sign_in() == f"/?sign-in-error={reason}"
    assert browser.cookies == {}
    assert (await browser.me())[0] == 401
    assert (401, reason) in [(entry.status, entry.code) for entry in await trail(desk)]


async def test_a_signature_of_somebody_else(provider: IdentityProvider, browser: Browser) -> None:
    provider.claims = AGENT
    secret = (
        provider.keys["one"]
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    for key, kid, algorithm in [
        (STRANGER, "one", "RS256"),
        (STRANGER, "unknown", "RS256"),
        (STRANGER, None, "RS256"),
        # The classic: the public key, which everybody knows, as the key of an HMAC.
        (secret, "one", "HS256"),
        (b"", "one", "none"),
    ]:
        provider.signed_with, provider.algorithm = (key, kid), algorithm
        assert await browser.sign_in() == "/?sign-in-error=oidc-token", (kid, algorithm)
    provider.signed_with, provider.algorithm = (provider.keys["one"], "one"), "RS256"
    assert await browser.sign_in() == "/"


async def test_a_new_key_of_the_provider_is_fetched_but_not_over_and_over(
    provider: IdentityProvider, browser: Browser
) -> None:
    provider.claims = AGENT
    provider.keys = {"two": STRANGER}
    provider.signed_with = (STRANGER, "two")
    assert await browser.sign_in() == "/"
    provider.signed_with = (STRANGER, "made-up")
    for _ in range(3):
        assert await browser.sign_in() == "/?sign-in-error=oidc-token"
    assert provider.asked.count("/jwks") == 1


async def test_only_the_browser_that_began_can_end_it(
    desk: Desk, http: aiohttp.ClientSession, provider: IdentityProvider, browser: Browser
) -> None:
    provider.claims = AGENT
    back = await browser.get(await browser.get("/v1/sessions/oidc"))
    assert await Browser(desk, http).get(back) == "/?sign-in-error=oidc-state"
    other = Browser(desk, http)
    await other.get("/v1/sessions/oidc")
    assert await other.get(back) == "/?sign-in-error=oidc-state"
    cut = back.partition("state=")[0] + "state=" + parse_qs(urlsplit(back).query)["state"][0][:-1]
    kept = dict(browser.cookies)
    assert await browser.get(cut) == "/?sign-in-error=oidc-state"
    browser.cookies = dict(kept)
    assert await browser.get(f"{back}&iss=https://elsewhere.example") == "/?sign-in-error=oidc-state"
    browser.cookies = dict(kept)
    # A session's token is no sign-in begun, though the same key signed it.
    browser.cookies = {"ctid_oidc": desk.token("adam")}
    assert await browser.get(back) == "/?sign-in-error=oidc-state"
    browser.cookies = dict(kept)
    assert await browser.get(back) == "/"
    browser.cookies = dict(kept)
    assert await browser.get(back) == "/?sign-in-error=oidc-refused", "a code is good once"


async def test_the_provider_refuses_or_is_away(provider: IdentityProvider, browser: Browser) -> None:
    provider.refuses = True
    assert await browser.sign_in() == "/?sign-in-error=oidc-refused"
    provider.refuses = False
    away = await browser.get(await browser.get("/v1/sessions/oidc"))
    await provider.stop()
    assert await browser.get(away) == "/?sign-in-error=oidc-unreachable"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"issuer": "http://idp.example.org"}, "issuer"),
        ({"scopes": ["profile"]}, "openid"),
        ({"roles": {"x": "agent"}}, "agent_claim"),
        ({"roles": {}}, "roles"),
        ({"roles": {"x": "owner"}}, "roles"),
    ],
)
def test_configurations_that_cannot_work(more: dict[str, Any], said: str) -> None:
    good = {"issuer": "https://idp.example.org", "client_id": "c", "role_claim": "r", "roles": {"x": "admin"}}
    OidcSpec.model_validate(good)
    with pytest.raises(ValueError, match=said):
        OidcSpec.model_validate(good | more)
