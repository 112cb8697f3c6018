"""The command line: what it prints, and the exit code that a script sees."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ctid import __version__
from tests.cli.running import CHECKOUT, DEMO, Ctid, Done


def as_process(*args: str | Path) -> Done:
    """The command as a process of its own, for what changes the process: the daemon's logging, its event loop."""
    done = subprocess.run(
        [sys.executable, "-m", "ctid", *map(str, args)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def test_the_package_runs_as_a_module() -> None:
    done = as_process("version")
    assert (done.returncode, done.stdout) == (0, f"{__version__}\n")


def change(file: Path, old: str, new: str) -> int:
    """Replace a text that is there, and tell its line."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_check_config_is_content_with_the_demo(ctid: Ctid) -> None:
    done = ctid("check-config", DEMO)
    assert done.returncode == 0
    assert "no fault" in done.stdout


def test_check_config_reports_every_fault_with_file_line_and_key(ctid: Ctid, config: Path) -> None:
    site, daemon = config / "site.yaml", config / "daemon.yaml"
    lines = [
        f"{site}:{change(site, 'max_misses: 2', 'max_mises: 2')}: policy.max_mises: is not known here",
        f"{site}:{change(site, '{menu: main}', '{menu: man}')}: entries.hotline.open.menu: there is no menu 'man'",
        f"{daemon}:{change(daemon, 'port: 8080', 'port: 80800')}: api.port: Input should be less than",
    ]
    done = ctid("check-config", config)
    assert done.returncode == 1
    found = done.stdout.splitlines()
    assert len(found) == len(lines)
    for line in lines:
        assert any(each.startswith(line) for each in found), (line, found)


def test_run_refuses_a_configuration_with_faults(config: Path) -> None:
    change(config / "site.yaml", "country: DE", "country: Germany")
    done = as_process("run", "--config", config)
    assert done.returncode == 2
    assert "country: 'Germany' is no country" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("whose", "line"), [("agi", "port: 4573"), ("api", "port: 8080")])
def test_run_says_which_address_is_taken(config: Path, whose: str, line: str) -> None:
    other = "port: 8080" if whose == "agi" else "port: 4573"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        change(config / "daemon.yaml", line, f"port: {port}")
        change(config / "daemon.yaml", other, "port: 0")
        done = as_process("run", "--config", config)
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_numbers_outside_are_dialled_as_the_operator_says(ctid: Ctid, config: Path) -> None:
    done = ctid("asterisk-config", "--config", config, "--number-dial", "PJSIP/{number}@trunk")
    assert done.returncode == 0
    assert " same => n,Dial(PJSIP/${CTID_TARGET}@trunk,60)\n same => n,Goto(ctid-fallback,s,1)" in done.stdout
    done = ctid("asterisk-config", "--config", config, "--number-dial", "PJSIP/trunk")
    assert done.returncode != 0
    assert "must hold {number} once: PJSIP/{number}@trunk" in done.stderr


def test_asterisk_config_prints_all_three_fragments_or_writes_them(ctid: Ctid, config: Path, tmp_path: Path) -> None:
    done = ctid("asterisk-config", "--config", config)
    assert done.returncode == 0
    for expected in ("manager.conf", "[ctid-in]", "AGI(agi://127.0.0.1:4573", "[1001]"):
        assert expected in done.stdout
    out = tmp_path / "asterisk"
    assert ctid("asterisk-config", "--config", config, "--output", out).returncode == 0
    assert {file.name for file in out.iterdir()} == {"manager.conf", "extensions.conf", "pjsip.conf"}
    assert (out / "pjsip.conf").read_text() in done.stdout


def test_every_phone_has_a_password_of_its_own_that_stays_the_same(ctid: Ctid, config: Path) -> None:
    texts = [ctid("asterisk-config", "--config", config).stdout for _ in range(2)]
    passwords = [line for line in texts[0].splitlines() if line.startswith("password=")]
    assert len(set(passwords)) == len(passwords) == 2
    assert texts[0] == texts[1]


def test_a_token_is_issued_to_known_agents_only(ctid: Ctid, config: Path) -> None:
    done = ctid("token", "--config", config, "alice")
    assert done.returncode == 0
    assert done.stdout.count(".") == 2
    refused = ctid("token", "--config", config, "mallory")
    assert refused.returncode == 2
    assert "no agent 'mallory'" in refused.stderr


def test_a_secret_comes_from_the_environment(ctid: Ctid, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(config / "daemon.yaml", "demo-only-ami-secret", "env:CTID_TEST_AMI_SECRET")
    monkeypatch.delenv("CTID_TEST_AMI_SECRET", raising=False)
    missing = ctid("check-config", config)
    assert missing.returncode == 1
    assert "the environment has no variable CTID_TEST_AMI_SECRET" in missing.stdout
    monkeypatch.setenv("CTID_TEST_AMI_SECRET", "demo-only")
    assert ctid("check-config", config).returncode == 0


def test_customers_are_imported_all_or_none(ctid: Ctid, config: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.csv"
    good.write_text("id,name,numbers,tier\n1,Test One,030 5550123;+4930555077,gold\n", encoding="utf-8")
    done = ctid("customers", "import", "--config", config, good)
    assert (done.returncode, done.stdout) == (0, "1 customers with 2 numbers imported, 0 removed\n")
    bad = tmp_path / "bad.csv"
    bad.write_text("id,name,numbers\n2,Test Two,030 5550124\n3,Test Three,not a number\n", encoding="utf-8")
    refused = ctid("customers", "import", "--config", config, bad)
    assert refused.returncode == 1
    assert "line 3, numbers" in refused.stdout


def test_an_empty_site_exports_a_header_and_upgrades_once(ctid: Ctid, config: Path) -> None:
    first = ctid("db", "upgrade", "--config", config)
    assert first.returncode == 0
    assert first.stdout.startswith("schema (none) -> ")
    done = ctid("records", "export", "--config", config)
    assert done.returncode == 0
    assert done.stdout.startswith("contact_id,")
    assert len(done.stdout.splitlines()) == 1


def test_replay_of_no_journal_says_so(ctid: Ctid, tmp_path: Path) -> None:
    done = ctid("replay", tmp_path / "nothing.db")
    assert done.returncode == 2
    assert "there is no journal" in done.stderr


def test_check_config_tells_what_this_machine_lacks_for_speech(ctid: Ctid, config: Path) -> None:
    daemon = config / "daemon.yaml"
    voices = "{en: {command: [ctid-no-such-engine, '{file}']}, zh: {command: [sh, '{file}']}}"
    line = change(daemon, "speech: {folder: speech}", f"speech:\n  folder: /dev/null/speech\n  voices: {voices}")
    done = ctid("check-config", config)
    assert (done.returncode, done.stdout[-9:]) == (0, "no fault\n")
    assert done.stderr.splitlines() == [
        f"{daemon}:{line + 1}: speech.folder: /dev/null/speech can't be written to: "
        "give a folder that the daemon's user may write to (calls go on without)",
        f"{daemon}:{line + 2}: speech.voices.en.command: there is no program ctid-no-such-engine here that can be run: "
        "install it, or give its path (calls go on without)",
    ]
