"""Accessibility: what axe finds wrong with a page as it is shown, on light ground and on dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

_AXE: Final = (Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
_GRAVE: Final = ("serious", "critical")

# Colours that are on their way from one to the other are no colours to judge.
_SETTLED: Final = """
() => Promise.all(document.getAnimations()
  .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
  .map((each) => each.finished.catch(() => undefined)))
"""


async def findings(page: Page) -> list[str]:
    """What axe finds of serious or critical impact, with where it is, on either ground."""
    found = []
    for ground in ("light", "dark"):
        await page.emulate_media(color_scheme=ground, reduced_motion="reduce")
        await page.evaluate(_SETTLED)
        found += [f"{ground}: {finding}" for finding in await _run(page)]
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    await page.evaluate(_SETTLED)
    return found


async def _run(page: Page) -> list[str]:
    # By the debugger, as the page's own policy rightly lets no other scripts in.
    await page.evaluate(f"() => {{ {_AXE} }}")
    result: dict[str, Any] = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['impact']} {rule['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for rule in result["violations"]
        if rule["impact"] in _GRAVE
        for node in rule["nodes"]
    ]
