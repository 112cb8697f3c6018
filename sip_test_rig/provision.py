"""Provision: the folder with a real Asterisk in it, made once by mmdebstrap and kept in the cache.

Debian 12 carries no Asterisk, so the folder is a minimal Debian of another suite. Nothing of the host is changed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SUITES: Final = {"22": "sid", "16": "bullseye"}
PACKAGES: Final = ("asterisk", "asterisk-core-sounds-en-wav")
APT_FOLDER: Final = Path("/etc/apt")
BUILD_TIME_LIMIT_S: Final = 900.0
_STAMP: Final = "etc/ctid-rig"

Progress = Callable[[str], None]


class ProvisionError(Exception):
    """The Asterisk folder cannot be made here; the message says what is missing and what to do."""


def cache_root() -> Path:
    """Tell where ctid keeps what is costly to make again: `$CTID_CACHE`, else `ctid` in the user's cache folder."""
    if chosen := os.environ.get("CTID_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ctid"


def asterisk_root(release: str = "22") -> Path:
    """Tell the folder of one Asterisk release, made or not."""
    return cache_root() / f"asterisk-{release}"


def is_provisioned(release: str = "22") -> bool:
    """Tell whether the folder of this release is there and complete."""
    return (asterisk_root(release) / _STAMP).exists()


def provision(release: str = "22", *, progress: Progress | None = None) -> Path:
    """Make the folder of an Asterisk release unless it is there, and return it.

    Args:
        release: a key of `SUITES`: "22" or "16".
        progress: called with one line at a time; standard error when left out.

    Raises:
        ProvisionError: unknown release, not root, mmdebstrap missing, no Debian mirror known, or the build failed.
    """
    say = progress or _to_stderr
    if release not in SUITES:
        raise ProvisionError(f"Asterisk {release} is not known here; known: {', '.join(SUITES)}")
    root = asterisk_root(release)
    if is_provisioned(release):
        return root
    if os.geteuid() != 0:
        raise ProvisionError("making and running the Asterisk folder needs root; without root use Docker (README)")
    if shutil.which("mmdebstrap") is None:
        raise ProvisionError("mmdebstrap is missing: apt-get update && apt-get install -y mmdebstrap")
    root.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(root.with_name(root.name + ".lock"), say):
        if not is_provisioned(release):
            _build(root, SUITES[release], debian_mirror(), say)
    return root


def debian_mirror(apt_folder: Path = APT_FOLDER) -> str:
    """Tell the Debian mirror that this machine's own apt sources name.

    Args:
        apt_folder: where `sources.list` and `sources.list.d` are; both the one-line and the deb822 form are read.

    Raises:
        ProvisionError: no source names a Debian archive.
    """
    listed = [apt_folder / "sources.list", *sorted((apt_folder / "sources.list.d").glob("*"))]
    for path in listed:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found = (
            _deb822_uris(text) if path.suffix == ".sources" else _one_line_uris(text) if path.suffix == ".list" else ()
        )
        for uri in found:
            if uri.rstrip("/").endswith("/debian"):
                return uri
    raise ProvisionError(f"no Debian archive is named in {apt_folder}/sources.list or sources.list.d")


def _one_line_uris(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if match := re.match(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+\S+", line):
            yield match[1]


def _deb822_uris(text: str) -> Iterator[str]:
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[key] = f"{fields.get(key, '')} {line.strip()}"
            elif ":" in line:
                key, value = line.split(":", 1)
                key = key.strip().lower()
                fields[key] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            yield from fields.get("uris", "").split()


def _build(root: Path, suite: str, mirror: str, say: Progress) -> None:
    """Build beside the final place and rename, so that a folder that is there is always a whole one."""
    draft = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    say(f"installing Asterisk (Debian {suite}) into {root}, about half a minute")
    command = [
        "mmdebstrap", "--variant=apt", "--quiet",
        # A mirror that has stood still for a while is still good for a test rig.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        f"--include={','.join(PACKAGES)}",
        suite, str(draft), mirror,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_TIME_LIMIT_S, check=False
        )
        if done.returncode != 0:
            raise ProvisionError(f"mmdebstrap failed ({done.returncode}):\n{done.stderr.strip()[-2000:]}")
        _make_self_contained(draft)
        draft.chmod(0o755)
        if root.exists():
            shutil.rmtree(root)
        draft.rename(root)
    except subprocess.TimeoutExpired as late:
        raise ProvisionError(f"mmdebstrap did not end within {BUILD_TIME_LIMIT_S:.0f} s") from late
    finally:
        if draft.exists():
            shutil.rmtree(draft, ignore_errors=True)
    say(f"Asterisk is ready in {root}")


def _make_self_contained(folder: Path) -> None:
    """Keep Asterisk from asking any name server: each call would wait for the answer."""
    names = " ".join(dict.fromkeys(["localhost", socket.gethostname()]))
    (folder / "etc/hosts").write_text(f"127.0.0.1 {names}\n::1 localhost\n", encoding="ascii")
    (folder / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n", encoding="ascii")
    resolv = folder / "etc/resolv.conf"
    resolv.unlink(missing_ok=True)
    resolv.write_text("", encoding="ascii")
    (folder / "rig").mkdir(exist_ok=True)
    (folder / _STAMP).write_text("complete\n", encoding="ascii")


@contextmanager
def _exclusive(lock: Path, say: Progress) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is making the Asterisk folder; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
