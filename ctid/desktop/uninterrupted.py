"""Lets a piece of work with the database end although the task that does it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

_GRACE_SECONDS: Final = 5.0


async def uninterrupted(work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work; a cancellation that comes meanwhile counts when the work is done, or after 5 s.

    A statement that is cut off may have been carried out or not, and its connection's thread may outlive the loop.

    Raises:
        asyncio.CancelledError: We were cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        done, _ = await asyncio.wait([task], timeout=_GRACE_SECONDS)
        if not done:
            task.cancel()
        elif not task.cancelled():
            # Nobody hears of a fault any more; asyncio shall not complain of it either.
            task.exception()
        raise
