"""The rig's PostgreSQL leaves nothing behind, however its user ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sip_test_rig.postgres import Postgres, PostgresError

pytestmark = [pytest.mark.store, pytest.mark.rig]

REPOSITORY = Path(__file__).parents[2]
USER = """\
import sys
from sip_test_rig.postgres import Postgres
with Postgres() as server:
    print(server._folder, server._process.pid, flush=True)
    sys.stdin.read()
"""


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("end", [signal.SIGKILL, None])
def test_nothing_is_left(end: signal.Signals | None) -> None:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-c", USER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as user:
        assert user.stdout is not None
        folder, pid = user.stdout.readline().split()
        assert Path(folder).is_dir()
        assert not is_gone(int(pid))
        if end is not None:
            user.send_signal(end)
    wait_until(lambda: is_gone(int(pid)) and not Path(folder).exists())


def test_databases_are_empty_and_apart(postgres: Postgres) -> None:
    first, second = postgres.create_database(), postgres.create_database()
    postgres.query("CREATE TABLE t (x INTEGER)", database=first.rpartition("/")[2])
    with pytest.raises(PostgresError, match='relation "t" does not exist'):
        postgres.query("SELECT * FROM t", database=second.rpartition("/")[2])
