"""Web phones on the command line: faults that ``check-config`` finds, and what Asterisk gets for them."""

from __future__ import annotations

import configparser
from pathlib import Path

from ctid.spec.loader import load_config
from tests.cli.running import Ctid
from tests.cli.test_cli import change

PHONES = "\n    web_phones: {{url: '{url}', domain: pbx.example.org, secret: demo-only-secret-of-the-web-phones-0}}"
LOOPBACK = "ws://127.0.0.1:28088/ws"


def browser(config: Path, url: str = LOOPBACK) -> None:
    """Alice's phone is a browser."""
    change(config / "site.yaml", "device: PJSIP/1001", "device: PJSIP/1001\n    web_phone: true")
    change(config / "daemon.yaml", "ami-secret}", "ami-secret}" + PHONES.format(url=url))


def test_a_web_phone_needs_a_pbx_that_takes_browsers(ctid: Ctid, config: Path) -> None:
    line = change(config / "site.yaml", "device: PJSIP/1001", "device: PJSIP/1001\n    web_phone: true") + 1
    done = ctid("check-config", config)
    assert done.returncode == 1
    expected = "agents.alice.web_phone: pbxes.main has no web_phones: give url, domain and secret there"
    assert done.stdout.splitlines() == [f"{config / 'site.yaml'}:{line}: {expected}"]


def test_a_web_phone_is_an_endpoint_of_pjsip(ctid: Ctid, config: Path) -> None:
    browser(config)
    change(config / "site.yaml", "device: PJSIP/1001", "device: PJSIP/1001@trunk")
    done = ctid("check-config", config)
    assert done.returncode == 1
    assert "PJSIP/1001@trunk is no endpoint that a browser can register as" in done.stdout


def test_faults_of_the_pbxs_part_are_told_by_key(ctid: Ctid, config: Path) -> None:
    browser(config)
    change(config / "daemon.yaml", LOOPBACK, "http://127.0.0.1/ws")
    change(config / "daemon.yaml", "pbx.example.org", "pbx/example")
    change(config / "daemon.yaml", "demo-only-secret-of-the-web-phones-0", "short, ice_servers: [{urls: ['turn:t']}]")
    done = ctid("check-config", config)
    assert done.returncode == 1
    for key in ("url", "domain", "secret", "ice_servers"):
        assert f"pbxes.main.web_phones.{key}" in done.stdout
    assert "a TURN server needs username and credential" in done.stdout
    assert "short" not in done.stdout


def files(ctid: Ctid, config: Path, output: Path) -> dict[str, str]:
    done = ctid("asterisk-config", "--config", config, "--output", output)
    assert done.returncode == 0, done.stderr
    return {file.name: file.read_text() for file in output.iterdir()}


def test_asterisk_gets_a_section_for_every_browser(ctid: Ctid, config: Path, tmp_path: Path) -> None:
    browser(config)
    texts = files(ctid, config, tmp_path / "asterisk")
    assert set(texts) == {"manager.conf", "extensions.conf", "pjsip.conf", "http.conf", "rtp.conf"}
    phones = load_config(config).daemon.pbxes["main"].web_phones
    assert phones is not None
    password = phones.password("1001")
    assert len(password) == 26
    assert f"username=1001\npassword={password}\n" in texts["pjsip.conf"]
    assert texts["pjsip.conf"].count("webrtc=yes") == 1
    assert "[1002]\ntype=endpoint\ncontext=ctid-phones\ndisallow=all" in texts["pjsip.conf"]
    assert "protocol=ws\n" in texts["pjsip.conf"]
    assert phones.secret.get_secret_value() not in "".join(texts.values())


def test_on_one_machine_everything_is_bound_to_the_loopback(ctid: Ctid, config: Path, tmp_path: Path) -> None:
    browser(config)
    texts = files(ctid, config, tmp_path / "asterisk")
    http = configparser.ConfigParser()
    http.read_string(texts["http.conf"])
    assert dict(http["general"]) == {"enabled": "yes", "bindaddr": "127.0.0.1", "bindport": "28088"}
    assert "media_address=127.0.0.1\nbind_rtp_to_media_address=yes\n" in texts["pjsip.conf"]
    assert "[ice_host_candidates]" in texts["rtp.conf"]


def test_behind_tls_nothing_is_bound_to_the_loopback(ctid: Ctid, config: Path, tmp_path: Path) -> None:
    browser(config, "wss://pbx.example.org:4443/ws")
    texts = files(ctid, config, tmp_path / "asterisk")
    assert "tlsenable=yes\ntlsbindaddr=0.0.0.0:4443\n" in texts["http.conf"]
    assert "media_address" not in texts["pjsip.conf"]
    assert "[ice_host_candidates]\n" not in texts["rtp.conf"]


def test_another_secret_is_another_password_and_so_is_another_phone(ctid: Ctid, config: Path) -> None:
    browser(config)
    phones = load_config(config).daemon.pbxes["main"].web_phones
    change(config / "daemon.yaml", "web-phones-0", "web-phones-1")
    others = load_config(config).daemon.pbxes["main"].web_phones
    assert phones is not None
    assert others is not None
    assert phones.password("1001") == phones.password("1001")
    assert len({phones.password("1001"), phones.password("1002"), others.password("1001")}) == 3
