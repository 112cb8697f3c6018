"""Shared by all tests: each gets the marker of its folder, and none may leave a task behind."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import pytest

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
TASKS_END_WITHIN_S: Final = 5.0

pytest.register_assert_rewrite("tests.integration.floor")

Test = Callable[..., Coroutine[Any, Any, None]]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the test by its folder, and have its tasks counted if it is a coroutine."""
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    if folder in MARKERS:
        item.add_marker(folder)
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        item.obj = leaving_no_task(item.obj)


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
