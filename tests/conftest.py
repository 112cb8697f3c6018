"""Shared by all tests: each gets the marker of its folder, and none may leave a task behind."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

MARKERS: Final = (
    "unit",
    "properties",
    "replay",
    "adapters",
    "store",
    "recordings",
    "speech",
    "desktop",
    "runtime",
    "cli",
    "staffing",
    "rig",
    "integration",
    "browser",
    "faults",
)
TASKS_END_WITHIN_S: Final = 30.0

LONGEST: Final = (
    "test_bank",
    "test_recordings_faults",
    "test_own_calls",
    "test_diversion",
    "test_flows",
    "test_callbacks",
    "test_supervision",
    "test_call_control",
    "test_conferences",
    "test_demo",
    "test_daemon_killed",
    "test_operations",
    "test_recordings",
    "test_daemon_pbx_killed",
    "test_transfers",
    "test_calls",
)
"""Modules on a real Asterisk that take longest, each of them at one stretch; the short ones fill what is left."""

# How long one example takes tells of the machine, not of what is tested.
settings.register_profile("unhurried", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

pytest.register_assert_rewrite("tests.integration.floor")

Test = Callable[..., Coroutine[Any, Any, None]]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the test by its folder, and have its tasks counted if it is a coroutine."""
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    if folder in MARKERS:
        item.add_marker(folder)
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        item.obj = leaving_no_task(item.obj)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first, so that none of them is begun when all others are done."""
    of_a_pbx = {"integration", "faults"}
    rank = {name: number for number, name in enumerate(LONGEST)}

    def place(item: pytest.Item) -> int:
        return rank.get(item.path.stem, len(rank)) if item.path.parent.name in of_a_pbx else len(rank)

    items.sort(key=place)


def leaving_no_task(test: Test) -> Test:
    """Fail the test if tasks that it started outlive it."""

    @functools.wraps(test)
    async def checked(*args: Any, **kwargs: Any) -> None:
        before = asyncio.all_tasks()
        await test(*args, **kwargs)
        left = asyncio.all_tasks() - before
        if left:
            _, left = await asyncio.wait(left, timeout=TASKS_END_WITHIN_S)
        assert not left, f"tasks left behind: {sorted(task.get_name() for task in left)}"

    return checked
