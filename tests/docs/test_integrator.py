"""docs/integrator.md: its files are written, its commands are run one after another, and print what the page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sip_test_rig.ports import free_port
from tests.docs.pages import CHECKOUT, examples, files

PAGE = "integrator.md"


@pytest.mark.timeout(300)
def test_the_first_client_works_as_the_page_says(tmp_path: Path) -> None:
    # Other ports, since those of the page may be taken here; nothing else is changed.
    ports = {each: str(free_port()) for each in ("8080", "9000", "4573", "5038")}

    def moved(text: str) -> str:
        for written, ours in ports.items():
            text = text.replace(f":{written}", f":{ours}").replace(f" {written}", f" {ours}")
        return text

    for name, text in files(PAGE).items():
        (tmp_path / name).write_text(moved(text))
    # Programs and no functions of the shell: killing a function that runs in the background leaves its program behind.
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, arguments in (("ctid", "-m ctid "), ("python", "")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments}"$@"\n')
        program.chmod(0o755)
    script = ["set -eu", "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT", *map(moved, examples(PAGE, "sh"))]
    (tmp_path / "page.sh").write_text("\n".join(script))
    with (tmp_path / "out").open("wb") as out:
        ended = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", "timeout", "240", "bash", "page.sh"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PATH": f"{programs}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    printed = (tmp_path / "out").read_text(errors="replace")
    assert ended.returncode == 0, printed
    for said in (
        "ready",
        "pop https://crm.example.org/orders/8802",
        "closed order 4711",
        "webhook contact.closed 8802",
    ):
        assert f"`{said}`" in (CHECKOUT / "docs" / PAGE).read_text()
        # Several programs print here: another's line may follow in the same one.
        assert re.search(rf"(^|}}){re.escape(said)}(\{{|$)", printed, re.MULTILINE), printed
    assert '"name":"crm"' in printed
