"""Menus as the flows that they stand for, and what is wrong with them as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ctid.errors import ConfigError
from ctid.ivr.checks.checks import faulty_flows
from ctid.spec.destination import Destination
from ctid.spec.flow import FlowSpec
from ctid.spec.loader import load_config, load_site
from ctid.spec.menus import written_out

pytestmark = pytest.mark.unit

MENU: dict[str, Any] = {
    "prompts": ["welcome", "choose"],
    "timeout_seconds": 4,
    "tries": 2,
    "timeout_prompts": ["no-key"],
    "invalid_prompts": ["wrong-key"],
    "keys": {"1": {"queue": "sales", "priority": 3}, "*": {"menu": "main"}, "#": {"play": ["bye"], "hangup": True}},
    "otherwise": {"voicemail": {"queue": "sales"}, "set": {"topic": "none"}},
}

SITE = """\
site: demo
country: DE
entries:
  hotline: {dnis: "100", open: {menu: main}}
menus:
  main:
    prompts: [welcome]
    tries: 2
    keys:
      "1": {queue: sales}
      "*": {menu: main}
    otherwise: {queue: sales}
flows:
  hello:
    start: bye
    nodes:
      bye: {end: done}
queues:
  sales:
    steps: [{}]
"""


def test_a_menu_is_a_flow_with_a_question_and_a_node_for_each_destination() -> None:
    flow = FlowSpec.model_validate(written_out({"menus": {"main": MENU}}).data["flows"]["main"])
    assert flow == FlowSpec.model_validate(
        {
            "start": "menu",
            "nodes": {
                "menu": {
                    "title": "main",
                    "menu": {
                        "say": [{"prompt": "welcome"}, {"prompt": "choose"}],
                        "keys": {"1": "key-1", "*": "key-star", "#": "key-hash"},
                        "timeout_seconds": 4,
                        "tries": 2,
                        "no_input": [{"prompt": "no-key"}],
                        "wrong_key": [{"prompt": "wrong-key"}],
                        "otherwise": "otherwise",
                    },
                },
                "key-1": {"go": {"queue": "sales", "priority": 3}},
                "key-star": {"go": {"flow": "main"}},
                "key-hash": {"go": {"play": ["bye"], "hangup": True}},
                "otherwise": {"go": {"voicemail": {"queue": "sales"}, "set": {"topic": "none"}}},
            },
        }
    )


def test_what_a_menu_does_not_say_is_as_menus_have_it() -> None:
    short = {"prompts": ["welcome"], "keys": {"1": {"hangup": True}}, "otherwise": {"hangup": True}}
    flow = FlowSpec.model_validate(written_out({"menus": {"main": short}}).data["flows"]["main"]).nodes["menu"].menu
    assert (flow.timeout_seconds, flow.tries, flow.no_input, flow.wrong_key, flow.interruptible) == (5, 3, [], [], True)


def test_all_else_stays_and_what_was_given_is_not_touched() -> None:
    data = {"site": "demo", "menus": {"main": MENU}, "flows": {"hello": {"start": "a"}}}
    out = written_out(data).data
    assert out.keys() == {"site", "flows"}
    assert out["flows"].keys() == {"main", "hello"}
    assert data["menus"] == {"main": MENU}
    assert data["flows"] == {"hello": {"start": "a"}}
    assert written_out(out).data == out
    for nothing in ({}, {"menus": {}}, {"menus": None}, {"menus": ["main"]}):
        assert written_out(nothing).data.get("flows", {}) == {}


def test_a_flow_keeps_its_name() -> None:
    flow = {"start": "a", "nodes": {"a": {"end": "b"}}}
    out = written_out({"menus": {"main": MENU}, "flows": {"main": flow}})
    assert out.data["flows"] == {"main": flow}
    assert out.places == {}


@pytest.mark.parametrize(
    "given", [{"menu": "main"}, {"flow": "main"}, {"menu": None, "flow": "main"}, {"menu": "main", "flow": None}]
)
def test_a_destination_may_call_a_flow_a_menu(given: dict[str, Any]) -> None:
    destination = Destination.model_validate(given)
    assert destination.flow == "main"
    assert "menu" not in destination.model_dump()


def faults(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "site.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_site(tmp_path, faulty_flows)
    return [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def test_a_site_with_menus_has_them_as_flows(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    site = load_site(tmp_path, faulty_flows)
    assert site.flows.keys() == {"main", "hello"}
    assert site.entries["hotline"].open.flow == "main"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[welcome]", "[]", "site.yaml:7: menus.main.prompts: List should have at least 1 item"),
        ("tries: 2", "tries: 0", "site.yaml:8: menus.main.tries: Input should be greater than or equal to 1"),
        ("tries: 2", "retries: 2", "site.yaml:8: menus.main.retries: is not known here"),
        ('"1":', '"12":', "site.yaml:10: menus.main.keys.12: a key is one of 0 to 9, * and #"),
        ('"1": {queue: sales}', '"1": {}', "site.yaml:10: menus.main.keys.1: give exactly one of menu, flow"),
        (
            '"1": {queue: sales}',
            '"1": {menu: main, flow: main}',
            "site.yaml:10: menus.main.keys.1: give exactly one of menu, flow",
        ),
        ('"1": {queue: sales}', '"1": {queue: s}', "site.yaml:10: menus.main.keys.1.queue: there is no queue 's'"),
        (
            '"*": {menu: main}',
            '"*": {menu: mane}',
            "site.yaml:11: menus.main.keys.*.menu: there is no menu 'mane'; did you mean 'main'?",
        ),
        (
            "otherwise: {queue: sales}",
            "otherwise: {voicemail: {agent: al}}",
            "site.yaml:12: menus.main.otherwise.voicemail.agent: there is no agent 'al'",
        ),
        (
            "otherwise: {queue: sales}",
            "otherwise: {menu: main}",
            "site.yaml:6: menus.main: who presses no key goes round for ever",
        ),
    ],
)
def test_what_is_wrong_in_a_menu_is_told_where_it_is_written(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SITE
    assert any(fault.startswith(told) for fault in faults(tmp_path, SITE.replace(old, new, 1)))


def test_a_menu_that_is_not_of_the_form_is_the_only_fault(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, SITE.replace("[welcome]", "[]"))
    assert fault.startswith("site.yaml:7: menus.main.prompts:")


def test_a_name_for_a_menu_and_a_flow_is_refused(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, SITE.replace("  hello:", "  main:"))
    there = f"there is a flow of this name, at {tmp_path}/site.yaml:14, and a menu is a flow, too"
    assert fault == f"site.yaml:6: menus.main: {there}; give one of them another name"


def test_a_sound_that_a_menu_plays_may_be_in_any_language(tmp_path: Path) -> None:
    (tmp_path / "sounds" / "de").mkdir(parents=True)
    (tmp_path / "sounds" / "de" / "welcome.wav").touch()
    more = f"""\
sounds: [{tmp_path}/sounds]
agents: {{}}
pbxes:
  main: {{ami: {{host: 127.0.0.1, username: ctid, secret: demo-only-secret}}}}
api: {{token_secret: demo-only-token-secret-0123456789abcdef}}
"""
    (tmp_path / "site.yaml").write_text(SITE + more)
    assert "main" in load_config(tmp_path).site.flows
    (tmp_path / "site.yaml").write_text(SITE.replace("[welcome]", "[welcome, choose]") + more)
    with pytest.raises(ConfigError, match=r"site\.yaml:7: menus\.main\.prompts\[1\]: there is no sound 'choose' in"):
        load_config(tmp_path)
