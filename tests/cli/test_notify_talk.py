"""Phones that are told to answer on the command line: faults that ``check-config`` finds, and the user for Asterisk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Ctid
from tests.cli.test_cli import change

USER = "\n    notify: {username: ctid-notify, secret: demo-only-notify-secret}"


def told(config: Path, more: str = "") -> int:
    """Alice's phone takes the order; the line that says so."""
    return change(config / "site.yaml", "device: PJSIP/1001", f"device: PJSIP/1001\n    notify_talk: true{more}") + 1


def with_user(config: Path, user: str = USER) -> None:
    change(config / "daemon.yaml", "ami-secret}", "ami-secret}" + user)


def test_a_phone_that_is_to_be_told_needs_a_pbx_with_a_user_for_it(ctid: Ctid, config: Path) -> None:
    line = told(config)
    done = ctid("check-config", config)
    assert done.returncode == 1
    expected = "agents.alice.notify_talk: pbxes.main has no notify: give username and secret there"
    assert done.stdout.splitlines() == [f"{config / 'site.yaml'}:{line}: {expected}"]
    with_user(config)
    assert ctid("check-config", config).returncode == 0


def test_the_user_is_not_the_one_with_few_rights(ctid: Ctid, config: Path) -> None:
    with_user(config, USER.replace("ctid-notify", "ctid"))
    done = ctid("check-config", config)
    assert done.returncode == 1
    assert "notify: give a manager user of its own, so that the one of ami keeps its few rights" in done.stdout
    assert "demo-only-notify-secret" not in done.stdout


@pytest.mark.parametrize(
    ("device", "more", "expected"),
    [
        ("PJSIP/1001", "\n    web_phone: true", "notify_talk: a web phone is answered by its page"),
        ("SIP/1001", "", "notify_talk: SIP/1001 is no phone that a PBX sends NOTIFY to; give PJSIP/1001"),
    ],
)
def test_what_cannot_be_told_is_a_fault(ctid: Ctid, config: Path, device: str, more: str, expected: str) -> None:
    told(config, more)
    with_user(config)
    change(config / "site.yaml", "device: PJSIP/1001\n", f"device: {device}\n")
    done = ctid("check-config", config)
    assert done.returncode == 1
    assert expected in done.stdout


def test_asterisk_gets_the_user_on_request_only(ctid: Ctid, config: Path, tmp_path: Path) -> None:
    with_user(config)
    plain, full = (ctid("asterisk-config", "--config", config, *more) for more in ((), ("--notify",)))
    assert (plain.returncode, full.returncode) == (0, 0), full.stderr
    assert "system" not in plain.stdout.replace("read=call,system", "")
    assert "[ctid-notify]" not in plain.stdout
    _, _, section = full.stdout.partition("[ctid-notify]\n")
    assert section.splitlines()[:5] == [
        "secret=demo-only-notify-secret",
        "deny=0.0.0.0/0.0.0.0",
        "permit=127.0.0.1/32",
        "read=",
        "write=system",
    ]
    # The other user's rights are the same with it and without.
    assert (
        full.stdout.count("write=call,originate,reporting") == plain.stdout.count("write=call,originate,reporting") == 1
    )


def test_a_user_that_is_not_configured_cannot_be_printed(ctid: Ctid, config: Path) -> None:
    done = ctid("asterisk-config", "--config", config, "--notify")
    assert done.returncode != 0
    assert "pbxes.main has no notify: give username and secret there" in done.stderr
