"""The flow machine, node kind by node kind: what each wants, and where each answer leads."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ctid.ivr.effects import Ended, Fetch, Fetched, Hear, Heard, Leave, Passed, TakeDown, TakenDown
from ctid.ivr.machine import MAX_FRAMES, MAX_SILENT_NODES, MAX_VALUE_CHARS
from ctid.ivr.world import QueueState
from ctid.model.flow import FlowFrame
from ctid.model.speech import Speech
from ctid.spec.flow import FlowSpec, language_of
from tests.unit.ivr.walking import DIGITS, FAILED, PLAYED, TIMEOUT, Caller, Known, words

pytestmark = pytest.mark.unit

ENDS = {name: {"end": name} for name in ("yes", "no", "out", "bad", "gone")}


def caller(nodes: dict[str, Any], known: Known | None = None, **spec: Any) -> Caller:
    """Somebody in a flow of these nodes, which begins with the first."""
    flows = {"main": {"start": next(iter(nodes)), "nodes": {**nodes, **ENDS}, **spec}}
    return Caller(flows, known=known)


def end(who: Caller) -> str:
    """The result that the flow has ended with."""
    assert isinstance(who.effect, Ended), who.effect
    assert not who.effect.lost, who.effect.lost
    return who.effect.result


def lost(who: Caller) -> str:
    assert isinstance(who.effect, Ended)
    return who.effect.lost


# ---- say -----------------------------------------------------------------------------------------------------


def test_say_tells_prompts_texts_and_values_and_goes_on() -> None:
    say = [{"prompt": "hi"}, "Dear {customer.name}{nobody}, from {ani}", {"money": "due", "currency": "EUR"}]
    known = Known(attributes={"due": "2.50", "nonsense": "x"}, customer={"name": "Carla"})
    who = caller({"a": {"say": [*say, {"date": "nonsense"}], "then": "yes"}}, known)
    assert isinstance(who.effect, Hear)
    assert (who.effect.max_digits, who.effect.interruptible) == (0, True)
    assert words(who.effect.utterances) == "[hi] Dear Carla, from +4930123 two euros and fifty cents"
    who.answer(Heard("", PLAYED))
    assert end(who) == "yes"
    assert who.trail == [Passed("node", "main/yes"), Passed("end", "main", "yes")]


@pytest.mark.parametrize("ended_by", [PLAYED, TIMEOUT, FAILED])
def test_what_can_not_be_played_leads_on(ended_by: Any) -> None:
    who = caller({"a": {"say": "Hi.", "then": "yes"}})
    who.answer(Heard("", ended_by))
    assert end(who) == "yes"


def test_nothing_to_say_is_passed() -> None:
    who = caller({"a": {"say": ["{nothing}", {"digits": "nothing"}], "then": "yes"}})
    assert end(who) == "yes"


MENU = {"menu": {"say": "Press 1.", "keys": {"1": "yes", "2": "no"}, "otherwise": "out"}}


def test_a_key_that_ends_what_is_said_counts_where_the_next_is_asked_for() -> None:
    who = caller({"a": {"say": "Hi.", "then": "b"}, "b": {"say": "More.", "then": "c"}, "c": MENU})
    who.answer(Heard("2", DIGITS))
    assert end(who) == "no"
    assert who.position.ahead == ""
    assert ("key", "2", "valid") in who.passed()


def test_what_must_be_heard_is_heard_all_the_same() -> None:
    duty = {"say": "This call is recorded.", "interruptible": False, "then": "c"}
    who = caller({"a": {"say": "Hi.", "then": "duty"}, "duty": duty, "c": MENU})
    who.answer(Heard("2", DIGITS))
    assert isinstance(who.effect, Hear)
    assert (words(who.effect.utterances), who.effect.interruptible) == ("This call is recorded.", False)
    who.answer(Heard("", PLAYED))
    assert end(who) == "no"


def test_a_key_ahead_that_means_nothing_is_one_try() -> None:
    who = caller({"a": {"say": "Hi.", "then": "c"}, "c": MENU})
    who.answer(Heard("7", DIGITS))
    assert isinstance(who.effect, Hear)
    assert (who.position.tries, who.passed()) == (1, [("key", "7", "invalid")])


# ---- menu ----------------------------------------------------------------------------------------------------


def menu(**spec: Any) -> Caller:
    return caller({"a": {"menu": {**MENU["menu"], **spec}}})


def test_a_menu_waits_for_one_key() -> None:
    who = menu(timeout_seconds=2.5, interruptible=False)
    assert who.effect == Hear(
        [Speech(text="Press 1.", language="en")], interruptible=False, max_digits=1, first_ms=2500
    )


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Heard("1", DIGITS)], "yes"),
        ([Heard("2", DIGITS)], "no"),
        ([Heard("7", DIGITS), Heard("2", DIGITS)], "no"),
        ([Heard("", TIMEOUT), Heard("1", DIGITS)], "yes"),
        ([Heard("", TIMEOUT)] * 3, "out"),
        ([Heard("7", DIGITS)] * 3, "out"),
        ([Heard("", FAILED)] * 3, "out"),
        ([Heard("7", DIGITS), Heard("", TIMEOUT), Heard("*", DIGITS)], "out"),
    ],
)
def test_where_keys_lead(answers: list[Heard], expected: str) -> None:
    who = menu()
    for answer in answers:
        assert isinstance(who.effect, Hear)
        who.answer(answer)
    assert end(who) == expected


def test_before_the_next_try_the_caller_is_told_why() -> None:
    who = menu(no_input="No key came.", wrong_key="There is no such key.", tries=4)
    heard = [words(who.answer(answer).utterances) for answer in (Heard("", TIMEOUT), Heard("7", DIGITS))]  # type: ignore[union-attr]
    assert heard == ["No key came. Press 1.", "There is no such key. Press 1."]
    assert who.passed() == [("key", "7", "invalid")]
    who.answer(Heard("", TIMEOUT))
    assert who.passed() == [("key", "", "timeout")]


def test_a_key_attaches_attributes_and_changes_the_language() -> None:
    key = {"then": "b", "language": "zh", "set": {"topic": "from {ani}"}}
    nodes = {
        "a": {"menu": {"say": {"en": "Press 1.", "zh": "请按一。"}, "keys": {"1": key}, "otherwise": "out"}},
        "b": {"say": {"en": "Hello.", "zh": "你好。"}, "then": "yes"},
    }
    who = caller(nodes, languages=["en", "zh"])
    who.answer(Heard("1", DIGITS))
    assert isinstance(who.effect, Hear)
    assert who.effect.utterances == [Speech(text="你好。", language="zh")]
    assert who.attributes == {"topic": "from +4930123", "language": "zh"}


# ---- collect -------------------------------------------------------------------------------------------------


def collect(known: Known | None = None, **spec: Any) -> Caller:
    first = {"into": "number", "say": "Your number.", "min": 3, "max": 5, "then": "yes", "otherwise": "out", **spec}
    return caller({"a": {"collect": first}}, known)


def test_digits_are_waited_for_as_the_node_says() -> None:
    who = collect(terminator="*", timeout_seconds=3, between_seconds=1.5, check={"luhn": True})
    hear = who.effect
    assert isinstance(hear, Hear)
    assert (hear.max_digits, hear.min_digits, hear.terminator, hear.first_ms, hear.between_ms) == (
        5,
        3,
        "*",
        3000,
        1500,
    )
    assert (hear.sealed, hear.check.luhn, hear.ahead) == (False, True, "")


@pytest.mark.parametrize(
    ("spec", "digits", "good"),
    [
        ({}, "123", True),
        ({}, "12345", True),
        ({}, "12", False),
        ({}, "", False),
        ({}, "123456", False),
        ({"check": {"pattern": "12.*"}}, "123", True),
        ({"check": {"pattern": "12"}}, "123", False),
        ({"check": {"luhn": True}}, "18", False),
        ({"min": 2, "check": {"luhn": True}}, "18", True),
        ({"min": 2, "check": {"luhn": True}}, "81", False),
        ({"min": 2, "check": {"luhn": True}}, "1*8", False),
    ],
)
def test_which_digits_are_right(spec: dict[str, Any], digits: str, good: bool) -> None:
    who = collect(**spec)
    who.answer(Heard(digits, DIGITS))
    assert who.passed()[0] == ("digits", "", "valid" if good else "invalid")
    assert who.attributes == ({"number": digits} if good else {})
    assert isinstance(who.effect, Ended) == good


@pytest.mark.parametrize("pattern", ["([0-9]+)+x", "(1|11|1*)*2", "([0-9*#]*)*[^1]"])
def test_no_pattern_holds_up_other_callers(pattern: str) -> None:
    # By trying one way after another, these take longer than anybody lives.
    who = collect(max=64, check={"pattern": pattern})
    who.answer(Heard("1" * 64, DIGITS))
    assert who.passed()[0] == ("digits", "", "invalid")


def test_tries_and_what_is_said_between() -> None:
    who = collect(no_input="Nothing came.", invalid="That was wrong.")
    assert words(who.answer(Heard("", TIMEOUT)).utterances) == "Nothing came. Your number."  # type: ignore[union-attr]
    assert words(who.answer(Heard("1", DIGITS)).utterances) == "That was wrong. Your number."  # type: ignore[union-attr]
    who.answer(Heard("", TIMEOUT))
    assert end(who) == "out"
    assert who.attributes == {}


def test_keys_ahead_are_the_first_digits() -> None:
    first = {"into": "number", "say": "Your number.", "max": 5, "then": "yes", "otherwise": "out"}
    who = caller({"a": {"say": "Hi.", "then": "b"}, "b": {"collect": first}})
    who.answer(Heard("4", DIGITS))
    assert isinstance(who.effect, Hear)
    assert (who.effect.ahead, who.position.ahead) == ("4", "")


CONFIRM = {"say": [{"digits": "number"}, "right?"], "yes": "1", "no": "2"}


@pytest.mark.parametrize(
    ("answers", "expected", "number"),
    [
        ([Heard("1", DIGITS)], "yes", "123"),
        ([Heard("7", DIGITS), Heard("1", DIGITS)], "yes", "123"),
        ([Heard("", TIMEOUT), Heard("", TIMEOUT), Heard("", TIMEOUT)], "out", None),
        ([Heard("", TIMEOUT), Heard("7", DIGITS), Heard("", FAILED)], "out", None),
        ([Heard("2", DIGITS), Heard("4567", DIGITS), Heard("1", DIGITS)], "yes", "4567"),
        ([Heard("2", DIGITS), *[Heard("", TIMEOUT)] * 3], "out", None),
    ],
)
def test_digits_are_read_out_and_confirmed(answers: list[Heard], expected: str, number: str | None) -> None:
    who = collect(confirm=CONFIRM)
    who.answer(Heard("123", DIGITS))
    assert isinstance(who.effect, Hear)
    assert (words(who.effect.utterances), who.effect.max_digits) == ("one two three right?", 1)
    assert who.position.confirming
    # Who hangs up now has confirmed nothing either.
    assert "number" not in who.attributes
    for answer in answers:
        who.answer(answer)
    assert (end(who), who.attributes.get("number")) == (expected, number)
    assert not who.position.confirming


def test_who_enters_another_number_gives_up_the_former() -> None:
    who = collect(Known(attributes={"number": "999"}), confirm=CONFIRM)
    who.answer(Heard("123", DIGITS))
    assert words(who.effect.utterances) == "one two three right?"  # type: ignore[union-attr]
    for _ in range(3):
        who.answer(Heard("", TIMEOUT))
    assert (end(who), who.attributes, who.position.entered) == ("out", {}, "")


def test_a_question_may_name_the_digits_in_its_text() -> None:
    who = collect(confirm={**CONFIRM, "say": "Is it {number}?"})
    who.answer(Heard("123", DIGITS))
    assert words(who.effect.utterances) == "Is it 123?"  # type: ignore[union-attr]


def test_whether_digits_are_right_is_asked_as_often_whatever_it_took_to_enter_them() -> None:
    who = collect(confirm=CONFIRM)
    for answer in (
        Heard("1", DIGITS),
        Heard("", TIMEOUT),
        Heard("123", DIGITS),
        Heard("", TIMEOUT),
        Heard("7", DIGITS),
    ):
        who.answer(answer)
    assert who.position.confirming, "they may answer once more"
    who.answer(Heard("1", DIGITS))
    assert end(who) == "yes"


def test_saying_no_is_not_an_error_of_theirs() -> None:
    who = collect(confirm=CONFIRM, tries=2)
    for _ in range(5):
        who.answer(Heard("123", DIGITS))
        who.answer(Heard("2", DIGITS))
        assert who.passed() == [("confirm", "2", "no")]
        assert isinstance(who.effect, Hear)
        assert who.position.tries == 0


# ---- sensitive digits ----------------------------------------------------------------------------------------

PIN = {
    "pin": {"collect": {"into": "pin", "sensitive": True, "say": "PIN.", "min": 4, "max": 4, "then": "get",
                        "otherwise": "out"}},
    "get": {"fetch": {"lookup": "check", "give": {"pin": "{pin}", "id": "{ani}"}, "into": {"name": "name"},
                      "then": "yes", "not_found": "no", "failed": "bad"}},
}  # fmt: skip


def test_sensitive_digits_are_seen_by_nobody_but_the_lookup() -> None:
    who = caller(PIN, Known(attributes={"pin": "old"}))
    assert isinstance(who.effect, Hear)
    assert who.effect.sealed
    who.answer(Heard("", DIGITS, sealed="s1", acceptable=True))
    assert who.effect == Fetch("check", {"id": "+4930123"}, {"pin": "s1"}, ["name"], [])
    assert who.attributes == {}
    assert who.position.sealed == {"pin": "s1"}


@pytest.mark.parametrize("answer", [Heard("", TIMEOUT), Heard("", DIGITS), Heard("1234", DIGITS, acceptable=False)])
def test_sensitive_digits_that_are_not_acceptable_are_asked_for_again(answer: Heard) -> None:
    who = caller(PIN)
    for _ in range(3):
        assert isinstance(who.effect, Hear)
        who.answer(answer)
    assert end(who) == "out"
    assert who.position.sealed == {}


def test_sensitive_digits_that_are_lost_are_asked_for_again() -> None:
    who = caller(PIN)
    who.answer(Heard("", DIGITS, sealed="s1", acceptable=True))
    who.answer(Fetched(failure="sealed_lost"))
    assert who.at == "main/pin"
    assert who.passed() == [("fetch", "check", "sealed_lost")]
    assert who.position.sealed == {}
    who.answer(Heard("", DIGITS, sealed="s2", acceptable=True))
    assert isinstance(who.effect, Fetch)
    assert who.effect.sealed == {"pin": "s2"}


PIN_ALONE = {"start": "pin", "nodes": {"pin": {"collect": {**PIN["pin"]["collect"], "then": "yes"}}, **ENDS}}


def test_sensitive_digits_that_a_called_flow_has_asked_for_are_asked_for_there_again() -> None:
    nodes = {"ask": {"call": "between", "then": "get"}, "get": PIN["get"], **ENDS}
    between = {"start": "on", "nodes": {"on": {"call": "pin", "then": "yes"}, "yes": {"end": "yes"}}}
    who = Caller({"main": {"start": "ask", "nodes": nodes}, "between": between, "pin": PIN_ALONE})
    who.answer(Heard("", DIGITS, sealed="s1", acceptable=True))
    who.answer(Fetched(failure="sealed_lost"))
    assert (who.at, [each.flow for each in who.position.frames]) == ("pin/pin", ["main", "between"])
    who.answer(Heard("", DIGITS, sealed="s2", acceptable=True))
    assert isinstance(who.effect, Fetch)
    assert (who.at, who.effect.sealed) == ("main/get", {"pin": "s2"})


def test_sensitive_digits_that_a_calling_flow_has_asked_for_are_asked_for_there_again() -> None:
    nodes = {"pin": {"collect": {**PIN["pin"]["collect"], "then": "get"}}, "get": {"call": "get", "then": "yes"}}
    got = {"start": "get", "nodes": {"get": PIN["get"], **ENDS}}
    who = Caller({"main": {"start": "pin", "nodes": {**nodes, **ENDS}}, "get": got})
    who.answer(Heard("", DIGITS, sealed="s1", acceptable=True))
    assert who.at == "get/get"
    who.answer(Fetched(failure="sealed_lost"))
    assert (who.at, who.position.frames) == ("main/pin", [])
    assert who.passed() == [("fetch", "check", "sealed_lost"), ("end", "get", "sealed_lost")]
    who.answer(Heard("", DIGITS, sealed="s2", acceptable=True))
    assert (who.at, who.position.frames) == ("get/get", [FlowFrame(flow="main", node="get")])


def test_no_key_of_sensitive_digits_ends_what_is_said_before_another_flow_asks_for_them() -> None:
    nodes = {"hi": {"say": "Hello.", "then": "on"}, "on": {"go": {"flow": "pin"}}}
    who = Caller({"main": {"start": "hi", "nodes": nodes}, "pin": PIN_ALONE})
    assert isinstance(who.effect, Hear)
    assert not who.effect.interruptible


def test_a_lookup_without_the_digits_it_needs_is_made_with_none() -> None:
    who = caller({"get": PIN["get"], "pin": PIN["pin"]})
    assert isinstance(who.effect, Fetch)
    assert who.effect.sealed == {"pin": ""}
    who.answer(Fetched(failure="sealed_lost"))
    assert end(who) == "bad"


# ---- fetch ---------------------------------------------------------------------------------------------------

TYPES = {
    "due": "money",
    "day": "date",
    "vip": "flag",
    "count": "number",
    "at": "time",
    "since": "datetime",
    "no": "digits",
}


def fetch(known: Known | None = None, **spec: Any) -> Caller:
    first = {"lookup": "order", "give": {"id": "{ani}-{order}"}, "then": "yes", "failed": "bad", **spec}
    return caller({"a": {"fetch": first}}, known, attributes=TYPES)


def test_a_lookup_is_given_texts_and_told_what_is_needed() -> None:
    who = fetch(Known(attributes={"order": "7"}), into={"b": "x.y", "a": "x.y", "c": "q"}, say="One moment.")
    assert who.effect == Fetch(
        "order", {"id": "+4930123-7"}, {}, ["q", "x.y"], [Speech(text="One moment.", language="en")]
    )


@pytest.mark.parametrize(
    ("attribute", "value", "held"),
    [
        ("due", "1234.5", "1234.50"),
        ("due", "1e2", "100.00"),
        ("due", "12.345", "12.345"),
        ("due", "0.30000000000000004", "0.30"),
        ("due", "-1.0005", "-1.001"),
        ("day", "2026-11-29T14:05:00Z", "2026-11-29"),
        ("vip", "1", "true"),
        ("vip", "False", "false"),
        ("count", "007.50", "7.5"),
        ("at", "9:05", None),
        ("at", "09:05:59", "09:05"),
        ("since", "2026-11-29 14:05:10", "2026-11-29T14:05"),
        ("since", "0001-01-01T00:00:00Z", "0001-01-01T00:00"),
        ("no", "12-3", None),
        ("due", "a lot", None),
        ("due", "NaN", None),
        ("day", "soon", None),
        ("vip", "perhaps", None),
        ("count", "1" * 40, None),
        ("free", "anything at all ", "anything at all "),
        ("free", "x" * 5_000, "x" * MAX_VALUE_CHARS),
    ],
)
def test_an_answer_is_held_in_one_form_or_is_none(attribute: str, value: str, held: str | None) -> None:
    who = fetch(into={attribute: "field"})
    who.answer(Fetched({"field": value}))
    assert end(who) == ("bad" if held is None else "yes")
    assert who.attributes.get(attribute) == held
    assert who.passed()[0] == ("fetch", "order", "invalid" if held is None else "ok")


def test_nothing_of_an_answer_that_is_half_wrong_is_taken() -> None:
    who = fetch(into={"free": "a", "due": "b"})
    who.answer(Fetched({"a": "1", "b": "x"}))
    assert (end(who), who.attributes) == ("bad", {})


def test_a_field_that_is_nothing_takes_the_attribute_away() -> None:
    who = fetch(Known(attributes={"due": "1.00"}), into={"due": "b"})
    who.answer(Fetched({"b": None}))
    assert (end(who), who.attributes) == ("yes", {})


@pytest.mark.parametrize(
    ("failure", "not_found", "expected"),
    [
        ("not_found", "no", "no"),
        ("not_found", None, "bad"),
        ("timeout", "no", "bad"),
        ("unavailable", "no", "bad"),
        ("invalid", "no", "bad"),
        ("overloaded", None, "bad"),
    ],
)
def test_where_a_lookup_without_an_answer_leads(failure: str, not_found: str | None, expected: str) -> None:
    who = fetch(Known(attributes={"due": "1.00"}), not_found=not_found, into={"due": "b"})
    who.answer(Fetched(failure=failure))
    assert (end(who), who.attributes) == (expected, {"due": "1.00"})
    assert who.passed()[0] == ("fetch", "order", failure)


def test_a_field_that_the_answer_lacks_is_no_answer() -> None:
    who = fetch(into={"due": "b"})
    who.answer(Fetched({}))
    assert end(who) == "bad"


# ---- decide --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("attributes.due > 10.0", "yes"),
        ("attributes.count == 3", "yes"),
        ("attributes.vip", "no"),
        ("!attributes.vip && attributes.topic == 'sales'", "yes"),
        ("customer.tier == 'gold'", "yes"),
        ("queues.sales.free > 0", "no"),
        ("queues['sales'].expected_wait < 100", "yes"),
        ("calendars.office", "yes"),
        ("now.hour >= 12 && now.weekday == 3", "yes"),
        ("language == ''", "yes"),
        ("queues[attributes.topic].free == 0", "yes"),
        ("queues [ attributes['topic'] ].agents > 2", "no"),
        ("'sales' in queues && !('support' in queues)", "yes"),
        ("attributes.topic in queues && queues[attributes.topic].open", "yes"),
        ("queues['sa' + 'les'].open && queues[attributes.vip ? 'x' : \"sales\"].waiting == 4", "yes"),
        ("queues[queues[attributes.topic].free > 0 ? 'none' : 'sales'].waiting > 3", "yes"),
        ("calendars[attributes.place]", "yes"),
        ("attributes.topic != 'queues[attributes.vip]'", "yes"),
        ("priority == 2 && entry == 'all'", "yes"),
    ],
)
def test_what_conditions_see(condition: str, expected: str) -> None:
    known = Known(
        attributes={"due": "12.50", "count": "3", "vip": "false", "topic": "sales", "place": "office"},
        customer={"tier": "gold"},
        queues={"sales": QueueState(open=True, agents=2, free=0, waiting=4, expected_wait=90)},
        calendars={"office": True},
    )
    who = caller({"a": {"decide": [{"when": condition, "then": "yes"}], "otherwise": "no"}}, known, attributes=TYPES)
    assert end(who) == expected
    assert who.untold == []


@pytest.mark.parametrize(
    "condition",
    [
        "attributes.nowhere == 1",
        "attributes.due > 10.0",
        "queues.sales.expected_wait < 10",
        "queues.nowhere.free > 0",
        "queues[attributes.topic + 's'].free > 0",
        "!queues[attributes.nowhere].open",
        "calendars[attributes.topic]",
        "calendars.nowhere",
        "attributes.topic > 3",
    ],
)
def test_a_condition_that_can_not_be_told_does_not_hold_and_says_so(condition: str) -> None:
    known = Known(
        attributes={"due": "a lot", "topic": "sales"},
        queues={"sales": QueueState(open=True, agents=2, free=0, waiting=4, expected_wait=None)},
    )
    decide = [{"when": condition, "then": "yes"}, {"when": "true", "then": "no"}]
    who = caller({"a": {"decide": decide, "otherwise": "out"}}, known, attributes=TYPES)
    assert (end(who), who.untold) == ("no", ["main/a/decide/0"])


@pytest.mark.parametrize(
    ("attributes", "condition", "expected"),
    [
        ({"vip": "1"}, "attributes.vip", "yes"),
        ({"vip": "Yes"}, "attributes.vip", "yes"),
        ({"vip": "0"}, "has(attributes.vip) && !attributes.vip", "yes"),
        ({"vip": "perhaps"}, "has(attributes.vip)", "no"),
        ({"due": "a lot"}, "has(attributes.due)", "no"),
        ({"due": ""}, "!has(attributes.due)", "yes"),
        ({"due": "7"}, "has(attributes.due)", "yes"),
    ],
)
def test_an_attribute_that_is_not_what_it_should_be_is_not_there(
    attributes: dict[str, str], condition: str, expected: str
) -> None:
    # The dialplan and other systems set them, too, and nobody checks what.
    decide = [{"when": condition, "then": "yes"}]
    who = caller({"a": {"decide": decide, "otherwise": "no"}}, Known(attributes=attributes), attributes=TYPES)
    assert (end(who), who.untold) == (expected, [])


def test_a_share_stays_the_same_as_a_reload_changes_the_flow_behind_a_caller() -> None:
    decide = [{"percent": 50, "then": "yes"}]
    spec = FlowSpec.model_validate({"start": "a", "nodes": {"a": {"decide": decide, "otherwise": "no"}, **ENDS}})
    flows = {"main": spec, "main@0123456789ab": spec}
    for at in range(50):
        known = Known(seed=f"call-{at}")
        assert end(Caller(flows, known=known)) == end(Caller(flows, "main@0123456789ab", known))


def test_a_former_flow_is_told_by_the_version_that_it_had() -> None:
    nodes = {"sub": {"call": "ask@fedcba987654", "then": "yes"}, **ENDS}
    spec = FlowSpec.model_validate({"start": "sub", "nodes": nodes})
    who = Caller({"main@0123456789ab": spec, "ask@fedcba987654": ASK}, "main@0123456789ab")
    assert [(each.name, each.result) for each in who.trail if each.kind == "flow"] == [
        ("main", "0123456789ab"),
        ("ask", "fedcba987654"),
    ]


def test_shares_are_the_same_for_a_call_and_right_in_proportion() -> None:
    decide = [{"percent": 20, "then": "yes"}, {"percent": 50, "then": "no"}]
    flows = {
        "main": FlowSpec.model_validate({"start": "a", "nodes": {"a": {"decide": decide, "otherwise": "out"}, **ENDS}})
    }
    results = [end(Caller(flows, known=Known(seed=f"call-{at}"))) for at in range(4_000)]
    assert results[:500] == [end(Caller(flows, known=Known(seed=f"call-{at}"))) for at in range(500)]
    # A fifth; half of the others; the rest. Each within four standard deviations.
    assert abs(results.count("yes") - 800) < 102
    assert abs(results.count("no") - 1_600) < 124
    assert end(caller({"a": {"decide": [{"percent": 100, "then": "yes"}], "otherwise": "no"}})) == "yes"


def test_shares_of_different_nodes_have_nothing_to_do_with_each_other() -> None:
    second = {"decide": [{"percent": 50, "then": "yes"}], "otherwise": "no"}
    nodes = {"a": {"decide": [{"percent": 50, "then": "b"}], "otherwise": "out"}, "b": second, **ENDS}
    flows = {"main": FlowSpec.model_validate({"start": "a", "nodes": nodes})}
    results = [end(Caller(flows, known=Known(seed=f"call-{at}"))) for at in range(2_000)]
    assert abs(results.count("yes") - 500) < 80
    assert abs(results.count("no") - 500) < 80


# ---- set, language, go, record -------------------------------------------------------------------------------


def test_set_fills_in_what_was_known_before_it() -> None:
    known = Known(attributes={"a": "1", "b": "2"}, customer={"name": "Carla", "attributes": {"since": "2019"}})
    settings = {"a": "{b}", "b": "{a}", "c": "{customer.name} {customer.since} {dnis}{nowhere}", "d": "{long}{long}"}
    known.attributes["long"] = "y" * 1_500
    who = caller({"a": {"set": settings, "then": "yes"}}, known)
    assert end(who) == "yes"
    assert (who.attributes["a"], who.attributes["b"], who.attributes["c"]) == ("2", "1", "Carla 2019 100")
    assert len(who.attributes["d"]) == MAX_VALUE_CHARS


@pytest.mark.parametrize(
    ("language", "heard"),
    [("zh", "你好。"), ("zh-TW", "你好。"), ("en-GB", "Hello."), ("fr", "Hello."), ("", "Hello.")],
)
def test_the_language_of_the_flow_that_suits_the_caller(language: str, heard: str) -> None:
    nodes = {"b": {"say": [{"en": "Hello.", "zh": "你好。"}, {"prompt": "beep"}], "then": "yes"}}
    known = Known(attributes={"language": language} if language else {})
    who = caller(nodes, known, languages=["en", "zh"])
    assert isinstance(who.effect, Hear)
    assert words(who.effect.utterances) == f"{heard} [beep]"
    if language:
        who = caller({"a": {"language": language, "then": "b"}, **nodes}, languages=["en", "zh"])
        assert isinstance(who.effect, Hear)
        assert words(who.effect.utterances) == f"{heard} [beep]"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("ZH", "zh"), ("zh_CN", "zh"), ("zh-hant-TW", "zh-Hant"), ("zh-TW", "zh"), ("EN", "en-GB"), ("en-us", "en-US")],
)
def test_languages_are_known_however_others_write_them(wanted: str, language: str) -> None:
    assert language_of(["de", "zh-Hant", "zh", "en-GB", "en-US"], wanted) == language


def test_texts_are_on_one_line_and_without_gaps() -> None:
    who = caller({"a": {"say": "Dear {customer.name}\nyou owe {sum-due} euros.\n", "then": "yes"}},
                 Known(attributes={"sum-due": "7"}))  # fmt: skip
    assert isinstance(who.effect, Hear)
    assert words(who.effect.utterances) == "Dear you owe 7 euros."


def test_go_leaves_by_its_node() -> None:
    assert caller({"a": {"set": {"x": "1"}, "then": "b"}, "b": {"go": {"queue": "sales"}}}).effect == Leave("main", "b")


def test_a_recording_is_held_by_its_id() -> None:
    record = {
        "record": {
            "into": "why",
            "say": "Speak.",
            "max_seconds": 9,
            "silence_seconds": 2,
            "then": "yes",
            "failed": "bad",
        }
    }
    who = caller({"a": record})
    assert who.effect == TakeDown([Speech(text="Speak.", language="en")], 9, 2)
    who.answer(TakenDown("rc-1"))
    assert (end(who), who.attributes, who.passed()[0]) == ("yes", {"why": "rc-1"}, ("record", "", "ok"))
    who = caller({"a": record})
    who.answer(TakenDown(""))
    assert (end(who), who.attributes, who.passed()[0]) == ("bad", {}, ("record", "", "failed"))


# ---- flows that call flows -----------------------------------------------------------------------------------

ASK = {"start": "ask", "nodes": {"ask": MENU, **ENDS}}


@pytest.mark.parametrize(("then", "key", "expected"), [("yes", "2", "yes"), ({"yes": "yes", "no": "bad"}, "2", "bad")])
def test_a_flow_comes_back_with_its_result(then: Any, key: str, expected: str) -> None:
    who = Caller({"main": {"start": "sub", "nodes": {"sub": {"call": "ask", "then": then}, **ENDS}}, "ask": ASK})
    assert who.position.frames == [FlowFrame(flow="main", node="sub")]
    assert who.at == "ask/ask"
    assert [each.kind for each in who.trail] == ["flow", "node", "flow", "node"]
    who.answer(Heard(key, DIGITS))
    assert (end(who), who.position.frames) == (expected, [])
    assert ("end", "ask", "no") in who.passed()


def test_a_result_that_nobody_expects_is_no_way_on() -> None:
    who = Caller(
        {"main": {"start": "sub", "nodes": {"sub": {"call": "ask", "then": {"yes": "yes"}}, **ENDS}}, "ask": ASK}
    )
    who.answer(Heard("2", DIGITS))
    assert who.effect == Ended("no", lost="no_way_on")


def test_flows_that_call_each_other_for_ever_are_given_up() -> None:
    who = Caller({"main": {"start": "sub", "nodes": {"sub": {"call": "main", "then": "bye"}, "bye": {"end": "x"}}}})
    assert (lost(who), len(who.position.frames)) == ("endless", MAX_FRAMES)


def test_a_flow_that_is_not_there() -> None:
    who = Caller({"main": {"start": "sub", "nodes": {"sub": {"call": "gone", "then": "bye"}, "bye": {"end": "x"}}}})
    assert lost(who) == "flow_gone"
    assert lost(Caller({}, "main")) == "flow_gone"


def test_nodes_that_lead_round_without_a_word_are_given_up() -> None:
    who = caller({"a": {"set": {"x": "1"}, "then": "b"}, "b": {"language": "en", "then": "a"}})
    assert lost(who) == "endless"
    assert len([each for each in who.trail if each.kind == "node"]) == MAX_SILENT_NODES + 1


# ---- cut off, and changed meanwhile --------------------------------------------------------------------------


def walked() -> list[Caller]:
    """Callers who wait for each kind of answer, some in the middle of it."""
    confirming = collect(confirm=CONFIRM)
    confirming.answer(Heard("123", DIGITS))
    second_try = menu()
    second_try.answer(Heard("", TIMEOUT))
    sealed = caller(PIN)
    sealed.answer(Heard("", DIGITS, sealed="s1", acceptable=True))
    inside = Caller({"main": {"start": "sub", "nodes": {"sub": {"call": "ask", "then": "yes"}, **ENDS}}, "ask": ASK})
    said = caller({"a": {"say": "Hi.", "then": "yes"}})
    record = caller({"a": {"record": {"into": "why", "then": "yes", "failed": "bad"}}})
    return [said, menu(), second_try, collect(), confirming, fetch(), sealed, record, inside]


@pytest.mark.parametrize("at", range(9))
def test_who_was_cut_off_is_where_they_were(at: int) -> None:
    who = walked()[at]
    effect, position, attributes = who.effect, copy.deepcopy(who.position), dict(who.attributes)
    assert who.again() == effect
    assert who.trail == []
    assert (who.position, who.attributes) == (position, attributes)


@pytest.mark.parametrize("at", range(9))
@pytest.mark.parametrize("answer", [Heard("1", DIGITS), Fetched(failure="timeout"), TakenDown("rc-1")])
def test_an_answer_of_another_kind_changes_nothing(at: int, answer: Any) -> None:
    who = walked()[at]
    fits = {Hear: Heard, Fetch: Fetched, TakeDown: TakenDown}[type(who.effect)]  # type: ignore[index]
    if not isinstance(answer, fits):
        effect, position = who.effect, copy.deepcopy(who.position)
        assert (who.answer(answer), who.position) == (effect, position)


@pytest.mark.parametrize("at", range(9))
def test_a_node_that_a_reload_took_away(at: int) -> None:
    who = walked()[at]
    who.position.node = "nowhere"
    assert who.again() == Ended("", lost="node_gone")
    assert who.answer(Heard("1", DIGITS)) == Ended("", lost="node_gone")


def test_a_caller_that_a_reload_took_away() -> None:
    who = Caller({"main": {"start": "sub", "nodes": {"sub": {"call": "ask", "then": "yes"}, **ENDS}}, "ask": ASK})
    del who.flows["main"]
    who.answer(Heard("2", DIGITS))
    assert who.effect == Ended("no", lost="node_gone")
