"""The cookie that a page's refresh token is kept in: no script can read it, no other site's page makes it be sent."""

from __future__ import annotations

import time
from http.cookies import SimpleCookie
from typing import Final

from ctid.desktop.peer import Peer
from ctid.desktop.sign_in.access import SignedIn

NAME: Final = "ctid_refresh"
_PATH: Final = "/v1/sessions"


def refresh_cookie(signed_in: SignedIn, peer: Peer) -> str:
    """The value of ``Set-Cookie`` that keeps the refresh token until the session ends."""
    left = signed_in.session.expires_at / 1_000 - time.time()
    return _cookie(signed_in.refresh_token, max(0, int(left)), peer)


def clearing_cookie(peer: Peer) -> str:
    """The value of ``Set-Cookie`` that removes it."""
    return _cookie("", 0, peer)


def _cookie(value: str, seconds: int, peer: Peer) -> str:
    jar = SimpleCookie({NAME: value})
    morsel = jar[NAME]
    morsel["path"] = _PATH
    morsel["max-age"] = seconds
    morsel["httponly"] = True
    morsel["samesite"] = "Strict"
    morsel["secure"] = peer.secure
    return morsel.OutputString()
