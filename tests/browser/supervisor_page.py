"""Supervisor's page: what a supervisor sees of queues and agents, found by the marks that web/README.md lists."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect


@dataclass
class SupervisorPage:
    """The supervisor's page.

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

    async def until_online(self) -> None:
        """Wait until events come."""
        await expect(self.find("connection")).to_have_attribute("data-state", "live")

    async def until_waiting(self, queue: str, count: int) -> None:
        """Wait until the queue is shown with so many waiting contacts."""
        await expect(self.find(f"queue-waiting-{queue}")).to_have_text(str(count))

    async def until_agent(self, agent_id: str, state: str) -> None:
        """Wait until the agent is shown in this state."""
        await expect(self.find(f"agent-state-{agent_id}").locator("[data-state]")).to_have_attribute(
            "data-state", state
        )
