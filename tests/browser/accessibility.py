"""Accessibility: what axe finds wrong with a page as it is shown, on light ground and on dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from playwright.async_api import Page

# Read when it is needed: tests are collected, too, where the pages' packages are not installed.
_AXE: Final = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
_Ground = Literal["light", "dark"]
_OF_COLOUR: Final = ["color-contrast", "link-in-text-block"]
_GRAVE: Final = ("serious", "critical")

# The page has heard of the ground and drawn itself on it, every part: Ant Design's have a class of the theme, and may
# follow late where the machine is busy; a menu that is closed may stay as it was. Colours on their way to others are
# none to judge.
_THEMES: Final = """
(ground) => document.documentElement.style.colorScheme === ground ? [] : [...new Set(
  [...document.querySelectorAll('[class*="css-"]')]
    .flatMap(({ classList }) => [...classList])
    .filter((each) => /^css-(?!var-)/.test(each)),
)]
"""
_ON: Final = """
([ground, before]) => document.documentElement.style.colorScheme === ground
  && !before.some((theme) => [...document.getElementsByClassName(theme)].some((each) => each.checkVisibility()))
"""
_SETTLED: Final = """
async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  await frame();
  await frame();
  await Promise.all(document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished.catch(() => undefined)));
}
"""


async def findings(page: Page) -> list[str]:
    """What axe finds of serious or critical impact, with where it is, on either ground."""
    # By the debugger, as the page's own policy rightly lets no other scripts in.
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(f"() => {{ {_AXE.read_text(encoding='utf-8')} }}")
    found = []
    # Only colours are others on another ground.
    grounds: list[tuple[_Ground, list[str] | None]] = [("dark", _OF_COLOUR), ("light", None)]
    for ground, rules in grounds:
        await put_on(page, ground)
        found += [f"{ground}: {finding}" for finding in await _run(page, rules)]
    return found


async def put_on(page: Page, ground: _Ground) -> None:
    """Have the page drawn on this ground, and wait until it is."""
    before = await page.evaluate(_THEMES, ground)
    await page.emulate_media(color_scheme=ground, reduced_motion="reduce")
    await page.wait_for_function(_ON, arg=[ground, before])
    await page.evaluate(_SETTLED)


async def _run(page: Page, rules: list[str] | None) -> list[str]:
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({} if rules is None else {"runOnly": rules})
    result: dict[str, Any] = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{rule['impact']} {rule['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for rule in result["violations"]
        if rule["impact"] in _GRAVE
        for node in rule["nodes"]
    ]
