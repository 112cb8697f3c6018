from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sip_test_rig.bank import Bank


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.lookups)


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    async with Bank() as bank:
        yield bank
