"""What docs/speech.md shows is so: values as they are said, names of files, sections that load."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from ctid.ivr.spoken.spoken import KINDS, phrases
from ctid.ivr.spoken.values import MINOR_DIGITS
from ctid.spec.speech import SpeechSpec
from ctid.speech.sources import recorded_name

PAGE = (Path(__file__).parents[2] / "docs/speech.md").read_text(encoding="utf-8")


def test_values_are_said_as_the_page_tells() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:seconds: )?`([^`]+)`[^|]* \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    table = {kind: (value, english.split("; "), chinese.split("; ")) for kind, value, english, chinese in rows}
    assert tuple(table) == KINDS
    for kind, (value, english, chinese) in table.items():
        today = "2026-11-29" if kind == "datetime" else None
        for language, joint, said in (("en", " ", english), ("zh", "", chinese)):
            assert joint.join(phrases(kind, value, language, currency="EUR", today=today)) == said[0]
    assert "".join(phrases("money", "2.50", "zh", currency="CNY")) == table["money"][2][1].removeprefix("of yuan ")
    for language, joint, said in (("en", " ", table["date"][1]), ("zh", "", table["date"][2])):
        for day, expected in (("2026-11-29", said[1]), ("2026-12-01", said[2])):
            assert joint.join(phrases("date", day, language, today="2026-11-29")) == expected
    assert f"Currencies: {' '.join(MINOR_DIGITS)}." in PAGE


def test_the_name_of_a_recording_is_found_as_the_page_tells() -> None:
    (command,) = re.findall(r"^    (printf .*)$", PAGE, re.MULTILINE)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, timeout=120)
    assert recorded_name("en", "Welcome to Example Bank.") == f"en/{done.stdout.strip()}.wav"


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL), ids=("on", "voices", "recorded"))
def test_what_the_page_configures_is_valid(block: str) -> None:
    SpeechSpec.model_validate(yaml.safe_load(block)["speech"])
