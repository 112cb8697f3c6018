"""Pictures of flows: all is in them, and nothing covers anything else."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctid.ivr.graph.layers import Measures, layout
from ctid.ivr.graph.mermaid import mermaid
from ctid.ivr.graph.picture import Arrow, Box, Picture, columns, cut, picture
from ctid.ivr.graph.svg import svg
from ctid.spec.flow import FlowSpec

pytestmark = pytest.mark.unit

FLOW = FlowSpec.model_validate(
    {
        "title": "Orders & more",
        "start": "ask",
        "languages": ["en", "zh"],
        "nodes": {
            "ask": {
                "menu": {
                    "say": [{"prompt": "ctid/hi"}, {"en": 'Press 1 for "orders" <now>.', "zh": "查询订单请按一。"}],
                    "keys": {"1": "number", "2": "number", "9": "ask"},
                    "otherwise": "agent",
                }
            },
            "number": {
                "collect": {
                    "into": "order",
                    "say": {"en": "Its number.", "zh": "号码。"},
                    "max": 6,
                    "sensitive": True,
                    "then": "get",
                    "otherwise": "agent",
                }
            },
            "get": {
                "title": "Where is it?",
                "fetch": {
                    "lookup": "order",
                    "into": {"day": "day"},
                    "then": "which",
                    "not_found": "number",
                    "failed": "agent",
                },
            },
            "which": {
                "decide": [
                    {"when": "attributes.day == 'a very long text that is longer than that'", "then": "tell"},
                    {"percent": 5, "then": "sub"},
                ],
                "otherwise": "agent",
            },
            "tell": {"say": [{"en": "It comes", "zh": "到货"}, {"date": "day"}], "then": "set"},
            "set": {"set": {"told": "yes", "on": "{day}"}, "then": "tongue"},
            "tongue": {"language": "en", "then": "sub"},
            "sub": {"call": "rate", "then": {"good": "bye", "bad": "note"}},
            "note": {"record": {"into": "note", "then": "bye", "failed": "mail"}},
            "mail": {"go": {"voicemail": {"queue": "sales"}}},
            "agent": {"go": {"queue": "sales", "agent": "alice"}},
            "bye": {"end": "done"},
        },
    }
)


HIDDEN = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0xFFFE, 0xFFFF, 0x1FFFF]))


@pytest.mark.parametrize("hidden", [HIDDEN, *HIDDEN])
def test_what_can_not_be_shown_breaks_no_picture(hidden: str) -> None:
    text = f"a{hidden}b"
    nodes = {
        "a": {"title": text, "say": text, "then": "b"},
        "b": {"decide": [{"when": f"ani == '''{text}'''", "then": "c"}], "otherwise": "a"},
        "c": {"set": {"x": text}, "then": "d"},
        "d": {"end": "x", "title": "\t"},
    }
    shown = picture("main", FlowSpec.model_validate({"title": text, "start": "a", "nodes": nodes}))
    drawn = svg(shown)
    tree = ElementTree.fromstring(drawn)
    bold = [each.text for each in tree.iter("{http://www.w3.org/2000/svg}text") if each.get("font-weight")]
    assert bold[0] in ("a b", "a\N{REPLACEMENT CHARACTER}b") or hidden == HIDDEN
    assert bold[-1] == "d", "of a title that nobody can see, there is the name"
    for text in (drawn, mermaid(shown)):
        assert not [letter for letter in text if letter in HIDDEN and letter != "\n"]
        text.encode()
    assert all(line.startswith(("flowchart", "    ")) for line in mermaid(shown).splitlines())


def test_all_that_matters_is_in_the_picture() -> None:
    shown = picture("orders", FLOW)
    assert (shown.title, shown.start) == ("Orders & more", "ask")
    assert {box.name: (box.kind, box.title, box.text, box.is_last) for box in shown.boxes} == {
        "ask": ("menu", "ask", '[ctid/hi] Press 1 for "orders" <now>.', False),
        "number": ("collect", "number", "Its number. → order (sensitive)", False),
        "get": ("fetch", "Where is it?", "lookup order", False),
        "which": ("decide", "which", "", False),
        "tell": ("say", "tell", "It comes ⟨day⟩", False),
        "set": ("set", "set", "told = yes, on = {day}", False),
        "tongue": ("language", "tongue", "en", False),
        "sub": ("call", "sub", "flow rate", False),
        "note": ("record", "note", "→ note", False),
        "mail": ("go", "mail", "voicemail of sales", True),
        "agent": ("go", "agent", "queue sales, for alice", True),
        "bye": ("end", "bye", "done", True),
    }
    labels = {(arrow.start, arrow.end): arrow.label for arrow in shown.arrows}
    assert labels["ask", "number"] == "1, 2"
    assert labels["ask", "ask"] == "9"
    assert labels["which", "tell"] == "attributes.day == 'a very long text tha…"
    assert labels["which", "sub"] == "5 %"
    assert labels["tell", "set"] == ""
    assert len(labels) == len(shown.arrows) == 18


def test_svg_is_xml_with_all_texts() -> None:
    text = svg(picture("orders", FLOW))
    root = ElementTree.fromstring(text)
    name = "{http://www.w3.org/2000/svg}"
    texts = {each.text for each in root.iter(f"{name}text")}
    assert {"ask", "Where is it?", "1, 2", "9", "otherwise", "not found", "5 %", "queue sales, for alice"} <= texts
    assert any("<now>" in (each or "") for each in texts)
    assert len(list(root.iter(f"{name}path"))) == 18 + 1
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for each in root.iter(f"{name}rect"):
        assert 0 <= float(each.get("x", 0)) <= width - float(each.attrib["width"])
        assert 0 <= float(each.get("y", 0)) <= height - float(each.attrib["height"])


def test_mermaid_escapes_what_it_would_take_for_its_own() -> None:
    lines = mermaid(picture("orders", FLOW)).splitlines()
    assert lines[:2] == [
        "flowchart TD",
        '    n0["<b>ask</b><br>[ctid/hi] Press 1 for #quot;orders#quot; #lt;now#gt;."]',
    ]
    for line in (
        '    n3{{"<b>which</b>"}}',
        '    n11(["<b>bye</b><br>done"])',
        "    start(( )) --> n0",
        '    n0 -->|"1, 2"| n1',
        "    n4 --> n5",
    ):
        assert line in lines


def test_texts_are_cut_by_their_width() -> None:
    assert (columns("abc"), columns("订单")) == (3, 4)
    assert (cut("abcd", 4), cut("abcde", 4), cut("订单号码", 5)) == ("abcd", "abc…", "订单…")


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    names = [f"b{at}" for at in range(draw(st.integers(1, 12)))]
    name = st.sampled_from(names)
    pairs = draw(st.sets(st.tuples(name, name), max_size=24))
    arrows = [Arrow(start, end, draw(st.sampled_from(["", "1", "otherwise"]))) for start, end in sorted(pairs)]
    return Picture("any", names[0], [Box(each, "say", each, "", False) for each in names], arrows)


@settings(max_examples=150, deadline=None)
@given(pictures())
def test_whatever_leads_where_no_box_covers_another_or_a_bend(shown: Picture) -> None:
    measures = Measures(100.0, {box.name: 30.0 for box in shown.boxes}, [40.0] * len(shown.arrows), 20.0)
    found = layout(shown, measures)
    for (x1, y1), (x2, y2) in combinations(found.middles.values(), 2):
        assert abs(x1 - x2) >= 100 or abs(y1 - y2) >= 30
    bends = [bend for each in found.bends for bend in each]
    for x, y in bends:
        assert all(abs(x - box_x) >= 70 or abs(y - box_y) > 15 for box_x, box_y in found.middles.values())
    for (x1, y1), (x2, y2) in combinations(bends, 2):
        assert abs(x1 - x2) >= 40 or y1 != y2
    for arrow, each in zip(shown.arrows, found.bends, strict=True):
        assert bool(each) == (arrow.start != arrow.end)
    svg(shown)
