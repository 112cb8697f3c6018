"""The section ``speech``: what it is where little is said, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctid.errors import ConfigError
from ctid.spec.loader import load_config
from tests.unit.spec.test_loader import GOOD, faults

pytestmark = pytest.mark.unit

READING = GOOD.replace("main: {ami:", "main: {speech: /var/spool/asterisk/speech, ami:")


def test_espeak_speaks_english_and_chinese_where_no_voices_are_given(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(READING + "speech: {folder: /var/lib/ctid/speech}\n")
    daemon = load_config(tmp_path).daemon
    assert daemon.pbxes["main"].speech == "/var/spool/asterisk/speech"
    assert daemon.speech is not None
    assert {tag: voice.command[0] for tag, voice in daemon.speech.voices.items()} == {
        "en": "espeak-ng",
        "zh": "espeak-ng",
    }


def test_a_voice_of_one_s_own(tmp_path: Path) -> None:
    voices = "voices: {de: {command: [piper, --model, /voices/de.onnx, --output_file, '{file}']}}"
    (tmp_path / "all.yaml").write_text(READING + f"speech: {{folder: speech, {voices}}}\n")
    daemon = load_config(tmp_path).daemon
    assert daemon.speech is not None
    assert list(daemon.speech.voices) == ["de"]


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ("{}", "speech.folder: is needed and missing"),
        ("{folder: s, voices: {}}", "speech.voices: Dictionary should have at least 1 item"),
        ("{folder: s, voices: {English: {command: [a, '{file}']}}}", "speech.voices.English: String should match"),
        ("{folder: s, voices: {en: {command: [espeak-ng, -w, x]}}}", "speech.voices.en.command: the command has no"),
        ("{folder: s, voices: {en: {command: ['{file}', x]}}}", "speech.voices.en.command: the command has no"),
        ("{folder: s, voices: {en: {command: [say]}}}", "speech.voices.en.command: List should have at least 2"),
        ("{folder: s, seconds: 0}", "speech.seconds: Input should be greater than 0"),
        ("{folder: s, parallel: 0}", "speech.parallel: Input should be greater"),
        ("{folder: s, volume: 11}", "speech.volume: is not known here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, section: str, fault: str) -> None:
    (found,) = faults(tmp_path, READING + f"speech: {section}\n")
    assert fault in found
    assert found.startswith(f"0.yaml:{len(READING.splitlines()) + 1}: ")


def test_a_pbx_reads_where_texts_are_rendered_and_nowhere_else(tmp_path: Path) -> None:
    (lacking,) = faults(tmp_path, GOOD + "speech: {folder: speech}\n")
    assert lacking.endswith("pbxes.main.speech: is missing: speech.folder as this PBX sees it")
    (needless,) = faults(tmp_path, READING)
    assert needless.endswith("pbxes.main.speech: there is no section speech, which says how texts become sound")
    (relative,) = faults(tmp_path, GOOD.replace("main: {ami:", "main: {speech: spool, ami:") + "speech: {folder: s}\n")
    assert "pbxes.main.speech: String should match" in relative
    with pytest.raises(ConfigError):
        load_config(tmp_path)
