"""Where the Asterisk folder comes from, and what is said when it cannot be made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sip_test_rig import provision as module
from sip_test_rig.provision import ProvisionError, asterisk_root, cache_root, debian_mirror, provision

pytestmark = pytest.mark.rig


def apt_folder(base: Path, files: dict[str, str]) -> Path:
    (base / "sources.list.d").mkdir()
    for name, text in files.items():
        (base / name).write_text(text)
    return base


@pytest.mark.parametrize(
    "files",
    [
        {"sources.list": "# a comment\ndeb [arch=amd64 signed-by=/k.gpg] http://one.example/debian/ bookworm main\n"},
        {
            "sources.list": "",
            "sources.list.d/debian.sources": "Types: deb\nURIs: http://one.example/debian/\nSuites: x\n",
        },
        {
            "sources.list.d/a.list": "deb http://other.example/repo stable main\n",
            "sources.list.d/debian.sources": (
                "# URIs: http://wrong.example/debian\nTypes: deb deb-src\nURIs:\n"
                " http://security.example/debian-security\n http://one.example/debian/\nSuites: bookworm\n\n"
                "Types: deb\nURIs: http://two.example/debian\nSuites: x\n"
            ),
        },
        {
            "sources.list.d/debian.sources": (
                "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: x\n\n"
                "Types: deb-src\nURIs: http://src.example/debian\nSuites: x\n\n"
                "Types: deb\nURIs: http://one.example/debian/\nSuites: x\n"
            ),
            "sources.list.d/b.list.disabled": "deb http://disabled.example/debian x main\n",
        },
    ],
    ids=["one-line", "deb822", "folded-and-others", "disabled-and-source"],
)
def test_the_mirror_is_the_machines_own(tmp_path: Path, files: dict[str, str]) -> None:
    assert debian_mirror(apt_folder(tmp_path, files)) == "http://one.example/debian/"


def test_no_mirror_is_said(tmp_path: Path) -> None:
    folder = apt_folder(tmp_path, {"sources.list": "deb http://other.example/repo stable main\n"})
    with pytest.raises(ProvisionError, match="no Debian archive is named"):
        debian_mirror(folder)


def test_the_cache_is_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CTID_CACHE", str(tmp_path / "a"))
    assert cache_root() == tmp_path / "a"
    monkeypatch.delenv("CTID_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert cache_root() == tmp_path / "b/ctid"


def test_a_folder_that_is_there_is_taken_at_once() -> None:
    said: list[str] = []
    first = provision("22")
    assert provision("22", progress=said.append) == first == asterisk_root("22")
    assert said == []


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda patch: patch.setattr(os, "geteuid", lambda: 1000), "needs root"),
        (lambda patch: patch.setattr(module.shutil, "which", lambda name: None), "mmdebstrap is missing: apt-get"),
    ],
    ids=["not-root", "no-mmdebstrap"],
)
def test_what_is_missing_is_named(break_it, message, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CTID_CACHE", str(tmp_path))
    break_it(monkeypatch)
    with pytest.raises(ProvisionError, match=message):
        provision("22")
    assert not asterisk_root("22").exists()


def test_a_failed_build_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CTID_CACHE", str(tmp_path))
    # A mirror on this machine that nobody serves.
    monkeypatch.setattr(module, "debian_mirror", lambda: "http://127.0.0.1:9/debian")
    with pytest.raises(ProvisionError, match="mmdebstrap failed"):
        provision("22", progress=lambda line: None)
    assert [path.name for path in tmp_path.iterdir()] == ["asterisk-22.lock"]


def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(ProvisionError, match="known: 22, 16"):
        provision("11")
