"""Puts the desktop API together and runs its server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import web

from ctid import __version__
from ctid.desktop.auth import Authority
from ctid.desktop.docs_pages import DocsPages
from ctid.desktop.hub import Hub
from ctid.desktop.idempotency import IdempotencyCache
from ctid.desktop.operation import Endpoint
from ctid.desktop.ops import OpsPages
from ctid.desktop.pages import Pages
from ctid.desktop.ports import Site
from ctid.desktop.problems import problems
from ctid.desktop.pulse import Pulse
from ctid.desktop.routes import OPERATIONS
from ctid.desktop.scope import team_of
from ctid.desktop.socket import EventSocket
from ctid.spec.daemon import ApiSpec

log = structlog.get_logger(__name__)

_MAX_BODY: Final = 64 * 1024
_STOP_SECONDS: Final = 5.0
# Ant Design writes its styles into the page; the phone's socket is Asterisk's own.
_PAGES_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self' ws: wss:; frame-src https: http://127.0.0.1:*; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def build_app(site: Site, hub: Hub, pulse: Pulse, api: ApiSpec, exposition: Callable[[], bytes]) -> web.Application:
    """Put the API together.

    Args:
        site: The site it shows and commands.
        hub: Has the published stream.
        pulse: Tells whether the event loop turns.
        api: Secrets and bounds.
        exposition: Gives all metrics in Prometheus' text format.
    """
    hub.team_of = lambda agent_id: team_of(site.spec, agent_id)
    authority = Authority(api.token_secret.get_secret_value(), site.spec.site)
    idempotency = IdempotencyCache()
    events = EventSocket(site, hub, authority, api)
    ops = OpsPages(site, pulse, exposition)
    app = web.Application(middlewares=[problems], client_max_size=_MAX_BODY)
    for operation in OPERATIONS:
        endpoint = Endpoint(operation, site, authority, idempotency)
        if operation.method == "GET":
            app.router.add_get(operation.path, endpoint.serve)
        else:
            app.router.add_route(operation.method, operation.path, endpoint.serve)
    app.router.add_get("/v1/events", events.serve, allow_head=False)
    app.router.add_get("/metrics", ops.metrics)
    app.router.add_get("/healthz", ops.health)
    app.router.add_get("/readyz", ops.readiness)
    DocsPages(__version__).add_to(app)
    Pages(_PAGES_POLICY).add_to(app)

    async def close_sockets(_: web.Application) -> None:
        await events.stop()

    app.on_shutdown.append(close_sockets)
    app.on_response_prepare.append(_harden)
    return app


async def _harden(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "ctid"
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


class DesktopServer:
    """The running API.

    Attributes:
        port: Where it listens; of use where the configuration says 0.
    """

    def __init__(self, site: Site, hub: Hub, api: ApiSpec, exposition: Callable[[], bytes]) -> None:
        """Take what ``build_app`` needs; nothing listens yet."""
        self.port = api.port
        self._host = api.host
        self._hub = hub
        self._pulse = Pulse(site, hub, api.heartbeat_seconds)
        self._runner = web.AppRunner(
            build_app(site, hub, self._pulse, api, exposition),
            # Paths and addresses of callers' contacts have no place in a log.
            access_log=None,
            handle_signals=False,
            shutdown_timeout=_STOP_SECONDS,
        )
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The address is taken or none of ours.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port, backlog=1_024)
        await site.start()
        for address in self._runner.addresses:
            self.port = address[1]
        self._beating = asyncio.create_task(self._pulse.run(), name="desktop-pulse")
        log.info("desktop.started", host=self._host, port=self.port)

    async def stop(self) -> None:
        """Close every socket with 1012, let requests under way end, and stop listening; bounded in time."""
        if self._beating is not None:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating
        await self._runner.cleanup()
        log.info("desktop.stopped")
