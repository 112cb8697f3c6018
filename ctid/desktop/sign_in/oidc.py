"""An OpenID Connect provider: where to send the browser, and what the ID token says that comes of it.

Authorization code flow with PKCE (RFC 7636). The token comes over TLS from the provider itself; its signature is
checked all the same (OpenID Connect Core, 3.1.3.7).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import jwt
import orjson

from ctid.desktop.identity.sign_in_errors import ProviderError
from ctid.model.access import Grant, Role
from ctid.spec.oidc import OidcSpec

# Signed with a key of the provider's own. HS256 would be with our client secret, and ``none`` with nothing.
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_CLOCKS_SECONDS: Final = 30
_METADATA_SECONDS: Final = 3_600
_KEYS_PAUSE_SECONDS: Final = 30
_MAX_ANSWER: Final = 256 * 1024
START: Final = "/v1/sessions/oidc"
CALLBACK: Final = "/v1/sessions/oidc/callback"
_STRENGTH: Final = (Role.ADMIN, Role.SUPERVISOR, Role.INTEGRATION, Role.AGENT)


class Provider:
    """Talks to one provider."""

    def __init__(self, spec: OidcSpec) -> None:
        """Take who it is; it is asked for nothing yet."""
        self.spec: Final = spec
        self._http: aiohttp.ClientSession | None = None
        self._metadata: dict[str, Any] = {}
        self._metadata_until = 0.0
        self._keys: list[jwt.PyJWK] = []
        self._keys_asked_at = float("-inf")

    async def close(self) -> None:
        """Close what is open."""
        if self._http is not None:
            await self._http.close()

    async def authorization_url(self, redirect_url: str, state: str, nonce: str, challenge: str) -> str:
        """Where to send the browser.

        Raises:
            ProviderError: The provider can't be asked.
        """
        metadata = await self._described()
        query = {
            "response_type": "code",
            "client_id": self.spec.client_id,
            "redirect_uri": redirect_url,
            "scope": " ".join(self.spec.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = str(metadata["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def redeem(self, code: str, verifier: str, redirect_url: str, nonce: str) -> dict[str, Any]:
        """Get the ID token for a code, and check it.

        Returns:
            Its claims.

        Raises:
            ProviderError: The provider can't be asked, refuses, or its token does not count.
        """
        metadata = await self._described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_url,
            "client_id": self.spec.client_id,
            "code_verifier": verifier,
        }
        if self.spec.client_secret is not None:
            form["client_secret"] = self.spec.client_secret.get_secret_value()
        answer = await self._ask("POST", str(metadata["token_endpoint"]), data=form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderError("oidc-refused", "the provider gave no ID token for the code")
        return await self._verified(token, nonce)

    async def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        try:
            key = await self._key(jwt.get_unverified_header(token))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self.spec.client_id,
                issuer=self.spec.issuer,
                leeway=_CLOCKS_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
            )
        except jwt.PyJWTError as error:
            raise ProviderError("oidc-token", f"the ID token does not count: {error}") from error
        if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
            raise ProviderError("oidc-token", "the ID token is of another sign-in: its nonce is not ours")
        audiences = claims["aud"]
        party = claims.get("azp", self.spec.client_id if isinstance(audiences, str) or len(audiences) == 1 else None)
        if party != self.spec.client_id:
            raise ProviderError("oidc-token", "the ID token is for another client: azp is not ours")
        return claims

    async def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        wanted = header.get("kid")
        now = time.monotonic()
        if self._find(wanted) is None and now - self._keys_asked_at >= _KEYS_PAUSE_SECONDS:
            # They change their keys now and then; a token with a made-up one must not have us ask for ever.
            self._keys_asked_at = now
            metadata = await self._described()
            self._keys = jwt.PyJWKSet.from_dict(await self._ask("GET", str(metadata["jwks_uri"]))).keys
        key = self._find(wanted)
        if key is None:
            raise ProviderError("oidc-token", "the ID token is signed with a key that the provider does not list")
        return key

    def _find(self, wanted: Any) -> jwt.PyJWK | None:
        fitting = [key for key in self._keys if key.public_key_use in (None, "sig") and key.key_type != "oct"]
        if wanted is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.key_id == wanted), None)

    async def _described(self) -> dict[str, Any]:
        now = time.monotonic()
        if now >= self._metadata_until:
            url = f"{self.spec.issuer.rstrip('/')}/.well-known/openid-configuration"
            metadata = await self._ask("GET", url)
            if metadata.get("issuer") != self.spec.issuer:
                raise ProviderError("oidc-unreachable", "the provider names itself otherwise than the configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if not all(isinstance(metadata.get(name), str) for name in needed):
                raise ProviderError("oidc-unreachable", f"the provider's description lacks one of {', '.join(needed)}")
            self._metadata, self._metadata_until = metadata, now + _METADATA_SECONDS
        return self._metadata

    async def _ask(self, method: str, url: str, data: Mapping[str, str] | None = None) -> dict[str, Any]:
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=self.spec.timeout_seconds)
            # People sign in now and then: no connection is kept for the next.
            connector = aiohttp.TCPConnector(force_close=True)
            self._http = aiohttp.ClientSession(
                timeout=timeout, connector=connector, headers={"Accept": "application/json"}
            )
        try:
            async with self._http.request(method, url, data=data, allow_redirects=False) as answer:
                raw = bytearray()
                async for part in answer.content.iter_any():
                    raw += part
                    if len(raw) > _MAX_ANSWER:
                        raise ProviderError("oidc-unreachable", "the provider's answer is larger than 256 kB")
                found = orjson.loads(raw) if raw else {}
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, ValueError) as error:
            raise ProviderError("oidc-unreachable", f"the provider gave no answer: {type(error).__name__}") from error
        if answer.status != 200 or not isinstance(found, dict):
            code = "oidc-refused" if answer.status in (400, 401, 403) else "oidc-unreachable"
            raise ProviderError(code, f"the provider answered {answer.status}")
        return found


def grant_of(claims: Mapping[str, Any], spec: OidcSpec) -> Grant:
    """What an ID token entitles to here.

    Raises:
        ProviderError: To nothing.
    """
    subject = _claim(claims, spec.subject_claim)
    if not isinstance(subject, str) or not subject:
        raise ProviderError("oidc-token", f"the ID token has no {spec.subject_claim}")
    named = {spec.roles[value] for value in _texts(_claim(claims, spec.role_claim)) if value in spec.roles}
    role = next((role for role in _STRENGTH if role in named), None)
    if role is None:
        raise ProviderError("oidc-no-role", f"{spec.role_claim} of the ID token gives no role here")
    agent_id = _claim(claims, spec.agent_claim) if spec.agent_claim is not None else ""
    if role is Role.AGENT and (not isinstance(agent_id, str) or not agent_id):
        raise ProviderError("oidc-no-agent", f"{spec.agent_claim} of the ID token names no agent")
    scopes = {}
    for name, claim in (("queues", spec.queues_claim), ("teams", spec.teams_claim)):
        scopes[name] = _texts(_claim(claims, claim)) if claim is not None and role is not Role.ADMIN else []
        # Without one they would see all.
        if claim is not None and role in (Role.SUPERVISOR, Role.INTEGRATION) and not scopes[name]:
            raise ProviderError("oidc-no-scope", f"{claim} of the ID token names none")
    display = _claim(claims, spec.name_claim)
    return Grant(
        subject=subject,
        role=role,
        name=display if isinstance(display, str) else "",
        agent_id=agent_id if isinstance(agent_id, str) else "",
        queues=scopes["queues"],
        teams=scopes["teams"],
    )


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    # The whole name first: some are URLs.
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [each for each in value if isinstance(each, str) and each] if isinstance(value, list) else []
