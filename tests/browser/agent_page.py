"""Agent page: what an agent does and sees at their page, found by the marks that web/README.md lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.hearing import until_hears
from tests.integration.floor import CALLER_HZ


@dataclass
class AgentPage:
    """One agent's page.

    Attributes:
        page: Playwright's.
    """

    page: Page

    def find(self, mark: str) -> Locator:
        """What is marked so."""
        return self.page.get_by_test_id(mark)

    async def click(self, mark: str) -> None:
        """Click what is marked so."""
        await self.find(mark).click()

    async def until_state(self, state: str) -> None:
        """Wait until the page shows the agent in this state."""
        await expect(self.find("agent-state")).to_have_attribute("data-state", state)

    async def until_online(self) -> None:
        """Wait until events come and the phone, the page's own or one on the desk, can be rung."""
        await expect(self.find("connection")).to_have_attribute("data-state", "live")
        await expect(self.find("phone-line")).to_have_attribute("data-state", re.compile("registered|reachable"))

    async def until_call(self, state: str) -> None:
        """Wait until there is one call, in this state."""
        await expect(self.find("call")).to_have_attribute("data-state", state)

    async def until_no_call(self) -> None:
        """Wait until the phone has no call."""
        await expect(self.find("call")).to_have_count(0)

    async def until_contact(self, contact_id: str) -> None:
        """Wait until the screen pop is that of this contact."""
        await expect(self.find("contact")).to_have_attribute("data-contact", contact_id)
        await expect(self.find("pop")).to_be_visible()

    async def take_calls(self) -> None:
        """Log in and ask for calls; if one waits already, it rings at once."""
        await self.until_online()
        if await self.find("agent-state").get_attribute("data-state") == "LOGGED_OUT":
            await self.click("log-in")
        await self.click("ready")

    async def ready(self) -> None:
        """Log in and take calls, of which none waits."""
        await self.take_calls()
        await self.until_state("READY")

    async def answer(self) -> str:
        """Answer what rings, and hear the caller; give the contact's id."""
        ringing = self.find("ringing")
        await expect(ringing).to_be_visible()
        contact_id = await ringing.get_attribute("data-contact")
        assert contact_id
        await self.click("answer")
        await self.until_call("connected")
        await until_hears(self.page, CALLER_HZ)
        return contact_id

    async def complete(self, disposition: str) -> None:
        """Give the contact its disposition and end the wrap-up."""
        await self.until_state("WRAP_UP")
        await self.find("disposition").click()
        await self.page.locator(f".ant-select-item-option[title='{disposition}']").click()
        await self.click("complete-wrap-up")

    async def seen(self, type_: str) -> list[dict[str, Any]]:
        """The events of this type that came to the page, each with the moment under `at`, in ms."""
        seen: list[dict[str, Any]] = await self.page.evaluate(
            "type => __probes.events.filter(({ event }) => event.type === type)", type_
        )
        return seen

    async def invited(self) -> list[float]:
        """The moments at which INVITEs came to the page, in ms."""
        return [message["at"] for message in await self._invites()]

    async def invites(self) -> dict[str, float]:
        """The moments at which INVITEs of offers came to the page, in ms, by the offer they belong to."""
        moments: dict[str, float] = {}
        for message in await self._invites():
            lines = message["text"].split("\r\n")
            offers = [line.partition(": ")[2] for line in lines if line.startswith("X-Ctid-Offer: ")]
            if offers:
                moments.setdefault(offers[0], message["at"])
        return moments

    async def assert_popped_before_ringing(self) -> None:
        """The offer with its screen pop came before the INVITE, for every offer."""
        pops = {each["event"]["data"]["offer"]["id"]: each["at"] for each in await self.seen("offer.created")}
        invites = await self.invites()
        assert invites
        assert all(offer in pops and pops[offer] < at for offer, at in invites.items()), (pops, invites)

    async def _invites(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.page.evaluate(
            "__probes.sip.filter(({ text }) => text.startsWith('INVITE '))"
        )
        return found
