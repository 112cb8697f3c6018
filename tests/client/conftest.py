from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ctid.model.access import Role
from tests.desktop.site import Desk, open_desk

PASSWORD = "demo-only-correct-horse"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.desktop)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = open_desk(heartbeat_seconds=2)
    await desk.server.start()
    for name in ("alice", "bob"):
        await desk.access.users.add(name, PASSWORD, Role.AGENT, agent_id=name)
    await desk.access.users.add("sue", PASSWORD, Role.SUPERVISOR)
    yield desk
    await desk.server.stop()
