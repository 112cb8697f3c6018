"""Puts the desktop API together and runs its server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import web

from ctid import __version__
from ctid.desktop.described.docs_pages import DocsPages
from ctid.desktop.endpoint.endpoint import Endpoint
from ctid.desktop.endpoint.idempotency import IdempotencyCache
from ctid.desktop.hardening import Hardening, pages_policy
from ctid.desktop.identity.access_ports import AccessStores
from ctid.desktop.identity.auth import Authority
from ctid.desktop.identity.scope import team_of
from ctid.desktop.operations.oidc_pages import OidcPages
from ctid.desktop.operations.routes import OPERATIONS
from ctid.desktop.ops import OpsPages
from ctid.desktop.pages import Pages
from ctid.desktop.ports import Site
from ctid.desktop.problems import problems
from ctid.desktop.sign_in.access import Access
from ctid.desktop.sign_in.oidc import Provider
from ctid.desktop.stream.hub import Hub
from ctid.desktop.stream.pulse import Pulse
from ctid.desktop.stream.socket import EventSocket
from ctid.desktop.tls import Tls
from ctid.errors import StoreError
from ctid.spec.daemon import ApiSpec
from ctid.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

_MAX_BODY: Final = 64 * 1024
_STOP_SECONDS: Final = 5.0
# All desktops may come back at once; a connection that finds no room waits a second for the next try.
_BACKLOG: Final = 4_096
_LOOK_SECONDS: Final = 5.0


def build_app(
    site: Site,
    hub: Hub,
    pulse: Pulse,
    api: ApiSpec,
    authority: Authority,
    access: Access,
    exposition: Callable[[], bytes],
) -> web.Application:
    """Put the API together.

    Args:
        site: The site it shows and commands.
        hub: Has the published stream.
        pulse: Tells whether the event loop turns, and the numbers of queues.
        api: Secrets and bounds.
        authority: Verifies tokens.
        access: Who is signed in.
        exposition: Gives all metrics in Prometheus' text format.
    """
    hub.team_of = lambda agent_id: team_of(site.spec, agent_id)
    idempotency = IdempotencyCache()
    events = EventSocket(site, hub, authority, api, pulse.numbers)
    ops = OpsPages(site, pulse, exposition)
    hardening = Hardening(api.cors_origins, api.trusted_proxies)
    app = web.Application(middlewares=[hardening.preflight, problems], client_max_size=_MAX_BODY)
    hardening.add_to(app)
    for operation in OPERATIONS:
        endpoint = Endpoint(operation, site, authority, access, idempotency, api.trusted_proxies)
        if operation.method == "GET":
            app.router.add_get(operation.path, endpoint.serve)
        else:
            app.router.add_route(operation.method, operation.path, endpoint.serve)
    app.router.add_get("/v1/events", events.serve, allow_head=False)
    app.router.add_get("/metrics", ops.metrics)
    app.router.add_get("/healthz", ops.health)
    app.router.add_get("/readyz", ops.readiness)
    DocsPages(__version__).add_to(app)
    Pages(lambda: pages_policy(site)).add_to(app)
    if api.oidc is not None:
        provider = Provider(api.oidc)
        OidcPages(provider, site, access, api.token_secret.get_secret_value(), api.trusted_proxies).add_to(app)

        async def close_provider(_: web.Application) -> None:
            await provider.close()

        app.on_cleanup.append(close_provider)

    async def close_sockets(_: web.Application) -> None:
        await events.stop()

    app.on_shutdown.append(close_sockets)
    return app


def _tell_if_failed(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("desktop.task_failed", task=task.get_name(), exc_info=error)


class DesktopServer:
    """The running API.

    Attributes:
        port: Where it listens; of use where the configuration says 0.
    """

    def __init__(
        self,
        site: Site,
        hub: Hub,
        api: ApiSpec,
        stores: AccessStores,
        metrics: Metrics,
        exposition: Callable[[], bytes],
    ) -> None:
        """Take what ``build_app`` needs; nothing listens yet."""
        authority = Authority(api.token_secret.get_secret_value(), site.spec.site)
        self._access = Access(stores, authority, hub, api, metrics)
        self.port = api.port
        self._host = api.host
        self._hub = hub
        self._pulse = Pulse(site, hub, api.heartbeat_seconds)
        self._runner = web.AppRunner(
            build_app(site, hub, self._pulse, api, authority, self._access, exposition),
            # Paths and addresses of callers' contacts have no place in a log.
            access_log=None,
            handle_signals=False,
            shutdown_timeout=_STOP_SECONDS,
        )
        self._tls = Tls(api.tls) if api.tls is not None else None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The address is taken or none of ours.
        """
        # So that a session that was ended before a restart stays ended.
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._access.look()
        await self._runner.setup()
        context = None if self._tls is None else self._tls.context
        site = web.TCPSite(self._runner, self._host, self.port, backlog=_BACKLOG, ssl_context=context)
        await site.start()
        for address in self._runner.addresses:
            self.port = address[1]
        work = {"pulse": self._pulse.run(), "sessions": self._access.watch(), "audit": self._access.trail.run()}
        for name, each in work.items():
            task = asyncio.create_task(each, name=f"desktop-{name}")
            task.add_done_callback(_tell_if_failed)
            self._tasks.append(task)
        log.info("desktop.started", host=self._host, port=self.port)

    def reload(self) -> None:
        """Read certificate and key again, if there are any.

        Raises:
            OSError: They can't be used; nothing has changed.
        """
        if self._tls is not None:
            self._tls.reload()

    async def stop(self) -> None:
        """Close every socket with 1012, let requests under way end, and stop listening; bounded in time."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._runner.cleanup()
        await self._access.trail.finish()
        log.info("desktop.stopped")
