"""Hearing: which tone a page's call brings, told by a Fourier transform in the page itself."""

from __future__ import annotations

import asyncio
from typing import Final

from playwright.async_api import Page

LISTEN_MS: Final = 300
TOLERANCE_HZ: Final = 12.0
"""The page's transform tells tones apart that are 4 Hz or more from each other; a margin for resampling."""


async def until_hears(page: Page, hz: float, timeout: float = 30.0) -> None:
    """Wait until the loudest thing in the page's call is this tone.

    Raises:
        TimeoutError: It was not; the message tells what was heard instead.
    """
    heard = [0.0]
    try:
        async with asyncio.timeout(timeout):
            while abs(heard[-1] - hz) > TOLERANCE_HZ:
                heard.append(await page.evaluate("ms => __probes.heard(ms)", LISTEN_MS))
    except TimeoutError:
        # Where no call is connected there is nothing to listen to, and it is told at once, again and again.
        told = sorted(set(heard[1:])), await page.evaluate("__probes.connections()")
        raise TimeoutError(f"the page did not hear {hz} Hz within {timeout} s, but {told}") from None


async def until_hears_all(page: Page, *tones: float, timeout: float = 30.0) -> None:
    """Wait until the page's calls bring all of these tones at once.

    Raises:
        TimeoutError: They did not; the message tells which came last.
    """
    there: list[float] = []
    try:
        async with asyncio.timeout(timeout):
            while len(there) < len(tones):
                there = await page.evaluate("([ms, tones]) => __probes.among(ms, tones)", [LISTEN_MS, list(tones)])
    except TimeoutError:
        raise TimeoutError(f"of {tones} the page heard only {there} within {timeout} s") from None


async def audio_paths(page: Page) -> list[tuple[str, str]]:
    """Between which addresses the audio of the page's calls goes: ours and the PBX's."""
    return [(own, other) for own, other in await page.evaluate("__probes.pairs()")]
