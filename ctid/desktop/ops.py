"""``/metrics``, ``/healthz``, ``/readyz``: for scrapers and orchestrators; no token, no caller data."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import msgspec
import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from ctid.desktop.ports import Site
from ctid.desktop.stream.pulse import Pulse

_JSON: Final = "application/json"


class OpsPages:
    """The three pages that operations look at."""

    def __init__(self, site: Site, pulse: Pulse, exposition: Callable[[], bytes]) -> None:
        """Take what they tell of.

        Args:
            site: Knows its components.
            pulse: Knows whether the event loop turns.
            exposition: Gives all metrics in Prometheus' text format.
        """
        self._site = site
        self._pulse = pulse
        self._exposition = exposition

    async def metrics(self, _: web.Request) -> web.Response:
        """All metrics."""
        return web.Response(body=self._exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def health(self, _: web.Request) -> web.Response:
        """Whether the process is alive; if not, restart it."""
        stalled = self._pulse.stalled
        return _answer(
            {"status": "stalled" if stalled else "ok", "loop_lag_ms": round(self._pulse.lag * 1_000, 3)},
            ok=not stalled,
        )

    async def readiness(self, _: web.Request) -> web.Response:
        """Whether it can do its work, and which component cannot."""
        components = self._site.readiness()
        ready = all(component.ok for component in components)
        return _answer(
            {
                "status": "ready" if ready else "not ready",
                "components": [msgspec.to_builtins(component) for component in components],
            },
            ok=ready,
        )


def _answer(body: dict[str, object], *, ok: bool) -> web.Response:
    status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(body=orjson.dumps(body), status=status.value, content_type=_JSON)
