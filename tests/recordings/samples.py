"""Files as a PBX writes them, and recordings of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ctid.model.instant import Instant
from ctid.model.recording import Recording

RATE = 8_000
UTC_MS = 1_795_000_000_000


def at(ms: int) -> Instant:
    return Instant(5_000_000 + ms, UTC_MS + ms)


def voice(seconds: float, value: int) -> bytes:
    """A side that says the same all the time."""
    return np.full(round(seconds * RATE), value, dtype="<i2").tobytes()


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * RATE) * 2)


def write(folder: Path, name: str, caller: bytes | None, agent: bytes | None) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    for side, data in (("caller", caller), ("agent", agent)):
        if data is not None:
            (folder / f"{name}-{side}.sln").write_bytes(data)


def recording(name: str = "rc-e1-1", seconds: float = 2, *, asked_ms: int = 0, on_demand: bool = False) -> Recording:
    """One that has ended; its files began with the answer."""
    return Recording(
        id=name,
        contact_id="ct-e1-1",
        leg_id="lg-e1-1",
        pbx="main",
        agent_id="alice",
        queue="sales",
        ani="+4930123456",
        asked=True,
        on_demand=on_demand,
        answered_at=at(0),
        began_at=at(5),
        asked_at=at(asked_ms),
        ended_at=at(round(seconds * 1_000)),
    )
