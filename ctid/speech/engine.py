"""Engine: a program that reads a text and writes a WAV file; it may be missing, fail, hang or write garbage."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ctid.errors import SpeechError
from ctid.spec.speech import FILE
from ctid.speech.wav import MAX_BYTES

_ENVIRONMENT: Final = frozenset({"HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ"})
"""What an engine sees of our environment, in which secrets may be."""

END_SECONDS: Final = 2.0
"""How long a program that was killed may take to be gone."""


class EngineDownError(SpeechError):
    """The engine is missing or hangs: whatever the text is, asking again at once is of no use."""


async def run(command: Sequence[str], text: str, target: Path, time_limit_s: float) -> None:
    """Have an engine write a text's sound to a file. What it prints is not looked at: it may hold the text.

    Args:
        command: As configured, with ``{file}`` in it.
        text: What is to be said.
        target: The file; whether it is there afterwards, and what is in it, is not known.
        time_limit_s: How long it may take; then it is killed, with all that it started.

    Raises:
        EngineDownError: It cannot be started or does not end.
        SpeechError: It says that it failed.
    """
    words = [part.replace(FILE, str(target)) for part in command]
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
        )
    except OSError as error:
        raise EngineDownError(f"{command[0]} cannot be started: {error.strerror}") from error
    _limit(process.pid)
    try:
        async with asyncio.timeout(time_limit_s):
            # A program that reads nothing is none that fails: this ends with it.
            with contextlib.suppress(RuntimeError):
                # That is what uvloop raises of one that ended before it could be written to.
                await process.communicate(text.encode("utf-8", "replace"))
            await process.wait()
    except TimeoutError:
        raise EngineDownError(f"{command[0]} did not end within {time_limit_s:g} s") from None
    finally:
        await _end(process)
    if process.returncode:
        raise SpeechError(f"{command[0]} ended with status {process.returncode}")


def _limit(pid: int) -> None:
    """Have the system end a program that writes without end."""
    if sys.platform == "linux":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (MAX_BYTES, MAX_BYTES))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a program that still runs, and what it has started; also when we are cancelled."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), END_SECONDS)
