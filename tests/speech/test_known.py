"""What is known beforehand of what a site's flows say."""

from __future__ import annotations

from ctid.ivr.spoken.spoken import vocabulary
from ctid.model.speech import Speech
from ctid.spec.flow import FlowSpec
from ctid.spec.site import SiteSpec
from ctid.speech.known import known_texts


def known(nodes: dict[str, object], languages: list[str]) -> set[tuple[str, str]]:
    flow = FlowSpec.model_validate({"start": "a", "languages": languages, "nodes": nodes})
    found: list[Speech] = known_texts(SiteSpec.model_construct(flows={"f": flow, "again": flow}, queues={}))
    assert len(set(found)) == len(found)
    return {(speech.text, speech.language) for speech in found}


def test_texts_are_found_wherever_they_are_said_in_each_language() -> None:
    nodes: dict[str, object] = {
        "a": {"say": ["Hello.", {"prompt": "ctid/welcome"}, {"en": "Good day.", "zh": "您好。"}], "then": "b"},
        "b": {
            "menu": {
                "say": {"en": "Press one.", "zh": "请按一。"},
                "keys": {"1": "c"},
                "no_input": "Nothing?",
                "wrong_key": {"text": {"en": "Wrong."}},
                "otherwise": "d",
            }
        },
        "c": {"say": "Dear {customer.name}", "then": "d"},
        "d": {"end": "done"},
    }
    english = {("Hello.", "en"), ("Good day.", "en"), ("Press one.", "en"), ("Nothing?", "en"), ("Wrong.", "en")}
    chinese = {("Hello.", "zh"), ("您好。", "zh"), ("请按一。", "zh"), ("Nothing?", "zh"), ("Wrong.", "zh")}
    assert known(nodes, ["en", "zh"]) == english | chinese


def test_the_phrases_of_values_are_known_where_values_are_said() -> None:
    nodes: dict[str, object] = {"a": {"say": {"number": "balance"}, "then": "b"}, "b": {"end": "done"}}
    assert known(nodes, ["zh-CN"]) == {(phrase, "zh-CN") for phrase in vocabulary("zh", ["number"])}
    assert known(nodes, ["de"]) == set()
