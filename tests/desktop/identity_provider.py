"""A small OpenID Connect provider: real keys, codes that are good once, PKCE; and it lies where a test says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT, CLIENT_SECRET = "ctid-tests", "demo-only-client-secret"


class IdentityProvider:
    """Lets everybody in at once, as the person that ``claims`` tell of.

    Attributes:
        claims: Of the next ID tokens, over what is right; ``None`` leaves one out.
        signed_with: Key and ``kid`` of the next ID tokens.
        algorithm: Likewise.
        refuses: Sends the browser back with an error.
        asked: Paths that were asked for.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.keys = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.signed_with: tuple[Any, str | None] = (self.keys["one"], "one")
        self.algorithm = "RS256"
        self.refuses = False
        self.asked: list[str] = []
        self.url = ""
        self._codes: dict[str, dict[str, str]] = {}
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_get("/jwks", self._jwks)
        self._runner = web.AppRunner(app)

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _configuration(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.json_response(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
            }
        )

    async def _jwks(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        keys = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}
            for kid, key in self.keys.items()
        ]
        return web.json_response({"keys": keys})

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        back = {"state": query["state"]}
        if self.refuses:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(8)
            self._codes[back["code"]] = query
        raise web.HTTPFound(f"{query['redirect_uri']}?{urlencode(back)}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        begun = self._codes.pop(str(form["code"]), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        if (
            begun is None
            or form["client_secret"] != CLIENT_SECRET
            or form["redirect_uri"] != begun["redirect_uri"]
            or challenge.decode().rstrip("=") != begun["code_challenge"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "u-1",
            "exp": now + 60,
            "iat": now,
            "nonce": begun["nonce"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key, kid = self.signed_with
        if isinstance(key, bytes):
            token = forged(claims, key, self.algorithm, kid)
        else:
            token = jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": kid} if kid else None)
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": token})


def forged(claims: dict[str, Any], key: bytes, algorithm: str, kid: str | None) -> str:
    """A token by hand, since no library signs so: with a public key as an HMAC's, or not at all."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": algorithm, "typ": "JWT", "kid": kid}, claims)
    ]
    digest = hmac.digest(key, b".".join(parts), "sha256") if key else b""
    return b".".join([*parts, base64.urlsafe_b64encode(digest).rstrip(b"=")]).decode()
