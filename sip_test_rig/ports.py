"""Ports: free ports on the loopback addresses, and for each Asterisk a block that nobody else here takes."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# Below the range from which the kernel takes ports by itself (32768 and up), so that no client socket sits in them.
SINGLE_PORTS: Final = range(2_000, 8_000)
FIRST_PORT: Final = 10_000
BLOCK_SIZE: Final = 1_500
BLOCK_COUNT: Final = 15
_RTP_OFFSET: Final = 10


class NoFreePortError(Exception):
    """Every block of ports is taken."""


@dataclass(frozen=True, slots=True)
class PortBlock:
    """The ports of one Asterisk; held until `release()` or until this process ends."""

    first: int
    _lock: int = field(repr=False)

    @property
    def sip(self) -> int:
        """SIP over UDP."""
        return self.first

    @property
    def ami(self) -> int:
        """The manager interface, TCP."""
        return self.first + 1

    @property
    def http(self) -> int:
        """HTTP and WebSocket, TCP; for those who switch it on."""
        return self.first + 2

    @property
    def spare(self) -> int:
        """A port for whoever works with this Asterisk, say a FastAGI server."""
        return self.first + 3

    @property
    def api(self) -> int:
        """A second spare port, for the API of a ctid beside this Asterisk."""
        return self.first + 4

    @property
    def lines(self) -> tuple[int, int]:
        """Two more, for lines that lead to the manager interface and to a FastAGI server."""
        return self.first + 5, self.first + 6

    @property
    def rtp(self) -> tuple[int, int]:
        """First and last RTP port, both included."""
        return self.first + _RTP_OFFSET, self.first + BLOCK_SIZE - 1

    def release(self) -> None:
        """Give the block back."""
        os.close(self._lock)


def take_block() -> PortBlock:
    """Take a block that no other process holds and whose named ports are free.

    Raises:
        NoFreePortError: all are taken.
    """
    locks = Path(tempfile.gettempdir()) / "ctid-rig-ports"
    locks.mkdir(mode=0o700, exist_ok=True)
    for number in range(BLOCK_COUNT):
        first = FIRST_PORT + number * BLOCK_SIZE
        # A lock on a file, because the kernel drops it when the process dies, however it dies.
        lock = os.open(locks / str(first), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        block = PortBlock(first, lock)
        if _is_free(block.sip, socket.SOCK_DGRAM) and all(
            _is_free(port, socket.SOCK_STREAM) for port in (block.ami, block.http, block.spare, block.api, *block.lines)
        ):
            return block
        block.release()
    raise NoFreePortError(f"all {BLOCK_COUNT} blocks of ports from {FIRST_PORT} are taken")


def free_port(host: str = "127.0.0.1") -> int:
    """Name a port of `host` that is free for UDP and TCP; picked at random, so that a clash is unlikely.

    Raises:
        NoFreePortError: none was found.
    """
    for port in random.sample(SINGLE_PORTS, 100):
        if _is_free(port, socket.SOCK_DGRAM, host) and _is_free(port, socket.SOCK_STREAM, host):
            return port
    raise NoFreePortError(f"no free port was found on {host}")


def preferred_port(port: int) -> int | None:
    """Name this TCP port of 127.0.0.1 if it is free."""
    return port if _is_free(port, socket.SOCK_STREAM) else None


def _is_free(port: int, kind: socket.SocketKind, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind is socket.SOCK_STREAM))
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
