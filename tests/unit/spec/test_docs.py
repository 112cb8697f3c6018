"""What docs/acd.md shows is a configuration that loads, and the tests it names exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ctid.acd.strategies import STRATEGIES
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
    data = {**AROUND, **yaml.safe_load(example)}
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
