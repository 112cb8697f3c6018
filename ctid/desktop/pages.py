"""Serves the agent's and supervisor's pages, which ``make web`` builds into this package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp import web

BUILT: Final = Path(__file__).parent / "web"
_PATHS: Final = ("/", "/agent", "/supervisor", "/supervisor/{page:[a-z-]+}", "/wallboard")
_A_YEAR: Final = 31_536_000


class Pages:
    """One HTML file for every address of the pages, and what it loads.

    The names of the files that it loads hold a hash of their contents, so browsers may keep them for good; the page
    itself is asked for each time.
    """

    def __init__(self, content_security_policy: Callable[[], str], built: Path = BUILT) -> None:
        """Take what gives the policy (W3C CSP 3) of the pages, and where they were built."""
        self._built = built
        self._policy = content_security_policy

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        for path in _PATHS:
            app.router.add_get(path, self._page)
        app.router.add_get("/assets/{file:[A-Za-z0-9_.-]+}", self._asset)

    async def _page(self, _: web.Request) -> web.StreamResponse:
        page = self._built / "index.html"
        if not page.is_file():
            raise web.HTTPNotFound(text="The pages were not built: run `make web`.")
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": self._policy()}
        return web.FileResponse(page, headers=headers)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        file = self._built / "assets" / request.match_info["file"]
        if not file.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(file, headers={"Cache-Control": f"public, max-age={_A_YEAR}, immutable"})
