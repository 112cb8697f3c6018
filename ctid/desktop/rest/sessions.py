"""``/v1/sessions``, ``/v1/me`` and ``/v1/sign-in``: coming in, staying in, going."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.desktop.identity.auth import Principal
from ctid.desktop.identity.sign_in_errors import RefreshRefusedError
from ctid.desktop.schemas.access_schemas import RefreshBody, SignInBody
from ctid.desktop.sign_in.access import SignedIn
from ctid.desktop.sign_in.oidc import START
from ctid.desktop.sign_in.refresh_cookie import NAME, clearing_cookie, refresh_cookie
from ctid.errors import ForbiddenError


async def get_sign_in(call: Call) -> Answer:
    """The ways to sign in here."""
    oidc = call.access.oidc
    return Answer({"password": True, "oidc": None if oidc is None else {"name": oidc.name, "url": START}})


async def sign_in(call: Call) -> Answer:
    """Let somebody in by their password."""
    body: SignInBody = call.body
    signed_in = await call.access.sign_in(body.username, body.password, call.peer, call.trail)
    return _session(call, signed_in, in_cookie=body.cookie)


async def refresh(call: Call) -> Answer:
    """Give new tokens for the refresh token in the body, or else in the cookie."""
    body: RefreshBody | None = call.body
    if body is not None:
        return _session(call, await call.access.refresh(body.refresh_token, call.trail), in_cookie=False)
    token = call.peer.cookies.get(NAME)
    if not token:
        raise RefreshRefusedError("give a refresh token, in the body or as a cookie")
    if not call.peer.is_ours(call.access.origins):
        # Browsers send the cookie by themselves, whoever's page asks.
        raise ForbiddenError("a refresh by cookie has to come from a page of ours: Origin names another, or none")
    return _session(call, await call.access.refresh(token, call.trail), in_cookie=True)


async def sign_out(call: Call) -> Answer:
    """End the session that the token is of."""
    await call.access.sign_out(call.principal)
    return Answer({}, HTTPStatus.NO_CONTENT, headers={"Set-Cookie": clearing_cookie(call.peer)})


async def get_me(call: Call) -> Answer:
    """Who the token speaks for."""
    return Answer(_me(call.principal))


def _session(call: Call, signed_in: SignedIn, *, in_cookie: bool) -> Answer:
    principal = signed_in.principal
    body = {
        "access_token": signed_in.access_token,
        "token_type": "Bearer",
        "expires_at": _stamp(principal.expires_at),
        "refresh_token": None if in_cookie else signed_in.refresh_token,
        "me": _me(principal),
    }
    cookie = {"Set-Cookie": refresh_cookie(signed_in, call.peer)} if in_cookie else {}
    return Answer(body, HTTPStatus.CREATED, headers=cookie)


def _me(principal: Principal) -> dict[str, Any]:
    return {
        "subject": principal.subject,
        "name": principal.name,
        "role": principal.role,
        "agent_id": principal.agent_id or None,
        "queues": sorted(principal.queues),
        "teams": sorted(principal.teams),
        "expires_at": _stamp(principal.expires_at),
    }


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
