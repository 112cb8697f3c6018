"""PostgreSQL: a server of the rig's own, on a free port of 127.0.0.1, of which nothing is left when it stops.

Nor when the Python process that started it is killed: the kernel then stops the server, and a small reaper that waits
for the end of our pipe removes the folder. It holds nothing but test data, so it never waits for the disk.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final, Self

from sip_test_rig.ports import free_port

DEMO_PASSWORD: Final = "demo-only-postgres-password"
START_TIME_LIMIT_S: Final = 60.0
STOP_TIME_LIMIT_S: Final = 30.0
_POLL_S: Final = 0.02
_BINARIES: Final = Path("/usr/lib/postgresql")
_REAP: Final = 'trap "" INT TERM HUP; cat >/dev/null; until rm -rf -- "$1" 2>/dev/null; do sleep 0.1; done'
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "50",
    "jit": "off",
}


class PostgresError(Exception):
    """PostgreSQL is not installed, did not start, or refused a command."""


class Postgres:
    """One PostgreSQL server with the superuser ``postgres``; use it as a context manager.

    Start it in the main thread: the kernel stops it when the thread that started it ends.
    """

    def __init__(self) -> None:
        self.port = 0
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._reaper: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str = "postgres", password: str = DEMO_PASSWORD) -> str:
        """The URL of one of its databases, as ctid's configuration takes it."""
        return f"postgresql://postgres:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start; at the first time on a new cluster. Returns when it takes connections.

        Raises:
            PostgresError: it is not installed or did not start; the message ends with its log.
        """
        try:
            if self._folder is None:
                self._create_cluster()
            self._launch()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and remove all that it had; may be called at any time, and again."""
        self._end_process(signal.SIGINT)
        if self._reaper is not None:
            assert self._reaper.stdin is not None
            self._reaper.stdin.close()
            self._reaper.wait()
            self._reaper = None
        self._folder = None

    def halt(self) -> None:
        """Stop it at once, cutting all connections; `start()` brings it back on the same port with its data."""
        self._end_process(signal.SIGINT)

    def create_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"test_{next(self._numbers)}"
        self.query(f"CREATE DATABASE {name}")
        return self.url(name)

    def query(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as the superuser and return what it gives, one row a line, columns separated by `|`.

        Raises:
            PostgresError: the server refused.
        """
        command = [_binary("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, self.url(database)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=STOP_TIME_LIMIT_S, check=False)
        if done.returncode != 0:
            raise PostgresError(done.stderr.strip())
        return done.stdout.strip()

    def _create_cluster(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="ctid-rig-postgres-"))
        # Its own session, so that Ctrl-C in the terminal does not reach it before us.
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", _REAP, "reaper", str(folder)], stdin=subprocess.PIPE, start_new_session=True
        )
        self._folder = folder
        password = folder / "password"
        password.write_text(DEMO_PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, password):
                shutil.chown(path, "postgres", "postgres")
        done = subprocess.run(
            [*_as_postgres(), _binary("initdb"), "-D", str(folder / "data"), "-U", "postgres", "-E", "UTF8",
             "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync", "--no-instructions"],
            capture_output=True, text=True, cwd=folder, timeout=START_TIME_LIMIT_S, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise PostgresError(f"initdb failed\n{done.stderr}")
        self.port = free_port()

    def _launch(self) -> None:
        assert self._folder is not None
        settings = _SETTINGS | {"port": str(self.port), "unix_socket_directories": str(self._folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_postgres(), _binary("postgres"), "-D", str(self._folder / "data"), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_TIME_LIMIT_S
        while True:
            if self._process.poll() is not None:
                raise PostgresError(f"PostgreSQL ended while it started\n{self._log_tail()}")
            try:
                self.query("SELECT 1")
                return
            except PostgresError as error:
                if time.monotonic() > deadline:
                    raise PostgresError(f"PostgreSQL did not start: {error}\n{self._log_tail()}") from error
            time.sleep(_POLL_S)

    def _end_process(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _log_tail(self) -> str:
        assert self._folder is not None
        return (self._folder / "log").read_text(errors="replace")[-2000:]


def _binary(name: str) -> str:
    releases = sorted(_BINARIES.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    if not releases:
        raise PostgresError(f"there is no {name} below {_BINARIES}: install the package postgresql")
    return str(releases[-1])


def _as_postgres() -> list[str]:
    """Prefix of a server's command: it refuses to run as root, and shall end with us (immediate shutdown)."""
    command = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        command += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return command
