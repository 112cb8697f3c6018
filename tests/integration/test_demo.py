"""The demo as people start it: one call told as JSON, and the show that a signal ends with nothing left over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from sip_test_rig.eventually import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CHECKOUT = Path(__file__).resolve().parents[2]
STEPS = [
    "asterisk_provisioned", "asterisk_started", "phones_registered", "ctid_ready", "customers_imported",
    "people_added", "agents_logged_in", "call_answered", "menu_heard", "screen_popped", "phone_rang", "talked",
    "hung_up", "wrapped_up", "recorded",
]  # fmt: skip


@contextlib.asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sip_test_rig.demo", *arguments,
        cwd=CHECKOUT, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_one_call_is_carried_through_and_told_as_json() -> None:
    async with demo("--once") as process:
        output, told = await process.communicate()
    assert process.returncode == 0, told.decode()
    result = json.loads(output.decode().splitlines()[-1])
    assert [step["step"] for step in result["steps"]] == STEPS
    moments = [datetime.fromisoformat(step["at"]) for step in result["steps"]]
    assert moments == sorted(moments)
    assert all(step["at"].endswith("Z") and step["ms"] >= 0 for step in result["steps"])
    assert [(step["kind"], step["name"]) for step in result["path"]] == [
        ("entry", "hotline"),
        ("flow", "main"),
        ("node", "main/menu"),
        ("key", "1"),
        ("node", "main/key-1"),
        ("left", "main/key-1"),
        ("queue", "sales"),
    ]
    assert result["contact_id"].startswith("ct-")
    assert (result["outcome"], result["disposition"], result["agent"]) == ("handled", "order", "alice")
    assert result["customer"] == "Greta Lindqvist"
    assert result["menu_likeness"] > 0.9
    assert result["pop_before_ring_ms"] > 0
    assert result["talk_ms"] >= 500
    assert "✓ Only then her phone rings" in told.decode()


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        pytest.param(signal.SIGINT, " talks with ", id="SIGINT-while-somebody-talks"),
        pytest.param(signal.SIGTERM, "phones register", id="SIGTERM-while-ctid-starts"),
    ],
)
async def test_a_signal_ends_the_show_and_leaves_nothing(sent: signal.Signals, moment: str) -> None:
    async with demo() as process:
        assert process.stdout is not None
        told = ""
        async with asyncio.timeout(120):
            while moment not in told:
                line = (await process.stdout.readline()).decode()
                assert line, f"the demo ended by itself:\n{told}"
                told += line
        children = descendants(process.pid)
        commands = [command for command in map(command_of, children) if command]
        assert any("asterisk" in command for command in commands)
        assert any("-m ctid run" in command for command in commands)
        folders = {Path(found) for command in commands for found in re.findall(r"\S+/ctid-(?:rig|site)-\w+", command)}
        assert len(folders) == 2
        assert all(folder.is_dir() for folder in folders)
        process.send_signal(sent)
        rest, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    assert "nothing is left running" in rest.decode()
    assert complaint == b""
    # The reaper removes Asterisk's folder and goes; it is nobody's child by then.
    await eventually(lambda: not any(map(command_of, children)), "the processes have ended", timeout=60)
    assert not any(folder.exists() for folder in folders)
    assert not any(str(folder) in mounts() for folder in folders)


def mounts() -> str:
    return Path("/proc/self/mounts").read_text()


def descendants(pid: int) -> list[int]:
    found = []
    # Processes and threads come and go while they are looked at.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in list(Path(f"/proc/{pid}/task").iterdir()):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for child in map(int, (task / "children").read_text().split()):
                    found += [child, *descendants(child)]
    return found


def command_of(pid: int) -> str:
    """Its command line; empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
