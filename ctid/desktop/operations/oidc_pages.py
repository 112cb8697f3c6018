"""``/v1/sessions/oidc``: to the identity provider, and back from it with a session."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode

import jwt
import structlog
from aiohttp import web

from ctid.desktop.identity.sign_in_errors import ProviderError
from ctid.desktop.peer import Network, Peer, peer_of
from ctid.desktop.ports import Site
from ctid.desktop.problems import status_of
from ctid.desktop.sign_in.access import Access, Trail
from ctid.desktop.sign_in.oidc import CALLBACK, START, Provider, grant_of
from ctid.desktop.sign_in.refresh_cookie import refresh_cookie
from ctid.errors import CtidError
from ctid.model.access import Role

log = structlog.get_logger(__name__)

_COOKIE: Final = "ctid_oidc"
_ISSUER: Final = "ctid-oidc"
_SECONDS: Final = 600


class OidcPages:
    """Both ends of a sign-in at the provider.

    What is to be remembered meanwhile (state, nonce, PKCE's verifier) is in a signed cookie of the browser: so only the
    browser that began can end it, and a restart in between does not matter.
    """

    def __init__(
        self, provider: Provider, site: Site, access: Access, secret: str, proxies: Sequence[Network] = ()
    ) -> None:
        """Take the provider, and what signing in needs."""
        self._provider = provider
        self._site = site
        self._access = access
        self._secret = secret
        self._proxies = proxies

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get(START, self._start, allow_head=False)
        app.router.add_get(CALLBACK, self._callback, allow_head=False)

    async def _start(self, request: web.Request) -> web.Response:
        peer = peer_of(request, self._proxies)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        try:
            url = await self._provider.authorization_url(self._redirect_url(peer), state, nonce, challenge)
        except ProviderError as error:
            return self._home(error, peer)
        begun = {
            "iss": _ISSUER,
            "exp": time.time() + _SECONDS,
            "state": state,
            "nonce": nonce,
            "verifier": verifier,
        }
        answer = _redirect(url)
        answer.headers.add("Set-Cookie", _cookie(jwt.encode(begun, self._secret, algorithm="HS256"), _SECONDS, peer))
        return answer

    async def _callback(self, request: web.Request) -> web.Response:
        peer, trail = peer_of(request, self._proxies), Trail()
        status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "internal"
        try:
            begun = self._begun(request, peer)
            claims = await self._provider.redeem(
                request.query["code"], begun["verifier"], self._redirect_url(peer), begun["nonce"]
            )
            grant = grant_of(claims, self._provider.spec)
            trail.are(grant)
            if grant.role is Role.AGENT and grant.agent_id not in self._site.spec.agents:
                raise ProviderError("oidc-no-agent", "the agent of the ID token is not in the configuration")
            signed_in = await self._access.open(grant, "", trail)
            answer = _redirect("/")
            answer.headers.add("Set-Cookie", refresh_cookie(signed_in, peer))
            status, code = HTTPStatus.FOUND, ""
        except ProviderError as error:
            status, code = HTTPStatus.UNAUTHORIZED, error.reason
            self._access.sign_in_failed()
            answer = self._home(error, peer)
        except CtidError as error:
            status, code = status_of(error), error.code
            raise
        finally:
            self._access.trail.record(
                subject=trail.subject,
                role=trail.role,
                operation="signInOidc",
                target=CALLBACK,
                status=status.value,
                code=code,
                session_id=trail.session_id,
                address=peer.address,
            )
        answer.headers.add("Set-Cookie", _cookie("", 0, peer))
        return answer

    def _begun(self, request: web.Request, peer: Peer) -> dict[str, Any]:
        """What the browser was sent away with, if this is its way back.

        Raises:
            ProviderError: It is not, or the provider sent it back without a code.
        """
        try:
            begun: dict[str, Any] = jwt.decode(
                peer.cookies.get(_COOKIE, ""),
                self._secret,
                algorithms=["HS256"],
                issuer=_ISSUER,
                options={"require": ["exp", "iss", "state", "nonce", "verifier"]},
            )
        except jwt.PyJWTError as error:
            raise ProviderError("oidc-state", "this browser has begun no sign-in, or too long ago") from error
        if not hmac.compare_digest(request.query.get("state", "").encode(), begun["state"].encode()):
            raise ProviderError("oidc-state", "this is the end of another sign-in: the state is not ours")
        # RFC 9207: which provider answers, where it says so.
        if request.query.get("iss", self._provider.spec.issuer) != self._provider.spec.issuer:
            raise ProviderError("oidc-state", "another provider answers than was asked")
        if "error" in request.query or not request.query.get("code"):
            raise ProviderError("oidc-refused", "the provider let nobody in")
        return begun

    def _redirect_url(self, peer: Peer) -> str:
        return self._provider.spec.redirect_url or f"{peer.url}{CALLBACK}"

    def _home(self, error: ProviderError, peer: Peer) -> web.Response:
        log.warning("oidc.failed", reason=error.reason, detail=error.detail, address=peer.address)
        return _redirect(f"/?{urlencode({'sign-in-error': error.reason})}")


def _redirect(url: str) -> web.Response:
    return web.Response(status=HTTPStatus.FOUND.value, headers={"Location": url})


def _cookie(value: str, seconds: int, peer: Peer) -> str:
    jar = SimpleCookie({_COOKIE: value})
    morsel = jar[_COOKIE]
    morsel["path"] = START
    morsel["max-age"] = seconds
    morsel["httponly"] = True
    # Lax: the browser comes back from another site.
    morsel["samesite"] = "Lax"
    morsel["secure"] = peer.secure
    return morsel.OutputString()
