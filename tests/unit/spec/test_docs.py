"""What docs/acd.md shows is a configuration that loads, and the tests it names exist."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ctid.acd.strategies import STRATEGIES
from ctid.spec.loader import load_config
from ctid.spec.menus import written_out
from ctid.spec.references import faulty_references
from ctid.spec.site import SiteSpec

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "acd.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

AROUND: dict[str, Any] = {
    "site": "demo",
    "country": "DE",
    "skills": ["sales", "support", "chinese"],
    "entries": {},
    "menus": {"busy": {"prompts": ["busy"], "keys": {"1": {"hangup": True}}, "otherwise": {"hangup": True}}},
    "pbxes": {"main": {}},
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_loads(example: str) -> None:
    data = written_out({**AROUND, **yaml.safe_load(example)}).data
    # What an example leaves out because another one has it.
    data["skills"] = sorted({*AROUND["skills"], *data["skills"]})
    data["queues"] = {"sales": {"steps": [{}]}, "support": {"steps": [{}]}, **data["queues"]}
    assert list(faulty_references(data, {"strategies": STRATEGIES})) == []
    del data["pbxes"]
    SiteSpec.model_validate(data)


def test_there_are_examples_and_all_strategies_are_told() -> None:
    assert len(EXAMPLES) >= 6
    assert set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) == set(STRATEGIES)


@pytest.mark.parametrize(("file", "test"), re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE))
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


AROUND_RECORDINGS = """\
site: demo
country: DE
skills: [sales]
api: {token_secret: demo-only-token-secret-0123456789abcdef}
"""
OTHERS = {
    "entries": "entries: {all: {dnis: '100', open: {queue: sales}}}\n",
    "agents": "agents: {alice: {name: Alice, device: PJSIP/1001, pbx: main}}\n",
}


@pytest.mark.parametrize("pages", [("recording",), ("recording", "voicemail")])
def test_what_the_pages_on_recordings_show_loads(
    pages: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMI_SECRET", "demo-only-secret")
    key = tmp_path / "recordings.key"
    key.write_text(base64.b64encode(bytes(32)).decode())
    shown: dict[str, Any] = {}
    for page in pages:
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        assert len(blocks) == 2
        for block in blocks:
            for section, content in yaml.safe_load(block.replace("/etc/ctid/recordings.key", str(key))).items():
                shown[section] = {**shown.get(section, {}), **content}
    if "voicemail" in pages:
        shown["agents"]["alice"] = {"name": "Alice", "device": "PJSIP/1001", "pbx": "main"}
    more = [text for section, text in OTHERS.items() if section not in shown]
    config = tmp_path / "all.yaml"
    config.write_text(AROUND_RECORDINGS + yaml.safe_dump(shown) + "".join(more))
    loaded = load_config(config)
    assert loaded.daemon.recordings is not None
    assert loaded.daemon.pbxes["main"].recordings is not None
    assert (loaded.site.voicemail is not None) == ("voicemail" in pages)
