"""Chromium: the system's own browser, headless, with a microphone that speaks a known tone."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright

from sip_test_rig import tones

MICROPHONE_HZ: Final = 1_190.0
"""What every browser says into every call."""

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # Chromium leaves loopback addresses out of what it offers for audio, and there are no others here.
    "--allow-loopback-in-peer-connection",
    # It asks for names of its maker's all the same; here nobody answers, so it need not wait.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.*",
)


class NoChromiumError(Exception):
    """There is no Chromium on this machine."""


def chromium() -> str:
    """The browser's program.

    Raises:
        NoChromiumError: It is not installed.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise NoChromiumError("there is no Chromium; bootstrap/ensure test installs it")
    return found


@contextlib.asynccontextmanager
async def launched(folder: Path) -> AsyncIterator[Browser]:
    """A browser whose microphone hears `MICROPHONE_HZ`; its sound file lies in this folder."""
    microphone = folder / "microphone.wav"
    microphone.write_bytes(tones.to_wav(tones.tone(MICROPHONE_HZ, 10.0)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
        )
        try:
            yield browser
        finally:
            await browser.close()
