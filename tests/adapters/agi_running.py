"""A FastAGI server that runs for the length of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from ctid.model.events import Event
from ctid.pbx_adapters.agi.ports import SpeechFiles
from ctid.pbx_adapters.agi.server import AgiServer
from ctid.telemetry.metrics import Metrics


@asynccontextmanager
async def running(
    emit: Callable[[Event], None],
    *,
    pbxes: tuple[str, ...] = ("a",),
    max_sessions: int = 100,
    recordings: Mapping[str, str] | None = None,
    speech: SpeechFiles | None = None,
) -> AsyncIterator[tuple[AgiServer, Metrics]]:
    metrics = Metrics("0")
    server = AgiServer(
        "127.0.0.1",
        0,
        emit,
        metrics,
        pbxes=pbxes,
        max_sessions=max_sessions,
        recordings=recordings,
        speech=speech,
    )
    await server.listen()
    task = asyncio.create_task(server.run(), name="agi-server")
    try:
        yield server, metrics
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()
