"""Shared by the tests of the command line: the command itself, and a configuration to be changed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ctid.cli import main
from tests.cli.running import DEMO, Ctid, Done


@pytest.fixture
def ctid(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ctid:
    """The command, in this process: a new one takes seconds on a busy machine to import what it needs."""

    def run(*args: str | float | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["ctid", *map(str, args)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The demo's configuration with data of its own, to be changed."""
    folder = tmp_path / "config"
    folder.mkdir()
    for file in DEMO.glob("*.yaml"):
        (folder / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    with (folder / "daemon.yaml").open("a", encoding="utf-8") as daemon:
        daemon.write(f"\nstore: {{url: 'sqlite:///{tmp_path}/ctid.db'}}\njournal: {{path: '{tmp_path}/journal.db'}}\n")
    return folder
