from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.desktop.site import Desk, open_desk


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.desktop)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = open_desk()
    await desk.server.start()
    yield desk
    await desk.server.stop()


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[aiohttp.ClientSession]:
    # No connection outlives its request, so that no task of the server does.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(desk.url, connector=connector) as session:
        yield session
