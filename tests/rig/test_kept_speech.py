"""What is spoken stays for the next site, finished sounds alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sip_test_rig import kept_speech

pytestmark = pytest.mark.rig


def test_what_one_site_had_spoken_is_there_for_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTID_CACHE", str(tmp_path / "cache"))
    one, next_one = tmp_path / "one", tmp_path / "next"
    kept_speech.take(one)
    assert not one.exists()
    (one / "en").mkdir(parents=True)
    (one / "en/abc.wav").write_bytes(b"sound")
    (one / "en/.draft-x.wav").write_bytes(b"half a so")
    kept_speech.keep(one)
    kept_speech.take(next_one)
    assert {path.name: path.read_bytes() for path in next_one.rglob("*.wav")} == {"abc.wav": b"sound"}
    # It may be there already.
    kept_speech.keep(next_one)
    kept_speech.take(next_one)
    assert [path.name for path in (tmp_path / "cache/speech/en").iterdir()] == ["abc.wav"]
