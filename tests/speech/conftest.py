"""A speaker that runs for the length of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from ctid.spec.speech import SpeechSpec
from ctid.speech.speaker import Speaker
from ctid.telemetry.metrics import Metrics
from tests.speech.engines import Engine

Running = Callable[..., AbstractAsyncContextManager[Speaker]]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("0")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


@pytest.fixture
def running(metrics: Metrics) -> Running:
    @asynccontextmanager
    async def run(spec: SpeechSpec, **changes: float) -> AsyncIterator[Speaker]:
        speaker = Speaker(spec, {"main": "/spool/speech"}, metrics, **changes)
        task = asyncio.create_task(speaker.run(), name="speaker")
        try:
            yield speaker
        finally:
            speaker.close()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return run
