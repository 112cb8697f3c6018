"""Pressure: how long work on this machine had to wait for a processor, which tells how far a time can be trusted."""

from __future__ import annotations

from pathlib import Path


def waited() -> float:
    """Seconds in which some task of the machine waited for a processor, since it started (Linux: PSI)."""
    try:
        return int(Path("/proc/pressure/cpu").read_text().split("total=")[1].split()[0]) / 1e6
    except OSError:
        return 0.0


def of_process(pid: int) -> tuple[float, float]:
    """Seconds in which a process's first thread had a processor, and in which it could have run but had none."""
    used, queued, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(used) / 1e9, int(queued) / 1e9


def precedence() -> int:
    """The nice value of this session among the machine's others; below 0 it goes first (Linux: autogroup)."""
    try:
        return int(Path("/proc/self/autogroup").read_text().split()[-1])
    except OSError:
        return 0
