"""The API's description as JSON, and as a page to browse it and try it out; works without the internet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson
from aiohttp import web

from ctid.desktop.openapi import describe
from ctid.desktop.routes import OPERATIONS

_UI: Final = Path(__file__).parent / "docs_ui"
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


class DocsPages:
    """``/docs`` and ``/v1/openapi.json``."""

    def __init__(self, release: str) -> None:
        """Make the description once; it does not change while the daemon runs."""
        self._description = orjson.dumps(describe(OPERATIONS, release))

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/v1/openapi.json", self._openapi)
        app.router.add_get("/docs", self._page)
        app.router.add_get("/docs/start.js", self._start)
        app.router.add_get("/docs/{file:swagger-ui\\.css|swagger-ui-bundle\\.js}", self._file)

    async def _openapi(self, _: web.Request) -> web.Response:
        return web.Response(body=self._description, content_type="application/json")

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html", headers={"Content-Security-Policy": _POLICY})

    async def _start(self, _: web.Request) -> web.Response:
        return web.Response(text=_START, content_type="text/javascript")

    async def _file(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(_UI / request.match_info["file"], headers={"Cache-Control": "max-age=3600"})
