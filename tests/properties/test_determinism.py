"""The engine is a function of its events: again, from any snapshot, and without a clock, it does the same."""

from __future__ import annotations

import builtins
import random
import time
from random import Random
from typing import Any, NoReturn

import msgspec
import pytest

from ctid.engine.engine import Engine
from tests.properties.walks import walk

pytestmark = pytest.mark.properties


@pytest.mark.parametrize(
    ("seed", "flowing"), [*((seed, 0.0) for seed in range(1_000, 1_008)), (1_008, 0.5), (1_009, 0.5)]
)
def test_the_same_events_give_the_same_commands_and_state(seed: int, flowing: float) -> None:
    world = walk(seed, flowing=flowing)
    engine = Engine()
    for (now, event), commands in zip(world.journal, world.outputs, strict=True):
        assert msgspec.json.encode(engine.handle(event, now)) == msgspec.json.encode(commands)
    assert engine.snapshot() == world.engine.snapshot()


@pytest.mark.parametrize(
    ("seed", "flowing"), [*((seed, 0.0) for seed in range(2_000, 2_008)), (2_008, 0.5), (2_009, 0.5)]
)
def test_a_snapshot_and_its_restoration_change_nothing_that_follows(seed: int, flowing: float) -> None:
    world = walk(seed, flowing=flowing)
    dice = Random(seed)
    engine = Engine()
    for (now, event), commands in zip(world.journal, world.outputs, strict=True):
        if dice.random() < 0.2:
            snapshot = engine.snapshot()
            engine = Engine.restore(snapshot)
            assert engine.snapshot() == snapshot
        assert engine.handle(event, now) == commands


def test_the_core_needs_no_clock_no_chance_and_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    world = walk(3_000)

    def forbidden(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("the core looked outside")

    engine = Engine()
    for now, event in world.journal[:3]:
        engine.handle(event, now)
    with monkeypatch.context() as patch:
        for name in ("time", "monotonic", "time_ns", "monotonic_ns", "perf_counter", "sleep"):
            patch.setattr(time, name, forbidden)
        for name in ("random", "randint", "choice", "randrange"):
            patch.setattr(random, name, forbidden)
        patch.setattr(builtins, "open", forbidden)
        patch.setattr(builtins, "print", forbidden)
        outputs = [engine.handle(event, now) for now, event in world.journal[3:]]
    assert outputs == world.outputs[3:]
