"""Pressure: how long work on this machine had to wait for a processor, which tells how far a time can be trusted."""

from __future__ import annotations

from pathlib import Path


def waited() -> float:
    """Seconds in which some task of the machine waited for a processor, since it started (Linux: PSI)."""
    try:
        return int(Path("/proc/pressure/cpu").read_text().split("total=")[1].split()[0]) / 1e6
    except OSError:
        return 0.0
