"""Waiting for what cannot tell us: processes, files, the PBX's own state; looked at again until a deadline."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable


async def eventually(
    holds: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str, *, timeout: float = 30.0, every: float = 0.02
) -> None:
    """Return as soon as the condition holds.

    Args:
        holds: the condition, plain or a coroutine function.
        what: what is expected, for the message.
        timeout: seconds until it is given up.
        every: seconds between two looks.

    Raises:
        TimeoutError: it did not hold in time.
    """
    try:
        async with asyncio.timeout(timeout):
            while True:
                answer = holds()
                if await answer if inspect.isawaitable(answer) else answer:
                    return
                await asyncio.sleep(every)
    except TimeoutError as late:
        raise TimeoutError(f"not within {timeout} s: {what}") from late
