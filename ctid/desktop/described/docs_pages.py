"""The API's descriptions as JSON, and as pages to browse them and try requests out; works without the internet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson
from aiohttp import web

from ctid.desktop.described import asyncapi, events_page, openapi
from ctid.desktop.operations.routes import OPERATIONS

_UI: Final = Path(__file__).parents[1] / "docs_ui"
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>ctid desktop API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """\
SwaggerUIBundle({url: "/v1/openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null});
"""
_POLICY: Final = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

_READING_POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


class DocsPages:
    """``/docs`` with ``/v1/openapi.json``, ``/docs/events`` with ``/v1/asyncapi.json``."""

    def __init__(self, release: str) -> None:
        """Make the descriptions once; they do not change while the daemon runs."""
        events = asyncapi.describe(release)
        self._requests = orjson.dumps(openapi.describe(OPERATIONS, release))
        self._events = orjson.dumps(events)
        self._events_page = events_page.render(events)

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/v1/openapi.json", self._openapi)
        app.router.add_get("/v1/asyncapi.json", self._asyncapi)
        app.router.add_get("/docs", self._page)
        app.router.add_get("/docs/events", self._page_of_events)
        app.router.add_get("/docs/events.css", self._style_of_events)
        app.router.add_get("/docs/start.js", self._start)
        app.router.add_get("/docs/{file:swagger-ui\\.css|swagger-ui-bundle\\.js}", self._file)

    async def _openapi(self, _: web.Request) -> web.Response:
        return web.Response(body=self._requests, content_type="application/json")

    async def _asyncapi(self, _: web.Request) -> web.Response:
        return web.Response(body=self._events, content_type="application/json")

    async def _page_of_events(self, _: web.Request) -> web.Response:
        policy = {"Content-Security-Policy": _READING_POLICY}
        return web.Response(text=self._events_page, content_type="text/html", headers=policy)

    async def _style_of_events(self, _: web.Request) -> web.Response:
        return web.Response(text=events_page.STYLE, content_type="text/css")

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html", headers={"Content-Security-Policy": _POLICY})

    async def _start(self, _: web.Request) -> web.Response:
        return web.Response(text=_START, content_type="text/javascript")

    async def _file(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(_UI / request.match_info["file"], headers={"Cache-Control": "max-age=3600"})
