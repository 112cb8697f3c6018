"""docs/ivr.md: its first flow is made as the page says, and every example is checked."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, get_args

import pytest

from ctid.ivr.checks.checks import faulty_flows
from ctid.rehearsal.tests import run
from ctid.spec.flow import FlowSpec, ValueType
from ctid.spec.flow_tests import Failure, GivenSpec, OutcomeSpec, StepSpec, TestSpec
from ctid.spec.loader import faulty_site_references
from ctid.spec.menus import MenuSpec, written_out
from ctid.spec.nodes import Node
from ctid.spec.say import VALUES
from ctid.spec.site import SiteSpec
from ctid.spec.yaml_source import read_files
from tests.docs.pages import CHECKOUT, examples, files

PAGE = "ivr.md"
TEXT = (CHECKOUT / "docs" / PAGE).read_text(encoding="utf-8")
FLOWS = [text for text in examples(PAGE, "yaml") if text.startswith("flows:")]
TESTS = [text for text in examples(PAGE, "yaml") if text.startswith("tests:")]

AROUND: dict[str, Any] = {
    "site": "demo",
    "country": "DE",
    "skills": ["chinese"],
    "calendars": {"office": {"timezone": "Europe/Berlin", "hours": {"mon-fri": ["08:00-20:00"]}}},
    "entries": {},
    "queues": {"sales": {"steps": [{}], "callback": {"dial": "PJSIP/{number}@out"}}, "support": {"steps": [{}]}},
    "voicemail": {},
}


def read(text: str) -> dict[str, Any]:
    """An example, read as the daemon reads it: ``yes`` and ``no`` are keys there."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        source = read_files([Path(file.name)])
    assert source.faults == []
    return source.data


def site(*texts: str) -> dict[str, Any]:
    """The configuration that has these examples."""
    data: dict[str, Any] = {**AROUND, "flows": {}, "menus": {}}
    for text in texts:
        for section, content in read(text).items():
            data[section] = {**data[section], **content}
    return {section: content for section, content in data.items() if section != "menus" or content}


@pytest.mark.parametrize("text", FLOWS)
def test_every_flow_can_be_used_as_it_is(text: str) -> None:
    data = site(text)
    assert [*faulty_site_references({**data, "pbxes": {"main": {}}}), *faulty_flows(data)] == []
    SiteSpec.model_validate(data)


def test_a_menu_is_a_flow_as_shown() -> None:
    (text,) = [text for text in examples(PAGE, "yaml") if text.startswith("menus:")]
    data = written_out(site(text)).data
    assert [*faulty_site_references(data), *faulty_flows(data)] == []
    spec = SiteSpec.model_validate(data)
    assert spec.entries["front"].open.flow == "main"
    nodes = spec.flows["main"].nodes
    assert (nodes["menu"].title, nodes.keys()) == ("main", {"menu", "key-1", "key-2", "key-9", "otherwise"})
    assert run(spec, TestSpec(flow="main", steps=[StepSpec(press="91")], then=OutcomeSpec(queue="sales"))) is None
    (section,) = re.findall(r"^## Menus\n(.*?)^## ", TEXT, re.MULTILINE | re.DOTALL)
    for word in MenuSpec.model_fields:
        assert re.search(rf"\b{word}\b", section), word


def test_every_test_passes() -> None:
    spec = SiteSpec.model_validate(site(*FLOWS))
    tests = {name: each for text in TESTS for name, each in read(text)["tests"].items()}
    found = {name: TestSpec.model_validate(each) for name, each in tests.items()}
    assert len(found) == 5
    assert {name: failed for name, each in found.items() if (failed := run(spec, each)) is not None} == {}


def test_every_kind_of_node_has_an_example_and_every_setting_is_told() -> None:
    shown = [node for flow in site(*FLOWS)["flows"].values() for node in flow["nodes"].values()]
    for member in get_args(get_args(Node)[0]):
        kind = get_args(member)[1].tag
        assert any(kind in node for node in shown), kind
        assert re.search(rf"^### (\w+ and )?{kind}\b", TEXT, re.MULTILINE), kind
        for name, field in get_args(member)[0].model_fields.items():
            spec = field.annotation
            for word in getattr(spec, "model_fields", {name: None}):
                assert re.search(rf"\b{word}\b", TEXT), (kind, word)
    words = [*VALUES, *get_args(ValueType), *get_args(Failure), *FlowSpec.model_fields]
    for model in (GivenSpec, StepSpec, OutcomeSpec):
        words += model.model_fields
    for word in words:
        assert re.search(rf"[`{{]{word}\b", TEXT), word


def test_the_first_flow_is_made_as_the_page_says(tmp_path: Path) -> None:
    for name, text in files(PAGE).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (script,) = examples(PAGE, "sh")
    told = f'set -eu\nctid() {{ {shlex.quote(sys.executable)} -m ctid "$@"; }}\n{script}'
    done = subprocess.run(
        ["bash", "-c", told], cwd=tmp_path, env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "3 passed, 0 failed"
    assert lines[-2:] == ["⇒ queue: sales, node: hello/sales", "   topic: order"]
    assert (tmp_path / "hello.svg").read_text(encoding="utf-8").startswith("<svg ")
    # What the page shows of faults and failures is what there is.
    flows = tmp_path / "flows.yaml"
    good = flows.read_text(encoding="utf-8")
    flows.write_text(good.replace("then: choice}", "then: choise}"), encoding="utf-8")
    fault, failure = (text for text in examples(PAGE, "text") if not text.lstrip().startswith("exten"))
    assert fault.strip() in _run(tmp_path).stderr
    flows.write_text(good, encoding="utf-8")
    tests = tmp_path / "hello.test.yaml"
    tests.write_text(
        tests.read_text(encoding="utf-8").replace("hear: [Welcome,", "hear: [Welcome back,"), encoding="utf-8"
    )
    assert _run(tmp_path).stdout == failure + "2 passed, 1 failed\n"


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ctid", "ivr", "test", "-c", "."], cwd=folder, env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


def test_the_treatment_of_waiting_callers_is_as_shown() -> None:
    (text,) = [text for text in examples(PAGE, "yaml") if text.startswith("queues:")]
    data = site(text)
    assert list(faulty_site_references({**data, "pbxes": {}})) == []
    waiting = SiteSpec.model_validate(data).queues["patient"].waiting
    assert waiting is not None
    assert set(waiting.keys) == {"1", "2", "3"}
    assert waiting.position
    assert waiting.expected_wait
    words = re.search(r"`(\[\{en: You are.*?\])`", TEXT)
    assert words is not None
    data["queues"]["patient"]["waiting"]["position"] = read(f"own: {words[1]}")["own"]
    assert SiteSpec.model_validate(data).queues["patient"].waiting != waiting
