"""Desktop fan-out: how soon 2,000 desktops on one ctid are told what happens; and that no fast one misses any.

50 calls a second come in from a simulated PBX and are answered, talk 4 to 10 s and are wrapped up; everything behind
the PBX is the daemon as it runs, with journal, database and log. 1,900 agents in 19 teams, each with a queue; 95
supervisors who see a team and its queue, and 5 who see everything. One in twenty is slow: it reads for 0.2 s, then
nothing for 5 s, with little room in its kernel. Who sees everything and is slow is cut off and comes back by a
snapshot; an agent hears of so little that it is never cut off. Measured from the moment the PBX tells of an arrival, a
bridge or a hang-up to the read of its event at the socket of every fast desktop that it is for, in another process.
Then all 2,000 lose their connection at once and come back at once: resuming, and with everything to be shown anew.

Beside it, in the same run, *bare*: the same messages at the same pace to the same desktops by a loop over aiohttp's
sockets. It makes nothing, keeps nothing and knows nobody; its time runs from when a message was due.

Wall time is only worth something where there is a processor to be had: beside it stands the time of the processor that
ctid itself used in each part, and for how much of the time tasks of this machine waited for one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvloop

from benchmarks.fanout_site import CALLS_PER_SECOND
from benchmarks.pressure import waited
from benchmarks.spread import spread

SECONDS: Final = 15.0
WARM_UP_SECONDS: Final = 4.0
SLOW_ONE_IN: Final = 20
BARE_SECONDS: Final = 12.0
_ORDER_SECONDS: Final = 180.0
_STARVED: Final = 0.2
_ANSWER_BYTES: Final = 256 * 1024 * 1024


def main() -> None:
    """Measure and print."""
    print(json.dumps(uvloop.run(measure())))


async def measure() -> dict[str, Any]:
    """Run the load through ctid and then through a bare loop, and tell the figures."""
    began, before = time.monotonic(), waited()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = await _through_ctid(folder)
        bare = await _through_bare(folder)
    took = time.monotonic() - began
    starved = (waited() - before) / took
    figures = {"ctid": ours.pop("spread"), "bare": bare}
    for kind, figure in figures.items():
        print(f"{kind:8} {figure}")
    if starved > _STARVED:
        print(f"the machine starves this: in {starved:.0%} of the time somebody waited for a processor")
    return {
        "name": "desktop_fanout",
        "ours": figures["ctid"]["p99"],
        "peer": figures["bare"]["p99"],
        "peer_name": "a bare loop over aiohttp's sockets",
        "unit": "ms from the PBX's telling to the desktop's read, 99th percentile",
        "ratio": round(figures["bare"]["p99"] / figures["ctid"]["p99"], 2),
        **ours,
        "took_s": round(took),
        "load_average": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "time_with_somebody_waiting_for_a_processor": f"{starved:.0%}",
        "figures": figures,
    }


class Process:
    """A process that takes orders."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def answer(self) -> Any:
        """Wait for what it tells."""
        assert self._process.stdout is not None
        async with asyncio.timeout(_ORDER_SECONDS):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("a process of the benchmark ended")
        return json.loads(line)

    async def order(self, **order: Any) -> Any:
        """Give it an order and wait until it is carried out."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.answer()


@dataclass(frozen=True, slots=True)
class _Published:
    """An event, and when the PBX told of its cause, if that is known."""

    seq: int
    cause: float | None
    at: float
    receivers: Sequence[int]


async def _through_ctid(folder: Path) -> dict[str, Any]:
    async with _process("benchmarks.fanout_site") as site, _process("benchmarks.fanout_readers") as readers:
        told = await site.answer()
        tokens = told["tokens"]
        slow = list(range(SLOW_ONE_IN - 1, len(tokens), SLOW_ONE_IN))
        start = await site.order(usage=True)
        await readers.order(connect={"port": told["port"], "tokens": tokens, "slow": slow})
        connected = await site.order(usage=True)
        await site.order(log_in=True)
        await site.order(call=WARM_UP_SECONDS + SECONDS)
        called = await site.order(usage=True)
        await readers.order(awake=True)
        await site.order(collect=str(folder / "published"))
        await readers.order(collect=str(folder / "read"))
        published = _published(folder)
        compared = _compare(published, folder, slow)
        storms = {how: await _storm(site, readers, how) for how in ("resume", "snapshot")}
    calls = (WARM_UP_SECONDS + SECONDS) * CALLS_PER_SECOND
    return {
        "spread": spread(compared.delays),
        "desktops": len(tokens),
        "events": len(published),
        "messages": sum(len(event.receivers) for event in published),
        "lost": compared.lost,
        "slow_cut_off": compared.cuts,
        "slow_resynced": compared.resyncs,
        "memory_kb": round((connected["bytes"] - start["bytes"]) / len(tokens) / 1_000, 1),
        "connect_cpu_ms": round((connected["cpu"] - start["cpu"]) / len(tokens) * 1_000, 2),
        "call_cpu_ms": round((called["cpu"] - connected["cpu"]) / calls * 1_000, 2),
        "storm_s": storms["resume"].seconds,
        "storm_cpu_s": storms["resume"].cpu,
        "storm_snapshot_s": storms["snapshot"].seconds,
        "storm_snapshot_cpu_s": storms["snapshot"].cpu,
        "storm_late": storms["resume"].late + storms["snapshot"].late,
    }


@dataclass(frozen=True, slots=True)
class _Storm:
    """How long it took, by the clock and of the processor, and how many were not back in the end."""

    seconds: float
    cpu: float
    late: int


async def _storm(site: Process, readers: Process, how: str) -> _Storm:
    before = await site.order(usage=True)
    told = await readers.order(storm=how)
    after = await site.order(usage=True)
    return _Storm(round(told["seconds"], 2), round(after["cpu"] - before["cpu"], 2), told["late"])


@dataclass(slots=True)
class _Compared:
    """Delays of the fast and how many messages they lost; how often the slow were cut off and shown all anew."""

    delays: list[float]
    lost: int = 0
    cuts: int = 0
    resyncs: int = 0


def _published(folder: Path) -> list[_Published]:
    with (folder / "published").open() as file:
        return [_Published(*json.loads(line)[:4]) for line in file]


def _compare(published: Sequence[_Published], folder: Path, slow: Sequence[int]) -> _Compared:
    expected: dict[int, list[int]] = {}
    for event in published:
        for number in event.receivers:
            expected.setdefault(number, []).append(event.seq)
    causes = {event.seq: event.cause for event in published if event.cause is not None}
    begin = min(causes.values()) + WARM_UP_SECONDS
    result = _Compared([])
    with (folder / "read").open() as file:
        for number, line in enumerate(file):
            seqs, times, cuts, resyncs = json.loads(line)
            if number in slow:
                result.cuts += cuts
                result.resyncs += resyncs
                continue
            # What was published before it came is in its snapshot.
            due = [seq for seq in expected.get(number, ()) if seqs and seq >= seqs[0]]
            result.lost += len(set(due) - set(seqs)) + len(seqs) - len(set(seqs)) + cuts
            delays = ((seq, at - causes[seq]) for seq, at in zip(seqs, times, strict=True) if seq in causes)
            result.delays += [delay for seq, delay in delays if causes[seq] >= begin]
    return result


async def _through_bare(folder: Path) -> dict[str, Any]:
    async with _process("benchmarks.fanout_bare") as bare, _process("benchmarks.fanout_readers") as readers:
        port = (await bare.answer())["port"]
        published = _published(folder)
        people = 1 + max(max(event.receivers, default=0) for event in published)
        await readers.order(connect={"port": port, "tokens": [str(n) for n in range(people)], "slow": []})
        calls = min(event.cause for event in published if event.cause is not None)
        with (folder / "published").open() as file, (folder / "send").open("w") as again:
            again.writelines(line for line in file if 0 <= json.loads(line)[2] - calls < BARE_SECONDS)
        due = dict(await bare.order(send=str(folder / "send")))
        await readers.order(collect=str(folder / "read"))
    begin = min(due.values()) + WARM_UP_SECONDS
    measured = {event.seq for event in published if event.cause is not None}
    delays: list[float] = []
    with (folder / "read").open() as file:
        for number, line in enumerate(file):
            seqs, times, *_ = json.loads(line)
            if (number + 1) % SLOW_ONE_IN:
                delays += [at - due[s] for s, at in zip(seqs, times, strict=True) if s in measured and due[s] >= begin]
    return spread(delays)


@contextlib.asynccontextmanager
async def _process(module: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        "setpriv", "--pdeathsig", "KILL", sys.executable, "-m", module,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        limit=_ANSWER_BYTES,
    )  # fmt: skip
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


if __name__ == "__main__":
    main()
