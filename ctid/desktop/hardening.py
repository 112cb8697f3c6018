"""What browsers are told to do and not to do: security headers, what the pages may load, who else's pages may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from ctid.desktop.peer import Network, peer_of
from ctid.desktop.ports import Site

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS: Final = "max-age=31536000"
_METHODS: Final = "GET, POST, PUT, PATCH, DELETE"
_ASKED_WITH: Final = "Authorization, Content-Type, Idempotency-Key, If-Match, If-Range, Range"
_ANSWERED_WITH: Final = "Accept-Ranges, Content-Range, ETag, Idempotency-Replayed, Retry-After"
_PREFLIGHT_SECONDS: Final = 600

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Hardening:
    """Headers of every answer; and answers to browsers that ask whether another site's page may ask (CORS).

    Only exact origins of the configuration may: of others a browser shows its page nothing. Tokens are no cookies, so
    that no page can use them unseen; the one cookie there is, is sent by pages of our own site only.
    """

    def __init__(self, origins: Sequence[str], proxies: Sequence[Network]) -> None:
        """Take the origins that may ask, and the proxies that are believed."""
        self._origins = frozenset(origins)
        self._proxies = proxies

    def add_to(self, app: web.Application) -> None:
        """Have every answer of the application hardened."""
        app.on_response_prepare.append(self._prepare)

    @web.middleware
    async def preflight(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a browser's question before it lets another site's page ask (WHATWG Fetch, CORS preflight)."""
        asked = request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        if not asked or not self._may_ask(request):
            return await handler(request)
        return web.Response(
            status=HTTPStatus.NO_CONTENT.value,
            headers={
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: _METHODS,
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _ASKED_WITH,
                hdrs.ACCESS_CONTROL_MAX_AGE: str(_PREFLIGHT_SECONDS),
            },
        )

    def _may_ask(self, request: web.Request) -> bool:
        return request.path.startswith("/v1/") and request.headers.get(hdrs.ORIGIN) in self._origins

    async def _prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers[hdrs.SERVER] = "ctid"
        if self._origins and request.path.startswith("/v1/"):
            headers.add(hdrs.VARY, hdrs.ORIGIN)
            if self._may_ask(request):
                headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
                headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
                headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _ANSWERED_WITH
                headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if peer_of(request, self._proxies).secure:
            headers.setdefault("Strict-Transport-Security", _HSTS)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)


def pages_policy(site: Site) -> str:
    """The Content-Security-Policy of our pages: they load what is ours, and reach the PBX's sockets.

    They embed the sites that the queues' links say, as the configuration has them now.
    """
    sockets = sorted({_origin(phones.url) for phones in site.web_phones.values()})
    links = [link for queue in site.spec.queues.values() for link in queue.links if link.embed]
    embedded = sorted({_origin(link.url) for link in links})
    directives = {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        # Ant Design writes its styles into the page.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'", *sockets],
        "frame-src": embedded or ["'none'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
