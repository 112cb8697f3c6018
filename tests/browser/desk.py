"""Desk: a site whose people sign in at its pages, each in a browser profile of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from playwright.async_api import BrowserContext, Page, expect

from ctid.client import RefusedError
from ctid.desktop.identity.auth import Role
from sip_test_rig.desktop import Desktop
from sip_test_rig.site import RigSite
from tests.browser.profiles import Profiles

PATIENCE_MS: Final = 30_000
PASSWORD: Final = "demo-only-password"
BOSS: Final = "boss"
"""A user of role supervisor; every agent is a user of the same name."""
ADMIN: Final = "admin"
"""A user of role admin."""

SCREENSHOTS: Final = os.environ.get("CTID_SCREENSHOTS", "")
"""The folder that screenshots go to; nothing is shot where it is not given."""

expect.set_options(timeout=PATIENCE_MS)


class Desk:
    """A site and its people's browsers."""

    def __init__(self, site: RigSite, profiles: Profiles) -> None:
        self.site = site
        self.profiles = profiles

    async def sign_in(self, user: str, context: BrowserContext | None = None) -> Page:
        """Open the pages in a profile (a new one unless given) and sign in."""
        page = await (context or await self.profiles.open()).new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(self.site.web_url)
        await page.get_by_test_id("sign-in-user").fill(user)
        await page.get_by_test_id("sign-in-password").fill(PASSWORD)
        await page.get_by_test_id("sign-in-submit").click()
        await expect(page.get_by_test_id("sign-in-submit")).to_have_count(0)
        return page


async def add_people(site: RigSite) -> None:
    """Make a user of every agent, one supervisor and one administrator."""
    people = [{"username": agent_id, "role": "agent", "agent_id": agent_id} for agent_id in site.config["agents"]]
    people += [{"username": BOSS, "role": "supervisor"}, {"username": ADMIN, "role": "admin"}]
    async with Desktop(site.ctid.url, site.token("admin", Role.ADMIN)) as admin:
        for person in people:
            try:
                await admin.request("POST", "/v1/users", {**person, "password": PASSWORD})
            except RefusedError as refused:
                if refused.problem["code"] != "conflict":
                    raise


async def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page where `CTID_SCREENSHOTS` tells."""
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", animations="disabled")
