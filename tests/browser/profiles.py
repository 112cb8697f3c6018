"""Profiles: one for each person at a browser, with storage of their own, and what their pages complain of."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, WebError

PROBES: Final = (Path(__file__).parent / "probes.js").read_text(encoding="utf-8")
_OPTIONS: Final[dict[str, Any]] = {
    "permissions": ["microphone", "notifications"],
    "locale": "en-GB",
    "timezone_id": "Europe/Berlin",
    "viewport": {"width": 1440, "height": 900},
}


class Profiles:
    """All profiles of one test.

    Attributes:
        problems: What pages reported: exceptions that nobody caught, and errors on their consoles.
    """

    def __init__(self, browser: Browser) -> None:
        self.problems: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def open(self, **options: Any) -> BrowserContext:
        """Open a profile; options are those of `Browser.new_context`."""
        context = await self._browser.new_context(**{**_OPTIONS, **options})
        self._contexts.append(context)
        await context.add_init_script(PROBES)
        await context.tracing.start(snapshots=True)
        context.on("weberror", self._on_error)
        context.on("console", self._on_console)
        return context

    async def page(self, **options: Any) -> Page:
        """Open a profile with a tab."""
        return await (await self.open(**options)).new_page()

    async def close(self, traces: Path | None = None) -> None:
        """Close all profiles; keep their traces where a folder is given."""
        for number, context in enumerate(self._contexts, 1):
            await context.tracing.stop(path=None if traces is None else traces / f"profile-{number}.zip")
            await context.close()

    def _on_error(self, error: WebError) -> None:
        self.problems.append(str(error.error))

    def _on_console(self, line: ConsoleMessage) -> None:
        # With a 401 a page learns that nobody is signed in; Chromium writes down every answer that is no success.
        if line.type == "error" and "status of 401" not in line.text:
            self.problems.append(f"{line.page.url if line.page else ''}: {line.text}")
