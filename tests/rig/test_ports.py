"""Blocks of ports belong to one process at a time, and come back however it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sip_test_rig import ports
from sip_test_rig.ports import NoFreePortError, free_port, take_block

pytestmark = pytest.mark.rig

HOLDER = """
import sys, tempfile
from sip_test_rig import ports
tempfile.tempdir, ports.FIRST_PORT, ports.BLOCK_COUNT = sys.argv[1], int(sys.argv[2]), 1
block = ports.take_block()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def one_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    first = 8_400
    monkeypatch.setattr(ports.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ports, "FIRST_PORT", first)
    monkeypatch.setattr(ports, "BLOCK_COUNT", 1)
    return first


def test_a_block_is_held_once_and_comes_back(one_block: int) -> None:
    block = take_block()
    assert (block.sip, block.ami, block.http, block.spare) == tuple(range(one_block, one_block + 4))
    assert block.spare < block.rtp[0] < block.rtp[1] == one_block + ports.BLOCK_SIZE - 1
    with pytest.raises(NoFreePortError):
        take_block()
    block.release()
    take_block().release()


def test_a_killed_process_gives_its_block_back(one_block: int, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path), str(one_block)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(NoFreePortError):
            take_block()
        holder.kill()
        holder.wait()
        take_block().release()


@pytest.mark.parametrize(("offset", "kind"), [(0, socket.SOCK_DGRAM), (1, socket.SOCK_STREAM)])
def test_a_block_with_a_strangers_port_is_left_alone(one_block: int, offset: int, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as stranger:
        stranger.bind(("127.0.0.1", one_block + offset))
        if kind is socket.SOCK_STREAM:
            stranger.listen()
        with pytest.raises(NoFreePortError):
            take_block()


def test_a_free_port_can_be_bound_and_is_none_that_the_kernel_gives_to_clients() -> None:
    port = free_port("127.0.0.5")
    kernels_first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert port < kernels_first
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.5", port))


def test_a_port_that_is_taken_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = free_port(), free_port()
    monkeypatch.setattr(ports.random, "sample", lambda among, count: [taken, free])
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stranger:
        stranger.bind(("127.0.0.1", taken))
        stranger.listen()
        assert free_port() == free
