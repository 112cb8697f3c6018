"""A far PBX: what it and ctid tell each other takes time on the way, by AMI and by FastAGI each as long as is wanted.

The two lines' news overtake each other then, as they do by a hair on any machine that is busy.
"""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from sip_test_rig.cut_line import CutLine
from sip_test_rig.ports import PortBlock


@dataclass(frozen=True, slots=True)
class Distance:
    """How long what is told is on its way, one way.

    Attributes:
        ami_ms: Between ctid and the manager interface.
        agi_ms: Between Asterisk and ctid's FastAGI server.
    """

    ami_ms: float = 0.0
    agi_ms: float = 0.0

    @classmethod
    def of_environment(cls) -> Self:
        """What ``CTID_DISTANCE`` tells (``30/60``: milliseconds by AMI and by FastAGI), for all sites of a test run."""
        told = os.environ.get("CTID_DISTANCE", "0/0")
        ami_ms, agi_ms = map(float, told.split("/"))
        return cls(ami_ms, agi_ms)


class FarLines:
    """The lines of an Asterisk with this block of ports to a ctid whose FastAGI server listens at a port of its own."""

    def __init__(self, distance: Distance, ports: PortBlock, agi_port: int) -> None:
        self.ami_port, self.agi_port = ports.lines
        ami = CutLine(self.ami_port, distance.ami_ms / 1_000)
        agi = CutLine(self.agi_port, distance.agi_ms / 1_000)
        ami.target, agi.target = ("127.0.0.1", ports.ami), ("127.0.0.1", agi_port)
        self._lines = (ami, agi)
        self._open = AsyncExitStack()

    async def open(self) -> None:
        """Have both lines listen."""
        for line in self._lines:
            await self._open.enter_async_context(line)

    async def close(self) -> None:
        """Cut both; may be called of lines that were never open."""
        await self._open.aclose()
