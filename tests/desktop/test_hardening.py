"""What browsers are told; who else's pages may ask; TLS; and whose word on the client's address counts."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ctid.desktop.hardening import pages_policy
from ctid.desktop.peer import peer_of
from ctid.model.access import Role
from ctid.spec.daemon import ApiSpec, TlsSpec
from ctid.spec.desk import LinkSpec
from ctid.spec.web_phone import WebPhonesSpec
from tests.desktop.site import Desk, open_desk

CRM = "https://crm.example.org"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = open_desk(cors_origins=[CRM], trusted_proxies=["127.0.0.1"])
    await desk.server.start()
    yield desk
    await desk.server.stop()


@pytest.mark.parametrize("path", ["/v1/site", "/v1/agents", "/healthz", "/docs", "/nowhere"])
async def test_every_answer_is_hardened(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Server"] == "ctid"
    assert "Strict-Transport-Security" not in headers


async def test_a_page_of_a_configured_origin_may_ask(desk: Desk, http: aiohttp.ClientSession) -> None:
    asked = {"Origin": CRM, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    async with http.options("/v1/agents/alice/state", headers=asked) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == CRM
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
        for name in ("Authorization", "Idempotency-Key", "If-Match", "Content-Type"):
            assert name in answer.headers["Access-Control-Allow-Headers"]
    for headers, status in ((desk.bearer("alice"), 200), ({}, 401)):
        async with http.get("/v1/agents/alice", headers={**headers, "Origin": CRM}) as answer:
            assert answer.status == status
            assert answer.headers["Access-Control-Allow-Origin"] == CRM
            assert answer.headers["Access-Control-Allow-Credentials"] == "true"
            assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
            assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{CRM}.evil.example", "http://crm.example.org", "null", "*"]
)
async def test_no_other_page_may(desk: Desk, http: aiohttp.ClientSession, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    async with http.options("/v1/agents", headers=asked) as answer:
        assert answer.status == 405
        assert "Access-Control-Allow-Origin" not in answer.headers
    async with http.get("/v1/agents", headers={**desk.bearer("adam"), "Origin": origin}) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"
    async with http.get("/docs", headers={"Origin": CRM}) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origin", ["*", "https://*.example.org", "https://crm.example.org/", "crm.example.org"])
def test_origins_are_exact(origin: str) -> None:
    with pytest.raises(ValueError, match="cors_origins"):
        ApiSpec.model_validate({"token_secret": "x" * 32, "cors_origins": [origin]})


def test_pages_load_what_is_ours_and_reach_what_is_configured(desk: Desk) -> None:
    site = desk.site
    assert "frame-src 'none'" in pages_policy(site)
    sales = site.spec.queues["sales"]
    links = [
        LinkSpec(name="CRM", url="https://crm.example.org/c/{customer.id}?a={ani}", embed=True),
        LinkSpec(name="Opened", url="https://opened.example.org/"),
    ]
    site.spec.queues["sales"] = sales.model_copy(update={"links": links})
    site.web_phones = {
        "main": WebPhonesSpec.model_validate(
            {"url": "wss://pbx.example.org:8089/ws", "domain": "d", "secret": "x" * 32}
        )
    }
    policy = dict(part.split(" ", 1) for part in pages_policy(site).split("; "))
    assert policy["connect-src"] == "'self' wss://pbx.example.org:8089"
    assert policy["frame-src"] == "https://crm.example.org"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"


# ---- through a proxy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "told", "address"),
    [
        ("203.0.113.9", {}, "203.0.113.9"),
        ("203.0.113.9", {"X-Forwarded-For": "198.51.100.1"}, "203.0.113.9"),
        ("10.0.0.1", {"X-Forwarded-For": "198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.1", {"X-Forwarded-For": "1.1.1.1, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"),
        ("10.0.0.1", {"X-Forwarded-For": "1.1.1.1, garbage, 10.0.0.2"}, "10.0.0.2"),
        ("10.0.0.1", {"X-Forwarded-For": ""}, "10.0.0.1"),
        ("10.0.0.1", {"X-Forwarded-For": "2001:db8::7"}, "2001:db8::7"),
    ],
)
def test_only_proxies_of_ours_tell_where_a_request_comes_from(remote: str, told: dict[str, str], address: str) -> None:
    request = make_mocked_request("GET", "/", headers={"Host": "ctid", "X-Forwarded-Proto": "https", **told})
    peer = peer_of(request.clone(remote=remote), [ipaddress.ip_network("10.0.0.0/8")])
    assert peer.address == address
    assert peer.secure == remote.startswith("10.")


async def test_behind_tls_of_a_proxy_the_cookie_is_secure(desk: Desk, http: aiohttp.ClientSession) -> None:
    await desk.access.users.add("sue", "demo-only-password", Role.SUPERVISOR)
    body = {"username": "sue", "password": "demo-only-password", "cookie": True}
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Host": "cc.example.org"}
    async with http.post("/v1/sessions", json=body, headers=headers) as answer:
        assert answer.status == 201
        cookie = answer.cookies["ctid_refresh"]
        assert cookie["secure"] is True
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    sent = {**headers, "Cookie": f"ctid_refresh={cookie.value}"}
    for origin, status in (("https://evil.example", 403), ("https://cc.example.org", 201)):
        async with http.post("/v1/sessions/refresh", headers={**sent, "Origin": origin}) as answer:
            assert answer.status == status
    entries: list[Any] = []
    async with asyncio.timeout(30):
        while len(entries) < 3:
            async with http.get("/v1/audit", headers=desk.bearer("adam")) as answer:
                entries = (await answer.json())["items"]
    assert {entry["address"] for entry in entries} == {"198.51.100.7"}


# ---- TLS ---------------------------------------------------------------------------------------------------------


def write_certificate(folder: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


async def reached(port: int, trusted: Path) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=str(trusted))
    connector = aiohttp.TCPConnector(force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.get(f"https://127.0.0.1:{port}/healthz", ssl=context) as answer,
    ):
        assert answer.status == 200
        return dict(answer.headers)


async def test_tls_and_a_new_certificate_while_it_runs(tmp_path: Path) -> None:
    write_certificate(tmp_path, "one")
    desk = open_desk(tls=TlsSpec(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem"))
    await desk.server.start()
    try:
        first = tmp_path / "first.pem"
        first.write_bytes((tmp_path / "cert.pem").read_bytes())
        headers = await reached(desk.server.port, first)
        assert headers["Strict-Transport-Security"].startswith("max-age=")

        write_certificate(tmp_path, "two")
        desk.server.reload()
        await reached(desk.server.port, tmp_path / "cert.pem")
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await reached(desk.server.port, first)

        # A broken file changes nothing.
        second = tmp_path / "second.pem"
        second.write_bytes((tmp_path / "cert.pem").read_bytes())
        (tmp_path / "key.pem").write_text("no key")
        with pytest.raises(OSError, match=r"api\.tls"):
            desk.server.reload()
        await reached(desk.server.port, second)
    finally:
        await desk.server.stop()


def test_a_certificate_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"api\.tls: .*cert\.pem.*No such file"):
        open_desk(tls=TlsSpec(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem"))
