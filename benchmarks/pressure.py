"""Pressure: how long work on this machine had to wait for a processor, and who goes first when all want one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_PRIORITY: Final = 10
"""That of an Asterisk with ``highpriority = yes`` in its asterisk.conf."""


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


def goes_first(pid: int, *, with_offspring: bool = True) -> bool:
    """Let a process go before all ordinary work of the machine, as Asterisk does by itself if it is told to.

    Args:
        pid: The process, with the threads that it has by now.
        with_offspring: Threads and processes that it starts later go first as well.

    Returns:
        Whether the system allows it.
    """
    policy = os.SCHED_RR if with_offspring else os.SCHED_RR | os.SCHED_RESET_ON_FORK
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            os.sched_setscheduler(int(task.name), policy, os.sched_param(_PRIORITY))
        except ProcessLookupError:
            continue  # A thread that has ended meanwhile.
        except PermissionError:
            return False
    return True
