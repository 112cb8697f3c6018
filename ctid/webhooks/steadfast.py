"""Database work that has to be done: it is tried until the database takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from ctid.errors import StoreError

RETRY_SECONDS: Final = 1.0
RETRY_MAX_SECONDS: Final = 30.0

Done = TypeVar("Done")
_log = structlog.get_logger()


async def until_done(work: Callable[[], Awaitable[Done]], what: str) -> Done:
    """Do it, however long the database is away.

    Args:
        work: Does it, all or nothing; may be called again.
        what: For the log, once.
    """
    pause = RETRY_SECONDS
    while True:
        try:
            return await work()
        except StoreError as error:
            if pause == RETRY_SECONDS:
                _log.error("webhook.store_failed", doing=what, detail=error.detail)
            await asyncio.sleep(pause)
            pause = min(RETRY_MAX_SECONDS, pause * 2)
